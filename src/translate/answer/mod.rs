//! The model's answer in Converse's own terms, whatever API the client speaks: what a model was made to take ([`fit`](super::fit)) is
//! undone here, once for every front. Tools have the client's names, an answer by a tool is text, a JSON object is cut out of the words
//! around it, and of Bedrock's own tools the client hears nothing.
//!
//! ```text
//! a stream's frames ─▶ stream ─┐                                        ┌─▶ a Writer: chunks
//!                              ├─▶ telling (undoes) ─▶ Event, Event, … ─┤
//! a whole reply ─────▶ whole ──┘                                        └─▶ a Front: a message
//! ```

mod calls;
mod context;
mod event;
mod held;
mod markers;
mod stream;
mod streaming;
mod telling;
mod thoughts;
mod whole;
mod written;

pub use context::Context;
pub use event::{Event, Front, Why, Writer};
pub use streaming::{Streaming, at_once};
pub use whole::whole;
