//! Extracts the final answer from a text.

use serde_json::Value;

use super::Reply;
use super::normal::{is_dress, is_number, normalised};

/// Longest final answer, bytes.
const SHORT: usize = 200;
/// Longest final answer with its markup, bytes.
const WRITTEN: usize = 1000;
/// Most words of a line that is an answer by itself.
const WORDS: usize = 6;
/// The longest JSON that is compared as JSON, bytes.
const JSON: usize = 64 * 1024;

/// Words that announce a final answer, in lower case. The last occurrence in a text counts.
const MARKS: &[&str] = &[
    "answer is",
    "answer:",
    "answer**:",
    "answer =",
    "answer would be",
    "####",
    "antwort ist",
    "antwort:",
    "respuesta es",
    "respuesta:",
    "réponse est",
    "réponse :",
    "réponse:",
    "resposta é",
    "risposta è",
    "答案是",
    "答案：",
    "答案:",
    "答えは",
];

/// The answer of a reply, for comparisons: its tool calls without their ids, or the final answer in its text. `None` where it
/// has no short one.
pub(super) fn answer_of(reply: &Reply) -> Option<String> {
    match &reply.tool_calls {
        Some(calls) => Some(calls_of(calls)),
        None => final_answer(&reply.text),
    }
}

/// The final answer in a text: in `\boxed{}`, after words that announce it, or the whole text if it is short.
pub(super) fn final_answer(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(json) = json(text) {
        return Some(json);
    }
    let answer = boxed(text).or_else(|| marked(text)).or_else(|| alone(text))?;
    if answer.len() > WRITTEN {
        return None;
    }
    let answer = normalised(answer);
    (!answer.is_empty() && answer.len() <= SHORT).then_some(answer)
}

/// JSON, with or without a code fence.
fn json(text: &str) -> Option<String> {
    let inside = text.strip_prefix("```json").or_else(|| text.strip_prefix("```"));
    let text = inside.and_then(|inside| inside.strip_suffix("```")).unwrap_or(text).trim();
    if text.len() > JSON || !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str::<Value>(text).ok().map(|value| value.to_string())
}

/// Tool calls by name and arguments; other text is returned unchanged.
fn calls_of(calls: &str) -> String {
    let Some(Value::Array(list)) = (calls.len() <= JSON).then(|| serde_json::from_str(calls).ok()).flatten()
    else {
        return calls.to_owned();
    };
    let of = |call: &Value| {
        let function = call.get("function").or_else(|| call.get("custom")).unwrap_or(call);
        let input = function
            .get("arguments")
            .or_else(|| function.get("input"))
            .and_then(Value::as_str)
            .unwrap_or_default();
        let input = json(input).unwrap_or_else(|| input.to_owned());
        Value::from(vec![function.get("name").cloned().unwrap_or_default(), input.into()])
    };
    Value::Array(list.iter().map(of).collect()).to_string()
}

