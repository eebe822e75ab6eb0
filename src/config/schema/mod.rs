//! `docs/configuration.schema.json`, made from the loader's types and the texts of `docs/configuration.md`. `make schema`
//! writes it. A member without a row of the reference fails here, and so does a row without a member.

mod traced;

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::file::File;
use traced::{Member, Members, Presence, Shape, shape};

/// A string with a variable, whose type after expansion is unknown here.
const VARIABLE: &str = r"\$\{";

#[test]
fn the_schema_is_what_the_types_and_the_reference_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.schema.json");
    let mut schema = schema();
    schema.sort_all_objects();
    let made = format!("{schema:#}\n");
    if std::env::var_os("RENEW").is_some() {
        fs::write(&path, made).unwrap();
        return;
    }
    let there = fs::read_to_string(&path).unwrap();
    assert!(there == made, "docs/configuration.schema.json is not what the types say: make schema");
}

/// The whole schema, in draft 7, which every editor reads.
fn schema() -> Value {
    let mut schema = Schema { rows: rows(), types: BTreeMap::new(), waiting: VecDeque::new() };
    let Shape::Object(_, members) = shape::<File>() else { panic!("no object") };
    let mut whole = schema.object("", &members);
    let mut definitions = Map::new();
    // In the order of the reference: a type that occurs in several places is described at its first, from outside in.
    while let Some((name, at, members)) = schema.waiting.pop_front() {
        let mut object = schema.object(&format!("{at}."), &members);
        object["title"] = at.into();
        definitions.insert(name, object);
    }
    let unused: Vec<_> = schema.rows.keys().collect();
    assert!(unused.is_empty(), "docs/configuration.md has fields that are not there: {unused:?}");
    let head = [
        ("$schema", "http://json-schema.org/draft-07/schema#"),
        (
            "$comment",
            "Made by `make schema` from the types of src/config/file.rs and the reference in docs/configuration.md.",
        ),
        ("title", "Configuration of the Bedrock filter"),
    ];
    let whole = whole.as_object_mut().unwrap();
    for (name, text) in head {
        whole.insert(name.to_owned(), text.into());
    }
    whole.insert("definitions".to_owned(), definitions.into());
    Value::Object(std::mem::take(whole))
}

struct Schema {
    /// Rows of the reference by field, removed as they are used.
    rows: BTreeMap<String, Row>,
    /// Names of types among the definitions.
    types: BTreeMap<(&'static str, Vec<&'static str>), String>,
    /// Definitions still to be written: name, first path, members.
    waiting: VecDeque<(String, String, Members)>,
}

