//! The map of the crate.

pub mod aws;
pub mod bedrock;
pub mod config;
pub mod gateway;
pub mod json;
pub mod openai;
pub mod translate;
