//! The control plane's lists: foundation models and inference profiles.

use crate::encoding::percent_decode;
use crate::errors::AwsError;
use crate::faults::{Faults, Tokens};
use crate::models::{ACCOUNT, Api, Model, Models, Profile, is_called_in};
use serde_json::{Value, json};

/// The parameters of a query, decoded.
fn parameters(query: &str) -> Vec<(String, String)> {
    let decode = |t: &str| percent_decode(&t.replace('+', " ")).unwrap_or_default();
    query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(|p| p.split_once('=').unwrap_or((p, "")))
        .map(|(n, v)| (decode(n), decode(v)))
        .collect()
}

/// `GET /foundation-models`
pub fn foundation_models(models: &Models, query: &str) -> Result<Value, AwsError> {
    let mut summaries: Vec<Value> = models.all().iter().map(|m| summary(m, models.region())).collect();
    summaries.extend(OTHERS.iter().map(|other| other.summary(models.region())));
    for (name, value) in parameters(query) {
        let (choices, field): (&[&str], &str) = match name.as_str() {
            "byProvider" => {
                summaries.retain(|s| {
                    s.get("providerName")
                        .and_then(Value::as_str)
                        .is_some_and(|p| p.eq_ignore_ascii_case(&value))
                });
                continue;
            }
            "byCustomizationType" => {
                (&["FINE_TUNING", "CONTINUED_PRE_TRAINING", "DISTILLATION"], "customizationsSupported")
            }
            "byOutputModality" => (&["TEXT", "IMAGE", "EMBEDDING"], "outputModalities"),
            "byInferenceType" => (&["ON_DEMAND", "PROVISIONED"], "inferenceTypesSupported"),
            _ => continue,
        };
        if !choices.contains(&value.as_str()) {
            return Err(enumerated(&name, choices));
        }
        summaries.retain(|s| {
            s.get(field).and_then(Value::as_array).is_some_and(|l| l.iter().any(|v| *v == value))
        });
    }
    Ok(json!({"modelSummaries": summaries}))
}

/// A model that is listed but supports neither Converse nor embeddings.
struct Other {
    id: &'static str,
    input: &'static [&'static str],
    output: &'static [&'static str],
    inference: &'static [&'static str],
    status: &'static str,
}

const OTHERS: &[Other] = &[
    // AWS also lists models for images and speech, and models with provisioned throughput only.
    Other {
        id: "stability.sd3-5-large-v1:0",
        input: &["TEXT", "IMAGE"],
        output: &["IMAGE"],
        inference: &["ON_DEMAND"],
        status: "ACTIVE",
    },
    Other {
        id: "amazon.nova-sonic-v1:0",
        input: &["SPEECH"],
        output: &["SPEECH", "TEXT"],
        inference: &["ON_DEMAND"],
        status: "ACTIVE",
    },
    Other {
        id: "amazon.nova-pro-v1:0:300k",
        input: &["TEXT", "IMAGE"],
        output: &["TEXT"],
        inference: &["PROVISIONED"],
        status: "ACTIVE",
    },
    Other {
        id: "meta.llama2-13b-chat-v1",
        input: &["TEXT"],
        output: &["TEXT"],
        inference: &["ON_DEMAND"],
        status: "RETIRED",
    },
];

impl Other {
    fn summary(&self, region: &str) -> Value {
        json!({
            "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{}", self.id),
            "modelId": self.id,
            "modelName": self.id,
            "providerName": provider(self.id),
            "inputModalities": self.input,
            "outputModalities": self.output,
            "responseStreamingSupported": false,
            "customizationsSupported": [],
            "inferenceTypesSupported": self.inference,
            "modelLifecycle": {"status": self.status, "startOfLifeTime": "2024-11-20T00:00:00Z"},
        })
    }
}

