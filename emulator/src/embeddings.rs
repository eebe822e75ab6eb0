//! InvokeModel for the embedding models: each family's body, and vectors made from the text alone.

use crate::encoding::{hash, scramble, uuid};
use crate::errors::AwsError;
use crate::tokens;
use base64::Engine;
use serde_json::{Map, Value, json};

/// An answer, and its input tokens.
pub struct Embedded {
    /// The body.
    pub body: Value,
    /// For `x-amzn-bedrock-input-token-count`.
    pub tokens: u64,
}

/// Answers an InvokeModel body for `model`.
pub fn invoke(model: &str, body: &Value) -> Result<Embedded, AwsError> {
    let Value::Object(map) = body else {
        return Err(malformed("#: expected type: JSONObject"));
    };
    let name = model.split_once('.').map_or(model, |(_, name)| name);
    if name == "titan-embed-text-v1" {
        titan_text(map, false)
    } else if name.starts_with("titan-embed-text-v2") {
        titan_text(map, true)
    } else if name.starts_with("titan-embed-image") {
        titan_image(map)
    } else if name.starts_with("embed-v4") {
        cohere(map, true)
    } else if name.starts_with("embed-") {
        cohere(map, false)
    } else if name.contains("multimodal-embeddings") {
        nova(map)
    } else {
        Err(AwsError::validation("This emulator answers InvokeModel for embedding models only."))
    }
}

fn malformed(what: &str) -> AwsError {
    AwsError::validation(format!(
        "Malformed input request: {what}, please reformat your input and try again."
    ))
}

fn only(map: &Map<String, Value>, allowed: &[&str]) -> Result<(), AwsError> {
    match map.keys().find(|k| !allowed.contains(&k.as_str())) {
        Some(key) => Err(malformed(&format!("#: extraneous key [{key}] is not permitted"))),
        None => Ok(()),
    }
}

fn string<'a>(map: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>, AwsError> {
    match map.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(malformed(&format!("#/{key}: expected type: String, found: {}", kind(other)))),
    }
}

