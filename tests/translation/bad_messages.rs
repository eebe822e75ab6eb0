//! Requests of Anthropic's API that are wrong in one place: each is refused naming it, or becomes something that Bedrock takes.

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::chat;
use bedrock_filter::translate::notes::Unsupported;
use serde_json::{Value, json};

use super::bad_input::{places_in, substitutes};
use super::{CALLER, bedrock_rules, options, translate_to};

const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const MODELS: &[&str] =
    &["us.amazon.nova-pro-v1:0", CLAUDE, "mistral.mistral-large-2407-v1:0", "openai.gpt-oss-120b-1:0"];
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/// A request with every member that means something.
fn everything() -> Value {
    let cached = json!({ "type": "ephemeral", "ttl": "5m" });
    let mut request = json!({
        "model": "my-model",
        "max_tokens": 9_000,
        "system": [{ "type": "text", "text": "Be brief.", "cache_control": cached }],
        "temperature": 0.5,
        "top_p": 0.5,
        "top_k": 5,
        "stop_sequences": ["END"],
        "stream": true,
        "metadata": { "user_id": "me" },
        "thinking": { "type": "enabled", "budget_tokens": 2_000 },
        "output_config": { "effort": "low", "format": { "type": "json_schema", "schema": { "type": "object" } } },
        "service_tier": "auto",
        "anthropic_beta": ["interleaved-thinking-2025-05-14"],
        "cache_control": cached,
    });
    request["tools"] = json!([
        { "name": "f", "description": "Does f.", "input_schema": { "type": "object", "properties": {} }, "strict": true, "cache_control": cached },
        { "type": "custom", "name": "g", "input_schema": { "type": "object" } },
    ]);
    request["tool_choice"] = json!({ "type": "tool", "name": "f", "disable_parallel_tool_use": true });
    let image =
        json!({ "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": PNG } });
    request["messages"] = json!([
        { "role": "user", "content": [
            { "type": "text", "text": "Look.", "cache_control": cached },
            image,
            { "type": "document", "title": "a", "context": "It is one.", "citations": { "enabled": false },
              "source": { "type": "text", "media_type": "text/plain", "data": "Hello" } },
            { "type": "document", "source": { "type": "content", "content": [{ "type": "text", "text": "Hello" }] } },
        ] },
        { "role": "assistant", "content": [
            { "type": "thinking", "thinking": "Hm.", "signature": "c2ln" },
            { "type": "redacted_thinking", "data": "cmVk" },
            { "type": "text", "text": "Well.", "citations": [] },
            { "type": "tool_use", "id": "a", "name": "f", "input": { "x": 1 }, "caller": { "type": "direct" } },
        ] },
        { "role": "user", "content": [
            { "type": "tool_result", "tool_use_id": "a", "is_error": false, "content": [{ "type": "text", "text": "Done." }, image] },
        ] },
        { "role": "assistant", "content": "Yes." },
        { "role": "user", "content": [
            { "type": "search_result", "source": "x", "title": "X", "content": [{ "type": "text", "text": "Found." }] },
            { "type": "text", "text": "Thanks." },
        ] },
    ]);
    request
}

/// What became of a request: the member that it was refused for, if it was.
fn outcome(model: &str, request: &Value) -> Result<Option<String>, String> {
    let headers = chat::Headers::default();
    let body = request.to_string();
    match translate_to(Endpoint::Messages, headers, model, body.as_bytes(), &options(Unsupported::Refuse)) {
        Ok(outgoing) => {
            let body: Value = serde_json::from_slice(&outgoing.body).map_err(|error| error.to_string())?;
            if model == CLAUDE {
                // What else is in it is Bedrock's to judge.
                assert_eq!(body["anthropic_version"], "bedrock-2023-05-31");
                assert!(body.get("model").or(body.get("stream")).is_none(), "{body}");
            } else {
                bedrock_rules::broken(model, &body, CALLER).map_err(|rule| format!("{model}: {rule}"))?;
            }
            Ok(None)
        }
        Err(error) if error.status == 400 && error.kind == "invalid_request_error" => {
            error.param.map(Some).ok_or_else(|| format!("no param: {}", error.message))
        }
        Err(error) => Err(format!("{error:?}")),
    }
}

#[test]
fn a_message_with_every_member_is_taken() {
    for model in MODELS {
        assert_eq!(outcome(model, &everything()), Ok(None), "{model}");
    }
}

#[test]
fn whatever_stands_in_the_place_of_a_messages_member_is_taken_or_refused_naming_it() {
    let request = everything();
    let mut places = Vec::new();
    places_in(&request, "", "", &mut places);
    assert!(places.len() > 100, "only {} places", places.len());
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
                    refused += 1;
                }
                Ok(Some(param)) => wrong.push(format!("{path} = {substitute}: {param} refused")),
                Err(reason) => wrong.push(format!("{path} = {substitute}: {reason}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(taken > 400 && refused > 400, "{taken} taken, {refused} refused");
}
