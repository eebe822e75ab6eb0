//! The signatures of Claude's thoughts, over their text and the conversation before them.
//!
//! From Fable 5.1 on a thought is bound to the conversation before it (AWS documentation, "Preserved thinking"): the system
//! prompt, the tools and every earlier message, without cache points.

use crate::encoding;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Prefix of the emulator's own signatures.
const PREFIX: &str = "emu-";

/// The result of verifying a thought's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Made elsewhere, so it cannot be verified.
    Unknown,
    /// Valid.
    Good,
    /// Never issued.
    Forged,
    /// Of another text.
    OtherText,
    /// Of this text after other messages, tools or system prompt.
    OtherConversation,
}

/// A hash of the conversation before a thought.
#[derive(Debug, Clone, Copy)]
pub struct Before(u64);

impl Before {
    /// Before the first message of a Converse body.
    pub fn messages(body: &Value) -> Self {
        ["/system", "/toolConfig/tools"]
            .iter()
            .fold(Self(1), |before, pointer| before.and(body.pointer(pointer).unwrap_or(&Value::Null)))
    }

    /// After the whole conversation of a Converse body.
    pub fn answer(body: &Value) -> Self {
        let messages = body.get("messages").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        messages.iter().fold(Self::messages(body), Self::and)
    }

    /// After one more part.
    pub fn and(self, part: &Value) -> Self {
        let mut state = self.0;
        add(part, &mut state);
        Self(encoding::scramble(state))
    }

    /// The signature of the next thought.
    pub fn sign(self, text: &str) -> String {
        let text = encoding::hash(text.as_bytes());
        let seal = encoding::scramble(text ^ self.0);
        let bytes: Vec<u8> = [text, self.0, seal].into_iter().flat_map(u64::to_be_bytes).collect();
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    /// Verifies the signature of the next thought.
    pub fn judge(self, text: &str, signature: &str) -> Verdict {
        let Some(encoded) = signature.strip_prefix(PREFIX) else { return Verdict::Unknown };
        let bytes = STANDARD.decode(encoded).unwrap_or_default();
        let word = |n: usize| {
            let bytes = bytes.get(n * 8..n * 8 + 8)?;
            Some(u64::from_be_bytes(bytes.try_into().ok()?))
        };
        match (word(0), word(1), word(2)) {
            (Some(of), Some(before), Some(seal))
                if bytes.len() == 24 && seal == encoding::scramble(of ^ before) =>
            {
                if of != encoding::hash(text.as_bytes()) {
                    Verdict::OtherText
                } else if before == self.0 {
                    Verdict::Good
                } else {
                    Verdict::OtherConversation
                }
            }
            _ => Verdict::Forged,
        }
    }
}

/// Members are hashed in the order of their names, as `serde_json` keeps them.
fn add(value: &Value, state: &mut u64) {
    let mut mix = |bytes: &[u8]| *state = encoding::scramble(*state ^ encoding::hash(bytes));
    match value {
        Value::Array(items) => {
            mix(b"[");
            for item in items.iter().filter(|item| item.get("cachePoint").is_none()) {
                add(item, state);
            }
        }
        Value::Object(members) => {
            mix(b"{");
            for (name, member) in members.iter().filter(|(_, member)| !member.is_null()) {
                *state = encoding::scramble(*state ^ encoding::hash(name.as_bytes()));
                add(member, state);
            }
        }
        other => mix(other.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_thought_is_bound_to_its_text_and_to_what_stood_before_it() {
        let user = |content: Value| json!({"role": "user", "content": content});
        let question = json!({"system": [{"text": "s"}], "messages": [user(json!([{"text": "a"}]))]});
        let signature = Before::answer(&question).sign("t");
        let same = json!({"system": [{"text": "s"}, {"cachePoint": {"type": "default"}}]});
        let at = |body: &Value| {
            Before::messages(body).and(&user(json!([{"text": "a"}, {"cachePoint": {"type": "default"}}])))
        };
        assert_eq!(at(&same).judge("t", &signature), Verdict::Good);
        assert_eq!(at(&same).judge("T", &signature), Verdict::OtherText);
        assert_eq!(
            at(&json!({"system": [{"text": "S"}]})).judge("t", &signature),
            Verdict::OtherConversation
        );
        assert_eq!(Before::messages(&same).judge("t", &signature), Verdict::OtherConversation);
        assert_eq!(at(&same).judge("t", "emu-x"), Verdict::Forged);
        assert_eq!(at(&same).judge("t", &signature.replace("emu-", "emu-AAAA")), Verdict::Forged);
        assert_eq!(at(&same).judge("t", "EqQB"), Verdict::Unknown);
    }
}
