//! Checks a JSON body against the shapes of AWS's service model (`shapes/shapes.txt`).

use crate::errors::AwsError;
use base64::Engine;
use regex_lite::Regex;
use serde_json::Value;
use std::collections::HashMap;

const SHAPES: &str = include_str!("../shapes/shapes.txt");

/// All shapes by name.
pub struct Schema {
    shapes: Vec<Shape>,
    names: HashMap<String, usize>,
}

struct Shape {
    name: String,
    kind: Kind,
    min: Option<f64>,
    max: Option<f64>,
    choices: Vec<String>,
    pattern: Option<(String, Regex)>,
}

enum Kind {
    Structure(Vec<Member>),
    Union(Vec<Member>),
    List(usize),
    Map(usize, usize),
    Text,
    Blob,
    Integer,
    Float,
    Boolean,
    Document,
}

struct Member {
    name: String,
    shape: usize,
    required: bool,
}

impl Schema {
    /// Reads the shapes that are compiled in.
    pub fn load() -> Result<Self, String> {
        Self::parse(SHAPES)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()).collect();
        let mut names = HashMap::new();
        for line in lines.iter().filter(|l| !l.starts_with(' ')) {
            let name = line.split(' ').nth(1).ok_or_else(|| format!("no name: {line}"))?;
            names.insert(name.to_owned(), names.len());
        }
        let find = |name: &str| names.get(name).copied().ok_or_else(|| format!("no shape {name}"));
        let mut shapes: Vec<Shape> = Vec::new();
        for line in lines {
            if let Some(member) = line.strip_prefix("  ") {
                let mut words = member.split(' ');
                let (Some(name), Some(shape)) = (words.next(), words.next()) else {
                    return Err(format!("half a member: {line}"));
                };
                let member = Member {
                    name: name.to_owned(),
                    shape: find(shape)?,
                    required: words.next() == Some("required"),
                };
                match shapes.last_mut().map(|s| &mut s.kind) {
                    Some(Kind::Structure(members) | Kind::Union(members)) => members.push(member),
                    _ => return Err(format!("a member of nothing: {line}")),
                }
            } else {
                shapes.push(Shape::parse(line, &find)?);
            }
        }
        Ok(Self { shapes, names })
    }

    /// Checks `value` against the named shape; the error lists every violation, as AWS does.
    pub fn check(&self, shape: &str, value: &Value) -> Result<(), AwsError> {
        let Some(&index) = self.names.get(shape) else {
            return Err(AwsError::new("InternalServerException", format!("no shape {shape}")));
        };
        let mut run = Run { schema: self, path: String::new(), found: Vec::new(), mistyped: None };
        run.value(index, value);
        if let Some(message) = run.mistyped {
            return Err(AwsError::new("SerializationException", message));
        }
        if run.found.is_empty() {
            return Ok(());
        }
        let n = run.found.len();
        Err(AwsError::validation(format!(
            "{n} validation error{} detected: {}",
            if n == 1 { "" } else { "s" },
            run.found.join("; ")
        )))
    }
}

impl Shape {
    fn parse(line: &str, find: &dyn Fn(&str) -> Result<usize, String>) -> Result<Self, String> {
        let (head, pattern) = match line.split_once(" pattern=") {
            Some((head, pattern)) => {
                let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|e| format!("{pattern}: {e}"))?;
                (head, Some((pattern.to_owned(), regex)))
            }
            None => (line, None),
        };
        let mut words = head.split(' ');
        let (kind, name) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (mut min, mut max, mut choices) = (None, None, Vec::new());
        let (mut of, mut key, mut val) = ("", "", "");
        for word in words {
            if let Some(v) = word.strip_prefix("enum=") {
                choices = v.split('|').map(str::to_owned).collect();
            } else if let Some(v) = word.strip_prefix("of=") {
                of = v;
            } else if let Some(v) = word.strip_prefix("key=") {
                key = v;
            } else if let Some(v) = word.strip_prefix("value=") {
                val = v;
            } else if let Some((low, high)) = word.split_once("..") {
                (min, max) = (low.parse().ok(), high.parse().ok());
            } else {
                return Err(format!("what is {word} in: {line}"));
            }
        }
        let kind = match kind {
            "structure" => Kind::Structure(Vec::new()),
            "union" => Kind::Union(Vec::new()),
            "list" => Kind::List(find(of)?),
            "map" => Kind::Map(find(key)?, find(val)?),
            "string" => Kind::Text,
            "blob" => Kind::Blob,
            "integer" | "long" => Kind::Integer,
            "float" | "double" => Kind::Float,
            "boolean" => Kind::Boolean,
            "document" => Kind::Document,
            other => return Err(format!("unknown kind {other}")),
        };
        Ok(Self { name: name.to_owned(), kind, min, max, choices, pattern })
    }
}

