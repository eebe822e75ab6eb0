//! Server-sent events as OpenAI's SDKs read them (WHATWG HTML, "Server-sent events").

use super::Error;

/// The end of a complete answer; never sent after an error.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// An error event, which the SDKs raise as an exception. Nothing may follow it, in particular no `[DONE]`.
pub fn error(out: &mut Vec<u8>, error: &Error) {
    out.extend_from_slice(b"event: error\ndata: ");
    out.extend_from_slice(&error.body());
    out.extend_from_slice(b"\n\n");
}
