//! What Amazon Web Services requires of a client: credentials, signatures, host names and paths.
//!
//! Nothing here does I/O or reads a clock: the time comes in as an argument.

mod bytes;
pub mod credentials;
pub mod dates;
pub mod endpoint;
pub mod path;
pub mod providers;
pub mod renewal;
pub mod sign;
pub mod source;
pub mod token;
pub mod turn;

pub use credentials::{Credentials, Identity};
