//! Anthropic's Messages API, in InvokeModel and InvokeModelWithResponseStream for Claude.

mod reply;
mod request;

pub use reply::{chunks, message};
pub use request::converse;
