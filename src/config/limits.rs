//! `limits`: limits on sizes, and on the time of requests in parts.

use std::time::Duration;

use crate::bedrock::model_id;
use crate::translate;
use crate::wire;

use super::values::positive;
use super::{Error, file};

/// Envoy's own default.
const HEADER_BYTES: usize = 60 << 10;
const BODY_BYTES: usize = 32 << 20;
const REPLY_BYTES: usize = 32 << 20;
/// A quarter of the VM's 1 GiB: what is being parsed needs room besides.
const WORKER_BYTES: usize = 256 << 20;
const LIST_SECONDS: usize = 120;

/// The limits, with defaults.
pub(super) struct Limits {
    pub(super) header_bytes: usize,
    pub(super) model_name_bytes: usize,
    pub(super) body_bytes: usize,
    pub(super) reply_bytes: usize,
    pub(super) held_bytes: usize,
    pub(super) worker_bytes: usize,
    pub(super) list_time: Duration,
    /// The limits of the translation.
    pub(super) translation: translate::Limits,
}

pub(super) fn limits_of(written: Option<&file::Limits>) -> Result<Limits, Error> {
    let none = file::Limits::default();
    let file::Limits {
        header_bytes,
        model_name_bytes,
        body_bytes,
        reply_bytes,
        messages,
        tools,
        images,
        json_depth,
        schema_depth,
        embedding_inputs,
        frame_bytes,
        silent_frames,
        held_bytes,
        worker_bytes,
        list_seconds,
    } = written.unwrap_or(&none);
    let usual = translate::Limits::default();
    let limit = |name, written: &Option<usize>, usual| positive("limits", name, written.unwrap_or(usual));
    let list_seconds = limit("list_seconds", list_seconds, LIST_SECONDS)?;
    Ok(Limits {
        header_bytes: limit("header_bytes", header_bytes, HEADER_BYTES)?,
        model_name_bytes: limit("model_name_bytes", model_name_bytes, model_id::LENGTH)?,
        body_bytes: limit("body_bytes", body_bytes, BODY_BYTES)?,
        reply_bytes: limit("reply_bytes", reply_bytes, REPLY_BYTES)?,
        held_bytes: limit("held_bytes", held_bytes, wire::MOST)?,
        worker_bytes: limit("worker_bytes", worker_bytes, WORKER_BYTES)?,
        list_time: Duration::from_secs(list_seconds.try_into().unwrap_or(u64::MAX)),
        translation: translate::Limits {
            messages: limit("messages", messages, usual.messages)?,
            tools: limit("tools", tools, usual.tools)?,
            images: limit("images", images, usual.images)?,
            json_depth: limit("json_depth", json_depth, usual.json_depth)?,
            schema_depth: limit("schema_depth", schema_depth, usual.schema_depth)?,
            embedding_inputs: limit("embedding_inputs", embedding_inputs, usual.embedding_inputs)?,
            frame_bytes: limit("frame_bytes", frame_bytes, usual.frame_bytes)?,
            silent_frames: limit("silent_frames", silent_frames, usual.silent_frames)?,
        },
    })
}
