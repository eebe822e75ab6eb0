//! Enforces a configured guardrail on untranslated requests: refuses a body that would evade it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::chat::guardrail::Guardrail;
use crate::bedrock::operation::Operation;
use crate::openai::Error;
use crate::wire::{self, Members, Name, Raw, Str};

/// The member of Converse.
const CONFIG: &str = "guardrailConfig";
/// The member that InvokeModel and OpenAI's chats read beside the headers; it can exempt a part of the text.
const BESIDE: &str = "amazon-bedrock-guardrailConfig";
/// A block of Converse that makes the guardrail check only such blocks.
const GUARDED: &str = "guardContent";

/// Refuses a body that would evade the guardrail in whole or in part.
///
/// # Errors
/// 403, or 400 where the body cannot be read.
pub fn check(operation: Operation, body: &[u8], guardrail: &Guardrail) -> Result<(), Error> {
    match operation {
        Operation::Converse | Operation::ConverseStream => {
            let members = members(body)?;
            let mut configs = members.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(CONFIG));
            let is_it = match (configs.next(), configs.next()) {
                (Some((name, config)), None) => *name == CONFIG && is_the(guardrail, config.get()),
                _ => false,
            };
            let has_blocks = || !matches!(wire::from_slice(body), Ok(Guarded(false)));
            if !is_it || has_blocks() { Err(refusal(guardrail)) } else { Ok(()) }
        }
        Operation::Invoke | Operation::InvokeStream => check_beside(body),
        Operation::CountTokens => Ok(()),
    }
}

/// The same check where headers name the guardrail: only members that modify it matter.
///
/// # Errors
/// 403, or 400 where the body cannot be read.
pub fn check_beside(body: &[u8]) -> Result<(), Error> {
    check_fields(&members(body)?, BESIDE)
}

/// The same check on the names of a body's members.
///
/// # Errors
/// 403.
pub fn check_names<'n>(mut names: impl Iterator<Item = &'n str>) -> Result<(), Error> {
    if names.any(|name| name.eq_ignore_ascii_case(BESIDE)) { Err(narrowed(BESIDE)) } else { Ok(()) }
}

/// The same check on fields of the model's native body. `param` is the path in the error.
///
/// # Errors
/// 403.
pub fn check_fields(fields: &Members<'_, Raw<'_>>, param: &str) -> Result<(), Error> {
    check_names(fields.0.iter().map(|(name, _)| &**name)).map_err(|error| error.param(param))
}

fn narrowed(param: &str) -> Error {
    let message = format!("'{BESIDE}' may not be given: a guardrail is set for this model.");
    Error::new(403, message).param(param).code("guardrail_forced")
}

fn members(body: &[u8]) -> Result<Members<'_, Raw<'_>>, Error> {
    wire::from_slice(body).map_err(|_| Error::invalid("The body is no JSON object."))
}

fn refusal(Guardrail { identifier, version, .. }: &Guardrail) -> Error {
    let message = format!(
        "A guardrail is set for this model: '{CONFIG}' must be given, with guardrailIdentifier '{identifier}' and \
         guardrailVersion '{version}', for the whole request (no '{GUARDED}', no '{BESIDE}', no other streamProcessingMode)."
    );
    Error::new(403, message).param(CONFIG).code("guardrail_forced")
}

/// Whether a `guardrailConfig` names this guardrail and weakens nothing. Repeated members are refused: parsers differ on which
/// one counts.
fn is_the(guardrail: &Guardrail, config: &str) -> bool {
    let Ok(Members(members)) = wire::from_str::<Members<'_, Option<Str<'_>>>>(config) else {
        return false;
    };
    let one = |wanted: &str| {
        let mut found = members.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        match (found.next(), found.next()) {
            (Some((name, value)), None) if *name == wanted => Ok(value.as_deref()),
            (None, None) => Ok(None),
            _ => Err(()),
        }
    };
    let mode = one("streamProcessingMode");
    one("guardrailIdentifier") == Ok(Some(guardrail.identifier.as_str()))
        && one("guardrailVersion") == Ok(Some(guardrail.version.as_str()))
        // Bedrock's default, `sync`, holds text until it is checked.
        && (matches!(mode, Ok(None | Some("sync"))) || mode == Ok(guardrail.stream_mode))
}

/// Whether JSON contains, at any depth, a member [`GUARDED`], or one that Converse's `additionalModelRequestFields` would take
/// for [`BESIDE`].
struct Guarded(bool);

