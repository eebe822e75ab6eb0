//! Each refusal, with AWS's text, and a model that accepts the same.

mod history;

use super::super::{check, length};
use crate::models::Facts;
use serde_json::{Value, json};

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const SONNET_4: &str = "anthropic.claude-sonnet-4-20250514-v1:0";
const HAIKU_3: &str = "anthropic.claude-3-haiku-20240307-v1:0";
const OPUS_4_5: &str = "anthropic.claude-opus-4-5-20251101-v1:0";
const OPUS_4_6: &str = "anthropic.claude-opus-4-6-v1";
const OPUS_4_7: &str = "anthropic.claude-opus-4-7";
const OPUS_5: &str = "anthropic.claude-opus-5";
const FABLE: &str = "anthropic.claude-fable-5";
const NOVA: &str = "amazon.nova-pro-v1:0";
const LLAMA_4: &str = "meta.llama4-scout-17b-instruct-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";
const PIXTRAL: &str = "mistral.pixtral-large-2502-v1:0";
const QWEN: &str = "qwen.qwen3-32b-v1:0";
const GPT_OSS: &str = "openai.gpt-oss-120b-1:0";
const GPT: &str = "openai.gpt-5.6-sol";
const PALMYRA: &str = "writer.palmyra-x5-v1:0";

fn on(model: &str, body: &Value) -> String {
    let facts = Facts::of(model);
    check(body, &facts, false)
        .and_then(|()| length(body, &facts))
        .err()
        .map(|e| e.message)
        .unwrap_or_default()
}

#[track_caller]
fn refused(model: &str, body: &Value, part: &str) {
    let message = on(model, body);
    assert!(message.contains(part), "{model}: wanted `{part}`, got `{message}`");
}

#[track_caller]
fn taken(model: &str, body: &Value) {
    assert_eq!(on(model, body), "", "{model}");
}

/// A question with these further members.
fn question(more: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": [{"text": "a"}]}]});
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    body
}

fn tool(name: &str, schema: Value) -> Value {
    json!({"toolSpec": {"name": name, "inputSchema": {"json": schema}}})
}

fn strict(schema: Value) -> Value {
    json!({"toolSpec": {"name": "f", "strict": true, "inputSchema": {"json": schema}}})
}

fn plain() -> Value {
    json!({"tools": [tool("f", json!({"type": "object"}))]})
}

/// A tool call, its result with this content, and further blocks beside it.
fn answered(id: &str, content: Value, beside: Value) -> Value {
    let call = json!({"toolUse": {"toolUseId": id, "name": "f", "input": {}}});
    let mut last = vec![json!({"toolResult": {"toolUseId": id, "content": content}})];
    last.extend(beside.as_array().cloned().unwrap_or_default());
    json!({"toolConfig": plain(), "messages": [{"role": "user", "content": [{"text": "a"}]},
        {"role": "assistant", "content": [call]}, {"role": "user", "content": last}]})
}

fn image() -> Value {
    json!({"image": {"format": "jpeg", "source": {"bytes": "/9j/4AAQ"}}})
}

fn document(format: &str) -> Value {
    json!({"document": {"format": format, "name": "a", "source": {"bytes": "YQ=="}}})
}

fn fields(fields: Value) -> Value {
    question(json!({"additionalModelRequestFields": fields}))
}

#[test]
fn sampling_parameters_are_refused_by_the_newest() {
    for (member, value, text) in [
        ("inferenceConfig", json!({"temperature": 0.5}), "`temperature` is deprecated for this model."),
        ("inferenceConfig", json!({"topP": 0.5}), "`top_p` is deprecated for this model."),
        ("additionalModelRequestFields", json!({"top_k": 5}), "`top_k` is deprecated for this model."),
    ] {
        let body = question(json!({member: value}));
        refused(OPUS_4_7, &body, text);
        refused(FABLE, &body, text);
        taken(OPUS_4_6, &body);
    }
    let both = question(json!({"inferenceConfig": {"temperature": 0.5, "topP": 0.5}}));
    refused(SONNET, &both, "cannot both be specified");
    taken("anthropic.claude-3-7-sonnet-20250219-v1:0", &both);
    let warm = question(json!({"inferenceConfig": {"temperature": 0.5}}));
    refused(
        GPT,
        &warm,
        "This model doesn't support the temperature field. Remove temperature and try again.",
    );
    let stops = |n: usize| question(json!({"inferenceConfig": {"stopSequences": vec!["x"; n]}}));
    refused(GPT_OSS, &stops(1), "This model doesn't support the stopSequences field.");
    refused(NOVA, &stops(5), "expected maximum item count: 4, found: 5");
    taken(NOVA, &stops(4));
}

