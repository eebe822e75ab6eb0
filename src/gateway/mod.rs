//! Who calls, what for, and which model they mean: pure functions over a request's headers and its `model`.

pub mod handoff;
pub mod headers;
pub mod keys;
pub mod models;
pub mod route;
pub mod targets;
