//! The log line and the journal entry, written when a request has ended.

use super::Service;
use crate::answer::Answer;
use crate::clock;
use crate::journal::Entry;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Facts about a request for the log.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) model: Option<String>,
    pub(super) auth: String,
    pub(super) stream: bool,
    pub(super) outcome: String,
    pub(super) fault: String,
}

/// A request that is logged when it has ended, even if its caller has left.
pub(super) struct Noted<'a> {
    pub(super) service: &'a Service,
    pub(super) entry: Option<Entry>,
    pub(super) notes: Notes,
    pub(super) started: Instant,
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.service.note(entry, &self.notes.auth, self.notes.stream, self.started);
        }
    }
}

impl Service {
    /// Writes the log line and the journal entry.
    fn note(&self, entry: Entry, auth: &str, stream: bool, started: Instant) {
        if !entry.leaks.is_empty() {
            self.leaked.fetch_add(1, Ordering::Relaxed);
        }
        if !self.options.quiet {
            let name = self.options.name.as_deref().map(|n| format!(" [{n}]")).unwrap_or_default();
            let model = entry.model.as_deref().unwrap_or("-");
            let kind = if stream { "stream" } else { "plain" };
            let (iso, millis) = (clock::iso(entry.time), clock::millis());
            let time = iso.trim_end_matches('Z');
            let mut line = format!(
                "{time}.{millis:03}Z{name} {} {} model={model} auth=\"{auth}\" {kind} in={} status={} {}us: {}",
                entry.method,
                entry.path,
                entry.body.len(),
                entry.status,
                started.elapsed().as_micros(),
                entry.outcome,
            );
            if !entry.fault.is_empty() {
                line.push_str(&format!(" fault={}", entry.fault));
            }
            if !entry.leaks.is_empty() {
                line.push_str(&format!(" leak: {}", entry.leaks.join(", ")));
            }
            line.push('\n');
            // A closed stdout does not stop the server.
            let _ = std::io::stdout().lock().write_all(line.as_bytes());
        }
        self.journal.add(entry);
    }
}

/// The outcome of an answer, for the log.
pub(super) fn summary(answer: &Answer) -> String {
    let (read, written) = answer.usage.cache.unwrap_or_default();
    format!(
        "{} tokens={}+{}+{}cached/{}",
        answer.stop, answer.usage.input, written, read, answer.usage.output
    )
}
