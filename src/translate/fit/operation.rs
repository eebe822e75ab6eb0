//! Which of Bedrock's operations gives the answer.

use crate::bedrock::converse::{Request, STREAM_ONLY};

use super::family::Capabilities;

/// Whether the model gives the answer as a stream. Some give none where there are tools ("This model doesn't support tool use in
/// streaming mode."): their answer comes whole, and whoever waits for a stream is given it as one.
pub(super) fn streams(body: &mut Request<'_>, capabilities: &Capabilities) -> bool {
    let streams = capabilities.tools_in_streams || body.tool_config.is_none();
    if !streams && let Some(guardrail) = body.guardrail_config.take() {
        body.guardrail_config = Some(guardrail.without(STREAM_ONLY));
    }
    streams
}
