//! Thoughts that are bound to what stood before them. Claude refuses a request where that has changed since, a text of the instructions
//! or a tool say, unless it is told to do without them (AWS documentation, "Preserved thinking").

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::bedrock::converse::{self, Block, Document};
use crate::wire;

use super::family::Capabilities;

/// Anthropic's beta feature that this is.
pub(super) const BETA: &str = "thinking-binding-controls-2026-08-01";

const BINDING: &str = r#""block_binding":{"prefix_mismatch_behavior":"drop_block"}"#;
/// As these models think by themselves.
const THINKING: &str = r#"{"type":"adaptive"}"#;

/// Claude's `thinking`, as far as it matters here.
#[derive(Deserialize)]
struct Thinking<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    block_binding: Option<IgnoredAny>,
}

/// Has thoughts of earlier answers dropped that no longer stand where they were thought. What the client says of that itself holds.
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

/// The same with the word about binding; none where it is another kind of thinking, or the word is there.
fn bound(thinking: &str) -> Option<Box<RawValue>> {
    let written: Thinking<'_> = wire::from_str(thinking).ok()?;
    let is_open = written.kind.as_deref() == Some("adaptive") && written.block_binding.is_none();
    let rest = thinking.trim_end().strip_suffix('}').filter(|_| is_open)?;
    RawValue::from_string(format!("{rest},{BINDING}}}")).ok()
}
