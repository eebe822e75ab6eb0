//! CountTokens: the number of input tokens of a Converse request, or of a model's native body.

use std::io::Write as _;

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use serde::{Deserialize, Serialize};

use super::converse::{Fields, Message, Request as Converse, SystemBlock, ToolConfig};
use crate::wire::Pieces;

/// The body.
#[derive(Debug, Serialize)]
pub struct Request<'r, 'a> {
    input: Input<'r, 'a>,
}

/// The request whose tokens are counted.
#[derive(Debug, Serialize)]
struct Input<'r, 'a> {
    converse: Counted<'r, 'a>,
}

/// The members of a Converse request that are counted (service model, `ConverseTokensRequest`).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Counted<'r, 'a> {
    messages: &'r [Message<'a>],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    system: &'r [SystemBlock<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<&'r ToolConfig<'a>>,
    #[serde(skip_serializing_if = "Fields::is_empty")]
    additional_model_request_fields: &'r Fields<'a>,
}

impl<'r, 'a> Request<'r, 'a> {
    /// Counts the tokens of a Converse request.
    pub fn of(request: &'r Converse<'a>) -> Self {
        let converse = Counted {
            messages: &request.messages,
            system: &request.system,
            tool_config: request.tool_config.as_ref(),
            additional_model_request_fields: &request.additional_model_request_fields,
        };
        Self { input: Input { converse } }
    }
}

/// The body that counts a model's native body (service model, `InvokeModelTokensRequest`: in base64). Encoded part by part, so
/// that the native body is never copied whole.
pub fn of_own_body(own: &Pieces<'_>) -> Vec<u8> {
    const BEFORE: &[u8] = br#"{"input":{"invokeModel":{"body":""#;
    const BEHIND: &[u8] = br#""}}}"#;
    let encoded = own.len().div_ceil(3).saturating_mul(4);
    let mut out = Vec::with_capacity(encoded.saturating_add(BEFORE.len()).saturating_add(BEHIND.len()));
    out.extend_from_slice(BEFORE);
    let mut encoder = EncoderWriter::new(&mut out, &STANDARD);
    for piece in own.iter() {
        // Writing to memory does not fail.
        let _ = encoder.write_all(piece);
    }
    let _ = encoder.finish();
    drop(encoder);
    out.extend_from_slice(BEHIND);
    out
}

/// The reply.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reply {
    /// Input tokens.
    pub input_tokens: Option<u64>,
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;
    use crate::wire;

    #[test]
    fn a_models_own_body_is_encoded_across_its_pieces() {
        for length in (16 << 10)..(16 << 10) + 3 {
            let text = "x".repeat(length);
            let input = format!(r#"{{"a":"{text}","b":"{text}"}}"#);
            let read: wire::Members<'_, wire::Raw<'_>> = wire::from_str(&input).unwrap();
            let pieces = wire::pieces(input.as_bytes(), 0, &read);
            assert!(pieces.iter().count() > 3);
            let body = String::from_utf8(of_own_body(&pieces)).unwrap();
            assert_eq!(
                body,
                format!(r#"{{"input":{{"invokeModel":{{"body":"{}"}}}}}}"#, STANDARD.encode(&input))
            );
        }
    }
}
