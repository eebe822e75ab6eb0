//! What a model family takes and what it refuses.

use super::{Turn, items, text};
use crate::answer::{SIGNATURE_PREFIX, signature};
use crate::errors::AwsError;
use crate::models::{Facts, Family};
use serde_json::Value;

pub(super) fn check(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    sampling(body, facts)?;
    blocks(turns, facts)?;
    tools(turns, body, facts)?;
    caching(turns, body, facts)?;
    output(body, facts)?;
    guardrail(body)?;
    if !facts.prefill && turns.iter().rfind(|t| t.role != "system").is_some_and(|t| t.role == "assistant") {
        return Err(AwsError::from_model(
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ));
    }
    fields(body, facts)
}

fn sampling(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let has = |name: &str| body.pointer(&format!("/inferenceConfig/{name}")).is_some_and(|v| !v.is_null());
    let claude = matches!(facts.family, Family::Claude(_));
    for (name, wire, taken) in
        [("temperature", "temperature", facts.temperature), ("topP", "top_p", facts.top_p)]
    {
        if has(name) && !taken {
            return Err(if claude {
                AwsError::from_model(format!("`{wire}` is deprecated for this model."))
            } else {
                AwsError::unsupported(name)
            });
        }
    }
    if !facts.stop && !items(body, "/inferenceConfig/stopSequences").is_empty() {
        return Err(AwsError::unsupported("stopSequences"));
    }
    if matches!(facts.family, Family::Claude(45..)) && has("temperature") && has("topP") {
        return Err(AwsError::from_model(
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        ));
    }
    let blank = |s: &Value| s.as_str().is_some_and(|s| s.trim().is_empty());
    if claude && items(body, "/inferenceConfig/stopSequences").iter().any(blank) {
        return Err(AwsError::from_model("stop_sequences: each stop sequence must contain non-whitespace"));
    }
    Ok(())
}

fn blocks(turns: &[Turn<'_>], facts: &Facts) -> Result<(), AwsError> {
    let last = turns.len().saturating_sub(1);
    for turn in turns {
        for (kind, taken) in
            [("image", facts.images), ("document", facts.documents), ("reasoningContent", facts.reasoning)]
        {
            let nested = || {
                turn.blocks
                    .iter()
                    .flat_map(|b| items(b, "/toolResult/content"))
                    .any(|p| p.get(kind).is_some())
            };
            if !taken && (turn.has(kind) || nested()) {
                return Err(AwsError::unsupported(kind));
            }
        }
        if turn.has("video") && !matches!(facts.family, Family::Nova | Family::Nova2 | Family::Other) {
            return Err(AwsError::unsupported("video"));
        }
        if turn.has("audio") && !matches!(facts.family, Family::Nova2 | Family::Gpt5 | Family::Other) {
            return Err(AwsError::unsupported("audio"));
        }
        if turn.role == "system" && !matches!(facts.family, Family::Claude(45..) | Family::Other) {
            return Err(AwsError::validation("This model doesn't support messages of role system."));
        }
        if !facts.text_beside_result && turn.has("toolResult") && turn.has("text") {
            return Err(AwsError::validation(
                "Conversation blocks and tool result blocks cannot be provided in the same turn.",
            ));
        }
        if matches!(facts.family, Family::Claude(_)) {
            claude_turn(turn, turn.index == last)?;
        }
        if facts.family == Family::Mistral {
            let ids = turn.all("toolUse").chain(turn.all("toolResult")).filter_map(|b| text(b, "/toolUseId"));
            for id in ids {
                if id.len() != 9 || !id.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err(AwsError::from_model(format!(
                        "Tool call id was {id} but must be a-z, A-Z, 0-9, with a length of 9 (^[a-zA-Z0-9]{{9}}$)."
                    )));
                }
            }
        }
    }
    Ok(())
}

fn claude_turn(turn: &Turn<'_>, last: bool) -> Result<(), AwsError> {
    let at = turn.index;
    for (i, block) in turn.blocks.iter().enumerate() {
        let Some(thought) = block.pointer("/reasoningContent/reasoningText") else { continue };
        let given = text(thought, "/signature").unwrap_or_default();
        if given.is_empty() {
            return Err(AwsError::from_model(format!(
                "messages.{at}.content.{i}.thinking.signature: Field required"
            )));
        }
        // Signatures of elsewhere cannot be checked; ours can.
        if given.starts_with(SIGNATURE_PREFIX)
            && given != signature(text(thought, "/text").unwrap_or_default())
        {
            return Err(AwsError::from_model(format!(
                "messages.{at}.content.{i}: Invalid `signature` in `thinking` block"
            )));
        }
    }
    let after_thought = turn
        .blocks
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.get("reasoningContent").is_some() && b.get("cachePoint").is_some()));
    if after_thought {
        return Err(AwsError::from_model(format!(
            "messages.{at}: `cache_control` cannot be set on `thinking` blocks"
        )));
    }
    let results_late = turn
        .blocks
        .windows(2)
        .any(|w| matches!(w, [a, b] if a.get("toolResult").is_none() && a.get("cachePoint").is_none() && b.get("toolResult").is_some()));
    if results_late {
        return Err(AwsError::from_model(format!(
            "messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: tool results \
             must come first in the content"
        )));
    }
    let trailing =
        turn.blocks.last().and_then(|b| text(b, "/text")).is_some_and(|t| t.ends_with(char::is_whitespace));
    if last && turn.role == "assistant" && trailing {
        return Err(AwsError::from_model(format!(
            "messages: final assistant content cannot end with trailing whitespace (messages.{at})"
        )));
    }
    Ok(())
}

