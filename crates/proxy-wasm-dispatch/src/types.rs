//! Enumerations of the proxy-wasm ABI 0.2.1, as far as an HTTP filter needs them. Names are the SDK's.

/// Bytes that the host returned.
pub type Bytes = Vec<u8>;

/// Tells Envoy how to go on after a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Action {
    /// Pass the headers or the body on.
    Continue = 0,
    /// Hold them.
    Pause = 1,
}

/// The status that a host call returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Status {
    /// Success; never in an `Err`.
    Ok = 0,
    /// There is no such thing.
    NotFound = 1,
    /// An argument is invalid, or not allowed in this phase of a stream.
    BadArgument = 2,
    /// The host could not serialise its result.
    SerializationFailure = 3,
    /// The host could not parse an argument, or its result could not be parsed here.
    ParseFailure = 4,
    /// A queue is empty.
    Empty = 7,
    /// Shared data has another version by now.
    CasMismatch = 8,
    /// The host failed. For an HTTP call: Envoy failed it at once, before a request was sent.
    InternalFailure = 10,
    /// The host does not implement the call; also stands for every status not listed here.
    Unimplemented = 12,
}

impl Status {
    /// Turns a host call's status into a result.
    pub(crate) fn check(status: u32) -> Result<(), Self> {
        Err(match status {
            0 => return Ok(()),
            1 => Self::NotFound,
            2 => Self::BadArgument,
            3 => Self::SerializationFailure,
            4 => Self::ParseFailure,
            7 => Self::Empty,
            8 => Self::CasMismatch,
            10 => Self::InternalFailure,
            _ => Self::Unimplemented,
        })
    }
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum LogLevel {
    /// Each step.
    Trace = 0,
    /// Details for finding a fault in the filter.
    Debug = 1,
    /// Normal events.
    Info = 2,
    /// Something an operator should look at.
    Warn = 3,
    /// Something failed.
    Error = 4,
    /// Nothing can go on.
    Critical = 5,
}

impl LogLevel {
    /// The level of this number.
    pub(crate) fn from_number(level: u32) -> Option<Self> {
        Some(match level {
            0 => Self::Trace,
            1 => Self::Debug,
            2 => Self::Info,
            3 => Self::Warn,
            4 => Self::Error,
            5 => Self::Critical,
            _ => return None,
        })
    }
}

/// A header or trailer map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum MapType {
    /// The stream's request headers.
    HttpRequestHeaders = 0,
    /// The stream's request trailers.
    HttpRequestTrailers = 1,
    /// The stream's response headers.
    HttpResponseHeaders = 2,
    /// The stream's response trailers.
    HttpResponseTrailers = 3,
    /// Headers of the HTTP call's response that is being delivered.
    HttpCallResponseHeaders = 6,
    /// Trailers of the HTTP call's response that is being delivered.
    HttpCallResponseTrailers = 7,
}

/// A buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum BufferType {
    /// The stream's request body.
    HttpRequestBody = 0,
    /// The stream's response body.
    HttpResponseBody = 1,
    /// Body of the HTTP call's response that is being delivered.
    HttpCallResponseBody = 4,
    /// The plugin's configuration, in `on_configure`.
    PluginConfiguration = 7,
}

/// A direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum StreamType {
    /// From the client to the upstream.
    HttpRequest = 0,
    /// From the upstream to the client.
    HttpResponse = 1,
}

/// The kind of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum MetricType {
    /// Only grows.
    Counter = 0,
    /// A current value, which rises and falls.
    Gauge = 1,
    /// A distribution of values.
    Histogram = 2,
}
