//! Expands `${NAME}` and `${NAME:-default}` in a configuration's strings from the VM's environment variables.

use crate::texts::is_tellable;

use super::Error;
use super::values::{Step, error};
use super::written::Written;

/// Expands every string. A string that is only a variable with an empty value counts as absent.
///
/// # Errors
/// The first string that names an undefined variable.
pub(super) fn expand(written: &mut Written, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), Error> {
    match written {
        Written::Text(text) => {
            let expanded = expanded(text, variable)?;
            let is_nothing = expanded.is_empty() && !text.is_empty();
            *written = if is_nothing { Written::Null } else { Written::Text(expanded) };
        }
        Written::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                expand(item, variable).map_err(|error| error.within(Step::Item(index)))?;
            }
        }
        Written::Object(members) => {
            for (name, member) in members {
                expand(member, variable).map_err(|error| error.within(Step::Member(name)))?;
            }
        }
        Written::Null | Written::Bool(_) | Written::Number(_) => {}
    }
    Ok(())
}

fn expanded(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, behind)) = after.split_once('}') else {
            return Err(error("", "'${' has no '}'"));
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
                // Other text between braces may be part of a secret.
                let variable =
                    if is_name(name) { ["variable ", name].concat() } else { "variable".to_owned() };
                let hint = " is not set (is it in vm_config.environment_variables?)";
                return Err(error("", ["the environment ", &variable, hint].concat()));
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a text is a variable's name (POSIX, "Environment Variables": capital letters, digits and underscores).
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && is_tellable(name)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written(value: Value) -> Written {
        serde_json::from_value(value).unwrap()
    }

    fn run(value: Value) -> Result<Written, Error> {
        let variable = |name: &str| match name {
            "REGION" => Some("eu-west-1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        let mut written = written(value);
        expand(&mut written, &variable).map(|()| written)
    }

    #[test]
    fn variables_and_their_defaults_are_expanded() {
        let value = json!({"a": "${REGION}", "b": ["x-${NONE:-d}-${REGION}", {}, []], "c": true});
        let expanded = json!({"a": "eu-west-1", "b": ["x-d-eu-west-1", {}, []], "c": true});
        assert_eq!(run(value).unwrap(), written(expanded));
    }

    #[test]
    fn an_empty_variable_counts_as_not_written() {
        let value = json!({"a": "${NONE:-}", "b": "${EMPTY:-x}"});
        assert_eq!(run(value).unwrap(), written(json!({"a": null, "b": "x"})));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named_with_the_fields_path() {
        let error = run(json!({"api_keys": [{"key": "${SECRET}"}]})).unwrap_err();
        assert_eq!(error.path, "api_keys[0].key");
        assert!(error.reason.contains("SECRET"));
    }

    #[test]
    fn no_part_of_a_secret_with_braces_in_it_is_told() {
        for secret in [
            "s3${cr3t}x",
            "${s3cr3t",
            "s3cr3t${}",
            "${s3cr3t:s3cr3t}",
            "${9D8DB2A67D146638C07FBB5652AD998062}",
        ] {
            let error = run(json!({"api_keys": [{"key": secret}]})).unwrap_err();
            assert_eq!(error.path, "api_keys[0].key", "{secret}");
            let reason = error.reason.to_lowercase();
            assert!(!["cr3t", "s3", "9d8"].iter().any(|part| reason.contains(part)), "{reason}");
        }
        let error =
            run(json!({"api_keys": {"sk-9d8db2a67d146638c07fbb5652ad998062e2": "${NONE}"}})).unwrap_err();
        assert_eq!(error.path, "api_keys.…");
    }
}