fn summary(model: &Model, region: &str) -> Value {
    let facts = &model.facts;
    let embedding = facts.api == Api::Embedding;
    let mut input = vec!["TEXT"];
    if facts.images || model.id.contains("embed-image") || model.id.contains("multimodal") {
        input.push("IMAGE");
    }
    let legacy = facts.legacy;
    let mut lifecycle = json!({"status": if legacy { "LEGACY" } else { "ACTIVE" },
        "startOfLifeTime": "2024-03-04T00:00:00Z"});
    if let (true, Value::Object(map)) = (legacy, &mut lifecycle) {
        map.insert("legacyTime".into(), "2026-03-10T00:00:00Z".into());
        map.insert("endOfLifeTime".into(), "2027-03-10T00:00:00Z".into());
    }
    json!({
        "modelArn": format!("arn:aws:bedrock:{region}::foundation-model/{}", model.id),
        "modelId": model.id,
        "modelName": model.name,
        "providerName": provider(&model.id),
        "inputModalities": input,
        "outputModalities": [if embedding { "EMBEDDING" } else { "TEXT" }],
        "responseStreamingSupported": !embedding,
        "customizationsSupported": [],
        "inferenceTypesSupported": if facts.profile_only { json!(["INFERENCE_PROFILE"]) } else { json!(["ON_DEMAND"]) },
        "modelLifecycle": lifecycle,
    })
}

fn provider(id: &str) -> String {
    match id.split('.').next().unwrap_or_default() {
        "anthropic" => "Anthropic",
        "amazon" => "Amazon",
        "meta" => "Meta",
        "mistral" => "Mistral AI",
        "deepseek" => "DeepSeek",
        "qwen" => "Qwen",
        "openai" => "OpenAI",
        "cohere" => "Cohere",
        "ai21" => "AI21 Labs",
        other => other,
    }
    .to_owned()
}

/// `GET /inference-profiles`
pub fn inference_profiles(models: &Models, query: &str, faults: &Faults) -> Result<Value, AwsError> {
    let (mut size, mut start, mut kind) = (1_000, 0, None);
    for (name, value) in parameters(query) {
        match name.as_str() {
            "maxResults" => {
                size = value.parse::<usize>().ok().filter(|n| (1..=1_000).contains(n)).ok_or_else(|| {
                    AwsError::validation(
                        "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member \
                         must have value between 1 and 1000",
                    )
                })?;
            }
            "nextToken" => {
                // AWS's tokens contain characters that must be encoded.
                start = value
                    .strip_prefix("emu/page+")
                    .and_then(|n| n.trim_end_matches('=').parse().ok())
                    .ok_or_else(|| AwsError::validation("The provided nextToken is invalid."))?;
            }
            "type" | "typeEquals" => {
                if !["SYSTEM_DEFINED", "APPLICATION"].contains(&value.as_str()) {
                    return Err(enumerated("type", &["SYSTEM_DEFINED", "APPLICATION"]));
                }
                kind = Some(value);
            }
            _ => {}
        }
    }
    let mut all = profiles(models);
    // Without a type AWS lists only system-defined profiles.
    let kind = kind.unwrap_or_else(|| "SYSTEM_DEFINED".to_owned());
    all.retain(|p| p.get("type").and_then(Value::as_str) == Some(&kind));
    // AWS may return fewer than requested.
    let mut size = size.min(models.page());
    if faults.tokens == Some(Tokens::Endless) {
        // Endless pages are short, so that their number exceeds the limit first.
        size = size.min(10);
    }
    let rest = all.len().saturating_sub(start);
    let page: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    let next = match faults.tokens {
        Some(Tokens::Same) => Some(0),
        Some(Tokens::Endless) => Some(start + 1),
        None => (rest > size).then_some(start + size),
    };
    let mut body = json!({"inferenceProfileSummaries": page});
    if let (Some(next), Value::Object(map)) = (next, &mut body) {
        map.insert("nextToken".into(), format!("emu/page+{next}==").into());
    }
    Ok(body)
}

