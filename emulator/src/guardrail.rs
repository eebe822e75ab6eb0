//! ApplyGuardrail: a guardrail that searches for words. `BLOCKME` is a custom word of it; a content filter detects the word for
//! its own category.

use serde_json::{Value, json};

/// A content filter, and its word.
const FILTERS: &[(&str, &str)] = &[
    ("HATE", "hate"),
    ("INSULTS", "insult"),
    ("SEXUAL", "sexual"),
    ("VIOLENCE", "violence"),
    ("MISCONDUCT", "misconduct"),
    ("PROMPT_ATTACK", "jailbreak"),
];

/// The answer to a request that has passed.
pub fn apply(body: &Value) -> Value {
    let content = body.get("content").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let said =
        content.iter().filter_map(|c| c.pointer("/text/text")?.as_str()).collect::<Vec<_>>().join("\n");
    let lower = said.to_lowercase();
    let found = |word: &str| lower.contains(word);
    let full = body.get("outputScope").and_then(Value::as_str) == Some("FULL");
    let filters: Vec<Value> = FILTERS
        .iter()
        .filter(|(_, word)| full || found(word))
        .map(|(kind, word)| {
            let (confidence, action) = if found(word) { ("HIGH", "BLOCKED") } else { ("NONE", "NONE") };
            json!({"type": kind, "confidence": confidence, "filterStrength": "HIGH", "action": action,
                   "detected": found(word)})
        })
        .collect();
    let words: Vec<Value> = said
        .contains("BLOCKME")
        .then(|| json!({"match": "BLOCKME", "action": "BLOCKED", "detected": true}))
        .into_iter()
        .collect();
    let intervened = !words.is_empty() || FILTERS.iter().any(|(_, word)| found(word));
    let units = said.chars().count().div_ceil(1_000).max(1);
    json!({
        "usage": {"topicPolicyUnits": 0, "contentPolicyUnits": units, "wordPolicyUnits": units,
                  "sensitiveInformationPolicyUnits": 0, "sensitiveInformationPolicyFreeUnits": 0,
                  "contextualGroundingPolicyUnits": 0},
        "action": if intervened { "GUARDRAIL_INTERVENED" } else { "NONE" },
        "outputs": if intervened { json!([{"text": "Blocked by the guardrail of this emulator."}]) } else { json!([]) },
        "assessments": [{"contentPolicy": {"filters": filters},
                         "wordPolicy": {"customWords": words, "managedWordLists": []}}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_found() {
        let body = |text: &str| json!({"source": "INPUT", "content": [{"text": {"text": text}}]});
        let violent = apply(&body("Violence!"));
        assert_eq!(violent["action"], "GUARDRAIL_INTERVENED");
        assert_eq!(violent["assessments"][0]["contentPolicy"]["filters"][0]["type"], "VIOLENCE");
        assert_eq!(apply(&body("kind"))["action"], "NONE");
        assert_eq!(apply(&body("BLOCKME"))["action"], "GUARDRAIL_INTERVENED");
    }
}
