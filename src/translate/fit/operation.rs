//! Chooses Bedrock's operation for an answer.

use crate::bedrock::converse::{Request, STREAM_ONLY};

use super::family::Capabilities;

/// Whether the model can stream the answer. Some cannot with tools ("This model doesn't support tool use in streaming mode."):
/// their answer comes whole, and is sent to the client as a stream.
pub(super) fn streams(body: &mut Request<'_>, capabilities: &Capabilities) -> bool {
    let streams = capabilities.tools_in_streams || body.tool_config.is_none();
    if !streams && let Some(guardrail) = body.guardrail_config.take() {
        body.guardrail_config = Some(guardrail.without(STREAM_ONLY));
    }
    streams
}
