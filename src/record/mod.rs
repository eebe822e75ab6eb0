//! The record of a request: one object, whichever way the request ends.
//!
//! ```text
//! gateway role, upstream role ─▶ Account, while the request is under way ─▶ Record, at its end ─▶ Struct, metrics, limits
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | [`account`] | what is known of a request that is under way: both roles write it |
//! | [`operation`] | what is asked, as records and spans call it |
//! | [`made`] | the record, made of the account and of what Envoy says at the end |
//! | [`prices`] | what tokens cost |
//! | [`metrics`] | what is counted of records, and under which labels |
//! | [`structure`] | the record as Envoy takes it, `google.protobuf.Struct` |
//! | [`usage`] | tokens: as they are counted here, and where nobody counted them |
//!
//! Nothing here knows a prompt, an answer or a key.

pub mod account;
mod line;
pub mod made;
mod members;
pub mod metrics;
pub mod operation;
pub mod prices;
pub mod structure;
pub mod usage;

pub use account::{Account, Facts};
pub use made::{Ended, Outcome, Record};
