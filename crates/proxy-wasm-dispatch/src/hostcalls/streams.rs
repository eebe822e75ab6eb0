//! What becomes of a stream, and calls to other clusters.

use std::time::Duration;

use super::{imports, milliseconds};
use crate::dispatcher;
use crate::types::{Status, StreamType};

/// Lets a request go on that was held.
///
/// # Errors
/// The host's status.
pub fn resume_http_request() -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_continue_stream(StreamType::HttpRequest as u32) })
}

/// Breaks the response off, so that the client sees a failure and no end.
///
/// # Errors
/// The host's status.
pub fn reset_http_response() -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_close_stream(StreamType::HttpResponse as u32) })
}

/// Answers the client in Envoy's stead. `details` is what the access log calls it; `headers` are in the ABI's form.
///
/// # Errors
/// The host's status.
pub fn send_http_response(
    status_code: u32,
    details: &str,
    headers: &[u8],
    body: Option<&[u8]>,
) -> Result<(), Status> {
    const NO_GRPC_STATUS: i32 = -1;
    let body = body.unwrap_or_default();
    // SAFETY: each pair of pointer and length is of one live slice.
    Status::check(unsafe {
        imports::proxy_send_local_response(
            status_code,
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            NO_GRPC_STATUS,
        )
    })
}

/// Sends a request to a cluster and gives its token; the response comes to `on_http_call_response` of whoever is at work.
/// `headers` and `trailers` are in the ABI's form. A `timeout` of zero is none.
///
/// # Errors
/// The host's status; `BadArgument` where there is no such cluster or a pseudo header is missing, `InternalFailure` where the
/// call was refused on the way.
pub fn dispatch_http_call(
    upstream: &str,
    headers: &[u8],
    body: Option<&[u8]>,
    trailers: &[u8],
    timeout: Duration,
) -> Result<u32, Status> {
    let mut token = 0;
    let body = body.unwrap_or_default();
    // SAFETY: each pair of pointer and length is of one live slice, and the token's is to a live `u32`.
    Status::check(unsafe {
        imports::proxy_http_call(
            upstream.as_ptr(),
            upstream.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            trailers.as_ptr(),
            trailers.len(),
            milliseconds(timeout),
            &raw mut token,
        )
    })?;
    dispatcher::register_callout(token);
    Ok(token)
}

/// Says whose headers and bodies are asked for from here on, within this callback.
///
/// # Errors
/// The host's status; `BadArgument` where it does not know the context.
pub fn set_effective_context(context_id: u32) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_set_effective_context(context_id) })
}
