//! The wire types of Anthropic's Messages API (its API reference, "Messages" and "Errors"). They mirror the wire and decide nothing.

pub mod error;
pub mod event;
pub mod message;
pub mod models;
pub mod request;