fn profiles(models: &Models) -> Vec<Value> {
    let region = models.region();
    let mut out = Vec::new();
    for model in models.all() {
        for prefix in model.prefixes.iter().filter(|prefix| is_called_in(prefix, region)) {
            let regions: &[&str] = match *prefix {
                "us" => &["us-east-1", "us-east-2", "us-west-2"],
                "eu" => &["eu-central-1", "eu-west-1", "eu-west-3"],
                "apac" => &["ap-northeast-1", "ap-southeast-1", "ap-southeast-2"],
                _ => &["", region],
            };
            let id = format!("{prefix}.{}", model.id);
            let arn = format!("arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{id}");
            let name = format!("{} {}", prefix.to_uppercase(), model.name);
            out.push(profile(&name, &id, &arn, regions, &model.id, "SYSTEM_DEFINED"));
        }
    }
    for Profile { id, name, model } in models.profiles() {
        let arn = format!("arn:aws:bedrock:{region}:{ACCOUNT}:application-inference-profile/{id}");
        out.push(profile(name, id, &arn, &[region], model, "APPLICATION"));
    }
    out
}

fn profile(name: &str, id: &str, arn: &str, regions: &[&str], model: &str, kind: &str) -> Value {
    let models: Vec<Value> = regions
        .iter()
        .map(|r| json!({"modelArn": format!("arn:aws:bedrock:{r}::foundation-model/{model}")}))
        .collect();
    json!({
        "inferenceProfileName": name.replace(['.', '+'], "-"),
        "description": format!("Routes requests to {model}"),
        "createdAt": "2025-01-01T00:00:00Z",
        "updatedAt": "2025-06-01T00:00:00Z",
        "inferenceProfileArn": arn,
        "models": models,
        "inferenceProfileId": id,
        "status": "ACTIVE",
        "type": kind,
    })
}

fn enumerated(name: &str, choices: &[&str]) -> AwsError {
    AwsError::validation(format!(
        "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must satisfy enum value \
         set: [{}]",
        choices.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Models {
        Models::new("us-east-1", &[])
    }

    #[test]
    fn models_are_filtered() {
        let body = foundation_models(&models(), "byOutputModality=EMBEDDING&byProvider=cohere").unwrap();
        assert_eq!(body["modelSummaries"].as_array().unwrap().len(), 3);
        assert!(foundation_models(&models(), "byOutputModality=SOUND").is_err());
    }

    #[test]
    fn profiles_come_in_pages() {
        let (mut query, mut seen) = ("maxResults=7".to_owned(), 0);
        loop {
            let body = inference_profiles(&models(), &query, &Faults::default()).unwrap();
            seen += body["inferenceProfileSummaries"].as_array().unwrap().len();
            let Some(token) = body["nextToken"].as_str() else { break };
            let token = token.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
            query = format!("maxResults=7&nextToken={token}");
        }
        assert_eq!(seen, profiles(&models()).len() - models().profiles().len());
        assert!(inference_profiles(&models(), "maxResults=0", &Faults::default()).is_err());
        let body = inference_profiles(&models(), "type=APPLICATION", &Faults::default()).unwrap();
        assert_eq!(body["inferenceProfileSummaries"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn what_there_is_can_be_changed() {
        let changes =
            br#"{"add":["acme.new-1"],"remove":["amazon.nova-pro-v1:0"],"remove_profiles":["emuapp000002"],
            "add_profiles":[{"id":"emuapp000003","name":"team search","model":"acme.new-1"}],"page":2}"#;
        let models = models().changed(changes).unwrap();
        let ids = |body: &Value, list: &str, id: &str| -> Vec<String> {
            body[list].as_array().unwrap().iter().map(|one| one[id].as_str().unwrap().to_owned()).collect()
        };
        let found = ids(&foundation_models(&models, "").unwrap(), "modelSummaries", "modelId");
        assert!(
            found.contains(&"acme.new-1".to_owned()) && !found.contains(&"amazon.nova-pro-v1:0".to_owned())
        );
        let body = inference_profiles(&models, "type=APPLICATION", &Faults::default()).unwrap();
        let found = ids(&body, "inferenceProfileSummaries", "inferenceProfileId");
        assert_eq!(found, ["emuapp000001", "emuapp000003"]);
        let body = inference_profiles(&models, "", &Faults::default()).unwrap();
        assert_eq!(body["inferenceProfileSummaries"].as_array().unwrap().len(), 2);
        assert!(super::Models::new("us-east-1", &[]).changed(b"{\"ad\":[]}").is_err());
    }
}
