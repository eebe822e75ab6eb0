//! Requests for responses that are wrong in one place: each is refused naming it, or becomes something that Bedrock takes.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat;
use bedrock_filter::translate::notes::Unsupported;
use serde_json::{Value, json};

use super::bad_input::{places_in, substitutes};
use super::random::Random;
use super::{CALLER, bedrock_rules, options, translate_to};

const MODELS: &[&str] = &[
    "us.anthropic.claude-3-7-sonnet-20250219-v1:0",
    "us.amazon.nova-pro-v1:0",
    "mistral.mistral-large-2407-v1:0",
];
const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
const PDF: &str = "data:application/pdf;base64,JVBERi0xLjQgdGlueQ==";

/// A request with every member that means something.
fn everything() -> Value {
    let mut request = json!({
        "model": "my-model",
        "instructions": "Be brief.",
        "max_output_tokens": 9_000,
        "max_tool_calls": 5,
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 5,
        "top_logprobs": 0,
        "parallel_tool_calls": false,
        "stream": true,
        "stream_options": { "include_obfuscation": false, "include_usage": true },
        "include": ["reasoning.encrypted_content"],
        "truncation": "auto",
        "metadata": { "team": "a" },
        "service_tier": "flex",
        "user": "me",
        "safety_identifier": "me",
        "prompt_cache_key": "k",
        "prompt_cache_retention": "24h",
        "store": false,
        "background": false,
        "reasoning": { "effort": "low", "summary": "auto", "context": "auto", "mode": "standard" },
        "text": {
            "format": { "type": "json_schema", "name": "p", "description": "A p.", "schema": { "type": "object" }, "strict": true },
            "verbosity": "low",
        },
        "thinking": { "type": "enabled", "budget_tokens": 2_000 },
        "guardrailConfig": { "guardrailIdentifier": "abc", "guardrailVersion": "1" },
        "performanceConfig": { "latency": "standard" },
        "requestMetadata": { "job": "b" },
        "additionalModelRequestFields": { "field": 1 },
        "extra_body": { "prompt_caching": { "system": true, "messages": true } },
    });
    request["tools"] = json!([
        { "type": "function", "name": "f", "description": "Does f.", "strict": true, "parameters": { "type": "object", "properties": {} } },
        { "type": "custom", "name": "sql", "description": "Asks.", "format": { "type": "text" } },
        { "type": "namespace", "name": "n", "description": "Its.", "tools": [{ "type": "function", "name": "g", "parameters": {} }] },
        { "type": "local_shell" },
        { "type": "web_search" },
        { "type": "function", "name": "chosen" },
    ]);
    request["tool_choice"] = json!({ "type": "allowed_tools", "mode": "auto", "tools": [{ "type": "function", "name": "chosen" }] });
    request["input"] = json!([
        { "role": "developer", "content": "Be kind." },
        { "type": "message", "id": "m", "role": "user", "status": "completed", "content": [
            { "type": "input_text", "text": "Look.", "prompt_cache_breakpoint": { "mode": "explicit", "ttl": "30m" } },
            { "type": "input_image", "image_url": PNG, "detail": "low" },
            { "type": "input_file", "file_data": PDF, "filename": "a.pdf" },
        ] },
        { "type": "message", "role": "assistant", "content": [
            { "type": "output_text", "text": "Well.", "annotations": [], "logprobs": [] },
            { "type": "refusal", "refusal": "No." },
        ], "phase": "commentary" },
        { "type": "reasoning", "id": "rs", "summary": [{ "type": "summary_text", "text": "Hm." }], "encrypted_content": "x" },
        { "type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": "{}", "status": "completed" },
        { "type": "function_call_output", "call_id": "a", "output": [{ "type": "input_text", "text": "Done." }] },
        { "type": "custom_tool_call", "call_id": "b", "name": "sql", "input": "SELECT 1" },
        { "type": "custom_tool_call_output", "call_id": "b", "output": "Done." },
        { "type": "local_shell_call", "call_id": "c", "action": { "type": "exec", "command": ["ls"], "env": {} }, "status": "completed" },
        { "type": "local_shell_call_output", "id": "c", "output": "a" },
        { "type": "additional_tools", "role": "developer", "tools": [{ "type": "function", "name": "h" }] },
        { "type": "web_search_call", "id": "ws", "status": "completed" },
        { "role": "user", "content": "Thanks." },
    ]);
    request
}

/// What became of a request: the member that it was refused for, if it was.
fn outcome(model: &str, request: &Value) -> Result<Option<String>, String> {
    let headers = chat::Headers::default();
    let body = request.to_string();
    match translate_to(Endpoint::Responses, headers, model, body.as_bytes(), &options(Unsupported::Refuse)) {
        Ok(outgoing) => {
            let body: Value = serde_json::from_slice(&outgoing.body).map_err(|error| error.to_string())?;
            bedrock_rules::broken(model, &body, CALLER).map_err(|rule| format!("{model}: {rule}"))?;
            Ok(None)
        }
        Err(error) if error.status == 400 && error.kind == "invalid_request_error" => {
            error.param.map(Some).ok_or_else(|| format!("no param: {}", error.message))
        }
        Err(error) => Err(format!("{error:?}")),
    }
}

#[test]
fn a_request_with_every_member_is_taken() {
    for model in MODELS {
        assert_eq!(outcome(model, &everything()), Ok(None));
    }
}

#[test]
fn items_in_any_order_and_any_that_are_missing_become_what_bedrock_takes() {
    let request = everything();
    let items = request["input"].as_array().unwrap();
    for seed in 0..600 {
        let mut random = Random::new(9_000_000 + seed);
        let mut request = request.clone();
        let mut chosen: Vec<Value> = items.iter().filter(|_| !random.once_in(4)).cloned().collect();
        for at in (1..chosen.len()).rev() {
            chosen.swap(at, random.below(at + 1));
        }
        // Something to answer.
        chosen.push(json!({ "role": "user", "content": "Go on." }));
        request["input"] = chosen.into();
        let model = random.pick(MODELS);
        assert_eq!(outcome(model, &request), Ok(None), "seed {seed}: {request}");
    }
}

#[test]
fn whatever_stands_in_the_place_of_a_member_is_taken_or_refused_naming_it() {
    let request = everything();
    let mut places = Vec::new();
    places_in(&request, "", "", &mut places);
    assert!(places.len() > 120, "only {} places", places.len());
    let (mut wrong, mut taken, mut refused) = (Vec::new(), 0, 0);
    let mut models = MODELS.iter().cycle();
    for (pointer, path) in &places {
        // The entry of a list, or the member, that the trouble is in.
        let around = path.split_inclusive(']').next().unwrap_or(path);
        let around = around.split('.').next().unwrap_or(around);
        for (substitute, model) in substitutes().iter().zip(&mut models) {
            let mut request = request.clone();
            *request.pointer_mut(pointer).unwrap() = substitute.clone();
            match outcome(model, &request) {
                Ok(None) => taken += 1,
                // A choice names a tool that is there no more.
                Ok(Some(param)) if param.starts_with(around) || param.starts_with("tool_choice") => {
                    refused += 1
                }
                Ok(Some(param)) => wrong.push(format!("{path} = {substitute}: {param} refused")),
                Err(reason) => wrong.push(format!("{path} = {substitute}: {reason}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(taken > 500 && refused > 500, "{taken} taken, {refused} refused");
}
