//! Anthropic's messages, as InvokeModel and InvokeModelWithResponseStream take them for Claude.

mod reply;
mod request;

pub use reply::{chunks, message};
pub use request::converse;
