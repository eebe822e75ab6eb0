//! Calls that the root context makes by itself, through Envoy's clusters.

use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, Status};

use super::host;

/// How long one may take; less than a lease.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Makes a call; an error says why Envoy does not.
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

/// The answer that has just come: its status, `None` where nothing came, and its body.
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
