//! HTTP calls that the root context makes through Envoy's clusters: for credentials, roles and the list of models.

use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, Status};

use super::host;

/// Timeout of one call; shorter than a lease.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Makes a call. The error says why Envoy refused it.
pub(super) fn ask<'c>(
    cluster: &str,
    method: &'c str,
    host: &'c str,
    path: &'c str,
    headers: impl IntoIterator<Item = (&'c str, &'c str)>,
    body: &[u8],
) -> Result<u32, String> {
    let all = [(":method", method), (":scheme", "https"), (":authority", host), (":path", path)];
    let all = all.into_iter().chain(headers).collect();
    host::call(cluster, &all, body, TIMEOUT).map_err(|failed| {
        if failed == Status::InternalFailure {
            format!("the cluster '{cluster}' takes no request")
        } else {
            format!("there is no cluster '{cluster}'")
        }
    })
}

/// The outcome of the call whose response is being delivered: its status, `None` where there was no response, and its body.
pub(super) fn answer(headers: usize, size: usize) -> (Option<u16>, Vec<u8>) {
    let status = if headers > 0 { host::header(MapType::HttpCallResponseHeaders, ":status") } else { None };
    let status = status.and_then(|status| std::str::from_utf8(&status).ok()?.parse().ok());
    let body = if size > 0 {
        hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, size).unwrap_or_default()
    } else {
        Vec::new()
    };
    (status, body)
}
