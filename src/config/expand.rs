//! `${NAME}` and `${NAME:-default}` in a configuration's strings become values of the VM's environment.

use crate::json::{Error, Kind, Raw, Reader, Writer};

/// Expands every string in `written`. One that is nothing but a variable with an empty value counts as not written.
pub(super) fn expand(written: Raw<'_>, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Error> {
    let mut out = Writer::with_capacity(written.get().len());
    value(&mut Reader::new(written.get()), &mut out, variable)?;
    // Nothing but strings is ever written.
    Ok(String::from_utf8(out.finish().into_vec()).unwrap_or_default())
}

fn value(
    reader: &mut Reader<'_>,
    out: &mut Writer<'_>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let mut between = "";
    match reader.kind()? {
        Kind::String => {
            let text = reader.string()?;
            match expanded(&text, variable)? {
                empty if empty.is_empty() && !text.is_empty() => out.raw("null"),
                text => out.string(&text),
            }
        }
        Kind::List => {
            out.raw("[");
            reader.items(&mut |_, reader| {
                out.raw(std::mem::replace(&mut between, ","));
                value(reader, out, variable)
            })?;
            out.raw("]");
        }
        Kind::Object => {
            out.raw("{");
            reader.members(&mut |name, reader| {
                out.raw(std::mem::replace(&mut between, ","));
                out.string(&name);
                out.raw(":");
                value(reader, out, variable).map_err(|error| error.in_member(name.to_string()))
            })?;
            out.raw("}");
        }
        Kind::Number => number(reader.number("a number")?, out),
        Kind::Null | Kind::Bool => out.raw(reader.raw()?.get()),
    }
    Ok(())
}

/// A Struct knows only floating point; what is whole was written as a whole number.
fn number(written: &str, out: &mut Writer<'_>) {
    match written.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and within range")]
        Ok(float) if float.fract() == 0.0 && (0.0..9e15).contains(&float) => out.number(float as u64),
        _ => out.raw(written),
    }
}

fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return Err(Error::new("'${' has no '}'"));
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
                let hint = " is not set (is it in vm_config.environment_variables?)";
                return Err(Error::new(["the environment variable ", name, hint].concat()));
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn run(value: Value) -> Result<Value, Error> {
        let variable = |name: &str| match name {
            "REGION" => Some("eu-west-1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let text = value.to_string();
        expand(Raw::of(&text).unwrap(), &variable).map(|text| serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn variables_and_their_defaults_are_expanded() {
        let value = json!({"a": "${REGION}", "b": ["x-${NONE:-d}-${REGION}", {}, []], "c": true});
        assert_eq!(run(value).unwrap(), json!({"a": "eu-west-1", "b": ["x-d-eu-west-1", {}, []], "c": true}));
    }

    #[test]
    fn what_is_whole_is_a_whole_number() {
        let value = json!({"a": 33_554_432.0, "b": 0.5, "c": -1, "d": 1e3, "e": 1e300});
        assert_eq!(run(value).unwrap(), json!({"a": 33_554_432, "b": 0.5, "c": -1, "d": 1000, "e": 1e300}));
    }

    #[test]
    fn an_empty_variable_counts_as_not_written() {
        assert_eq!(run(json!({"a": "${NONE:-}", "b": "${EMPTY:-x}"})).unwrap(), json!({"a": null, "b": "x"}));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_with_the_fields_path() {
        let error = run(json!({"api_keys": [{"key": "${SECRET}"}]})).unwrap_err();
        assert_eq!(error.path(), "api_keys[0].key");
        assert!(error.reason().contains("SECRET"));
    }
}
