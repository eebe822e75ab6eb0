//! The Bedrock emulator: what AWS would check, checked; what AWS would answer, answered.
//!
//! [`service`] takes a request from [`auth`] over the shapes ([`schema`]) and [`rules`] to an [`answer`](mod@answer), which
//! leaves as JSON ([`reply`]) or as frames ([`stream`], [`frame`]), in the manner [`faults`] ask for ([`deliver`]).

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
