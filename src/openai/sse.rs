//! Server-sent events as OpenAI's SDKs read them (WHATWG HTML, "Server-sent events").

use super::Error;

/// What ends a whole answer, and nothing else.
pub const DONE: &[u8] = b"data: [DONE]\n\n";

/// An error inside a stream: the SDKs raise it as an exception. Nothing may follow it, `[DONE]` least of all.
pub fn error(out: &mut Vec<u8>, error: &Error) {
    out.extend_from_slice(b"event: error\ndata: ");
    out.extend_from_slice(&error.body());
    out.extend_from_slice(b"\n\n");
}
