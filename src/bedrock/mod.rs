//! Bedrock's wire types: Converse, its stream, embeddings, errors, event-stream frames. They mirror the wire (the
//! service model of bedrock-runtime, 2023-09-30) and decide nothing.

pub mod catalogue;
pub mod citation;
pub mod converse;
pub mod count_tokens;
pub mod embeddings;
pub mod error;
pub mod eventstream;
pub mod guardrail;
pub mod image;
pub mod labels;
pub mod lists;
pub mod model_id;
pub mod operation;
pub mod reach;
pub mod reply;
pub mod stream;
