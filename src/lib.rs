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
//! | [`config`] | the plugin configuration, from what people write to what the code uses |
//! | [`gateway`] | routes, API keys, models, images by URL: pure functions over a request |
//! | [`translate`] | OpenAI ⇄ Bedrock, a module per endpoint; the table of what models take |
//! | [`techniques`] | ways to a better answer by more calls than one: state machines over replies |
//! | [`record`] | the record of a request: what both roles know of it, told at its end |
//! | [`aws`] | credentials and where they come from, signatures, hosts and paths |
//! | [`openai`], [`anthropic`], [`bedrock`] | the wire types of either side, which decide nothing |
//! | [`arn`] | Amazon Resource Names, taken apart |
//! | [`texts`] | what of texts that others wrote may be told: in the log, and in errors |
//! | [`wire`] | what the wire types share on top of serde: strings as they are written, lists, objects, budgets |
//!
//! Only [`filter`] knows of Envoy. Everything else is native code over arguments, time included, and is tested as such.

#![forbid(unsafe_code)]
// What overflows would be wrong, or a trap. Tests may.
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
