//! A JSON value that satisfies a JSON schema, deterministic for schema and text.

use serde_json::{Map, Value};

const MAX_DEPTH: usize = 16;
/// Depth from which only required members are made, so that recursive schemas end.
const OPTIONAL_DEPTH: usize = 5;

/// A value for `schema`. If `text` contains `name=value`, a property of that name gets that value.
pub fn sample(schema: &Value, text: &str) -> Value {
    Maker { root: schema, text }.make(schema, "value", 0)
}

struct Maker<'a> {
    root: &'a Value,
    text: &'a str,
}

impl Maker<'_> {
    fn make(&self, schema: &Value, name: &str, depth: usize) -> Value {
        let Value::Object(map) = schema else { return Value::from(name) };
        if depth > MAX_DEPTH {
            return Value::Null;
        }
        if let Some(Value::String(reference)) = map.get("$ref") {
            let target = reference.strip_prefix('#').and_then(|p| self.root.pointer(p));
            return target.map_or(Value::Null, |t| self.make(t, name, depth + 1));
        }
        if let Some(value) = map.get("const") {
            return value.clone();
        }
        if let Some(Value::Array(choices)) = map.get("enum") {
            let hinted =
                self.hint(name).and_then(|h| choices.iter().find(|c| c.as_str() == Some(h.as_str())));
            return hinted.or_else(|| choices.first()).cloned().unwrap_or(Value::Null);
        }
        for key in ["anyOf", "oneOf"] {
            if let Some(Value::Array(options)) = map.get(key) {
                let real = options.iter().find(|o| o.get("type") != Some(&Value::from("null")));
                return real.map_or(Value::Null, |o| self.make(o, name, depth + 1));
            }
        }
        if let Some(Value::Array(all)) = map.get("allOf") {
            return self.merged(map, all, name, depth);
        }
        match type_of(map) {
            "object" => self.object(map, depth),
            "array" => self.array(map, name, depth),
            "integer" => self.integer(map, name),
            "number" => self.number(map, name),
            "boolean" => Value::Bool(self.hint(name).is_none_or(|h| h != "false")),
            "null" => Value::Null,
            _ => self.string(map, name),
        }
    }

    fn merged(&self, map: &Map<String, Value>, all: &[Value], name: &str, depth: usize) -> Value {
        let mut rest = map.clone();
        rest.remove("allOf");
        let mut out = Map::new();
        for part in all.iter().chain([&Value::Object(rest)]) {
            match self.make(part, name, depth + 1) {
                Value::Object(inner) => out.extend(inner),
                other if out.is_empty() && type_of_value(part).is_some_and(|t| t != "object") => {
                    return other;
                }
                _ => {}
            }
        }
        Value::Object(out)
    }

    fn object(&self, map: &Map<String, Value>, depth: usize) -> Value {
        let mut out = Map::new();
        let required: Vec<&str> = map
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if let Some(Value::Object(properties)) = map.get("properties") {
            for (name, schema) in properties {
                if depth < OPTIONAL_DEPTH || required.contains(&name.as_str()) {
                    out.insert(name.clone(), self.make(schema, name, depth + 1));
                }
            }
        }
        let is_open = map.get("additionalProperties") != Some(&Value::Bool(false));
        if out.is_empty() && depth == 0 && is_open {
            out = self.given();
        }
        for name in required {
            if !out.contains_key(name) {
                out.insert(name.to_owned(), Value::from(self.hint(name).unwrap_or_else(|| name.to_owned())));
            }
        }
        Value::Object(out)
    }

    fn array(&self, map: &Map<String, Value>, name: &str, depth: usize) -> Value {
        if let Some(Value::Array(prefix)) = map.get("prefixItems") {
            return prefix.iter().map(|s| self.make(s, name, depth + 1)).collect();
        }
        let bound = |key: &str| map.get(key).and_then(Value::as_u64);
        let count = bound("minItems").unwrap_or(1).max(1).min(bound("maxItems").unwrap_or(16)).min(16);
        let items = map.get("items").unwrap_or(&Value::Null);
        (0..count).map(|_| self.make(items, name, depth + 1)).collect()
    }

    fn integer(&self, map: &Map<String, Value>, name: &str) -> Value {
        if let Some(n) = self.hint(name).and_then(|h| h.parse::<i64>().ok()) {
            return n.into();
        }
        #[allow(clippy::cast_possible_truncation)]
        Value::from(bounded(map, 1.0, 1.0).round() as i64)
    }

    fn number(&self, map: &Map<String, Value>, name: &str) -> Value {
        // Whole numbers have no decimals, as models write them.
        if let Some(n) = self.hint(name).and_then(|h| h.parse::<i64>().ok()) {
            return n.into();
        }
        if let Some(n) = self.hint(name).and_then(|h| h.parse::<f64>().ok()) {
            return n.into();
        }
        bounded(map, 1.5, 0.5).into()
    }

    fn string(&self, map: &Map<String, Value>, name: &str) -> Value {
        let text = self.hint(name).unwrap_or_else(|| {
            match map.get("format").and_then(Value::as_str) {
                Some("date-time") => "2026-01-02T03:04:05Z",
                Some("date") => "2026-01-02",
                Some("time") => "03:04:05Z",
                Some("duration") => "PT1H",
                Some("email") => "user@example.com",
                Some("uri" | "url") => "https://example.com/",
                Some("hostname") => "example.com",
                Some("ipv4") => "192.0.2.1",
                Some("ipv6") => "2001:db8::1",
                Some("uuid") => "00000000-0000-4000-8000-000000000000",
                _ => name,
            }
            .to_owned()
        });
        let bound = |key: &str| map.get(key).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let mut text: String = text.chars().take(bound("maxLength").unwrap_or(usize::MAX)).collect();
        let missing = bound("minLength").unwrap_or(0).min(10_000).saturating_sub(text.chars().count());
        text.extend(std::iter::repeat_n('x', missing));
        text.into()
    }

    /// Every `name=value` in the text, for an object with arbitrary members.
    fn given(&self) -> Map<String, Value> {
        let words = self.text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '=');
        let names = words.filter_map(|word| word.split_once('=')).map(|(name, _)| name);
        let values = names.filter(|name| !name.is_empty()).filter_map(|name| Some((name, self.hint(name)?)));
        values.map(|(name, value)| (name.to_owned(), value.into())).collect()
    }

    /// The value of `name=value` in the text; quotes allow spaces.
    fn hint(&self, name: &str) -> Option<String> {
        let mut from = 0;
        while let Some(found) = self.text.get(from..)?.find(name) {
            let start = from + found;
            let after = start + name.len();
            from = after.max(start + 1);
            let whole =
                !self.text.get(..start)?.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
            let Some(value) = self.text.get(after..)?.strip_prefix('=') else { continue };
            if !whole {
                continue;
            }
            if let Some(quoted) = value.strip_prefix('"') {
                return quoted.split('"').next().map(str::to_owned);
            }
            let end = value.find(|c: char| c.is_whitespace() || c == ',' || c == ';').unwrap_or(value.len());
            return value.get(..end).map(|v| v.trim_end_matches(['.', '?', '!']).to_owned());
        }
        None
    }
}