impl Schema {
    /// The schema of an object whose members the reference lists under `at`.
    fn object(&mut self, at: &str, members: &Members) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, member) in members {
            let path = format!("{at}{name}");
            let row =
                self.rows.remove(&path).unwrap_or_else(|| panic!("{path} is not in docs/configuration.md"));
            let mut property = self.member(&path, member);
            let is_required = row.default.starts_with("required");
            assert!(is_required || member.presence != Presence::Required, "{path} is required");
            if is_required {
                required.push(*name);
            }
            // In draft 7 keywords beside `$ref` are ignored.
            if property.get("$ref").is_some() {
                property = json!({"allOf": [property]});
            }
            let property_of = property.as_object_mut().unwrap();
            property_of.insert("description".to_owned(), row.description().into());
            if let Some(default) = row.default() {
                property_of.insert("default".to_owned(), default);
            }
            properties.insert((*name).to_owned(), property);
        }
        let mut object = json!({"type": "object", "additionalProperties": false, "properties": properties});
        if !required.is_empty() {
            object["required"] = json!(required);
        }
        object
    }

    fn member(&mut self, path: &str, member: &Member) -> Value {
        let value = self.shape(path, &member.shape);
        if member.presence != Presence::Optional {
            return value;
        }
        match value {
            Value::Object(mut simple)
                if simple.get("type").is_some_and(Value::is_string) && !simple.contains_key("properties") =>
            {
                let kind = simple["type"].take();
                simple.insert("type".to_owned(), json!([kind, "null"]));
                Value::Object(simple)
            }
            Value::Object(mut several) if several.contains_key("anyOf") => {
                several["anyOf"].as_array_mut().unwrap().push(json!({"type": "null"}));
                Value::Object(several)
            }
            other => json!({"anyOf": [other, {"type": "null"}]}),
        }
    }

    fn shape(&mut self, path: &str, shape: &Shape) -> Value {
        match shape {
            Shape::Anything => json!({}),
            Shape::Bool => json!({"type": "boolean"}),
            Shape::Whole(u64::MAX) => json!({"type": "integer", "minimum": 0}),
            Shape::Whole(most) => json!({"type": "integer", "minimum": 0, "maximum": most}),
            // Envoy turns numbers with decimals into strings.
            Shape::Decimal => json!({"anyOf": [
                {"type": "number"}, {"type": "string", "pattern": format!(r"^[-+.\deE]+$|{VARIABLE}")}
            ]}),
            Shape::Text => json!({"type": "string"}),
            Shape::Words(words) => json!({"anyOf": [
                {"enum": words}, {"type": "string", "pattern": VARIABLE}
            ]}),
            Shape::List(item) => {
                json!({"type": "array", "items": self.member(&format!("{path}[]"), item)})
            }
            Shape::Map(item) => {
                json!({"type": "object", "additionalProperties": self.member(&format!("{path}.*"), item)})
            }
            Shape::Either(shapes) => {
                let shapes: Vec<Value> = shapes.iter().map(|shape| self.shape(path, shape)).collect();
                json!({"anyOf": shapes})
            }
            Shape::Object(None, members) => self.object(&format!("{path}."), members),
            Shape::Object(Some(name), members) => {
                json!({"$ref": format!("#/definitions/{}", self.definition(path, name, members))})
            }
        }
    }

    /// The name of a type's definition, which is added if it is new.
    fn definition(&mut self, path: &str, name: &'static str, members: &Members) -> String {
        let key = (name, members.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        if let Some(known) = self.types.get(&key) {
            return known.clone();
        }
        // A type within itself has fewer members there.
        let again = self.types.keys().any(|(known, _)| *known == name);
        let own = if again { format!("{name}In{name}") } else { name.to_owned() };
        self.types.insert(key, own.clone());
        self.waiting.push_back((own.clone(), path.to_owned(), members.clone()));
        own
    }
}

/// A row of the reference.
struct Row {
    kind: String,
    default: String,
    meaning: String,
}

impl Row {
    fn default(&self) -> Option<Value> {
        let code = self.default.strip_prefix('`')?.strip_suffix('`')?;
        Some(serde_json::from_str(code).unwrap_or_else(|_| code.into()))
    }

    /// The description that an editor shows.
    fn description(&self) -> String {
        let text = [self.kind.as_str(), self.meaning.as_str()].into_iter().filter(|part| !part.is_empty());
        without_links(&text.collect::<Vec<_>>().join(": "))
    }
}

fn rows() -> BTreeMap<String, Row> {
    let page = include_str!("../../../docs/configuration.md");
    let (_, fields) = page.split_once("## Fields\n").unwrap();
    let (_, table) = fields.split_once("| --- | --- | --- | --- |\n").unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|')).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [field, kind, default, meaning] = cells[..] else { panic!("{line}") };
        let [kind, default, meaning] = [kind, default, meaning].map(str::to_owned);
        (field.trim_matches('`').to_owned(), Row { kind, default, meaning })
    });
    rows.collect()
}

/// Replaces `[text](address)` by its text.
fn without_links(text: &str) -> String {
    let mut parts = text.split("](");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let at = out.rfind('[').unwrap();
        out.remove(at);
        out.push_str(part.split_once(')').unwrap().1);
    }
    out
}
