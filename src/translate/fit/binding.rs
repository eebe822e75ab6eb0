//! Bound thoughts: Claude refuses a request in which the content before earlier thoughts has changed, such as the system prompt
//! or a tool, unless the request allows it to drop them (AWS documentation, "Preserved thinking").

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::bedrock::converse::{self, Block, Document};
use crate::wire;

use super::family::Capabilities;

/// Anthropic's beta feature for this.
pub(super) const BETA: &str = "thinking-binding-controls-2026-08-01";

const BINDING: &str = r#""block_binding":{"prefix_mismatch_behavior":"drop_block"}"#;
/// The thinking configuration of models that think by default.
const THINKING: &str = r#"{"type":"adaptive"}"#;

/// The members of Claude's `thinking` that matter here.
#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    block_binding: Option<IgnoredAny>,
}

/// Has Claude drop thoughts whose preceding content has changed, unless the client decides on that itself.
pub(super) fn set(
    body: &mut converse::Request<'_>,
    betas: &mut Option<Vec<String>>,
    capabilities: &Capabilities,
) {
    let is_thought = |block: &Block<'_>| matches!(block, Block::ReasoningContent(_));
    if !capabilities.bound_thoughts
        || !body.messages.iter().flat_map(|message| &message.content).any(is_thought)
    {
        return;
    }
    let fields = &mut body.additional_model_request_fields;
    let thinking = fields.value("thinking").map_or(THINKING, |thinking| thinking.raw().get());
    if fields.value("anthropic_beta").is_none()
        && let Some(bound) = bound(thinking)
    {
        fields.set("thinking", Document::Mended(bound));
        let betas = betas.get_or_insert_default();
        if !betas.iter().any(|name| name == BETA) {
            betas.push(BETA.to_owned());
        }
    }
}

/// The thinking configuration with the member for this; `None` for other kinds, or where the client has set it.
fn bound(thinking: &str) -> Option<Box<RawValue>> {
    let written: Thinking<'_> = wire::from_str(thinking).ok()?;
    let is_open = written.kind.as_deref() == Some("adaptive") && written.block_binding.is_none();
    let rest = thinking.trim_end().strip_suffix('}').filter(|_| is_open)?;
    RawValue::from_string(format!("{rest},{BINDING}}}")).ok()
}
