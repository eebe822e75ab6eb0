//! The model's answer in Converse's terms, whatever API the client speaks. Changes made so that the model takes the request
//! ([`fit`](super::fit)) are undone here, once for every front: tools get the client's names, an answer by a tool becomes text,
//! a JSON object is cut out of the text around it, and calls of Bedrock's own tools are dropped.
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
