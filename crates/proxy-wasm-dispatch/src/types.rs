//! The ABI's numbers (proxy-wasm ABI 0.2.1), those that an HTTP filter needs. Names are the SDK's.

/// Bytes that the host gave.
pub type Bytes = Vec<u8>;

/// What becomes of what a callback was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Action {
    /// It goes on.
    Continue = 0,
    /// It is held.
    Pause = 1,
}

/// Why the host did not carry a call out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum Status {
    /// It did; never in an `Err`.
    Ok = 0,
    /// What was asked for is not there.
    NotFound = 1,
    /// An argument is none that it takes, or not in this phase of a stream.
    BadArgument = 2,
    /// What it would give cannot be written.
    SerializationFailure = 3,
    /// What was given to it, or by it, cannot be read.
    ParseFailure = 4,
    /// A queue has nothing.
    Empty = 7,
    /// A shared value is of another version by now.
    CasMismatch = 8,
    /// It failed. Of a call to a cluster: it was refused on the way, without anybody being asked.
    InternalFailure = 10,
    /// It does not have this call; also any status that is not listed here.
    Unimplemented = 12,
}

impl Status {
    /// The status that a host call gave back.
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
    /// For whoever follows each step.
    Trace = 0,
    /// For whoever looks for a fault in the filter.
    Debug = 1,
    /// What happened.
    Info = 2,
    /// What somebody should look at.
    Warn = 3,
    /// What failed.
    Error = 4,
    /// What nothing goes on after.
    Critical = 5,
}

impl LogLevel {
    /// The level that a number stands for.
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

/// Which headers or trailers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum MapType {
    /// Of a stream's request.
    HttpRequestHeaders = 0,
    /// Of a stream's request.
    HttpRequestTrailers = 1,
    /// Of a stream's response.
    HttpResponseHeaders = 2,
    /// Of a stream's response.
    HttpResponseTrailers = 3,
    /// Of the call whose response has just come.
    HttpCallResponseHeaders = 6,
    /// Of the call whose response has just come.
    HttpCallResponseTrailers = 7,
}

/// Which bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum BufferType {
    /// Of a stream's request.
    HttpRequestBody = 0,
    /// Of a stream's response.
    HttpResponseBody = 1,
    /// Of the call whose response has just come.
    HttpCallResponseBody = 4,
    /// In `on_configure`.
    PluginConfiguration = 7,
}

/// Which direction of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum StreamType {
    /// From the client to the upstream.
    HttpRequest = 0,
    /// From the upstream to the client.
    HttpResponse = 1,
}

/// What a metric counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
#[non_exhaustive]
pub enum MetricType {
    /// What only grows.
    Counter = 0,
    /// What is so now.
    Gauge = 1,
    /// How values are spread.
    Histogram = 2,
}
