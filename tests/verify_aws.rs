//! `tools/verify_aws/table.json` is the table of families as a script can read it. `RENEW=1 cargo test --test verify_aws` writes it.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use bedrock_filter::translate::fit::family::{FAMILIES, Family};
use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/verify_aws/table.json");

#[test]
fn the_table_that_verify_aws_reads_is_the_filters() {
    let rows: Vec<Value> = FAMILIES.into_iter().flatten().map(row).collect();
    let table = serde_json::to_string_pretty(&rows).unwrap() + "\n";
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(FILE, &table).unwrap();
    }
    let written = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(written == table, "{FILE} is not the table: RENEW=1 cargo test --test verify_aws");
}

fn row(family: &Family) -> Value {
    let facts = family.facts.iter().map(|fact| {
        let sources =
            fact.sources.iter().map(|source| format!("{:?}: {}", source.grade, source.said).to_lowercase());
        (fact.capability.to_owned(), sources.collect())
    });
    json!({
        "name": family.name,
        "ids": family.ids,
        "like": family.like.map(|like| like.name),
        "takes": members(&format!("{:?}", family.takes)),
        "sources": facts.collect::<Map<String, Value>>(),
    })
}

/// The members of a structure that has been written for debugging.
fn members(written: &str) -> Value {
    let (_, inner) = written.split_once("{ ").unwrap();
    let inner = inner.strip_suffix(" }").unwrap();
    let (mut found, mut depth, mut start) = (Map::new(), 0_u32, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                let (name, value) = inner.get(start..at).unwrap().split_once(": ").unwrap();
                found.insert(name.trim().to_owned(), value_of(value));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.into()
}

/// Numbers and booleans as they are, `Some` of one too; `None` as null; everything else as its text.
fn value_of(written: &str) -> Value {
    let inner = written.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(written);
    match inner {
        "None" => Value::Null,
        _ => serde_json::from_str(inner).unwrap_or_else(|_| inner.into()),
    }
}
