//! The map of the crate.

pub mod bedrock;
pub mod json;
pub mod openai;
pub mod translate;
