//! Watches untranslated answers for the record: token counts, finish reason, guardrail. They are read as they pass, in bounded
//! memory; unreadable parts are skipped, and never break the answer.

mod body;
mod events;
mod frames;
mod members;

pub use body::Body;
pub use events::Events;
pub use frames::Frames;

use super::noted::{Noted, usage_of};
use crate::wire::{self, Raw};

/// Notes a member of an answer; `value` is its JSON.
fn tell(noted: &mut Noted, name: &str, value: &[u8]) {
    let Some(value) = std::str::from_utf8(value).ok().and_then(|text| wire::from_str::<Raw<'_>>(text).ok())
    else {
        return;
    };
    let text = value.get().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    match (name, text) {
        ("usage" | "amazon-bedrock-invocationMetrics", None) => noted.usage = usage_of(value).or(noted.usage),
        ("stopReason" | "stop_reason" | "finish_reason", Some(reason)) => noted.stops_for(reason),
        ("amazon-bedrock-guardrailAction", Some("INTERVENED")) => noted.guardrail = true,
        _ => {}
    }
}