#[test]
fn tokens_have_a_limit_and_a_floor() {
    let body = |n: u64| question(json!({"inferenceConfig": {"maxTokens": n}}));
    refused(HAIKU_3, &body(8_192), "exceeds the model limit of 4096. Try again");
    taken(HAIKU_3, &body(4_096));
    refused(NOVA, &body(10_001), "exceeds the model limit of 10000.");
    refused(MISTRAL, &body(8_193), "exceeds the model limit of 8192.");
    refused(GPT, &body(5), "Expected a value >= 16, but got 5 instead.");
    taken(GPT, &body(16));
}

#[test]
fn a_system_text_is_not_for_the_oldest() {
    let body = question(json!({"system": [{"text": "Be kind."}]}));
    refused("mistral.mixtral-8x7b-instruct-v0:1", &body, "This model doesn't support system messages.");
    taken(MISTRAL, &body);
}

#[test]
fn thinking_is_what_the_version_knows() {
    let thinking = |thinking: Value| fields(json!({"thinking": thinking}));
    let enabled = thinking(json!({"type": "enabled", "budget_tokens": 1024}));
    taken(SONNET, &enabled);
    taken(OPUS_4_6, &enabled);
    refused(OPUS_4_7, &enabled, "\"thinking.type.enabled\" is not supported for this model.");
    refused(HAIKU_3, &enabled, "thinking: Extra inputs are not permitted");
    let adaptive = thinking(json!({"type": "adaptive"}));
    refused(SONNET, &adaptive, "adaptive thinking is not supported on this model");
    taken(OPUS_4_7, &adaptive);
    let disabled = thinking(json!({"type": "disabled"}));
    taken(OPUS_5, &disabled);
    refused(FABLE, &disabled, "\"thinking.type.disabled\" is not supported");
    refused("anthropic.claude-sonnet-5-5", &disabled, "\"thinking.type.disabled\" is not supported");
    refused(SONNET, &thinking(json!({"type": "on"})), "Input tag 'on'");
    refused(OPUS_4_7, &thinking(json!({"type": "adaptive", "display": "all"})), "'summarized' or 'omitted'");
    refused(OPUS_4_7, &thinking(json!({"type": "adaptive", "budget_tokens": 1024})), "budget_tokens");
}

