//! The Bedrock emulator: checks what AWS checks, and answers as AWS does.
//!
//! [`service`] takes a request through [`auth`], the shapes ([`schema`]) and the [`rules`] to an [`answer`](mod@answer), which
//! is sent as JSON ([`reply`]) or as frames ([`stream`], [`frame`]), with the faults requested ([`faults`], [`deliver`]).

pub mod account;
pub mod answer;
pub mod anthropic;
pub mod api_key;
pub mod auth;
pub mod cache;
pub mod clock;
pub mod deliver;
pub mod embeddings;
pub mod encoding;
pub mod errors;
pub mod faults;
pub mod frame;
pub mod guardrail;
pub mod issued;
pub mod journal;
pub mod judge;
pub mod lists;
pub mod models;
pub mod openai;
pub mod options;
pub mod record;
pub mod reply;
pub mod routes;
pub mod rules;
pub mod sample;
pub mod schema;
pub mod server;
pub mod service;
pub mod sigv4;
pub mod stream;
pub mod thoughts;
pub mod tokens;