fn tools(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(config) = body.get("toolConfig").filter(|c| !c.is_null()) else { return Ok(()) };
    if !facts.tools {
        return Err(AwsError::validation("This model doesn't support tool use."));
    }
    let choice = config.get("toolChoice");
    for (kind, taken) in [("any", facts.choice_any), ("tool", facts.choice_tool)] {
        if !taken && choice.is_some_and(|c| c.get(kind).is_some()) {
            return Err(if matches!(facts.family, Family::Claude(_)) {
                AwsError::from_model(
                    "tool_choice: type \"tool\" and \"any\" are not supported for this model.",
                )
            } else {
                AwsError::unsupported(&format!("toolConfig.toolChoice.{kind}"))
            });
        }
    }
    let strict = items(config, "/tools")
        .iter()
        .enumerate()
        .filter(|(_, t)| t.pointer("/toolSpec/strict").and_then(Value::as_bool) == Some(true));
    for (i, tool) in strict {
        if !facts.structured {
            return Err(AwsError::unsupported("toolConfig.tools.toolSpec.strict"));
        }
        if let (Family::Claude(_), Some(schema)) = (facts.family, tool.pointer("/toolSpec/inputSchema/json"))
        {
            let place = format!("tools.{i}.custom.input_schema");
            closed(schema, &place)?;
            finite(schema, schema, &place, &mut Vec::new())?;
        }
    }
    if matches!(facts.family, Family::Nova | Family::Nova2) {
        for (i, tool) in items(config, "/tools").iter().enumerate() {
            let schema = tool.pointer("/toolSpec/inputSchema/json").and_then(Value::as_object);
            let keys = schema.into_iter().flat_map(|schema| schema.keys());
            if let Some(key) =
                keys.into_iter().find(|key| !["type", "properties", "required"].contains(&key.as_str()))
            {
                return Err(AwsError::from_model(format!(
                    "Malformed input request: #/toolConfig/tools/{i}/toolSpec/inputSchema/json: extraneous key [{key}] is \
                     not permitted, please reformat your input and try again."
                )));
            }
        }
    }
    if thinking(body) == Some("enabled") {
        // Claude wants its own thoughts back before it reads the results of its calls.
        let waiting = turns.last().is_some_and(|t| t.has("toolResult"));
        let called = turns.iter().rfind(|t| t.role == "assistant").filter(|_| waiting);
        if let Some(turn) = called
            && turn.blocks.first().is_some_and(|b| b.get("reasoningContent").is_none())
        {
            return Err(AwsError::from_model(format!(
                "messages.{}.content.0.type: Expected `thinking` or `redacted_thinking`, but found another block. When \
                 `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the \
                 lastmost set of `tool_use` and `tool_result` blocks).",
                turn.index
            )));
        }
    }
    Ok(())
}

/// Claude's structured output wants every object closed.
fn closed(schema: &Value, place: &str) -> Result<(), AwsError> {
    match schema {
        Value::Object(map) => {
            let object = map.get("type").and_then(Value::as_str) == Some("object");
            if object && map.get("additionalProperties") != Some(&Value::Bool(false)) {
                return Err(AwsError::from_model(format!(
                    "{place}: For 'object' type, 'additionalProperties' must be explicitly set to false"
                )));
            }
            map.iter()
                .filter(|(k, _)| !["enum", "const", "default", "examples"].contains(&k.as_str()))
                .try_for_each(|(_, v)| closed(v, place))
        }
        Value::Array(all) => all.iter().try_for_each(|v| closed(v, place)),
        _ => Ok(()),
    }
}

