//! Resuming, ending and answering a stream, and HTTP calls to other clusters.

use std::time::Duration;

use super::{imports, milliseconds};
use crate::dispatcher;
use crate::types::{Status, StreamType};

/// Resumes a paused request.
///
/// # Errors
/// The host's status.
pub fn resume_http_request() -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_continue_stream(StreamType::HttpRequest as u32) })
}

/// Resets the response's stream, so that the client sees a failure instead of a regular end.
///
/// # Errors
/// The host's status.
pub fn reset_http_response() -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_close_stream(StreamType::HttpResponse as u32) })
}

/// Sends a local reply to the client. `details` becomes the access log's response code details; `headers` are in the ABI's
/// serialised form.
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

/// Sends an HTTP request to a cluster and returns the call's token. The response comes to `on_http_call_response` of the
/// context whose callback is running. `headers` and `trailers` are in the ABI's serialised form. A `timeout` of zero means
/// none.
///
/// # Errors
/// The host's status; `BadArgument` where the cluster is unknown or a pseudo header is missing, `InternalFailure` where Envoy
/// failed the call at once (no healthy host, for example).
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

/// Makes host calls refer to this context's headers and bodies until the callback returns.
///
/// # Errors
/// The host's status; `BadArgument` where the host does not know the context.
pub fn set_effective_context(context_id: u32) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_set_effective_context(context_id) })
}
