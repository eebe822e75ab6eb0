//! Host calls in the forms that the filter needs: headers as [`Headers`], absent values as `None`, log lines that are formatted
//! only where their level is on.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

use prost::encoding::{WireType, encode_key, encode_varint};
use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, Bytes, LogLevel, MapType, Status};

use crate::gateway::headers::Headers;
use crate::gateway::identities::Properties;

thread_local! {
    static LOG_LEVEL: Cell<LogLevel> = const { Cell::new(LogLevel::Warn) };
}

/// Reads Envoy's log level, so that lines below it are never formatted.
pub(super) fn read_log_level() {
    if let Ok(level) = hostcalls::get_log_level() {
        LOG_LEVEL.set(level);
    }
}

/// Writes a line to Envoy's log. Never give it a key, a credential, a prompt or a reply.
pub(super) fn log(level: LogLevel, line: impl FnOnce() -> String) {
    if level >= LOG_LEVEL.get() {
        // An error is ignored: there is no other place to report it.
        let _ = hostcalls::log(level, &line());
    }
}

/// Envoy's clock; 1970 where Envoy gives none, at which no request is signed.
pub(super) fn now() -> SystemTime {
    hostcalls::get_current_time().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A property by its path; `None` where Envoy has none.
pub(super) fn property(path: &[&str]) -> Option<Bytes> {
    hostcalls::get_property(path).ok().flatten()
}

/// A property that is a map, such as an object in metadata; `None` where Envoy has none.
pub(super) fn property_map(path: &[&str]) -> Option<Headers> {
    Headers::from_bytes(property(path)?)
}

/// Reads Envoy's properties of the request.
pub(super) struct Known;

impl Properties for Known {
    fn text(&self, path: &[&str]) -> Option<String> {
        String::from_utf8(property(path)?).ok()
    }

    fn list(&self, path: &[&str]) -> Option<Vec<String>> {
        // Envoy serialises a list as a map whose values are empty.
        let map = property_map(path)?;
        let texts = map.iter().filter(|(_, value)| value.is_empty());
        Some(texts.filter_map(|(name, _)| Some(std::str::from_utf8(name).ok()?.to_owned())).collect())
    }
}

/// Declares a property that this plugin sets: its type, and its schema where that is a message. It lives as long as the
/// downstream request (`DeclarePropertyArguments` of Envoy's foreign function `declare_property`).
pub(super) fn declare_property(name: &str, kind: u64, schema: &str) -> Result<(), Status> {
    const DOWNSTREAM_REQUEST: u64 = 1;
    let mut arguments = Vec::new();
    for (tag, text) in [(1, name), (4, schema)] {
        encode_key(tag, WireType::LengthDelimited, &mut arguments);
        encode_varint(u64::try_from(text.len()).unwrap_or(u64::MAX), &mut arguments);
        arguments.extend_from_slice(text.as_bytes());
    }
    for (tag, number) in [(3, kind), (5, DOWNSTREAM_REQUEST)] {
        encode_key(tag, WireType::Varint, &mut arguments);
        encode_varint(number, &mut arguments);
    }
    hostcalls::call_foreign_function("declare_property", Some(&arguments)).map(drop)
}

/// Reads all headers of a map.
pub(super) fn headers(map: MapType) -> Result<Headers, Status> {
    Headers::from_bytes(hostcalls::get_map_pairs(map)?).ok_or(Status::ParseFailure)
}

/// Replaces all headers of a map.
pub(super) fn set_headers(map: MapType, headers: &Headers) -> Result<(), Status> {
    hostcalls::set_map_pairs(map, &headers.as_bytes())
}

/// Adds headers to the response.
pub(super) fn tell(headers: &Headers) {
    for (name, value) in headers.iter() {
        let texts = std::str::from_utf8(name).ok().zip(std::str::from_utf8(value).ok());
        let added =
            texts.map(|(name, value)| hostcalls::add_map_value(MapType::HttpResponseHeaders, name, value));
        if !matches!(added, Some(Ok(()))) {
            log(LogLevel::Error, || "Envoy would not take a header of an answer".to_owned());
        }
    }
}

/// Removes the client's trailers. No endpoint uses any, and an HTTP/2 upstream would receive them as they are, with
/// credentials, cookies or AWS's headers in them.
pub(super) fn remove_request_trailers() -> Result<(), Status> {
    set_headers(MapType::HttpRequestTrailers, &Headers::default())
}

/// A header's first value; `None` where there is no such header.
pub(super) fn header(map: MapType, name: &str) -> Option<Bytes> {
    hostcalls::get_map_value_bytes(map, name).ok().flatten()
}

/// Replaces a buffer's first `size` bytes, which must be all it has, by the concatenation of `pieces`.
pub(super) fn set_pieces(buffer: BufferType, size: usize, pieces: &[&[u8]]) -> Result<(), Status> {
    let (first, rest) = pieces.split_first().map_or((&[][..], &[][..]), |(first, rest)| (*first, rest));
    hostcalls::set_buffer(buffer, 0, size, first)?;
    let mut length = first.len();
    for piece in rest {
        // A write behind the last byte appends.
        hostcalls::set_buffer(buffer, length, 0, piece)?;
        length = length.saturating_add(piece.len());
    }
    Ok(())
}

/// Replaces a request's body, of which `size` bytes are there, while its headers are held.
pub(super) fn set_request_body(size: usize, body: &[u8]) -> Result<(), Status> {
    const LENGTH: &str = "content-length";
    hostcalls::remove_map_value(MapType::HttpRequestHeaders, LENGTH.as_bytes())?;
    hostcalls::add_map_value(MapType::HttpRequestHeaders, LENGTH, &body.len().to_string())?;
    hostcalls::set_buffer(BufferType::HttpRequestBody, 0, size, body)
}

/// Shared data of the VMs of one `vm_id` under a key, and its version; `None` where there is none.
pub(super) fn shared_data(key: &str) -> Option<(Bytes, u32)> {
    hostcalls::get_shared_data(key).ok().flatten()
}

/// Sends an HTTP request to a cluster. The response comes to `on_http_call_response` of the context whose callback is running.
/// A `timeout` of zero means none.
pub(super) fn call(cluster: &str, headers: &Headers, body: &[u8], timeout: Duration) -> Result<u32, Status> {
    let trailers = Headers::default().to_bytes();
    hostcalls::dispatch_http_call(cluster, &headers.to_bytes(), Some(body), &trailers, timeout)
}

/// Sends a local reply. `details` becomes the access log's response code details.
pub(super) fn respond(status: u16, details: &str, headers: &Headers, body: &[u8]) -> Result<(), Status> {
    hostcalls::send_http_response(status.into(), details, &headers.to_bytes(), Some(body))
}
