//! The record of a request: one per request, however it ends.
//!
//! ```text
//! gateway role, upstream role ─▶ Account, while the request is under way ─▶ Record, at its end ─▶ Struct, line, metrics, limits
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | [`account`] | the facts about a request under way, written by both roles |
//! | [`operation`] | names of operations in records and spans |
//! | [`made`] | the record, made from the account and Envoy's properties at the end |
//! | [`prices`] | prices of tokens |
//! | [`metrics`] | metrics from records, and their labels |
//! | [`Members`] | a record's members by name, which become: |
//! | `structure` | … a `google.protobuf.Struct`, for Envoy's expressions |
//! | `line` | … JSON on one line, for access logs |
//! | [`usage`] | token counts, and their estimates |
//!
//! No prompt, answer or key is known here.

pub mod account;
mod line;
pub mod made;
mod members;
pub mod metrics;
pub mod operation;
pub mod prices;
mod structure;
pub mod usage;

pub use account::{Account, Facts};
pub use made::{Ended, Outcome, Record};
pub use members::Members;
