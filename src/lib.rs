//! An Envoy filter that lets any OpenAI client talk to Amazon Bedrock.
//!
//! The way of a request is the map of the crate:
//!
//! ```text
//! client ─ headers, body ─▶ route ▶ authenticate ▶ resolve model ▶ choose cluster        gateway
//!                                         │
//!                           translate (OpenAI → Bedrock) ▶ sign ─▶ Bedrock               translate, aws
//!                                         │
//! client ◀─ JSON / SSE ──── translate back ◀ decode (event stream) ◀─ bytes              translate, bedrock
//! ```
//!
//! | module | what it is |
//! | --- | --- |
//! | [`filter`] | the adapter to Envoy: a context per request (gateway role), per attempt (upstream role) and per fetched image (fetch role) |
//! | [`config`] | the plugin configuration: parsed and checked once, when it is loaded |
//! | [`gateway`] | routes, callers and limits, models, images by URL: pure functions over a request |
//! | [`translate`] | OpenAI and Anthropic ⇄ Bedrock, a module per endpoint; the table of models' capabilities |
//! | [`techniques`] | several calls for a better answer: state machines over replies |
//! | [`record`] | the record of a request, collected by both roles and made at its end; metrics |
//! | [`aws`] | credentials and their sources, signatures, hosts and paths |
//! | [`openai`], [`anthropic`], [`bedrock`] | the wire types of the APIs, which decide nothing |
//! | [`arn`] | parses Amazon Resource Names |
//! | [`texts`] | makes texts of clients and servers safe to repeat in the log and in errors |
//! | [`wire`] | the basis of the wire types on top of serde: strings in their written form, lists, objects, budgets |
//!
//! Only [`filter`] knows Envoy. All other modules get everything as arguments, time included, and are tested natively.

#![forbid(unsafe_code)]
// An overflow would give a wrong result, or a trap. Tests are exempt.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod anthropic;
pub mod arn;
pub mod aws;
pub mod bedrock;
pub mod config;
pub mod filter;
pub mod gateway;
pub mod openai;
pub mod record;
pub mod techniques;
pub mod texts;
pub mod translate;
pub mod wire;
