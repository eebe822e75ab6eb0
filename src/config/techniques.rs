//! `techniques`: which are available, to whom, and at what cost.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Number, Value};

use crate::techniques::Tunables;
use crate::techniques::expression::{Expression, Operand};
use crate::techniques::settings::{Elsewhere, Settings};

use super::switch::Names;
use super::values::{decimal, error, error_in, inside, item, positive};
use super::{Error, file};

const AT: &str = "techniques";
/// Default: most calls of one request.
const CALLS: usize = 40;
/// Default: most concurrent calls of one request.
const PARALLEL: usize = 4;
const TIMEOUT_SECONDS: u32 = 60;
/// An hour. (Envoy takes timeouts in milliseconds of 32 bits.)
const LONGEST_SECONDS: u32 = 3600;

pub(super) fn techniques_of(written: &file::Techniques) -> Result<Settings, Error> {
    let file::Techniques {
        cluster,
        allow,
        max_calls,
        max_parallel,
        max_tokens,
        timeout,
        default,
        models,
        tunables,
        upstream,
    } = written;
    if cluster.is_empty() {
        return Err(error_in(AT, "cluster", "must not be empty"));
    }
    let upstream = upstream.as_ref().map(elsewhere_of).transpose()?;
    let elsewhere = upstream.as_ref().map_or(&[][..], |upstream| &upstream.names);
    let allow =
        allow.as_ref().map(|Names(names)| names_of(names, elsewhere, &inside(AT, "allow"))).transpose()?;
    let allow = allow.filter(|names| !names.iter().any(|name| name == "*"));
    let timeout = timeout.unwrap_or(TIMEOUT_SECONDS);
    if !(1..=LONGEST_SECONDS).contains(&timeout) {
        return Err(error_in(AT, "timeout", "must be 1 to 3600"));
    }
    let usual = |written: &String, at: &str| -> Result<Option<Expression>, Error> {
        let technique =
            Expression::read(written, elsewhere).map_err(|reason| error(at, reason.message.as_ref()))?;
        let refused = technique.iter().flat_map(Expression::operands).map(Operand::name).find(|name| {
            allow.as_ref().is_some_and(|allow: &Vec<String>| !allow.iter().any(|known| known == name))
        });
        match refused {
            Some(name) => Err(error(at, ["'", name, "' is not among those that are allowed"].concat())),
            None => Ok(technique),
        }
    };
    let default =
        default.as_ref().map(|written| usual(written, &inside(AT, "default"))).transpose()?.flatten();
    let models: Result<Vec<_>, Error> = models
        .iter()
        .flatten()
        .map(|(name, written)| Ok((name.clone(), usual(written, &inside(&inside(AT, "models"), name))?)))
        .collect();
    let tunables = tunables.as_ref().map(tunables_of).transpose()?.unwrap_or_default();
    Ok(Settings {
        tunables,
        cluster: cluster.clone(),
        max_calls: positive(AT, "max_calls", max_calls.unwrap_or(CALLS))?,
        max_parallel: positive(AT, "max_parallel", max_parallel.unwrap_or(PARALLEL))?,
        max_tokens: *max_tokens,
        timeout: Duration::from_secs(timeout.into()),
        default,
        models: models?,
        allow,
        upstream,
    })
}

fn tunables_of(written: &BTreeMap<String, Value>) -> Result<Tunables, Error> {
    let mut tunables = Tunables::default();
    for (name, value) in written {
        let at = inside(&inside(AT, "tunables"), name);
        let decimal = value.as_str().and_then(decimal).and_then(Number::from_f64);
        let value = decimal.map_or_else(|| value.clone(), Value::Number);
        match tunables.set(name, &value.to_string()) {
            Ok(true) => {}
            Ok(false) => return Err(error(at, "there is no tunable of that name")),
            Err(wrong) => return Err(error(at, wrong.message.as_ref())),
        }
    }
    Ok(tunables)
}

fn elsewhere_of(written: &file::OptiLlm) -> Result<Elsewhere, Error> {
    const AT: &str = "techniques.upstream";
    let file::OptiLlm { cluster, names } = written;
    if cluster.is_empty() {
        return Err(error_in(AT, "cluster", "must not be empty"));
    }
    if names.is_empty() {
        return Err(error_in(AT, "names", "at least one is needed: no other technique is asked for there"));
    }
    let is_legal = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    for (at, name) in names.iter().enumerate() {
        if name.is_empty() || !name.bytes().all(is_legal) {
            let at = item(&inside(AT, "names"), at);
            return Err(error(at, "not the name of a technique: letters, digits and '_'"));
        }
    }
    let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    Ok(Elsewhere { cluster: cluster.clone(), names })
}