#[test]
fn thinking_has_its_own_limits() {
    let with = |budget: u32, more: Value| {
        let mut body = fields(json!({"thinking": {"type": "enabled", "budget_tokens": budget}}));
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    taken(SONNET, &with(1024, json!({"inferenceConfig": {"maxTokens": 2000}})));
    refused(SONNET, &with(100, json!({})), "greater than or equal to 1024");
    refused(
        SONNET,
        &with(2000, json!({"inferenceConfig": {"maxTokens": 2000}})),
        "`max_tokens` must be greater than",
    );
    refused(SONNET, &with(1024, json!({"inferenceConfig": {"temperature": 0.2}})), "temperature");
    let mut config = plain();
    config["toolChoice"] = json!({"any": {}});
    let forced = "Thinking may not be enabled when tool_choice forces tool use.";
    refused(SONNET, &with(1024, json!({"toolConfig": config})), forced);
    let mut lost = answered("a", json!([{"text": "ok"}]), json!([]));
    lost["additionalModelRequestFields"] = json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
    refused(SONNET, &lost, "must start with a thinking block");
}

#[test]
fn efforts_are_those_that_the_model_has() {
    let claude = |effort: &str| fields(json!({"output_config": {"effort": effort}}));
    refused(SONNET, &claude("low"), "output_config.effort: Extra inputs are not permitted");
    refused(OPUS_4_5, &claude("low"), "output_config.effort: Extra inputs are not permitted");
    let beta = |effort: &str| {
        fields(json!({"output_config": {"effort": effort}, "anthropic_beta": ["effort-2025-11-24"]}))
    };
    taken(OPUS_4_5, &beta("high"));
    refused(OPUS_4_5, &beta("max"), "output_config.effort: Input should be 'low', 'medium' or 'high'");
    refused(OPUS_4_6, &claude("xhigh"), "Input should be 'low', 'medium', 'high' or 'max'");
    taken(OPUS_4_6, &claude("max"));
    taken(OPUS_4_7, &claude("xhigh"));
    refused(SONNET, &question(json!({"outputConfig": {"effort": "low"}})), "output_config.effort");
    refused(NOVA, &question(json!({"outputConfig": {"effort": "low"}})), "outputConfig.effort");
    let mut off = claude("max");
    off["additionalModelRequestFields"]["thinking"] = json!({"type": "disabled"});
    refused(OPUS_5, &off, "not supported when thinking is disabled");
    taken("anthropic.claude-opus-4-8", &off);
    refused(GPT_OSS, &fields(json!({"reasoning_effort": "minimal"})), "'low', 'medium' or 'high'");
    refused(GPT, &fields(json!({"reasoning": {"effort": "minimal"}})), "Unsupported value: 'minimal'");
    refused(
        "openai.gpt-6-astra",
        &fields(json!({"reasoning": {"effort": "none"}})),
        "Unsupported value: 'none'",
    );
    taken(GPT, &fields(json!({"reasoning": {"effort": "none"}})));
}

#[test]
fn fields_that_the_model_does_not_know_are_refused() {
    refused(
        SONNET,
        &fields(json!({"reasoningConfig": {}})),
        "reasoningConfig: Extra inputs are not permitted",
    );
    refused(NOVA, &fields(json!({"thinking": {}})), "extraneous key [thinking] is not permitted");
    refused(GPT, &fields(json!({"reasoning_effort": "low"})), "Unknown parameter: 'reasoning_effort'.");
    refused("deepseek.r1-v1:0", &fields(json!({"reasoning_effort": "low"})), "extraneous key");
    refused(SONNET, &fields(json!({"anthropic_beta": ["fast-mode-2026-02-01"]})), "invalid beta flag");
    taken(SONNET, &fields(json!({"anthropic_beta": ["interleaved-thinking-2025-05-14"]})));
}

#[test]
fn media_are_where_the_model_takes_them() {
    let see = json!([{"role": "user", "content": [{"text": "a"}, image()]}]);
    refused(QWEN, &json!({"messages": see}), "This model doesn't support the image content block");
    taken(PIXTRAL, &json!({"messages": see}));
    let field = "This model doesn't support the image field for user messages. Remove image and try again.";
    for model in [PIXTRAL, GPT, "qwen.qwen3-vl-235b-a22b", "moonshotai.kimi-k2.5"] {
        refused(model, &answered("abcdefghi", json!([image()]), json!([])), field);
    }
    for model in [SONNET, NOVA, LLAMA_4] {
        taken(model, &answered("a", json!([image()]), json!([])));
    }
    taken(SONNET, &answered("a", json!([document("pdf")]), json!([])));
    taken(NOVA, &answered("a", json!([document("csv")]), json!([])));
    refused(NOVA, &answered("a", json!([document("pdf")]), json!([])), "document field for user messages");
    refused(
        QWEN,
        &json!({"messages": [{"role": "user", "content": [{"text": "a"}, document("txt")]}]}),
        "document",
    );
}

#[test]
fn a_result_stands_alone_where_the_model_wants_it_so() {
    let together =
        "messages.2.content: Conversation blocks and tool result blocks cannot be provided in the same turn.";
    let beside = |beside: Value| answered("abcdefghi", json!([{"text": "ok"}]), beside);
    for model in [NOVA, LLAMA_4, PALMYRA, "anthropic.claude-3-opus-20240229-v1:0"] {
        refused(model, &beside(json!([{"text": "b"}])), together);
    }
    taken(SONNET, &beside(json!([{"text": "b"}, image()])));
    let mut said = beside(json!([]));
    said["messages"][1]["content"].as_array_mut().unwrap().insert(0, json!({"text": "I call it."}));
    for model in [LLAMA_4, MISTRAL] {
        let together = "messages.1.content: Conversation blocks and tool use blocks cannot be provided in the same turn.";
        refused(model, &said, together);
        taken(model, &beside(json!([])));
    }
    taken(NOVA, &said);
    refused(SONNET, &beside(json!([{"text": "b"}, document("txt")])), together);
    let mut status = answered("a", json!([{"text": "ok"}]), json!([]));
    status["messages"][2]["content"][0]["toolResult"]["status"] = json!("success");
    refused(PALMYRA, &status, "This model doesn't support the status field.");
    taken(QWEN, &status);
}

#[test]
fn ids_and_names_are_in_the_letters_of_the_family() {
    let with = |id: &str| answered(id, json!([{"text": "ok"}]), json!([]));
    refused(
        MISTRAL,
        &with("call_1"),
        "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
    );
    taken(MISTRAL, &with("abcdefghi"));
    taken("moonshotai.kimi-k2.5", &with("functions.f:0"));
    let named =
        |name: &str| question(json!({"toolConfig": {"tools": [tool(name, json!({"type": "object"}))]}}));
    refused(NOVA, &named("fetch-url"), "Model produced invalid sequence as part of ToolUse.");
    taken(NOVA, &named("fetch_url"));
    taken(SONNET, &named("fetch-url"));
}

#[test]
fn a_choice_of_tools_is_what_the_model_knows() {
    let choose = |choice: Value| {
        let mut config = plain();
        config["toolChoice"] = choice;
        question(json!({"toolConfig": config}))
    };
    let any = choose(json!({"any": {}}));
    for model in ["anthropic.claude-opus-5-5", "anthropic.claude-sonnet-5-5"] {
        refused(model, &any, "tool_choice: type \"tool\" and \"any\" are not supported for this model.");
    }
    refused(LLAMA_4, &any, "toolConfig.toolChoice.any");
    refused(MISTRAL, &choose(json!({"tool": {"name": "f"}})), "toolConfig.toolChoice.tool");
    taken(MISTRAL, &any);
    taken(SONNET, &any);
    refused("deepseek.r1-v1:0", &any, "This model doesn't support tool use.");
}

#[test]
fn a_turn_of_the_assistant_is_not_the_last_where_none_is_gone_on_with() {
    let with = |content: Value, more: bool| {
        let mut turns = vec![
            json!({"role": "user", "content": [{"text": "a"}]}),
            json!({"role": "assistant", "content": content}),
        ];
        turns.extend(more.then(|| json!({"role": "user", "content": [{"text": "b"}]})));
        json!({"messages": turns})
    };
    let prefill = with(json!([{"text": "b"}]), false);
    refused(OPUS_4_6, &prefill, "This model does not support assistant message prefill.");
    taken(SONNET, &prefill);
    let thought = json!([{"reasoningContent": {"reasoningText": {"text": "t", "signature": "x"}}}]);
    refused(OPUS_4_7, &with(thought.clone(), true), "This model does not support assistant message prefill.");
    taken(OPUS_4_6, &with(thought, true));
    let unsigned = json!([{"reasoningContent": {"reasoningText": {"text": "t"}}}, {"text": "b"}]);
    refused(OPUS_4_6, &with(unsigned, true), "messages.1.content.0.thinking.signature: Field required");
    let forged =
        json!([{"reasoningContent": {"reasoningText": {"text": "t", "signature": "emu-x"}}}, {"text": "b"}]);
    refused(OPUS_4_6, &with(forged, true), "messages.1.content.0: Invalid `signature` in `thinking` block");
}

#[test]
fn cache_points_are_four_in_order_on_models_that_cache() {
    let body = |points: &[&str]| {
        let points = points.iter().map(|ttl| json!({"cachePoint": {"type": "default", "ttl": ttl}}));
        let content: Vec<Value> = [json!({"text": "a"})].into_iter().chain(points).collect();
        json!({"messages": [{"role": "user", "content": content}]})
    };
    taken(SONNET, &body(&["1h", "5m", "5m", "5m"]));
    refused(SONNET, &body(&["5m"; 5]), "A maximum of 4 blocks with cache_control may be provided. Found 5.");
    refused(SONNET, &body(&["5m", "1h"]), "must not come after a ttl='5m'");
    refused(SONNET_4, &body(&["1h"]), "cachePoint.ttl");
    refused(LLAMA_4, &body(&["5m"]), "did not allow prompt caching");
}

#[test]
fn a_cache_point_is_refused_behind_what_cannot_have_it_as_a_member() {
    let point = json!({"cachePoint": {"type": "default"}});
    let image = json!({"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}});
    let document =
        |format: &str| json!({"document": {"format": format, "name": format, "source": {"bytes": "aGk="}}});
    let body = |blocks: &[&Value]| json!({"messages": [{"role": "user", "content": blocks}]});
    let says = json!({"text": "a"});
    for behind in [&image, &document("pdf"), &document("txt")] {
        refused(
            NOVA,
            &body(&[&says, behind, &point]),
            "#/messages/0/content/1: extraneous key [cachePoint] is not permitted",
        );
        taken(NOVA, &body(&[&says, &point, behind]));
    }
    taken(SONNET, &body(&[&says, &image, &point]));
    taken(SONNET, &body(&[&says, &document("pdf"), &point]));
    for format in ["txt", "md", "csv", "docx"] {
        let document = document(format);
        refused(
            SONNET,
            &body(&[&says, &point, &document, &point]),
            "messages.0.content.1.type: Field required",
        );
        taken(SONNET, &body(&[&says, &point, &document]));
    }
}

#[test]
fn nova_takes_no_cache_point_behind_a_tool_result() {
    let body = |more: Value| {
        let call = json!({"toolUse": {"toolUseId": "a", "name": "f", "input": {}}});
        let result = json!({"toolResult": {"toolUseId": "a", "content": [{"text": "ok"}]}});
        json!({"toolConfig": {"tools": [tool("f", json!({"type": "object"}))]}, "messages": [
            {"role": "user", "content": [{"text": "a"}, {"cachePoint": {"type": "default"}}]},
            {"role": "assistant", "content": [call]},
            {"role": "user", "content": [result, more]},
        ]})
    };
    let point = json!({"cachePoint": {"type": "default"}});
    refused(
        NOVA,
        &body(point.clone()),
        "#/messages/2/content/0: extraneous key [cachePoint] is not permitted",
    );
    taken(SONNET, &body(point));
}

/// A closed object with these properties, all of them required.
fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({"type": "object", "required": required, "properties": properties, "additionalProperties": false})
}

#[test]
fn a_grammar_is_not_made_of_every_schema() {
    let tools = |schema: Value| question(json!({"toolConfig": {"tools": [strict(schema)]}}));
    let format = |schema: Value| {
        let structure = json!({"jsonSchema": {"schema": schema.to_string()}});
        question(json!({"outputConfig": {"textFormat": {"type": "json_schema", "structure": structure}}}))
    };
    let node = object(json!({"a": {"$ref": "#/$defs/N"}}));
    let mut tree = object(json!({"a": {"$ref": "#/$defs/N"}}));
    tree["$defs"] = json!({"N": node});
    for (schema, text) in [
        (
            json!({"a": {"type": "array", "items": {}, "maxItems": 3}}),
            "For 'array' type, property 'maxItems' is not supported",
        ),
        (
            json!({"a": {"type": "array", "items": {}, "minItems": 2}}),
            "For 'array' type, 'minItems' values other than 0 or 1",
        ),
        (
            json!({"a": {"type": "integer", "minimum": 1, "maximum": 5}}),
            "For 'integer' type, properties maximum, minimum are not supported",
        ),
        (
            json!({"a": {"type": ["number", "null"], "multipleOf": 2}}),
            "For 'number' type, property 'multipleOf' is not supported",
        ),
        (
            json!({"a": {"type": "object"}}),
            "For 'object' type, 'additionalProperties' must be explicitly set to false",
        ),
        (json!({"a": {"oneOf": [{"type": "string"}]}}), "Schema type 'oneOf' is not supported"),
        (json!({"a": {"type": "string", "pattern": "a(?=b)"}}), "Invalid regex in pattern field"),
        (json!({"a": {"$ref": "http://x"}}), "External references are not supported"),
    ] {
        refused(SONNET, &tools(object(schema.clone())), &format!("tools.0.custom: {text}"));
        refused(SONNET, &format(object(schema.clone())), &format!("output_config.format.schema: {text}"));
        refused(GPT_OSS, &format(object(schema)), text);
    }
    refused(SONNET, &tools(tree), "Recursive schemas are not supported");
    let good = object(json!({"minimum": {"type": "string", "minLength": 1, "pattern": "^a+$"},
        "list": {"type": "array", "items": {"type": "string"}, "minItems": 1}}));
    taken(SONNET, &tools(good.clone()));
    taken(SONNET, &format(good.clone()));
    refused(NOVA, &format(good.clone()), "outputConfig.textFormat");
    refused(SONNET_4, &format(good.clone()), "output_config.format: Extra inputs are not permitted");
    refused(SONNET_4, &tools(good.clone()), "tools.0.custom.strict: Extra inputs are not permitted");
    refused(OPUS_4_7, &format(good.clone()), "output_config.format: Extra inputs are not permitted");
    refused(OPUS_5, &tools(good), "tools.0.custom.strict: Extra inputs are not permitted");
}

#[test]
fn grammars_have_a_size() {
    let tools = |n: usize, schema: &Value| {
        let tool = |i: usize| {
            let mut tool = strict(schema.clone());
            tool["toolSpec"]["name"] = json!(format!("f{i}"));
            tool
        };
        question(json!({"toolConfig": {"tools": (0..n).map(tool).collect::<Vec<_>>()}}))
    };
    let empty = object(json!({}));
    taken(SONNET, &tools(20, &empty));
    refused(
        SONNET,
        &tools(21, &empty),
        "Too many strict tools (21). The maximum number of strict tools supported is 20.",
    );
    let mut optional =
        object(json!({"a": {"type": "string"}, "b": {"type": "string"}, "c": {"type": "string"}}));
    optional["required"] = json!(["a"]);
    taken(SONNET, &tools(12, &optional));
    refused(SONNET, &tools(13, &optional), "Schemas contains too many optional parameters (26)");
    let unions = object(json!({"a": {"type": ["string", "null"]}, "b": {"anyOf": [{"type": "string"}]}}));
    taken(SONNET, &tools(8, &unions));
    refused(SONNET, &tools(9, &unions), "too many parameters with union types (18 parameters");
}

#[test]
fn the_root_of_a_schema_is_an_object_and_no_union() {
    let union = json!({"type": "object", "anyOf": [{"required": ["a"]}]});
    let body = question(json!({"toolConfig": {"tools": [tool("f", union)]}}));
    let text =
        "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level";
    refused(SONNET, &body, text);
    taken(QWEN, &body);
    refused(NOVA, &body, "inputSchema/json: extraneous key [anyOf] is not permitted");
}

#[test]
fn the_models_own_tools_are_for_nova() {
    let body = question(json!({"toolConfig": {"tools": [{"systemTool": {"name": "nova_grounding"}}]}}));
    for model in ["amazon.nova-premier-v1:0", "amazon.nova-2-lite-v1:0"] {
        taken(model, &body);
    }
    for model in [NOVA, SONNET, QWEN] {
        refused(model, &body, "doesn't support the system tool nova_grounding");
    }
}

#[test]
fn documents_are_cited_by_claude_if_they_are_pdf_or_text_and_in_no_result() {
    let document = |format: &str| json!({"document": {"format": format, "name": "a", "source": {"bytes": "YQ=="}, "citations": {"enabled": true}}});
    let body = |format| json!({"messages": [{"role": "user", "content": [{"text": "q"}, document(format)]}]});
    for model in [SONNET, OPUS_4_7] {
        taken(model, &body("pdf"));
        taken(model, &body("txt"));
        refused(model, &body("md"), "Only txt and pdf formats are supported when citations are enabled");
    }
    for model in [HAIKU_3, NOVA, QWEN] {
        let text = if model == QWEN { "document" } else { "This model doesn't support citations." };
        refused(model, &body("pdf"), text);
    }
    let mut formed = body("pdf");
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": false}).to_string();
    formed["outputConfig"] =
        json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}}});
    refused(SONNET, &formed, "Citations are not supported with outputConfig.textFormat.");
    let call = json!({"toolUse": {"toolUseId": "a", "name": "f", "input": {}}});
    let result = json!({"toolResult": {"toolUseId": "a", "content": [document("pdf")]}});
    let mut body = question(json!({"toolConfig": {"tools": [tool("f", json!({"type": "object"}))]}}));
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": [call]}));
    messages.push(json!({"role": "user", "content": [result]}));
    refused(SONNET, &body, "Citations are not supported in tool result documents.");
}

#[test]
fn sound_is_for_models_that_listen() {
    let audio = json!({"audio": {"format": "wav", "source": {"bytes": "YQ=="}}});
    let body = json!({"messages": [{"role": "user", "content": [audio]}]});
    for model in ["mistral.voxtral-small-24b-2507", "amazon.nova-2-omni-v1:0"] {
        taken(model, &body);
    }
    for model in [SONNET, NOVA, "amazon.nova-2-lite-v1:0", GPT] {
        refused(model, &body, "doesn't support the audio content block");
    }
}
