//! Faults on demand: the directives, their meaning, and how often they apply.

use crate::encoding::percent_decode;
use crate::errors::AwsError;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};

/// How bytes are split before they are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Parts of this many bytes, whatever the frames.
    Every(usize),
    /// Parts of 1 to 64 bytes, the same in every run.
    Random,
    /// All in one piece.
    Coalesce,
}

/// A whole answer that replaces the requested one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replacement {
    /// 200 with an HTML page.
    Garbage,
    /// 200 without a body.
    Empty,
    /// 200, `application/json`, cut JSON.
    NotJson,
    /// 200 with `{}`.
    NoOutput,
}

/// Faults of paged lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// Each page has the same `nextToken`.
    Same,
    /// Each page has another, and none is the last.
    Endless,
}

/// The form of an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErrorStyle {
    /// `Message` for `message`.
    pub capital: bool,
    /// No `x-amzn-errortype`; `__type` in the body.
    pub in_body: bool,
}

/// The faults of one set of directives; none by default.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools)]
pub struct Faults {
    /// The first N requests are throttled.
    pub throttle: Option<u64>,
    /// All faults apply to the first N requests only.
    pub times: Option<u64>,
    /// Identifies the counters of these directives.
    pub key: String,
    /// `retry-after` of error answers.
    pub retry_after: Option<String>,
    /// Answer with this error.
    pub error: Option<AwsError>,
    /// The form of the error.
    pub style: ErrorStyle,
    /// The error's status, instead of its own.
    pub status: Option<u16>,
    /// An exception frame at this place, then the end.
    pub exception: Option<(usize, AwsError)>,
    /// An error frame at this place, then the end.
    pub error_frame: Option<usize>,
    /// The body ends after so many frames.
    pub cut: Option<usize>,
    /// The body ends after so many bytes.
    pub cut_bytes: Option<usize>,
    /// The connection is aborted after so many frames; below 0: before the headers.
    pub reset: Option<i64>,
    /// Milliseconds before the first byte.
    pub slow: u64,
    /// Nothing more after so many frames.
    pub stall: Option<usize>,
    /// This frame's checksum is wrong.
    pub bad_crc: Option<usize>,
    /// This frame's prelude checksum is wrong.
    pub bad_prelude: Option<usize>,
    /// This frame announces 2 GB.
    pub huge_frame: Option<usize>,
    /// An answer that replaces the requested one.
    pub replacement: Option<Replacement>,
    /// No metadata event; no `usage` in a Converse answer.
    pub no_metadata: bool,
    /// The counts of input and output tokens that are told, instead of the true ones.
    pub usage: Option<u64>,
    /// Metadata before messageStop.
    pub metadata_first: bool,
    /// Unknown events and members.
    pub unknown_event: bool,
    /// `contentBlockStart` with `start:{}` for text.
    pub empty_start: bool,
    /// The blocks' deltas take turns.
    pub interleave: bool,
    /// Answer with this stop reason.
    pub stop: Option<String>,
    /// `:message-type` first in every frame.
    pub header_order: bool,
    /// Headers at once, then silence.
    pub no_first: bool,
    /// How bytes are cut.
    pub split: Option<Split>,
    /// Milliseconds between frames.
    pub pace: Option<u64>,
    /// HTTP trailers at the end.
    pub trailers: bool,
    /// Answer with this text.
    pub answer: Option<String>,
    /// A redacted reasoning block first.
    pub redacted: bool,
    /// Citations with the text.
    pub citations: bool,
    /// Tool blocks without input.
    pub tool_empty: bool,
    /// Faults of paged lists.
    pub tokens: Option<Tokens>,
    /// The directives as given, for the log.
    pub text: String,
}

impl Faults {
    /// Whether a stream begins with an error, so that nothing is generated or billed.
    pub fn fails_at_once(&self) -> bool {
        self.exception.as_ref().is_some_and(|(at, _)| *at == 0) || self.error_frame == Some(0)
    }

    /// Parses `a,b=1,c=2;d=3`; the error names the invalid part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut faults = Self { text: text.trim().to_owned(), ..Self::default() };
        let mut message = None;
        for part in text.split([',', ';']).map(str::trim).filter(|p| !p.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            if name == "message" {
                message = Some(decoded(value)?);
            } else {
                faults.set(name.trim(), value.trim()).map_err(|e| format!("{part}: {e}"))?;
            }
        }
        if let Some(message) = message {
            match (&mut faults.error, &mut faults.exception) {
                (Some(error), _) | (None, Some((_, error))) => error.message = message,
                (None, None) => return Err("message= without error= or exception=".to_owned()),
            }
        }
        Ok(faults)
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "throttle" => self.throttle = Some(number(value)?),
            "times" => self.times = Some(number(value)?),
            "key" => value.clone_into(&mut self.key),
            "retry-after" => self.retry_after = Some(value.to_owned()),
            "error" => self.error = Some(AwsError::named(nonempty(value)?)),
            "status" => self.status = Some(number(value)?),
            "sametoken" => self.tokens = Some(Tokens::Same),
            "endless" => self.tokens = Some(Tokens::Endless),
            "capital" => self.style.capital = true,
            "notype" => self.style.in_body = true,
            "exception" => {
                let (at, error) = value.split_once(':').ok_or("N:name is needed")?;
                let mut chars = nonempty(error)?.chars();
                let capital = chars.next().map(|c| c.to_ascii_uppercase()).unwrap_or_default();
                self.exception =
                    Some((number(at)?, AwsError::named(&format!("{capital}{}", chars.as_str()))));
            }
            "errorframe" => self.error_frame = Some(number(value)?),
            "cut" => self.cut = Some(number(value)?),
            "cutbytes" => self.cut_bytes = Some(number(value)?),
            "reset" => self.reset = Some(number(value)?),
            "slow" => self.slow = number(value)?,
            "stall" => self.stall = Some(number(value)?),
            "badcrc" => self.bad_crc = Some(number(value)?),
            "badprelude" => self.bad_prelude = Some(number(value)?),
            "hugeframe" => self.huge_frame = Some(number(value)?),
            "garbage" => self.replacement = Some(Replacement::Garbage),
            "empty" => self.replacement = Some(Replacement::Empty),
            "notjson" => self.replacement = Some(Replacement::NotJson),
            "nooutput" => self.replacement = Some(Replacement::NoOutput),
            "nometadata" => self.no_metadata = true,
            "usage" => self.usage = Some(number(value)?),
            "metadatafirst" => self.metadata_first = true,
            "unknownevent" => self.unknown_event = true,
            "emptystart" => self.empty_start = true,
            "interleave" => self.interleave = true,
            "stop" => self.stop = Some(nonempty(value)?.to_owned()),
            "headerorder" => self.header_order = true,
            "nofirst" => self.no_first = true,
            "split" => self.split = Some(Split::parse(value)?),
            "coalesce" => self.split = Some(Split::Coalesce),
            "pace" => self.pace = Some(number(value)?),
            "trailers" => self.trailers = true,
            "answer" => self.answer = Some(decoded(value)?),
            "redacted" => self.redacted = true,
            "citations" => self.citations = true,
            "toolempty" => self.tool_empty = true,
            _ => return Err("no such directive".to_owned()),
        }
        Ok(())
    }
}