fn one_of(map: &Map<String, Value>, key: &str, choices: &[u64], default: u64) -> Result<u64, AwsError> {
    match map.get(key) {
        None => Ok(default),
        Some(value) => value
            .as_u64()
            .filter(|n| choices.contains(n))
            .ok_or_else(|| malformed(&format!("#/{key}: {value} is not a valid enum value"))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    }
}

fn titan_text(map: &Map<String, Value>, second: bool) -> Result<Embedded, AwsError> {
    only(
        map,
        if second { &["inputText", "dimensions", "normalize", "embeddingTypes"] } else { &["inputText"] },
    )?;
    let text = string(map, "inputText")?.ok_or_else(|| malformed("#: required key [inputText] not found"))?;
    if text.is_empty() {
        return Err(malformed("#/inputText: expected minLength: 1, actual: 0"));
    }
    if text.chars().count() > 50_000 {
        return Err(malformed("#/inputText: expected maxLength: 50000"));
    }
    let tokens = limited(text)?;
    let size = if second { one_of(map, "dimensions", &[256, 512, 1024], 1024)? } else { 1536 };
    if map.get("normalize").is_some_and(|n| !n.is_boolean()) {
        return Err(malformed("#/normalize: expected type: Boolean"));
    }
    let vector = vector(text, size);
    let mut body = json!({"inputTextTokenCount": tokens});
    let types = types(map, "embeddingTypes", &["float", "binary"])?;
    if let Value::Object(out) = &mut body {
        if second {
            let types = types.unwrap_or_else(|| vec!["float".to_owned()]);
            let by_type: Map<String, Value> =
                types.iter().map(|t| (t.clone(), as_type(&vector, t))).collect();
            if let Some(floats) = by_type.get("float") {
                out.insert("embedding".into(), floats.clone());
            }
            out.insert("embeddingsByType".into(), Value::Object(by_type));
        } else {
            out.insert("embedding".into(), json!(vector));
        }
    }
    Ok(Embedded { body, tokens })
}

fn limited(text: &str) -> Result<u64, AwsError> {
    let tokens = tokens::count(text);
    if tokens > 8_192 {
        return Err(AwsError::validation(format!(
            "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: {tokens}"
        )));
    }
    Ok(tokens)
}

fn titan_image(map: &Map<String, Value>) -> Result<Embedded, AwsError> {
    only(map, &["inputText", "inputImage", "embeddingConfig"])?;
    let (text, image) = (string(map, "inputText")?, string(map, "inputImage")?);
    if text.is_none() && image.is_none() {
        return Err(malformed("#: at least one of [inputText], [inputImage] is required"));
    }
    if image.is_some_and(|i| base64::engine::general_purpose::STANDARD.decode(i).is_err()) {
        return Err(malformed("#/inputImage: not base64"));
    }
    let empty = Map::new();
    let config = map.get("embeddingConfig").and_then(Value::as_object).unwrap_or(&empty);
    let size = one_of(config, "outputEmbeddingLength", &[256, 384, 1024], 1024)?;
    let tokens = text.map_or(0, tokens::count);
    let seed = format!("{}{}", text.unwrap_or_default(), image.unwrap_or_default());
    Ok(Embedded {
        body: json!({"embedding": vector(&seed, size), "inputTextTokenCount": tokens, "message": null}),
        tokens,
    })
}

fn cohere(map: &Map<String, Value>, fourth: bool) -> Result<Embedded, AwsError> {
    only(
        map,
        if fourth {
            &[
                "texts",
                "images",
                "inputs",
                "input_type",
                "truncate",
                "embedding_types",
                "output_dimension",
                "max_tokens",
            ]
        } else {
            &["texts", "images", "input_type", "truncate", "embedding_types"]
        },
    )?;
    let purposes = ["search_document", "search_query", "classification", "clustering", "image"];
    match string(map, "input_type")? {
        None => return Err(malformed("#: required key [input_type] not found")),
        Some(t) if !purposes.contains(&t) => {
            return Err(malformed(&format!("#/input_type: {t} is not a valid enum value")));
        }
        Some(_) => {}
    }
    let cuts: &[&str] = if fourth { &["NONE", "LEFT", "RIGHT"] } else { &["NONE", "START", "END"] };
    if let Some(cut) = string(map, "truncate")?.filter(|t| !cuts.contains(t)) {
        return Err(malformed(&format!("#/truncate: {cut} is not a valid enum value")));
    }
    let mut inputs: Vec<String> = Vec::new();
    for key in ["texts", "images", "inputs"] {
        let Some(value) = map.get(key) else { continue };
        let items =
            value.as_array().ok_or_else(|| malformed(&format!("#/{key}: expected type: JSONArray")))?;
        for (i, item) in items.iter().enumerate() {
            match item {
                Value::String(text) if key != "inputs" => inputs.push(text.clone()),
                Value::Object(_) if key == "inputs" => inputs.push(item.to_string()),
                _ => return Err(malformed(&format!("#/{key}/{i}: unexpected type: {}", kind(item)))),
            }
        }
    }
    if inputs.is_empty() {
        return Err(malformed("#: required key [texts] not found"));
    }
    if inputs.len() > 96 {
        return Err(malformed(&format!("#/texts: expected maximum item count: 96, found: {}", inputs.len())));
    }
    if !fourth {
        // v3 on Bedrock states 2,048 characters per text; with `truncate` it cuts instead.
        let long = inputs.iter().position(|t| t.chars().count() > 2_048);
        if let (Some(i), true) = (long, matches!(string(map, "truncate")?, None | Some("NONE"))) {
            return Err(malformed(&format!("#/texts/{i}: expected maxLength: 2048")));
        }
    }
    let size = if fourth { one_of(map, "output_dimension", &[256, 512, 1024, 1536], 1536)? } else { 1024 };
    let vectors: Vec<Vec<f64>> = inputs.iter().map(|t| vector(t, size)).collect();
    let tokens = inputs.iter().map(|t| tokens::count(t)).sum();
    let mut body = json!({"id": uuid(), "texts": map.get("texts").cloned().unwrap_or(json!([]))});
    if let Value::Object(out) = &mut body {
        match types(map, "embedding_types", &["float", "int8", "uint8", "binary", "ubinary"])? {
            None => {
                out.insert("response_type".into(), "embeddings_floats".into());
                out.insert("embeddings".into(), json!(vectors));
            }
            Some(types) => {
                let all = |t: &String| vectors.iter().map(|v| as_type(v, t)).collect::<Value>();
                let by_type: Map<String, Value> = types.iter().map(|t| (t.clone(), all(t))).collect();
                out.insert("response_type".into(), "embeddings_by_type".into());
                out.insert("embeddings".into(), Value::Object(by_type));
            }
        }
    }
    Ok(Embedded { body, tokens })
}

fn nova(map: &Map<String, Value>) -> Result<Embedded, AwsError> {
    only(map, &["schemaVersion", "taskType", "singleEmbeddingParams"])?;
    if string(map, "schemaVersion")?.is_some_and(|v| v != "nova-multimodal-embed-v1") {
        return Err(malformed("#/schemaVersion: not a known version"));
    }
    if string(map, "taskType")? != Some("SINGLE_EMBEDDING") {
        return Err(malformed("#/taskType: only SINGLE_EMBEDDING is answered here"));
    }
    let Some(Value::Object(params)) = map.get("singleEmbeddingParams") else {
        return Err(malformed("#: required key [singleEmbeddingParams] not found"));
    };
    only(params, &["embeddingPurpose", "embeddingDimension", "text", "image", "video", "audio"])?;
    let purposes = [
        "GENERIC_INDEX",
        "GENERIC_RETRIEVAL",
        "TEXT_RETRIEVAL",
        "IMAGE_RETRIEVAL",
        "VIDEO_RETRIEVAL",
        "DOCUMENT_RETRIEVAL",
        "AUDIO_RETRIEVAL",
        "CLASSIFICATION",
        "CLUSTERING",
    ];
    if !string(params, "embeddingPurpose")?.is_some_and(|p| purposes.contains(&p)) {
        return Err(malformed("#/singleEmbeddingParams/embeddingPurpose: is not a valid enum value"));
    }
    let size = one_of(params, "embeddingDimension", &[256, 384, 1024, 3072], 3072)?;
    let (kind, seed) = if let Some(Value::Object(text)) = params.get("text") {
        if !string(text, "truncationMode")?.is_some_and(|m| ["START", "END", "NONE"].contains(&m)) {
            return Err(malformed("#/singleEmbeddingParams/text/truncationMode: is not a valid enum value"));
        }
        let value = string(text, "value")?.filter(|v| !v.is_empty());
        ("TEXT", value.ok_or_else(|| malformed("#: required key [value] not found"))?.to_owned())
    } else if let Some((key, other)) =
        params.iter().find(|(k, _)| ["image", "video", "audio"].contains(&k.as_str()))
    {
        (key.as_str(), other.to_string())
    } else {
        return Err(malformed(
            "#/singleEmbeddingParams: one of [text], [image], [video], [audio] is required",
        ));
    };
    let tokens = if kind == "TEXT" { tokens::count(&seed) } else { 0 };
    let body = json!({"embeddings": [{"embeddingType": kind.to_uppercase(), "embedding": vector(&seed, size)}],
        "requestId": uuid()});
    Ok(Embedded { body, tokens })
}

fn types(map: &Map<String, Value>, key: &str, choices: &[&str]) -> Result<Option<Vec<String>>, AwsError> {
    let Some(value) = map.get(key) else { return Ok(None) };
    let bad = || malformed(&format!("#/{key}: {value} is not an array of {}", choices.join(", ")));
    let items = value.as_array().filter(|i| !i.is_empty()).ok_or_else(bad)?;
    let names: Option<Vec<String>> =
        items.iter().map(|i| i.as_str().filter(|t| choices.contains(t)).map(str::to_owned)).collect();
    names.map(Some).ok_or_else(bad)
}

/// A unit vector that depends only on `text`.
fn vector(text: &str, size: u64) -> Vec<f64> {
    let mut state = hash(text.as_bytes());
    #[allow(clippy::cast_precision_loss)]
    let raw: Vec<f64> = (0..size)
        .map(|_| {
            state = scramble(state);
            (state >> 11) as f64 / (1_u64 << 53) as f64 * 2.0 - 1.0
        })
        .collect();
    let length = raw.iter().map(|x| x * x).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
    raw.iter().map(|x| (x / length * 1e8).round() / 1e8).collect()
}

#[allow(clippy::cast_possible_truncation)]
fn as_type(vector: &[f64], kind: &str) -> Value {
    let bits = |signed: bool| -> Value {
        vector
            .chunks(8)
            .map(|c| c.iter().fold(0_i64, |b, x| b << 1 | i64::from(*x > 0.0)) - if signed { 128 } else { 0 })
            .collect()
    };
    match kind {
        "int8" => vector.iter().map(|x| (x * 127.0).round() as i64).collect(),
        "uint8" => vector.iter().map(|x| (x * 127.0).round() as i64 + 128).collect(),
        "binary" => bits(true),
        "ubinary" => bits(false),
        _ => json!(vector),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies written for these models by hand, not by the filter.
    #[test]
    fn every_golden_body_is_taken_and_gives_a_vector_for_each_input() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/embeddings");
        let mut folders: Vec<_> =
            std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
        let mut count = 0;
        while let Some(path) = folders.pop() {
            if path.is_dir() {
                folders.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
                continue;
            }
            let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let Some(body) = case.get("invoke") else { continue };
            let model = case["model"].as_str().unwrap().trim_start_matches("us.");
            let model = if model.starts_with("arn:") {
                case.pointer("/configuration/models/0/capabilities/like").and_then(Value::as_str).unwrap()
            } else {
                model
            };
            let made = invoke(model, body).map_err(|e| format!("{}: {}", path.display(), e.message)).unwrap();
            assert!(made.body.get("embedding").or(made.body.get("embeddings")).is_some());
            count += 1;
        }
        assert!(count > 80, "{count}");
    }

    #[test]
    fn titan_answers_the_size_asked_for() {
        let e =
            invoke("amazon.titan-embed-text-v2:0", &json!({"inputText": "hi", "dimensions": 256})).unwrap();
        assert_eq!(e.body["embedding"].as_array().unwrap().len(), 256);
        assert_eq!(e.tokens, 1);
        let length: f64 =
            e.body["embedding"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap().powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-4);
        let v1 = invoke("amazon.titan-embed-text-v1", &json!({"inputText": "hi"})).unwrap();
        assert_eq!(v1.body["embedding"].as_array().unwrap().len(), 1536);
        assert!(
            invoke("amazon.titan-embed-text-v1", &json!({"inputText": "hi", "dimensions": 256})).is_err()
        );
    }

    #[test]
    fn cohere_answers_one_vector_per_text() {
        let body = json!({"texts": ["a", "b"], "input_type": "search_query"});
        let e = invoke("cohere.embed-english-v3", &body).unwrap();
        assert_eq!(e.body["embeddings"].as_array().unwrap().len(), 2);
        let body = json!({"texts": ["a"], "input_type": "search_query", "embedding_types": ["int8"], "output_dimension": 512});
        let e = invoke("cohere.embed-v4:0", &body).unwrap();
        assert_eq!(e.body["embeddings"]["int8"][0].as_array().unwrap().len(), 512);
        assert!(invoke("cohere.embed-english-v3", &json!({"texts": ["a"]})).is_err());
        let many = json!({"texts": vec!["a"; 97], "input_type": "search_query"});
        assert!(invoke("cohere.embed-english-v3", &many).is_err());
    }

    #[test]
    fn nova_wants_its_nested_form() {
        let body = json!({"taskType": "SINGLE_EMBEDDING", "singleEmbeddingParams": {"embeddingPurpose": "GENERIC_INDEX",
            "embeddingDimension": 384, "text": {"truncationMode": "END", "value": "hi"}}});
        let e = invoke("amazon.nova-2-multimodal-embeddings-v1:0", &body).unwrap();
        assert_eq!(e.body["embeddings"][0]["embedding"].as_array().unwrap().len(), 384);
    }

    #[test]
    fn text_models_are_not_answered() {
        assert_eq!(invoke("amazon.nova-lite-v1:0", &json!({})).err().unwrap().name, "ValidationException");
    }
}
