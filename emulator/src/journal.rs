//! The last requests, for tests that check what arrived.

use crate::encoding::hex;
use base64::Engine;
use bytes::Bytes;
use hyper::HeaderMap;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::sync::Mutex;

/// Most requests that are kept.
const KEPT: usize = 1_000;
/// Most bytes of bodies that are kept.
const KEPT_BYTES: usize = 64 << 20;

/// A request and its outcome.
pub struct Entry {
    /// Its number, from 1.
    pub number: u64,
    /// When it came, seconds since 1970.
    pub time: i64,
    /// `POST`
    pub method: String,
    /// The path and query as sent.
    pub path: String,
    /// The decoded model id.
    pub model: Option<String>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The status of the answer; 0 for a reset before the headers.
    pub status: u16,
    /// The outcome, in words.
    pub outcome: String,
    /// The faults that applied.
    pub fault: String,
    /// Headers that the gateway should have removed.
    pub leaks: Vec<String>,
}

#[derive(Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
}

/// The last requests.
#[derive(Default)]
pub struct Journal {
    kept: Mutex<Kept>,
}

impl Journal {
    /// Adds one; the oldest make room.
    pub fn add(&self, entry: Entry) {
        let Ok(mut kept) = self.kept.lock() else { return };
        kept.bytes += entry.body.len();
        kept.entries.push_back(entry);
        while kept.entries.len() > KEPT || (kept.bytes > KEPT_BYTES && kept.entries.len() > 1) {
            if let Some(old) = kept.entries.pop_front() {
                kept.bytes -= old.body.len();
            }
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        if let Ok(mut kept) = self.kept.lock() {
            *kept = Kept::default();
        }
    }

    /// All of them, oldest first.
    pub fn list(&self) -> Value {
        self.kept.lock().map_or(Value::Null, |kept| kept.entries.iter().map(Entry::to_json).collect())
    }
}

impl Entry {
    fn to_json(&self) -> Value {
        let mut headers: Map<String, Value> = Map::new();
        for name in self.headers.keys() {
            let values: Vec<_> =
                self.headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes())).collect();
            headers.insert(name.to_string(), values.join(", ").into());
        }
        let mut out = json!({
            "number": self.number,
            "time": crate::clock::iso(self.time),
            "method": self.method,
            "path": self.path,
            "version": self.version,
            "model": self.model,
            "headers": headers,
            "status": self.status,
            "outcome": self.outcome,
            "fault": self.fault,
            "leaks": self.leaks,
            "bodySha256": hex(&Sha256::digest(&self.body)),
        });
        if let Value::Object(map) = &mut out
            && !self.body.is_empty()
        {
            match serde_json::from_slice::<Value>(&self.body) {
                Ok(body) => map.insert("body".to_owned(), body),
                Err(_) => map.insert(
                    "bodyBase64".to_owned(),
                    base64::engine::general_purpose::STANDARD.encode(&self.body).into(),
                ),
            };
        }
        out
    }
}
