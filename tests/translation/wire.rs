//! The members of a chat request, read from the source, and those of a request at hand: `messages[].content[].text`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The members of each wire object: name and type.
type Objects = BTreeMap<String, Vec<(String, String)>>;

/// Every member that the code knows, by its path. An object inside its own kind is not gone into again.
pub(crate) fn known() -> BTreeSet<String> {
    let objects = objects();
    let mut paths = BTreeSet::new();
    add(&objects, "Request", "", &mut Vec::new(), &mut paths);
    assert!(paths.len() > 150, "the source is not read as it should be: {paths:?}");
    paths
}

/// Reads the `object!` declarations.
fn objects() -> Objects {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/openai/chat.rs")).unwrap();
    let mut objects = Objects::new();
    for declaration in source.split("pub struct ").skip(1) {
        let (name, rest) = declaration.split_once("<'a> {").expect("a declaration");
        let body = rest.split_once("\n    }").expect("the end of a declaration").0;
        let lines = body.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
        // `name: Type,` or `name = "wireName": Type,`
        let members = lines.map(|line| {
            let (name, kind) = line.trim_end_matches(',').split_once(": ").expect("a member");
            let name = name.split_once(" = ").map_or(name, |(_, wire)| wire.trim_matches('"'));
            // What is rare stands in a box.
            let kind = kind.strip_prefix("Box<").and_then(|kind| kind.strip_suffix('>')).unwrap_or(kind);
            (name.to_owned(), kind.to_owned())
        });
        objects.insert(name.to_owned(), members.collect());
    }
    objects
}

fn add(objects: &Objects, object: &str, place: &str, inside: &mut Vec<String>, paths: &mut BTreeSet<String>) {
    inside.push(object.to_owned());
    for (name, kind) in &objects[object] {
        let path = format!("{place}{name}");
        let inner = objects.keys().find(|name| {
            let mut words = kind.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| word == name.as_str())
        });
        if let Some(inner) = inner.filter(|inner| !inside.contains(inner)) {
            let is_list = kind.starts_with("List") || kind.starts_with("OneOrMany");
            let below = format!("{path}{}.", if is_list { "[]" } else { "" });
            add(objects, inner, &below, inside, paths);
        }
        paths.insert(path);
    }
    inside.pop();
}

/// The paths of a request's members, all entries of a list alike.
pub(crate) fn collect(value: &Value, place: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if place.is_empty() { name.clone() } else { format!("{place}.{name}") };
                collect(value, &path, into);
                into.insert(path);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, &format!("{place}[]"), into)),
        _ => {}
    }
}
