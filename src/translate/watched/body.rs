//! Watches an untranslated whole reply, in any API.

use super::members::Members;
use super::tell;
use crate::translate::noted::Noted;

/// The state of the reply.
#[derive(Debug, Default)]
pub struct Body {
    members: Members,
    noted: Noted,
}

impl Body {
    /// Reads the next part.
    pub fn piece(&mut self, bytes: &[u8]) {
        let noted = &mut self.noted;
        noted.flows(bytes.len());
        self.members.piece(bytes, &mut |name, value| tell(noted, name, value));
    }

    /// Facts for the record so far.
    pub fn noted(&self) -> Noted {
        self.noted
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.members.held()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_tells_its_tokens_in_whoevers_words() {
        for (text, tokens, reason, guardrail) in [
            (
                r#"{"output":{"message":{"content":[{"text":"usage"}]}},"stopReason":"guardrail_intervened","usage":{"inputTokens":1,"outputTokens":2}}"#,
                Some(3),
                Some("content_filter"),
                true,
            ),
            (
                r#"{"type":"message","stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":2},"amazon-bedrock-guardrailAction":"NONE"}"#,
                Some(3),
                Some("tool_calls"),
                false,
            ),
            (
                r#"{"choices":[{"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":4},"amazon-bedrock-guardrailAction":"INTERVENED"}"#,
                Some(5),
                Some("length"),
                true,
            ),
            ("<html>", None, None, false),
        ] {
            let mut body = Body::default();
            body.piece(text.as_bytes());
            let noted = body.noted();
            let told = noted.usage.map(|usage| usage.total_tokens);
            assert_eq!((told, noted.finish_reason, noted.guardrail), (tokens, reason, guardrail), "{text}");
            assert_eq!(noted.flowed, text.len());
        }
    }
}
