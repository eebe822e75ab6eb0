//! CountTokens: how many tokens a request of Converse would cost.

use serde::{Deserialize, Serialize};

use super::converse::{Fields, Message, Request as Converse, SystemBlock, ToolConfig};

/// The body.
#[derive(Debug, Serialize)]
pub struct Request<'r, 'a> {
    input: Input<'r, 'a>,
}

/// What is counted.
#[derive(Debug, Serialize)]
struct Input<'r, 'a> {
    converse: Counted<'r, 'a>,
}

/// What of a request of Converse is counted (service model, `ConverseTokensRequest`).
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
    /// Counts the tokens of this request.
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

/// The reply.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reply {
    /// Tokens of the input.
    pub input_tokens: Option<u64>,
}