/// Reads names of techniques at `at`; `*` stands for all.
pub(super) fn names_of(written: &[String], elsewhere: &[String], at: &str) -> Result<Vec<String>, Error> {
    let name = |(index, written): (usize, &String)| {
        if written == "*" {
            return Ok(written.clone());
        }
        let operand = Operand::of(written, elsewhere);
        operand
            .map(|operand| operand.name().to_owned())
            .ok_or_else(|| error(item(at, index), "there is no technique of that name"))
    };
    written.iter().enumerate().map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn run(written: Value) -> Result<Settings, Error> {
        techniques_of(&serde_json::from_value(written).unwrap())
    }

    #[test]
    fn the_least_allows_all_within_bounds() {
        let settings = run(json!({"cluster": "gateway"})).unwrap();
        assert_eq!((settings.max_calls, settings.max_parallel, settings.timeout.as_secs()), (40, 4, 60));
        assert_eq!((settings.allow, settings.default, settings.max_tokens), (None, None, None));
        let usual = json!({"cluster": "gateway", "allow": "*", "default": "re2", "models": {"m": "moa"}});
        let settings = run(usual).unwrap();
        assert_eq!((settings.allow, settings.default.unwrap().to_string()), (None, "re2".to_owned()));
    }

    #[test]
    fn a_tunable_with_decimals_is_one_also_as_the_text_that_envoy_makes_of_it() {
        let exploration = |value: Value| {
            let settings = run(json!({"cluster": "gateway", "tunables": {"mcts_exploration": value}}));
            settings.map(|settings| settings.tunables.mcts_exploration)
        };
        assert_eq!((exploration(json!("0.3")), exploration(json!(0.3))), (Ok(0.3), Ok(0.3)));
        assert_eq!(exploration(json!("much")).unwrap_err().path, "techniques.tunables.mcts_exploration");
    }

    #[test]
    fn names_are_those_of_the_table_in_any_case_or_of_another_server() {
        let settings = run(json!({
            "cluster": "gateway", "allow": ["RE2", "z3"], "default": "Re2&re2", "models": {"m": "none", "n": "Z3"},
            "upstream": {"cluster": "optillm", "names": ["z3", "memory"]},
        }))
        .unwrap();
        assert_eq!(settings.allow.unwrap(), ["re2", "z3"]);
        assert_eq!(settings.default.unwrap().to_string(), "re2&re2");
        let models = settings.models.iter().map(|(name, technique)| (&**name, technique.as_ref()));
        let models: Vec<_> =
            models.map(|(name, technique)| (name, technique.map(Expression::to_string))).collect();
        assert_eq!(models, [("m", None), ("n", Some("z3".into()))]);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (member, path) in [
            (json!({"cluster": ""}), "techniques.cluster"),
            (json!({"allow": ["re2", "foo"]}), "techniques.allow[1]"),
            (json!({"max_calls": 0}), "techniques.max_calls"),
            (json!({"max_parallel": 0}), "techniques.max_parallel"),
            (json!({"timeout": 0}), "techniques.timeout"),
            (json!({"timeout": 3601}), "techniques.timeout"),
            (json!({"default": "foo"}), "techniques.default"),
            (json!({"default": "cot_reflection", "allow": ["re2"]}), "techniques.default"),
            (json!({"models": {"m": "re2&"}}), "techniques.models.m"),
            (json!({"tunables": {"k": 0}}), "techniques.tunables.k"),
            (json!({"tunables": {"best_of": 3}}), "techniques.tunables.best_of"),
            (json!({"upstream": {"cluster": "", "names": ["z3"]}}), "techniques.upstream.cluster"),
            (json!({"upstream": {"cluster": "o", "names": []}}), "techniques.upstream.names"),
            (json!({"upstream": {"cluster": "o", "names": ["a-b"]}}), "techniques.upstream.names[0]"),
        ] {
            let mut written = json!({"cluster": "gateway"});
            written.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
            assert_eq!(run(written).unwrap_err().path, path, "{member}");
        }
    }
}
