//! `${NAME}` and `${NAME:-default}` in a configuration's strings become values of the VM's environment.

use serde_json::Value;

use super::Error;

/// Expands every string in `value`. One that is nothing but a variable with an empty value counts as not written.
pub(super) fn expand(
    value: Value,
    path: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Value, Error> {
    Ok(match value {
        Value::String(text) => match expanded(&text, path, variable)? {
            empty if empty.is_empty() && !text.is_empty() => Value::Null,
            text => Value::String(text),
        },
        Value::Array(list) => {
            let items = list.into_iter().enumerate();
            Value::Array(
                items
                    .map(|(at, item)| expand(item, &format!("{path}[{at}]"), variable))
                    .collect::<Result<_, _>>()?,
            )
        }
        Value::Object(members) => {
            let mut object = serde_json::Map::new();
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                object.insert(name, expand(member, &path, variable)?);
            }
            Value::Object(object)
        }
        // A Struct knows only floating point; what is whole was written as a whole number.
        Value::Number(number) => match number.as_f64() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and within range"
            )]
            Some(float) if number.is_f64() && float.fract() == 0.0 && (0.0..9e15).contains(&float) => {
                Value::from(float as u64)
            }
            _ => Value::Number(number),
        },
        other => other,
    })
}

fn expanded(text: &str, path: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return Err(Error { path: path.to_owned(), reason: "'${' has no '}'".to_owned() });
        };
        let (name, default) = match name.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (name, None),
        };
        let value = variable(name).filter(|value| !value.is_empty() || default.is_none());
        match (value, default) {
            (Some(value), _) => out.push_str(&value),
            (None, Some(default)) => out.push_str(default),
            (None, None) => {
                let reason = format!(
                    "the environment variable {name} is not set (is it in vm_config.environment_variables?)"
                );
                return Err(Error { path: path.to_owned(), reason });
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(value: Value) -> Result<Value, Error> {
        let variable = |name: &str| match name {
            "REGION" => Some("eu-west-1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        expand(value, "", &variable)
    }

    #[test]
    fn variables_and_their_defaults_are_expanded() {
        let value = json!({"a": "${REGION}", "b": ["x-${NONE:-d}-${REGION}"], "c": 33_554_432.0, "d": 0.5});
        assert_eq!(
            run(value).unwrap(),
            json!({"a": "eu-west-1", "b": ["x-d-eu-west-1"], "c": 33_554_432, "d": 0.5})
        );
    }

    #[test]
    fn an_empty_variable_counts_as_not_written() {
        assert_eq!(run(json!({"a": "${NONE:-}", "b": "${EMPTY:-x}"})).unwrap(), json!({"a": null, "b": "x"}));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_with_the_fields_path() {
        let error = run(json!({"api_keys": [{"key": "${SECRET}"}]})).unwrap_err();
        assert_eq!(error.path, "api_keys[0].key");
        assert!(error.reason.contains("SECRET"));
    }
}
