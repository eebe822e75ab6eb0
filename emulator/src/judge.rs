//! Checks Converse bodies in files as if they were requests: what AWS would refuse, and with which text.

use crate::models::{Facts, base_id};
use crate::rules;
use crate::schema::Schema;
use serde_json::Value;
use std::path::Path;

/// Checks files by the arguments `[--but FILE] FILE…`. Refusals that contain a line of the first file are allowed.
pub fn run(arguments: &[String]) -> Result<usize, String> {
    let (but, paths) = match arguments {
        [flag, file, paths @ ..] if flag == "--but" => {
            (std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?, paths)
        }
        paths => (String::new(), paths),
    };
    let but: Vec<&str> = but.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    files(paths, &but)
}

/// Checks each file and prints the refusals, except those that contain one of these texts; returns their number.
fn files<P: AsRef<Path>>(paths: &[P], but: &[&str]) -> Result<usize, String> {
    let schema = Schema::load()?;
    let mut refused = 0;
    for path in paths {
        let path = path.as_ref();
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let text = std::fs::read(path).map_err(|e| told(&e))?;
        let record: Value = match serde_json::from_slice(&text) {
            Ok(record) => record,
            // A valid JSON number that no type here can hold.
            Err(error) if error.to_string().starts_with("number out of range") => continue,
            Err(error) => return Err(told(&error)),
        };
        if let Some(words) = refusal(&schema, &record)
            && !but.iter().any(|part| words.contains(part))
        {
            refused += 1;
            println!("{}: {words}", path.display());
        }
    }
    Ok(refused)
}

/// AWS's refusal of a record: an object with `modelId`, `operation` and `body`, or a golden case of the filter with `model`,
/// `operation` and `converse`. Cases with a configuration of their own are skipped: it may describe a model otherwise than AWS
/// does.
fn refusal(schema: &Schema, record: &Value) -> Option<String> {
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let body = record.get("body").or_else(|| record.get("converse"))?;
    let id = base_id(text("modelId").or_else(|| text("model"))?)?;
    if record.get("configuration").is_some() {
        return None;
    }
    let streamed = text("operation").is_some_and(|name| name.to_ascii_lowercase().ends_with("stream"));
    let shape = if streamed { "ConverseStreamRequest" } else { "ConverseRequest" };
    let checked = schema
        .check(shape, body)
        .and_then(|()| rules::check(body, &Facts::of(id), streamed))
        .and_then(|()| rules::length(body, &Facts::of(id)));
    checked.err().map(|error| format!("{id}: {}", error.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_is_judged_by_the_model_that_it_names() {
        let schema = Schema::load().unwrap();
        let body = json!({"messages": [{"role": "user", "content": [{"text": "a"}]}], "inferenceConfig": {"temperature": 0.5}});
        let of = |id: &str| refusal(&schema, &json!({"modelId": id, "operation": "converse", "body": body}));
        assert!(
            of("us.anthropic.claude-opus-4-7")
                .unwrap()
                .contains("`temperature` is deprecated for this model.")
        );
        assert_eq!(of("us.anthropic.claude-opus-4-6-v1"), None);
        let golden = json!({"model": "anthropic.claude-opus-5", "request": {}, "converse": body});
        assert!(refusal(&schema, &golden).is_some());
        let configured =
            json!({"model": "anthropic.claude-opus-5", "configuration": {"models": []}, "converse": body});
        assert_eq!(refusal(&schema, &configured), None);
        assert_eq!(refusal(&schema, &json!({"model": "x.y", "request": {}, "error": {}})), None);
    }

    /// Bedrock's own members are passed on unchanged, so an error in them is the client's.
    const OF_THE_CLIENT: [&str; 4] = [
        "a-literal-extra-body-is-merged-into-the-additional-fields",
        "anthropic-beta-of-the-body-holds-over-the-header",
        "bedrocks-own-members-go-where-they-belong",
        "the-clients-effort-stays-beside-a-native-schema",
    ];

    /// Checks the filter's golden cases, and with them its table of families against this one.
    #[test]
    fn every_golden_body_is_taken() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/requests");
        let mut paths = Vec::new();
        for folder in std::fs::read_dir(root).unwrap() {
            paths.extend(std::fs::read_dir(folder.unwrap().path()).unwrap().map(|file| file.unwrap().path()));
        }
        assert!(paths.len() > 300);
        paths.retain(|path| {
            !OF_THE_CLIENT.iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name))
        });
        assert_eq!(files(&paths, &[]).unwrap(), 0);
    }
}
