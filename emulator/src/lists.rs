//! The control plane's lists: foundation models and inference profiles.

use crate::encoding::percent_decode;
use crate::errors::AwsError;
use crate::models::{ACCOUNT, APPLICATION_PROFILES, Family, Model, Models};
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

fn summary(model: &Model, region: &str) -> Value {
    let facts = &model.facts;
    let embedding = facts.family == Family::Embedding;
    let mut input = vec!["TEXT"];
    if facts.images || model.id.contains("embed-image") || model.id.contains("multimodal") {
        input.push("IMAGE");
    }
    let legacy = facts.family == Family::Claude(30);
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
pub fn inference_profiles(models: &Models, query: &str) -> Result<Value, AwsError> {
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
                start = value
                    .strip_prefix("emu-page-")
                    .and_then(|n| n.parse().ok())
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
    // Without a type AWS lists the system's profiles only.
    let kind = kind.unwrap_or_else(|| "SYSTEM_DEFINED".to_owned());
    all.retain(|p| p.get("type").and_then(Value::as_str) == Some(&kind));
    let rest = all.len().saturating_sub(start);
    let page: Vec<Value> = all.into_iter().skip(start).take(size).collect();
    let mut body = json!({"inferenceProfileSummaries": page});
    if let (true, Value::Object(map)) = (rest > size, &mut body) {
        map.insert("nextToken".into(), format!("emu-page-{}", start + size).into());
    }
    Ok(body)
}

fn profiles(models: &Models) -> Vec<Value> {
    let region = models.region();
    let mut out = Vec::new();
    for model in models.all() {
        for prefix in &model.prefixes {
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
    for (id, model) in APPLICATION_PROFILES {
        let arn = format!("arn:aws:bedrock:{region}:{ACCOUNT}:application-inference-profile/{id}");
        out.push(profile(&format!("emulated {id}"), id, &arn, &[region], model, "APPLICATION"));
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
            let body = inference_profiles(&models(), &query).unwrap();
            seen += body["inferenceProfileSummaries"].as_array().unwrap().len();
            let Some(token) = body["nextToken"].as_str() else { break };
            query = format!("maxResults=7&nextToken={token}");
        }
        assert_eq!(seen, profiles(&models()).len() - APPLICATION_PROFILES.len());
        assert!(inference_profiles(&models(), "maxResults=0").is_err());
        let body = inference_profiles(&models(), "type=APPLICATION").unwrap();
        assert_eq!(body["inferenceProfileSummaries"].as_array().unwrap().len(), 2);
    }
}