/// Nor does it take a schema that holds itself (AWS documentation, "Structured outputs").
fn finite<'v>(
    schema: &'v Value,
    root: &'v Value,
    place: &str,
    path: &mut Vec<&'v str>,
) -> Result<(), AwsError> {
    match schema {
        Value::Object(map) => {
            if let Some(reference) = map.get("$ref").and_then(Value::as_str) {
                if reference == "#" || path.contains(&reference) {
                    return Err(AwsError::from_model(format!(
                        "{place}: Recursive schemas are not supported"
                    )));
                }
                if let Some(target) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) {
                    path.push(reference);
                    finite(target, root, place, path)?;
                    path.pop();
                }
            }
            map.iter()
                .filter(|(k, _)| {
                    !["$defs", "definitions", "enum", "const", "default", "examples"].contains(&k.as_str())
                })
                .try_for_each(|(_, v)| finite(v, root, place, path))
        }
        Value::Array(all) => all.iter().try_for_each(|v| finite(v, root, place, path)),
        _ => Ok(()),
    }
}

fn caching(turns: &[Turn<'_>], body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let in_tools = items(body, "/toolConfig/tools").iter().filter_map(|b| b.get("cachePoint"));
    let in_system = items(body, "/system").iter().filter_map(|b| b.get("cachePoint"));
    let in_turns = turns.iter().flat_map(|t| t.all("cachePoint"));
    let points: Vec<&Value> = in_tools.clone().chain(in_system).chain(in_turns).collect();
    if points.is_empty() {
        return Ok(());
    }
    if !facts.caching || (matches!(facts.family, Family::Nova | Family::Nova2) && in_tools.count() > 0) {
        return Err(AwsError::new(
            "AccessDeniedException",
            "You invoked an unsupported model or your request did not allow prompt caching. See the documentation for \
             more information.",
        ));
    }
    if points.len() > 4 {
        return Err(AwsError::from_model(format!(
            "A maximum of 4 blocks with cache_control may be provided. Found {}.",
            points.len()
        )));
    }
    let hour = points.iter().any(|p| text(p, "/ttl") == Some("1h"));
    if hour && !matches!(facts.family, Family::Claude(45..) | Family::Other) {
        return Err(AwsError::unsupported("cachePoint.ttl"));
    }
    Ok(())
}

fn output(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    if body.pointer("/outputConfig/effort").is_some_and(|e| !e.is_null()) {
        if !facts.effort {
            return Err(AwsError::unsupported("outputConfig.effort"));
        }
        let effort = text(body, "/outputConfig/effort").unwrap_or_default();
        if !["low", "medium", "high", "xhigh", "max"].contains(&effort) {
            return Err(AwsError::from_model(format!(
                "output_config.effort: `{effort}` is not one of low, medium, high, xhigh, max"
            )));
        }
    }
    let Some(schema) = text(body, "/outputConfig/textFormat/structure/jsonSchema/schema") else {
        return Ok(());
    };
    if !facts.structured {
        return Err(AwsError::unsupported("outputConfig.textFormat"));
    }
    let schema: Value = serde_json::from_str(schema).map_err(|e| {
        AwsError::validation(format!(
            "outputConfig.textFormat.structure.jsonSchema.schema is not valid JSON: {e}"
        ))
    })?;
    if !schema.is_object() {
        return Err(AwsError::validation(
            "outputConfig.textFormat.structure.jsonSchema.schema is not a JSON object.",
        ));
    }
    if matches!(facts.family, Family::Claude(_)) {
        closed(&schema, "output_config.format.schema")?;
        finite(&schema, &schema, "output_config.format.schema", &mut Vec::new())?;
    }
    Ok(())
}

fn guardrail(body: &Value) -> Result<(), AwsError> {
    let Some(config) = body.get("guardrailConfig").filter(|c| !c.is_null()) else { return Ok(()) };
    let given = |pointer| text(config, pointer).is_some_and(|t| !t.is_empty());
    if given("/guardrailIdentifier") && given("/guardrailVersion") {
        return Ok(());
    }
    Err(AwsError::validation("The guardrailIdentifier and the guardrailVersion must both be provided."))
}

fn thinking(body: &Value) -> Option<&str> {
    text(body, "/additionalModelRequestFields/thinking/type").filter(|t| *t != "disabled")
}

/// `additionalModelRequestFields`: what the model's own API takes.
fn fields(body: &Value, facts: &Facts) -> Result<(), AwsError> {
    let Some(fields) = body.get("additionalModelRequestFields").filter(|f| !f.is_null()) else {
        return Ok(());
    };
    let Value::Object(map) = fields else {
        return Err(AwsError::validation(
            "The format of the value at additionalModelRequestFields is invalid. Provide a json object for the field \
             and try again.",
        ));
    };
    let allowed: &[&str] = match facts.family {
        Family::Claude(_) => &[
            "thinking",
            "top_k",
            "anthropic_beta",
            "output_config",
            "tool_choice",
            "tools",
            "metadata",
            "context_management",
            "reasoning_config",
            "cache_control",
            "speed",
            "stop_sequences",
        ],
        Family::Nova => &["inferenceConfig", "topK"],
        Family::Nova2 => &["inferenceConfig", "topK", "reasoningConfig", "system_tools"],
        Family::Llama => &["images", "top_k"],
        _ => return reasoning_effort(fields, facts),
    };
    if let Some(name) = map.keys().find(|k| !allowed.contains(&k.as_str())) {
        return Err(match facts.family {
            Family::Claude(_) => AwsError::from_model(format!("{name}: Extra inputs are not permitted")),
            _ => AwsError::from_model(format!(
                "Malformed input request: #: extraneous key [{name}] is not permitted, please reformat your input and try again."
            )),
        });
    }
    match facts.family {
        Family::Claude(version) => claude_thinking(body, fields, version),
        Family::Nova2 => nova_reasoning(body, fields),
        _ => Ok(()),
    }
}

fn claude_thinking(body: &Value, fields: &Value, version: u32) -> Result<(), AwsError> {
    let kind = match fields.get("thinking") {
        None => return Ok(()),
        Some(thinking) => text(thinking, "/type").unwrap_or_default(),
    };
    match kind {
        "disabled" => return Ok(()),
        "enabled" | "adaptive" if version < 37 => {
            return Err(AwsError::from_model("thinking: Extra inputs are not permitted"));
        }
        "adaptive" if version < 46 => {
            return Err(AwsError::from_model("adaptive thinking is not supported on this model"));
        }
        "enabled" | "adaptive" => {}
        other => {
            return Err(AwsError::from_model(format!(
                "thinking: Input tag '{other}' found using 'type' does not match any of the expected tags: 'adaptive', \
                 'disabled', 'enabled'"
            )));
        }
    }
    if kind == "enabled" {
        let Some(budget) = fields.pointer("/thinking/budget_tokens").and_then(Value::as_u64) else {
            return Err(AwsError::from_model("thinking.enabled.budget_tokens: Field required"));
        };
        if budget < 1_024 {
            return Err(AwsError::from_model(
                "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
            ));
        }
        let max = body.pointer("/inferenceConfig/maxTokens").and_then(Value::as_u64);
        if max.is_some_and(|max| max <= budget) {
            return Err(AwsError::from_model("`max_tokens` must be greater than `thinking.budget_tokens`."));
        }
    } else if fields.pointer("/thinking/budget_tokens").is_some() {
        return Err(AwsError::from_model("thinking.adaptive.budget_tokens: Extra inputs are not permitted"));
    }
    for (pointer, name) in [
        ("/inferenceConfig/temperature", "temperature"),
        ("/inferenceConfig/topP", "top_p"),
        ("/additionalModelRequestFields/top_k", "top_k"),
    ] {
        if body.pointer(pointer).is_some_and(|v| !v.is_null()) {
            return Err(AwsError::from_model(format!("`{name}` may not be set when thinking is enabled.")));
        }
    }
    let choice = body.pointer("/toolConfig/toolChoice");
    if choice.is_some_and(|c| c.get("any").is_some() || c.get("tool").is_some()) {
        return Err(AwsError::from_model("Thinking may not be enabled when tool_choice forces tool use."));
    }
    Ok(())
}

fn nova_reasoning(body: &Value, fields: &Value) -> Result<(), AwsError> {
    let Some(config) = fields.get("reasoningConfig") else { return Ok(()) };
    let effort = text(config, "/maxReasoningEffort");
    match text(config, "/type") {
        Some("disabled") => return Ok(()),
        Some("enabled") if effort.is_some_and(|e| ["low", "medium", "high"].contains(&e)) => {}
        _ => {
            return Err(AwsError::from_model(
                "reasoningConfig: type must be enabled or disabled, maxReasoningEffort low, medium or high",
            ));
        }
    }
    if effort == Some("high") {
        for name in ["maxTokens", "temperature", "topP"] {
            if body.pointer(&format!("/inferenceConfig/{name}")).is_some_and(|v| !v.is_null()) {
                return Err(AwsError::from_model(format!(
                    "{name} must not be set when maxReasoningEffort is high"
                )));
            }
        }
    }
    Ok(())
}

fn reasoning_effort(fields: &Value, facts: &Facts) -> Result<(), AwsError> {
    let known: &[&str] = match facts.family {
        Family::GptOss | Family::DeepSeek => &["low", "medium", "high"],
        Family::Gpt5 => &["none", "minimal", "low", "medium", "high", "xhigh", "max"],
        _ => return Ok(()),
    };
    let wrong = ["/reasoning_effort", "/reasoning/effort"]
        .into_iter()
        .filter_map(|p| text(fields, p))
        .find(|e| !known.contains(e));
    wrong.map_or(Ok(()), |e| {
        Err(AwsError::from_model(format!("reasoning_effort: `{e}` is not one of {}", known.join(", "))))
    })
}
