//! Claude in its native format, by InvokeModel and InvokeModelWithResponseStream: the body is sent as it came, except for what
//! Bedrock requires to differ, and events are passed on one by one (Amazon Bedrock User Guide, "Anthropic Claude Messages
//! API").

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

/// Largest initial capacity of a body, bytes.
const AT_ONCE: usize = 64 << 10;

/// Checks the body of a 200, which is passed on unchanged, and returns facts for the record.
///
/// # Errors
/// 502 where it is not a message; never an empty success.
pub fn reply(body: &[u8]) -> Result<(Vec<u8>, Noted), Error> {
    let message: Message<'_> =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    if message.kind.as_deref() != Some("message") || message.content.is_none() {
        return Err(no_answer("Bedrock's reply is no message."));
    }
    Ok((body.to_vec(), telling::of_message(&message)))
}