impl Split {
    /// `random`, or a number of bytes.
    pub fn parse(value: &str) -> Result<Self, String> {
        match value {
            "random" => Ok(Self::Random),
            _ => match number(value)? {
                0 => Err("0 bytes is no piece".to_owned()),
                n => Ok(Self::Every(n)),
            },
        }
    }
}

fn number<T: std::str::FromStr>(value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("`{value}` is no number here"))
}

fn nonempty(value: &str) -> Result<&str, String> {
    if value.is_empty() { Err("a value is needed".to_owned()) } else { Ok(value) }
}

fn decoded(value: &str) -> Result<String, String> {
    percent_decode(value).ok_or_else(|| format!("`{value}` is not percent-encoded text"))
}

/// The faults for all requests, and all counters.
pub struct Installed {
    current: RwLock<Arc<Faults>>,
    counters: Mutex<HashMap<String, u64>>,
}

impl Installed {
    /// Begins with the faults of `--fault`.
    pub fn new(faults: Faults) -> Self {
        Self { current: RwLock::new(Arc::new(faults)), counters: Mutex::new(HashMap::new()) }
    }

    /// Replaces the faults for all requests; every counter starts again.
    pub fn replace(&self, faults: Faults) {
        if let Ok(mut current) = self.current.write() {
            *current = Arc::new(faults);
        }
        if let Ok(mut counters) = self.counters.lock() {
            counters.clear();
        }
    }

    /// The directives in force, as text.
    pub fn text(&self) -> String {
        self.current.read().map(|c| c.text.clone()).unwrap_or_default()
    }

    /// The faults for a request with this `x-emulator` header, which replaces those for all requests.
    pub fn for_request(&self, header: Option<&str>) -> Result<Arc<Faults>, String> {
        let (mut faults, scope) = match header {
            Some(text) => (Arc::new(Faults::parse(text)?), text),
            None => (self.current.read().map(|c| Arc::clone(&c)).unwrap_or_default(), ""),
        };
        if faults.times.is_none() && faults.throttle.is_none() {
            return Ok(faults);
        }
        let seen = self.count(&format!("{scope}|{}", faults.key));
        if faults.times.is_some_and(|times| seen >= times) {
            return Ok(Arc::default());
        }
        if let Some(n) = faults.throttle {
            let changed = Arc::make_mut(&mut faults);
            if seen < n {
                changed.error = Some(AwsError::named("ThrottlingException"));
            }
        }
        Ok(faults)
    }

    /// How many requests came before under this name.
    fn count(&self, name: &str) -> u64 {
        let Ok(mut counters) = self.counters.lock() else { return 0 };
        if counters.len() > 10_000 {
            counters.clear();
        }
        let counter = counters.entry(name.to_owned()).or_default();
        *counter += 1;
        *counter - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_with_their_values() {
        let f =
            Faults::parse("throttle=2;retry-after=3, error=ModelErrorException,message=so%2C%20no, cut=1")
                .unwrap();
        assert_eq!((f.throttle, f.cut, f.retry_after.as_deref()), (Some(2), Some(1), Some("3")));
        assert_eq!(f.error.unwrap().message, "so, no");
        let (at, e) = Faults::parse("exception=4:throttlingException").unwrap().exception.unwrap();
        assert_eq!((at, e.name.as_str(), e.status), (4, "ThrottlingException", 429));
    }

    #[test]
    fn a_stream_fails_at_once_where_its_first_event_is_an_error() {
        for (text, expected) in [
            ("exception=0:throttlingException", true),
            ("errorframe=0", true),
            ("exception=1:throttlingException", false),
            ("cut=0", false),
        ] {
            assert_eq!(Faults::parse(text).unwrap().fails_at_once(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for text in ["trottle=1", "cut=x", "exception=1", "message=a", "split=0"] {
            assert!(Faults::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn counters_count_per_directive_text() {
        let installed = Installed::new(Faults::default());
        let hit = |t: &str| installed.for_request(Some(t)).unwrap().error.is_some();
        assert!(hit("throttle=1"));
        assert!(!hit("throttle=1"));
        assert!(hit("throttle=1;key=b"));
        assert!(hit("error=X,times=1"));
        assert!(!hit("error=X,times=1"));
    }
}
