//! Terms that apply to all requests of a caller.

use super::chat::Guardrail;
use crate::bedrock::model_id::base_model;
use crate::bedrock::operation::Operation;
use crate::openai::Error;
use crate::wire::{self, Members, Raw};

/// The terms of a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Limits on the tokens of an answer.
    pub tokens: Tokens,
    /// The guardrail, instead of the model's own and the one for all models.
    pub guardrail: Option<Guardrail>,
    /// Labels for Bedrock's invocation log, which clients cannot override.
    pub labels: Vec<(String, String)>,
}

/// Limits on the tokens of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The default, where the request sets no limit.
    pub default: Option<i64>,
    /// The maximum.
    pub most: Option<i64>,
}

/// Names of members that limit an answer, in native bodies and OpenAI's.
const NAMES: &[&str] = &[
    "max_tokens",
    "max_completion_tokens",
    "max_tokens_to_sample",
    "max_gen_len",
    "max_new_tokens",
    "maxTokens",
    "maxTokenCount",
];

/// Members in which such a limit may be nested.
const WITHIN: &[&str] = &[INFERENCE, "textGenerationConfig"];
/// The member of Converse and Nova.
const INFERENCE: &str = "inferenceConfig";
/// The member of Converse with native fields.
const FIELDS: &str = "additionalModelRequestFields";

/// Where models read their limit in a native body, by id prefix: the enclosing member, and the names (Amazon Bedrock User
/// Guide, "Inference request parameters and response fields for foundation models").
const LIMITS: &[(&str, Option<&str>, &[&str])] = &[
    ("amazon.nova", Some(INFERENCE), &["max_new_tokens", "maxTokens"]),
    ("amazon.titan", Some("textGenerationConfig"), &["maxTokenCount"]),
    ("anthropic.claude-v2", None, &["max_tokens_to_sample"]),
    ("anthropic.claude-instant", None, &["max_tokens_to_sample"]),
    ("meta.", None, &["max_gen_len"]),
    ("", None, OPENAIS),
];
/// Names in OpenAI's chats and in the native bodies of most other models.
const OPENAIS: &[&str] = &["max_tokens", "max_completion_tokens"];

/// Whether a member of a native body limits the answer, or may contain such a limit.
pub fn is_limit(name: &str) -> bool {
    limits_answer(name) || is_one_of(name, WITHIN)
}

/// Whether a member limits the answer, under a model's name or OpenAI's.
pub fn limits_answer(name: &str) -> bool {
    is_one_of(name, NAMES)
}