/// The content of the last `\boxed{}`.
fn boxed(text: &str) -> Option<&str> {
    let (_, inside) = text.rsplit_once("\\boxed{")?;
    let mut depth = 0_usize;
    let end = inside.bytes().position(|byte| {
        match byte {
            b'{' => depth = depth.saturating_add(1),
            b'}' if depth == 0 => return true,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        false
    })?;
    inside.get(..end)
}

/// The text after the last announcement, on its line or, if that is empty, the next.
fn marked(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let ends = MARKS.iter().filter_map(|mark| Some(lower.rfind(mark)?.saturating_add(mark.len())));
    let behind = text.get(ends.max()?..)?;
    behind.lines().find(|line| !line.trim_matches(is_dress).is_empty()).map(sentence)
}

/// The text if it is one line of a few words; or a number or letter that is the last line.
fn alone(text: &str) -> Option<&str> {
    let last = text.lines().next_back()?;
    if last.len() == text.len() && text.split_whitespace().nth(WORDS).is_none() {
        return Some(text);
    }
    let bare = last.trim_matches(|c| is_dress(c) || "().$".contains(c));
    (is_number(bare) || bare.len() == 1 && bare.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .then_some(bare)
}

/// The first sentence. A full stop after a short word does not end it (`Dr. Jones`, `St. Paul`).
fn sentence(line: &str) -> &str {
    let line = line.trim_start_matches(is_dress);
    for (end, _) in line.match_indices(". ") {
        let before = line.get(..end).unwrap_or_default();
        let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        if word.len() > 3 || word.bytes().any(|byte| !byte.is_ascii_alphabetic()) {
            return before;
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::super::testing::called;
    use super::*;

    #[test]
    fn the_same_answer_is_found_however_it_is_said() {
        for text in [
            "42",
            "42.",
            " **42** ",
            "42 apples",
            "So there are \\boxed{42} of them, not 41.",
            "It is \\boxed{41}. No: \\boxed{\\text{42}}",
            "Six by seven.\n#### 42",
            "The answer is 41? No. The answer is 42.",
            "The final answer is: **42**.",
            "**Answer:** 42",
            "**Answer**: 42 apples in all",
            "## Answer:\n\n42\n",
            "The answer is $42$. That was easy.",
            "the answer is x = 42",
            "The answer is $42.00",
            "Long thoughts of 7 kinds\nin two lines\n\n**42**",
            "Die Antwort ist 42.",
            "所以答案是42。",
            "answer: +42",
        ] {
            assert_eq!(final_answer(text).as_deref(), Some("42"), "{text}");
        }
    }

    #[test]
    fn other_kinds_of_answers_have_one_form_each() {
        for (text, answer) in [
            ("The answer is 1,234,567.50 dollars", "1234567.5"),
            ("The answer is −3", "-3"),
            ("The answer is \\(\\dfrac{1}{2}\\)", "1/2"),
            ("The answer is 1/2.", "1/2"),
            ("The answer is .5", "0.5"),
            ("The answer is 50%", "50"),
            ("The answer is (B).", "b"),
            ("The answer is B) Paris", "b"),
            ("Answer: b", "b"),
            ("Some lines\nof text\n(C)", "c"),
            ("The answer is Paris. It is in France.", "paris"),
            ("Paris", "paris"),
            ("The answer is Dr. Jones. He told me.", "dr. jones"),
            ("The answer is the \"Red  Sea\"", "red sea"),
            ("The answer is 3 and 4", "3 and 4"),
            ("The answer is 5 million", "5 million"),
            ("The answer is 2x", "2x"),
            ("The answer is 2 x", "2 x"),
            ("The answer is not 42", "not 42"),
            ("{\"b\": 1,\n \"a\": [2]}", "{\"a\":[2],\"b\":1}"),
            ("```json\n{\"a\": [2], \"b\": 1}\n```", "{\"a\":[2],\"b\":1}"),
        ] {
            assert_eq!(final_answer(text).as_deref(), Some(answer), "{text}");
        }
    }

    #[test]
    fn a_text_without_a_short_answer_has_none() {
        let long = "word ".repeat(100);
        for text in ["", " \n", "A poem\nof two lines", long.as_str(), "\\boxed{42\nis it"] {
            assert_eq!(final_answer(text), None, "{text}");
        }
        assert_eq!(final_answer(&format!("The answer is {long}")), None);
    }

    #[test]
    fn calls_of_tools_are_equal_by_name_and_arguments() {
        let first =
            r#"[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\": 1, \"y\": 2}"}}]"#;
        let second =
            r#"[{"type":"function","id":"b","function":{"arguments":"{\"y\":2,\"x\":1}","name":"f"}}]"#;
        let third =
            r#"[{"id":"a","type":"function","function":{"name":"g","arguments":"{\"x\": 1, \"y\": 2}"}}]"#;
        let [first, second, third, none] = [first, second, third, "{"].map(|calls| answer_of(&called(calls)));
        assert!(first == second && first != third);
        assert_eq!(none.as_deref(), Some("{"));
    }

    #[test]
    fn whatever_stands_there_is_read_in_linear_time() {
        for piece in [
            "\\boxed{",
            "answer is ",
            "{",
            "[",
            "<",
            "\\text{",
            ". ",
            "####\n",
            "\\frac{",
            "9",
            "9,",
            "é",
            "\u{130}",
        ] {
            let text = piece.repeat(200_000 / piece.len());
            _ = final_answer(&text);
            _ = final_answer(&format!("The answer is {text}"));
        }
    }
}