/// A check of one body: the current path, and the violations.
struct Run<'a> {
    schema: &'a Schema,
    path: String,
    found: Vec<String>,
    mistyped: Option<String>,
}

impl Run<'_> {
    fn value(&mut self, index: usize, value: &Value) {
        let schema = self.schema;
        let Some(shape) = schema.shapes.get(index) else { return };
        match (&shape.kind, value) {
            (Kind::Document, _) => {}
            (Kind::Structure(members), Value::Object(map)) => {
                for member in members {
                    match map.get(&member.name) {
                        Some(Value::Null) | None if member.required => {
                            self.within(&member.name, |run| {
                                let path = run.path.clone();
                                run.found.push(format!(
                                    "Value null at '{path}' failed to satisfy constraint: Member must not be null"
                                ));
                            });
                        }
                        Some(Value::Null) | None => {}
                        Some(inner) => self.within(&member.name, |run| run.value(member.shape, inner)),
                    }
                }
                self.unknown(shape, members, map);
            }
            (Kind::Union(members), Value::Object(map)) => {
                let mut set = 0;
                for member in members {
                    if let Some(inner) = map.get(&member.name).filter(|v| !v.is_null()) {
                        set += 1;
                        self.within(&member.name, |run| run.value(member.shape, inner));
                    }
                }
                self.unknown(shape, members, map);
                if set != 1 {
                    self.fail(&format!(
                        "Member must be a union with exactly one member of [{}] set, but {set} are set",
                        names(members)
                    ));
                }
            }
            (Kind::List(of), Value::Array(items)) => {
                self.length(shape, items.len());
                for (i, item) in items.iter().enumerate() {
                    self.within(&format!("{}.member", i + 1), |run| {
                        if item.is_null() {
                            run.fail("Member must not be null");
                        } else {
                            run.value(*of, item);
                        }
                    });
                }
            }
            (Kind::Map(key, of), Value::Object(map)) => {
                self.length(shape, map.len());
                for (name, inner) in map {
                    self.within(&format!("{name}.key"), |run| run.value(*key, &Value::from(name.as_str())));
                    self.within(&format!("{name}.value"), |run| run.value(*of, inner));
                }
            }
            (Kind::Text, Value::String(text)) => self.text(shape, text),
            (Kind::Blob, Value::String(text)) => {
                match base64::engine::general_purpose::STANDARD.decode(text) {
                    Ok(bytes) => self.length(shape, bytes.len()),
                    Err(_) => self.mistype("Invalid base64 encoded blob"),
                }
            }
            (Kind::Integer, Value::Number(n)) if n.is_i64() || n.is_u64() => {
                if n.as_i64().is_none_or(|n| i32::try_from(n).is_err()) {
                    self.mistype("Value out of range for an Integer");
                } else {
                    self.range(shape, n.as_f64().unwrap_or(0.0));
                }
            }
            (Kind::Float, Value::Number(n)) => self.range(shape, n.as_f64().unwrap_or(0.0)),
            (Kind::Boolean, Value::Bool(_)) => {}
            (kind, other) => self.mistype(&mismatch(kind, other)),
        }
    }

    fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        inside(self);
        self.path.truncate(length);
    }

    fn unknown(&mut self, shape: &Shape, members: &[Member], map: &serde_json::Map<String, Value>) {
        for key in map.keys() {
            if !members.iter().any(|m| m.name == *key) {
                self.within(key, |run| {
                    run.fail(&format!("Member is unknown in {} (AWS would ignore it)", shape.name));
                });
            }
        }
    }

    fn text(&mut self, shape: &Shape, text: &str) {
        if !shape.choices.is_empty() && !shape.choices.iter().any(|c| c == text) {
            self.fail(&format!("Member must satisfy enum value set: [{}]", shape.choices.join(", ")));
        }
        if shape.min.is_some() || shape.max.is_some() {
            self.length(shape, text.chars().count());
        }
        if let Some((pattern, regex)) = &shape.pattern
            && !regex.is_match(text)
        {
            self.fail(&format!("Member must satisfy regular expression pattern: {pattern}"));
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn length(&mut self, shape: &Shape, length: usize) {
        let length = length as f64;
        if let Some(min) = shape.min.filter(|min| length < *min) {
            self.fail(&format!("Member must have length greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| length > *max) {
            self.fail(&format!("Member must have length less than or equal to {max}"));
        }
    }

    fn range(&mut self, shape: &Shape, number: f64) {
        if let Some(min) = shape.min.filter(|min| number < *min) {
            self.fail(&format!("Member must have value greater than or equal to {min}"));
        }
        if let Some(max) = shape.max.filter(|max| number > *max) {
            self.fail(&format!("Member must have value less than or equal to {max}"));
        }
    }

    fn fail(&mut self, constraint: &str) {
        self.found.push(format!("Value at '{}' failed to satisfy constraint: {constraint}", self.path));
    }

    fn mistype(&mut self, message: &str) {
        if self.mistyped.is_none() {
            let place = if self.path.is_empty() { "the body" } else { &self.path };
            self.mistyped = Some(format!("{message} (at '{place}')"));
        }
    }
}

fn names(members: &[Member]) -> String {
    members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// The text of AWS's deserializer about a value of the wrong type.
fn mismatch(kind: &Kind, value: &Value) -> String {
    let token = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(n) if n.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => return "Start of list found where not expected".to_owned(),
        Value::Object(_) => return "Start of structure or map found where not expected.".to_owned(),
    };
    let wanted = match kind {
        Kind::Structure(_) | Kind::Union(_) | Kind::List(_) | Kind::Map(..) | Kind::Document => {
            return "Unexpected field type".to_owned();
        }
        Kind::Text => "a String",
        Kind::Blob => "a Blob",
        Kind::Integer => "an Integer",
        Kind::Float => "a Float",
        Kind::Boolean => "a Boolean",
    };
    format!("{token} can not be converted to {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(body: &Value) -> Result<(), AwsError> {
        Schema::load().unwrap().check("ConverseRequest", body)
    }

    fn message(body: &Value) -> String {
        check(body).unwrap_err().message
    }

    #[test]
    fn an_ordinary_request_passes() {
        let body = json!({"messages": [{"role": "user", "content": [{"text": "hi"}]}],
            "inferenceConfig": {"maxTokens": 5, "temperature": 0.5, "topP": 1}});
        assert_eq!(check(&body), Ok(()));
    }

    #[test]
    fn violations_are_counted_and_named_by_their_place() {
        let body = json!({"messages": [{"role": "user", "content": [
            {"toolUse": {"toolUseId": "a", "name": "get weather", "input": {}}}]}],
            "inferenceConfig": {"temperature": 1.5}});
        let text = message(&body);
        assert!(text.starts_with("2 validation errors detected: "), "{text}");
        assert!(text.contains(
            "Value at 'messages.1.member.content.1.member.toolUse.name' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+"
        ));
        assert!(text.contains("'inferenceConfig.temperature'"));
        assert!(text.contains("less than or equal to 1"));
    }

    #[test]
    fn required_members_unions_and_unknown_members_are_seen() {
        assert!(
            message(&json!({"messages": [{"content": []}]}))
                .contains("Value null at 'messages.1.member.role'")
        );
        let two = json!({"messages": [{"role": "user", "content": [{"text": "a", "cachePoint": {"type": "default"}}]}]});
        assert!(message(&two).contains("exactly one member"));
        assert!(message(&json!({"model": "x"})).contains("'model'"));
    }

    #[test]
    fn wrong_types_do_not_deserialize() {
        let error = check(&json!({"messages": "x"})).unwrap_err();
        assert_eq!(error.name, "SerializationException");
        let error = check(&json!({"inferenceConfig": {"maxTokens": "5"}})).unwrap_err();
        assert!(error.message.starts_with("STRING_VALUE can not be converted to an Integer"));
        let blob = json!({"messages": [{"role": "user", "content": [{"image": {"format": "png", "source": {"bytes": "%"}}}]}]});
        assert_eq!(check(&blob).unwrap_err().name, "SerializationException");
    }
}