/// Whether such a limit may be nested in a member.
pub fn may_hold_limit(name: &str) -> bool {
    is_one_of(name, WITHIN) || is_one_of(name, &[FIELDS])
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

impl Tokens {
    /// The limit of a request that asks for `asked`.
    pub fn limit(self, asked: Option<i64>) -> Option<i64> {
        let wanted = asked.or(self.default);
        match self.most {
            Some(most) => Some(wanted.map_or(most, |wanted| wanted.min(most))),
            None => wanted,
        }
    }

    /// Refuses an untranslated body whose answer could exceed the maximum. `model` is the id by which the tables know the
    /// model.
    ///
    /// # Errors
    /// 403 `max_tokens_not_allowed`.
    pub fn check(self, operation: Operation, model: &str, body: &[u8]) -> Result<(), Error> {
        let base = base_model(model);
        match operation {
            Operation::CountTokens => Ok(()),
            Operation::Converse | Operation::ConverseStream => {
                self.check_members(body, Some(INFERENCE), &["maxTokens"])
            }
            Operation::Invoke | Operation::InvokeStream => {
                let own = LIMITS.iter().find(|(beginning, ..)| base.starts_with(beginning));
                let (within, names) = own.map_or((None, OPENAIS), |(_, within, names)| (*within, *names));
                self.check_members(body, within, names)
            }
        }
    }

    /// Refuses an untranslated chat of OpenAI's whose answer could exceed the maximum.
    ///
    /// # Errors
    /// 403 `max_tokens_not_allowed`.
    pub fn check_openai(self, body: &[u8]) -> Result<(), Error> {
        self.check_members(body, None, OPENAIS)
    }

    /// Requires a limit, in the member `within` or at the root, under one of these names; and every limit anywhere, in any
    /// spelling, must be within the maximum.
    fn check_members(self, body: &[u8], within: Option<&str>, names: &[&str]) -> Result<(), Error> {
        let Some(most) = self.most else { return Ok(()) };
        let refused = || {
            let message = format!("This API key may ask for at most {most} tokens, and has to say how many.");
            Error::new(403, message).code("max_tokens_not_allowed")
        };
        let is_within =
            |raw: &Raw<'_>| raw.get().parse::<i64>().is_ok_and(|limit| (0..=most).contains(&limit));
        let mut is_limited = false;
        let mut check = |Members(members): &Members<'_, Raw<'_>>, is_read: bool| {
            is_limited |= is_read && members.iter().any(|(name, _)| names.contains(&&**name));
            members.iter().filter(|(name, _)| is_one_of(name, NAMES)).all(|(_, raw)| is_within(raw))
        };
        let root: Members<'_, Raw<'_>> = wire::from_slice(body).map_err(|_| refused())?;
        let mut are_within = check(&root, within.is_none());
        for (name, raw) in &root.0 {
            if is_one_of(name, WITHIN) {
                let members = wire::from_str::<Members<'_, Raw<'_>>>(raw.get()).map_err(|_| refused())?;
                are_within &= check(&members, within == Some(&**name));
            } else if is_one_of(name, &[FIELDS]) && raw.get() != "null" {
                let members = wire::from_str::<Members<'_, Raw<'_>>>(raw.get()).map_err(|_| refused())?;
                are_within &= !members.0.iter().any(|(name, _)| is_limit(name));
            }
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
        let code = |operation, model: &str, body: &str| {
            tokens.check(operation, model, body.as_bytes()).map_err(|error| error.code)
        };
        let refused = Err(Some("max_tokens_not_allowed"));
        for body in [
            r#"{"inferenceConfig":{"maxTokens":100}}"#,
            r#"{"messages":[],"inferenceConfig":{"maxTokens":1,"temperature":1}}"#,
            r#"{"inferenceConfig":{"maxTokens":1},"additionalModelRequestFields":{"top_k":5}}"#,
        ] {
            assert_eq!(code(Operation::Converse, "m", body), Ok(()), "{body}");
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
            r#"{"inferenceConfig":{"max_new_tokens":5}}"#,
            r#"{"max_tokens":5}"#,
            r#"{"inferenceConfig":{"maxTokens":5},"additionalModelRequestFields":{"max_tokens":5000}}"#,
            r#"{"inferenceConfig":{"maxTokens":5},"additionalModelRequestFields":{"inferenceConfig":{}}}"#,
            r#"{"inferenceConfig":{"maxTokens":5},"additionalmodelrequestfields":{"Max_Tokens":5000}}"#,
        ] {
            assert_eq!(code(Operation::ConverseStream, "m", body), refused, "{body}");
        }
        let (nova, titan, llama) = ("us.amazon.nova-pro-v1:0", "amazon.titan-text-x", "us.meta.llama-x");
        for (model, body) in [
            ("us.anthropic.claude-x", r#"{"max_tokens":5}"#),
            ("openai.gpt-x", r#"{"max_completion_tokens":5}"#),
            (llama, r#"{"max_gen_len":5}"#),
            (nova, r#"{"inferenceConfig":{"max_new_tokens":5}}"#),
            (titan, r#"{"textGenerationConfig":{"maxTokenCount":5}}"#),
        ] {
            assert_eq!(code(Operation::Invoke, model, body), Ok(()), "{body}");
        }
        for (model, body) in [
            (titan, r#"{"inputText":"a"}"#),
            // A member that the model does not read limits nothing.
            (nova, r#"{"max_gen_len":5}"#),
            (nova, r#"{"textGenerationConfig":{"maxTokenCount":5}}"#),
            (llama, r#"{"max_tokens":5}"#),
            ("mistral.x", r#"{"inferenceConfig":{"maxTokens":5}}"#),
            ("mistral.x", r#"{"max_tokens":5,"inferenceConfig":{"maxTokens":500}}"#),
        ] {
            assert_eq!(code(Operation::InvokeStream, model, body), refused, "{body}");
        }
        assert_eq!(code(Operation::CountTokens, "m", "{}"), Ok(()));
        assert!(tokens.check_openai(br#"{"max_completion_tokens":100}"#).is_ok());
        assert!(tokens.check_openai(br#"{"max_completion_tokens":100,"max_tokens":101}"#).is_err());
        assert!(tokens.check_openai(br#"{"maxTokenCount":5}"#).is_err());
        assert!(Tokens::default().check(Operation::Converse, "m", b"no").is_ok());
    }
}
