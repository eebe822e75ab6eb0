//! Configurations of any text: read alike as JSON and as a Struct, and no error or debug output tells a secret.

use bedrock_filter::config::Config;
use prost::Message as _;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct};
use serde_json::{Map, Value};

/// The first byte chooses how the rest is read.
pub fn check(bytes: &[u8]) {
    let [kind, text @ ..] = bytes else { return };
    let as_it_is = load(text);
    assert_eq!(as_it_is, load(text), "the same configuration is two things");
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
    hides_secrets(value.clone());
    // A Struct has nothing but floating point, and no member twice.
    if kind & 1 == 0 || !fits(&value, 0) {
        return;
    }
    let Value::Object(members) = value else { return };
    let structure = structure(members).encode_to_vec();
    // What begins like JSON is taken for that.
    if serde_json::from_slice::<Value>(&structure).is_err()
        && let (Ok(one), Ok(other)) = (&as_it_is, load(&structure))
    {
        assert_eq!(one, &other, "JSON and Struct differ");
    }
}

/// What the variable SECRET holds, and what every other secret ends with: told from all else that a message may say.
const SECRET: &str = "value-of-a-variable";

fn load(text: &[u8]) -> Result<Config, bedrock_filter::config::Error> {
    Config::load(text, |name| match name {
        "SECRET" => Some(SECRET.to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    })
}

/// Neither what is loaded nor the refusal tells a secret of the configuration.
fn hides_secrets(mut value: Value) {
    // Written out it is a name, or a value that is none.
    if value.to_string().contains(SECRET) {
        return;
    }
    mark(&mut value, "", &mut 0);
    let shown = match load(value.to_string().as_bytes()) {
        Ok(config) => format!("{config:?}"),
        Err(error) => error.to_string(),
    };
    assert!(!shown.contains(SECRET), "a secret of {value} is told: {shown}");
}

/// Ends each secret that is written out with a number and SECRET, since a random one may be a word of the message, too.
fn mark(value: &mut Value, name: &str, marked: &mut usize) {
    const SECRETS: &[&str] =
        &["key", "secret_access_key", "session_token", "bearer_token", "authorization_token"];
    match value {
        Value::String(text) if SECRETS.contains(&name) && !text.contains("${") => {
            text.push_str(&format!("-{marked}-{SECRET}"));
            *marked += 1;
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark(item, "", marked)),
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| mark(value, name, marked)),
        _ => {}
    }
}

/// True for what a Struct can hold as it is.
fn fits(value: &Value, depth: usize) -> bool {
    match value {
        Value::Number(number) => number.as_f64().is_some_and(|number| number.abs() < 9e15),
        Value::Array(items) => depth < 16 && items.iter().all(|item| fits(item, depth + 1)),
        Value::Object(members) => depth < 16 && members.values().all(|value| fits(value, depth + 1)),
        _ => true,
    }
}

fn structure(members: Map<String, Value>) -> Struct {
    Struct { fields: members.into_iter().map(|(name, value)| (name, of_structure(value))).collect() }
}

fn of_structure(value: Value) -> prost_types::Value {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Number(number) => Kind::NumberValue(number.as_f64().expect("it fits")),
        Value::String(text) => Kind::StringValue(text),
        Value::Bool(flag) => Kind::BoolValue(flag),
        Value::Object(members) => Kind::StructValue(structure(members)),
        Value::Array(items) => {
            Kind::ListValue(ListValue { values: items.into_iter().map(of_structure).collect() })
        }
    };
    prost_types::Value { kind: Some(kind) }
}
