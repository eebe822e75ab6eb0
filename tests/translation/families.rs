//! The table of families: every row is tried, and is found wherever a model's id may stand.

use std::collections::BTreeSet;

use bedrock_filter::translate::fit::family::FAMILIES;
use bedrock_filter::translate::notes::Unsupported;

use super::generate::MODELS;
use super::{options, translate};

#[test]
fn every_row_has_a_model_that_the_properties_try() {
    let rows: Vec<&str> = FAMILIES.into_iter().flatten().flat_map(|family| family.ids).copied().collect();
    let row_of = |model: &&str| {
        let model = model.trim_start_matches("us.").trim_start_matches("global.");
        rows.iter().filter(|row| model.starts_with(**row)).max_by_key(|row| row.len())
    };
    let tried: BTreeSet<_> = MODELS.iter().filter_map(row_of).collect();
    let missing: Vec<_> = rows.iter().filter(|row| !tried.contains(row)).collect();
    assert!(missing.is_empty(), "no model of {missing:?}");
    assert!(MODELS.iter().any(|model| row_of(model).is_none()), "no model of no row");
}

/// A request that becomes something else in nearly every family.
const TELLING: &str = r#"{
    "messages": [
        { "role": "system", "content": "Be brief.", "cache_control": { "type": "ephemeral", "ttl": "1h" } },
        { "role": "user", "content": "Hi" },
        { "role": "assistant", "content": "I say:" }
    ],
    "temperature": 0.5, "top_p": 0.5, "top_k": 5, "stop": [" ", "END"],
    "tools": [{ "type": "function", "function": { "name": "f", "strict": true } }],
    "tool_choice": "required", "parallel_tool_calls": false, "reasoning_effort": "high", "max_tokens": 9000
}"#;

#[test]
fn a_profiles_prefix_changes_nothing() {
    let options = options(Unsupported::Ignore);
    let body = |model: &str| {
        let outgoing = translate(model, TELLING.as_bytes(), &options).unwrap();
        (String::from_utf8(outgoing.body).unwrap(), outgoing.ignored)
    };
    let mut bodies = BTreeSet::new();
    for model in MODELS {
        let bare = model.trim_start_matches("us.").trim_start_matches("global.");
        let expected = body(bare);
        for prefix in ["us", "eu", "apac", "jp", "au", "ca", "uk", "in", "us-gov", "global"] {
            let profile = format!("{prefix}.{bare}");
            let arn = format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{profile}");
            assert_eq!(body(&profile), expected, "{profile}");
            assert_eq!(body(&arn), expected, "{arn}");
        }
        assert_eq!(body(&format!("arn:aws:bedrock:us-east-1::foundation-model/{bare}")), expected);
        bodies.insert(expected.0);
    }
    assert!(bodies.len() > 10, "the families are not told apart: {}", bodies.len());
}
