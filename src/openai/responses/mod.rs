//! `POST responses` (OpenAI API reference, "Responses").

pub mod event;
pub mod request;