fn type_of(map: &Map<String, Value>) -> &str {
    let stated = match map.get("type") {
        Some(Value::String(t)) => Some(t.as_str()),
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).find(|t| *t != "null"),
        _ => None,
    };
    stated.unwrap_or_else(|| {
        if map.contains_key("properties") || map.contains_key("required") {
            "object"
        } else if map.contains_key("items") || map.contains_key("prefixItems") {
            "array"
        } else {
            "string"
        }
    })
}

fn type_of_value(schema: &Value) -> Option<&str> {
    schema.as_object().map(type_of)
}

/// `wanted`, moved into the bounds of the schema; `step` keeps away from exclusive ones.
fn bounded(map: &Map<String, Value>, wanted: f64, step: f64) -> f64 {
    let bound = |key: &str| map.get(key).and_then(Value::as_f64);
    let mut n = wanted;
    if let Some(high) = bound("maximum") {
        n = n.min(high.floor());
    }
    if let Some(high) = bound("exclusiveMaximum") {
        n = n.min(high - step);
    }
    if let Some(low) = bound("minimum") {
        n = n.max(low.ceil());
    }
    if let Some(low) = bound("exclusiveMinimum") {
        n = n.max(low + step);
    }
    match bound("multipleOf") {
        Some(m) if m > 0.0 => (n / m).ceil() * m,
        _ => n,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn properties_get_values_of_their_types() {
        let schema = json!({"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string"}, "unit": {"enum": ["c", "f"]}, "days": {"type": "integer", "minimum": 3},
            "deep": {"type": "object", "properties": {"on": {"type": "boolean"}}},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "number", "maximum": 1}]}}});
        assert_eq!(
            sample(&schema, "weather in city=Paris, please"),
            json!({"city": "Paris", "unit": "c", "days": 3, "deep": {"on": true}, "tags": ["tags", "tags"], "maybe": 1.0})
        );
        assert_eq!(sample(&schema, "city=\"New York\" unit=f")["city"], "New York");
        assert_eq!(sample(&schema, "velocity=3")["city"], "city");
    }

    #[test]
    fn an_object_that_may_hold_anything_gets_what_the_text_gives() {
        let open = json!({"type": "object", "properties": {}});
        assert_eq!(
            sample(&open, "item=\"two apples\", count=7."),
            json!({"item": "two apples", "count": "7"})
        );
        assert_eq!(sample(&open, "a = b, =c"), json!({}));
        assert_eq!(sample(&json!({"type": "object", "additionalProperties": false}), "a=b"), json!({}));
    }

    #[test]
    fn recursive_schemas_end() {
        let schema = json!({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
            "properties": {"next": {"$ref": "#/$defs/node"}}}}});
        assert!(sample(&schema, "").is_object());
        let forever = json!({"$ref": "#"});
        assert_eq!(sample(&forever, ""), Value::Null);
    }
}
