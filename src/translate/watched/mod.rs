//! What an answer tells of itself that goes on as it is: its tokens, why the model stopped, what a guardrail did. It is looked at as it
//! passes, in bounded memory; what cannot be read is not told, and never breaks it.

mod body;
mod events;
mod frames;
mod members;

pub use body::Body;
pub use events::Events;
pub use frames::Frames;

use super::noted::{Noted, usage_of};
use crate::wire::{self, Raw};

/// Takes what a member of an answer tells; `value` is its JSON.
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