impl<'de> Deserialize<'de> for Guarded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Anywhere;

        impl<'de> Visitor<'de> for Anywhere {
            type Value = Guarded;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Guarded, E> {
                Ok(Guarded(false))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Guarded, E> {
                Ok(Guarded(false))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Guarded, E> {
                Ok(Guarded(false))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Guarded, E> {
                Ok(Guarded(false))
            }

            fn visit_str<E>(self, _: &str) -> Result<Guarded, E> {
                Ok(Guarded(false))
            }

            fn visit_unit<E>(self) -> Result<Guarded, E> {
                Ok(Guarded(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Guarded, A::Error> {
                let mut found = false;
                while let Some(Guarded(is_guarded)) = list.next_element()? {
                    found |= is_guarded;
                }
                Ok(Guarded(found))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Guarded, A::Error> {
                let mut found = false;
                while let Some((Name(name), Guarded(is_guarded))) = map.next_entry()? {
                    let narrows = [GUARDED, BESIDE].iter().any(|narrow| name.eq_ignore_ascii_case(narrow));
                    found |= is_guarded || narrows;
                }
                Ok(Guarded(found))
            }
        }

        deserializer.deserialize_any(Anywhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guardrail(stream_mode: Option<&'static str>) -> Guardrail {
        Guardrail { identifier: "abc1".into(), version: "2".into(), trace: None, stream_mode }
    }

    fn status(operation: Operation, body: &str) -> Option<u16> {
        check(operation, body.as_bytes(), &guardrail(None)).err().map(|error| error.status)
    }

    #[test]
    fn a_converse_body_has_to_name_the_guardrail_itself() {
        let good = r#"{"messages":[],"guardrailConfig":{"guardrailIdentifier":"abc1","guardrailVersion":"2","trace":"disabled"}}"#;
        assert_eq!(status(Operation::Converse, good), None);
        for body in [
            "{}".to_owned(),
            good.replace("abc1", "abc2"),
            good.replace("\"2\"", "\"DRAFT\""),
            good.replace("\"2\"", "2"),
            good.replace("guardrailConfig", "GuardrailConfig"),
            good.replace("\"trace\":\"disabled\"", "\"guardrailVersion\":\"1\""),
            good.replace("\"trace\":\"disabled\"", "\"GuardrailVersion\":\"1\""),
            good.replace("\"trace\":\"disabled\"", "\"streamProcessingMode\":\"async\""),
            good.replace("\"messages\":[]", r#""guardrailConfig":{}"#),
            good.replace("\"messages\":[]", r#""guardrail\u0043onfig":{}"#),
            good.replace("\"messages\":[]", r#""messages":[{"content":[{"guardContent":{}}]}]"#),
            good.replace("\"messages\":[]", r#""system":[{"guard\u0043ontent":{}}]"#),
            good.replace(
                "\"messages\":[]",
                r#""additionalModelRequestFields":{"amazon-bedrock-guardrailConfig":{}}"#,
            ),
            good.replace(
                "\"messages\":[]",
                r#""additionalModelRequestFields":{"Amazon-Bedrock-Guardrailconfig":{}}"#,
            ),
            good.replace(
                "\"messages\":[]",
                r#""additionalModelRequestFields":{"amazon-bedrock-guardrail\u0043onfig":{}}"#,
            ),
        ] {
            assert_eq!(status(Operation::Converse, &body), Some(403), "{body}");
        }
        assert_eq!(status(Operation::ConverseStream, "[]"), Some(400));
        // The text of a prompt may contain the word.
        let text = good.replace("\"messages\":[]", r#""messages":[{"content":[{"text":"guardContent"}]}]"#);
        assert_eq!(status(Operation::Converse, &text), None);
    }

    #[test]
    fn a_stream_may_flow_unchecked_only_where_the_configuration_lets_it() {
        let body = |mode: &str| {
            format!(r#"{{"guardrailConfig":{{"guardrailIdentifier":"abc1","guardrailVersion":"2"{mode}}}}}"#)
        };
        let ok = |forced, mode: &str| {
            check(Operation::ConverseStream, body(mode).as_bytes(), &guardrail(forced)).is_ok()
        };
        let (sync, of_async) = (r#","streamProcessingMode":"sync""#, r#","streamProcessingMode":"async""#);
        for forced in [None, Some("sync"), Some("async")] {
            assert!(ok(forced, "") && ok(forced, sync), "{forced:?}");
            assert_eq!(ok(forced, of_async), forced == Some("async"));
        }
    }

    #[test]
    fn what_headers_name_cannot_be_narrowed_by_the_body() {
        let operation = Operation::InvokeStream;
        assert_eq!(status(operation, r#"{"messages":[],"max_tokens":1}"#), None);
        assert_eq!(status(operation, r#"{"amazon-bedrock-guardrailConfig":{"tagSuffix":"x"}}"#), Some(403));
        assert_eq!(status(operation, r#"{"amazon-bedrock-guardrail\u0043onfig":{}}"#), Some(403));
        assert_eq!(status(operation, "no json"), Some(400));
        assert_eq!(status(Operation::CountTokens, "no json"), None);
    }
}
