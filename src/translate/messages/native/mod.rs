//! Claude as itself, by InvokeModel and InvokeModelWithResponseStream: the body goes on as it came but for what Bedrock wants
//! otherwise, and what comes back goes on event by event (Amazon Bedrock User Guide, "Anthropic Claude Messages API").

mod limits;
mod request;
mod stream;
mod telling;
mod tools;

pub use request::{count, request};
pub use stream::Stream;

use crate::anthropic::event::Message;
use crate::openai::Error;
use crate::translate::errors::no_answer;
use crate::translate::noted::Noted;
use crate::wire;

/// Most room that is made for a body before it is needed, bytes.
const AT_ONCE: usize = 64 << 10;

/// The body of a 200, which goes on as it is, and what it tells of itself.
///
/// # Errors
/// 502 where it is no message: never an empty success.
pub fn reply(body: &[u8]) -> Result<(Vec<u8>, Noted), Error> {
    let message: Message<'_> =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    if message.kind.as_deref() != Some("message") || message.content.is_none() {
        return Err(no_answer("Bedrock's reply is no message."));
    }
    Ok((body.to_vec(), telling::of_message(&message)))
}
