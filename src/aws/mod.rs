//! Everything Amazon Web Services asks of a caller: credentials, signatures, host names and paths.
//!
//! Nothing here does I/O or reads a clock: the time comes in as an argument.

mod bytes;
mod canonical;
pub mod credentials;
pub mod endpoint;
mod hmac;
pub mod path;
pub mod providers;
pub mod renewal;
pub mod rfc3339;
pub mod sign;
pub mod source;
mod timestamp;
pub mod token;
pub mod turn;

pub use credentials::{Credentials, Identity};
