//! What holds for all that one caller asks, whatever the request says.

use super::chat::Guardrail;
use crate::bedrock::operation::Operation;
use crate::openai::Error;
use crate::wire::{self, Members, Raw};

/// The terms of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How many tokens an answer may have.
    pub tokens: Tokens,
    /// The guardrail, in the place of the model's own and of the one for all.
    pub guardrail: Option<Guardrail>,
    /// Labels for Bedrock's invocation log, which no client's take the place of.
    pub labels: Vec<(String, String)>,
}

/// How many tokens an answer may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Where the request does not say.
    pub default: Option<i64>,
    /// Whatever the request says.
    pub most: Option<i64>,
}

/// What limits an answer in bodies of models' own, at their root or one step below (Amazon Bedrock User Guide, "Inference request parameters
/// and response fields for foundation models"), and in those of OpenAI's.
const NAMES: &[&str] = &[
    "max_tokens",
    "max_completion_tokens",
    "max_tokens_to_sample",
    "max_gen_len",
    "max_new_tokens",
    "maxTokens",
    "maxTokenCount",
];

/// Converse's own member, and that of its limit.
const INFERENCE: &str = "inferenceConfig";

impl Tokens {
    /// The limit of a request that asks for `asked`.
    pub fn limit(self, asked: Option<i64>) -> Option<i64> {
        let wanted = asked.or(self.default);
        match self.most {
            Some(most) => Some(wanted.map_or(most, |wanted| wanted.min(most))),
            None => wanted,
        }
    }

    /// Refuses a body of Bedrock's own routes, which goes on as it is, that might be answered by more tokens.
    ///
    /// # Errors
    /// 403 `max_tokens_not_allowed`.
    pub fn check(self, operation: Operation, body: &[u8]) -> Result<(), Error> {
        match operation {
            Operation::CountTokens => Ok(()),
            Operation::Converse | Operation::ConverseStream => self.check_members(body, &[INFERENCE], false),
            Operation::Invoke | Operation::InvokeStream => {
                self.check_members(body, &[INFERENCE, "textGenerationConfig"], true)
            }
        }
    }

    /// The same of a chat of OpenAI's that goes on as it is.
    ///
    /// # Errors
    /// 403 `max_tokens_not_allowed`.
    pub fn check_openai(self, body: &[u8]) -> Result<(), Error> {
        self.check_members(body, &[], true)
    }

    /// There has to be a limit, and each that there is, however it is written, has to be within what is allowed.
    fn check_members(self, body: &[u8], within: &[&str], at_root: bool) -> Result<(), Error> {
        let Some(most) = self.most else { return Ok(()) };
        let refused = || {
            let message = format!("This API key may ask for at most {most} tokens, and has to say how many.");
            Error::new(403, message).code("max_tokens_not_allowed")
        };
        let is = |name: &str, names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let is_within =
            |raw: &Raw<'_>| raw.get().parse::<i64>().is_ok_and(|limit| (0..=most).contains(&limit));
        let mut is_limited = false;
        let mut check = |Members(members): &Members<'_, Raw<'_>>| {
            let mut limits = members.iter().filter(|(name, _)| is(name, NAMES)).peekable();
            is_limited = is_limited || limits.peek().is_some();
            limits.all(|(_, raw)| is_within(raw))
        };
        let root: Members<'_, Raw<'_>> = wire::from_slice(body).map_err(|_| refused())?;
        let mut are_within = !at_root || check(&root);
        for (_, raw) in root.0.iter().filter(|(name, _)| is(name, within)) {
            are_within = are_within && check(&wire::from_str(raw.get()).map_err(|_| refused())?);
        }
        if is_limited && are_within { Ok(()) } else { Err(refused()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_what_is_asked_for_else_the_default_and_never_above_the_most() {
        for (default, most, asked, limit) in [
            (None, None, None, None),
            (None, None, Some(5), Some(5)),
            (Some(10), None, None, Some(10)),
            (Some(10), None, Some(50), Some(50)),
            (Some(10), Some(20), None, Some(10)),
            (Some(10), Some(20), Some(50), Some(20)),
            (Some(30), Some(20), None, Some(20)),
            (None, Some(20), None, Some(20)),
            (None, Some(20), Some(5), Some(5)),
        ] {
            assert_eq!(Tokens { default, most }.limit(asked), limit, "{default:?} {most:?} {asked:?}");
        }
    }

    #[test]
    fn a_body_that_goes_on_as_it_is_has_to_keep_within_the_limit_however_it_is_written() {
        let tokens = Tokens { default: None, most: Some(100) };
        let code =
            |operation, body: &str| tokens.check(operation, body.as_bytes()).map_err(|error| error.code);
        let refused = Err(Some("max_tokens_not_allowed"));
        for body in [
            r#"{"inferenceConfig":{"maxTokens":100}}"#,
            r#"{"messages":[],"inferenceConfig":{"maxTokens":1,"temperature":1}}"#,
        ] {
            assert_eq!(code(Operation::Converse, body), Ok(()), "{body}");
        }
        for body in [
            "{}",
            "[]",
            "no",
            r#"{"inferenceConfig":null}"#,
            r#"{"inferenceConfig":{}}"#,
            r#"{"inferenceConfig":{"maxTokens":101}}"#,
            r#"{"inferenceConfig":{"maxTokens":-1}}"#,
            r#"{"inferenceConfig":{"maxTokens":"5"}}"#,
            r#"{"inferenceConfig":{"maxTokens":1e2}}"#,
            r#"{"inferenceConfig":{"maxTokens":5,"maxTokens":500}}"#,
            r#"{"inferenceConfig":{"maxTokens":5},"inferenceConfig":{"maxTokens":500}}"#,
            r#"{"inferenceConfig":{"maxTokens":5,"MaxTokens":500}}"#,
            r#"{"max_tokens":5}"#,
        ] {
            assert_eq!(code(Operation::ConverseStream, body), refused, "{body}");
        }
        for body in [
            r#"{"max_tokens":5}"#,
            r#"{"max_gen_len":5}"#,
            r#"{"inferenceConfig":{"max_new_tokens":5}}"#,
            r#"{"textGenerationConfig":{"maxTokenCount":5}}"#,
        ] {
            assert_eq!(code(Operation::Invoke, body), Ok(()), "{body}");
        }
        for body in [r#"{"inputText":"a"}"#, r#"{"max_tokens":5,"inferenceConfig":{"maxTokens":500}}"#] {
            assert_eq!(code(Operation::InvokeStream, body), refused, "{body}");
        }
        assert_eq!(code(Operation::CountTokens, "{}"), Ok(()));
        assert!(tokens.check_openai(br#"{"max_completion_tokens":100}"#).is_ok());
        assert!(tokens.check_openai(br#"{"max_completion_tokens":100,"max_tokens":101}"#).is_err());
        assert!(Tokens::default().check(Operation::Converse, b"no").is_ok());
    }
}
