//! Everything Amazon Web Services asks of a caller: credentials, signatures, host names and paths.
//!
//! Nothing here does I/O or reads a clock: the time comes in as an argument.

pub mod credentials;
pub mod endpoint;
pub mod path;
pub mod sign;

pub use credentials::{Credentials, Identity};
