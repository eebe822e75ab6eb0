//! What holds of every request, tried on thousands of random ones: the same in every run.

use std::collections::{BTreeMap, BTreeSet};

use crate::Outgoing;
use bedrock_filter::translate::notes::Unsupported;
use serde_json::Value;

use super::generate::{self, MODELS, mutate, shrunk};
use super::json::Json;
use super::random::Random;
use super::{CALLER, bedrock_rules, dump, options, translate, wire};

/// What fails, by the rule that is broken: how often, and a smallest request that breaks it.
#[derive(Default)]
struct Failures(BTreeMap<String, (usize, String)>);

impl Failures {
    /// Notes a broken rule. `check` breaks it again with the same request, and hopefully with a smaller one.
    fn note(
        &mut self,
        rule: &str,
        model: &str,
        request: &Value,
        check: impl Fn(&Value) -> Result<(), String>,
    ) {
        // Where it is broken, and by what, makes no other rule.
        let kind = |rule: &str| {
            let bare = rule.split('"').next().unwrap_or_default().split('\'').next().unwrap_or_default();
            bare.replace(|c: char| c.is_ascii_digit(), "")
        };
        let (count, first) = self.0.entry(kind(rule)).or_default();
        *count += 1;
        if *count == 1 {
            let same = |request: &Value| check(request).is_err_and(|other| kind(&other) == kind(rule));
            *first = format!("{rule} ({model})\n        {}", shrunk(request.clone(), same));
        }
    }

    fn report(self) {
        let lines = self.0.into_values().map(|(count, first)| format!("{count} times: {first}\n"));
        let report: String = lines.collect();
        assert!(report.is_empty(), "\n{report}");
    }
}

#[test]
fn bedrock_takes_whatever_a_valid_request_becomes() {
    let options = options(Unsupported::Ignore);
    let mut failures = Failures::default();
    for seed in 0..80 {
        let request = generate::request(&mut Random::new(seed));
        for model in MODELS {
            match translate(model, request.to_string().as_bytes(), &options) {
                Ok(outgoing) => dump(&format!("{seed:05}-{model}"), model, &outgoing),
                Err(error) => {
                    let rule = format!("refused, {:?}: {}", error.param, error.message);
                    failures.note(&rule, model, &request, |_| Ok(()));
                }
            }
            let check = |request: &Value| {
                translate(model, request.to_string().as_bytes(), &options)
                    .map_or(Ok(()), |outgoing| broken(model, &outgoing))
            };
            if let Err(rule) = check(&request) {
                failures.note(&rule, model, &request, check);
            }
        }
    }
    failures.report();
}

#[test]
fn every_member_that_the_code_knows_is_tried() {
    let mut paths = BTreeSet::new();
    for seed in 0..2_000 {
        wire::collect(&generate::request(&mut Random::new(seed)), "", &mut paths);
    }
    let missing: Vec<_> = wire::known().difference(&paths).cloned().collect();
    assert!(missing.is_empty(), "never generated: {missing:?}");
}

#[test]
fn any_json_is_translated_or_refused_and_never_a_panic() {
    let (refuse, ignore) = (options(Unsupported::Refuse), options(Unsupported::Ignore));
    let mut failures = Failures::default();
    let mut taken = 0;
    for seed in 0..4_000 {
        let mut random = Random::new(1_000_000 + seed);
        let mut request = generate::request(&mut random);
        for _ in 0..=random.below(3) {
            mutate(&mut random, &mut request);
        }
        let model = random.pick(MODELS);
        let options = if random.once_in(2) { &refuse } else { &ignore };
        // Whether it was taken, and what is wrong with that.
        let attempt = |request: &Value| match translate(model, request.to_string().as_bytes(), options) {
            Ok(outgoing) => (1, broken(model, &outgoing)),
            Err(error) => {
                let told = error.status == 400 && error.kind == "invalid_request_error";
                (0, if told && !error.message.is_empty() { Ok(()) } else { Err(format!("{error:?}")) })
            }
        };
        let (counts, result) = attempt(&request);
        taken += counts;
        if let Err(rule) = result {
            failures.note(&rule, model, &request, |request| attempt(request).1);
        }
    }
    failures.report();
    assert!(taken > 400, "only {taken} of the requests were taken");
}

#[test]
fn bytes_that_are_no_request_are_refused_and_never_a_panic() {
    let options = options(Unsupported::Refuse);
    for seed in 0..2_000 {
        let mut random = Random::new(2_000_000 + seed);
        let mut text = generate::request(&mut random).to_string().into_bytes();
        for _ in 0..=random.below(4) {
            let at = random.below(text.len());
            match random.below(3) {
                0 => text.truncate(at.max(1)),
                1 => text[at] = b"{}[]\",:\\0e\xff"[random.below(11)],
                _ => text.insert(at, b"{}[]\",:\\0e\xff"[random.below(11)]),
            }
        }
        if let Err(error) = translate(random.pick(MODELS), &text, &options) {
            assert_eq!((error.status, error.kind), (400, "invalid_request_error"));
        }
    }
}

fn broken(model: &str, outgoing: &Outgoing) -> Result<(), String> {
    let text = std::str::from_utf8(&outgoing.body).map_err(|error| format!("not UTF-8: {error}"))?;
    let body: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
    no_twins(&Json::parse(text).unwrap()).map_err(|name| format!("{name} is there twice"))?;
    bedrock_rules::broken(model, &body, CALLER)?;
    for name in &outgoing.ignored {
        let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
        fits.then_some(()).ok_or_else(|| format!("ignored: {name:?} does not fit a header"))?;
    }
    Ok(())
}

fn no_twins(json: &Json) -> Result<(), String> {
    match json {
        Json::List(items) => items.iter().try_for_each(no_twins),
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            let twin = names.windows(2).find(|pair| pair[0] == pair[1]);
            twin.map_or(Ok(()), |pair| Err(pair[0].to_owned()))?;
            members.iter().try_for_each(|(_, value)| no_twins(value))
        }
        _ => Ok(()),
    }
}
