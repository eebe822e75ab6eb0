//! Settings of techniques: which are available, to whom, and at what cost.

use std::time::Duration;

use super::Technique;
use super::away;
use super::choose::{Chosen, MEMBER, Rules, choose, without_techniques};
use super::expression::{Expression, Operand};
use super::question::{Question, Wants};
use super::tunables::Tunables;
use crate::gateway::callers::Caller;
use crate::openai::Error;

/// The settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The Envoy cluster that leads to this gateway's own listener.
    pub cluster: String,
    /// Names of the available techniques; `None`: all.
    pub allow: Option<Vec<String>>,
    /// Most calls of one request.
    pub max_calls: usize,
    /// Most concurrent calls of one request.
    pub max_parallel: usize,
    /// Most tokens that the calls of one request may generate together; `None`: no limit.
    pub max_tokens: Option<u64>,
    /// Time limit of all calls but the last.
    pub timeout: Duration,
    /// The default technique.
    pub default: Option<Expression>,
    /// Default techniques of some models, by the clients' names.
    pub models: Vec<(String, Option<Expression>)>,
    /// Default parameters.
    pub tunables: Tunables,
    /// A server with further techniques.
    pub upstream: Option<Elsewhere>,
}

/// A server with further techniques (OptiLLM).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// Its Envoy cluster.
    pub cluster: String,
    /// The names of its techniques.
    pub names: Vec<String>,
}

/// Returns why a technique with these parameters cannot be run for a chat.
pub type May<'a> = dyn Fn(&Expression, &Tunables, &[u8]) -> Result<(), Error> + 'a;

impl Settings {
    /// Reads the choice of a chat, which `caller` must be allowed to use. `is_model` says whether a model exists, without the
    /// fallback. `may` gets the technique, its parameters and the remaining chat, and returns other reasons against it. A
    /// default technique that is not allowed is skipped.
    ///
    /// # Errors
    /// 400 where it names an unknown technique, 403 where it names one that is not allowed, and errors of `may`.
    pub fn choose(
        &self,
        body: &[u8],
        caller: &Caller,
        is_model: &dyn Fn(&str) -> bool,
        may: &May<'_>,
    ) -> Result<Chosen, Error> {
        let usual = |model: Option<&str>| self.usual(model).cloned();
        let elsewhere = self.upstream.as_ref().map_or(&[][..], |upstream| &upstream.names);
        let rules = Rules { is_model, usual: &usual, elsewhere, tunables: &self.tunables };
        let chosen = choose(body, &rules)?;
        let Some(technique) = &chosen.technique else { return Ok(chosen) };
        let left = chosen.body.as_deref().unwrap_or(body);
        let fits = || {
            self.check(technique, caller)?;
            if technique.is_elsewhere() {
                away::check(left)?;
            }
            may(technique, &chosen.tunables, left)?;
            if chosen.is_usual {
                self.begin(technique, &chosen.tunables, &Question::read(left)?.wants)?;
            }
            Ok(())
        };
        match fits() {
            Ok(()) => Ok(chosen),
            Err(_) if chosen.is_usual => choose(body, &Rules { usual: &|_| None, ..rules }),
            Err(error) => Err(error),
        }
    }

    /// A model's name without a prefix of techniques.
    pub fn model_of<'n>(&self, name: &'n str, is_model: &dyn Fn(&str) -> bool) -> &'n str {
        let elsewhere = self.upstream.as_ref().map_or(&[][..], |upstream| &upstream.names);
        without_techniques(name, is_model, elsewhere)
    }

    fn usual(&self, model: Option<&str>) -> Option<&Expression> {
        let of_model = self.models.iter().find(|(name, _)| Some(name.as_str()) == model);
        of_model.map_or(self.default.as_ref(), |(_, technique)| technique.as_ref())
    }

    fn check(&self, technique: &Expression, caller: &Caller) -> Result<(), Error> {
        for operand in technique.operands() {
            let name = operand.name();
            let of_key = caller.policy.techniques.as_deref();
            let is_named = of_key.is_some_and(|names| names.iter().any(|known| known == name));
            let message = if !allows(self.allow.as_deref(), name) {
                format!("The technique '{name}' may not be used here.")
            } else if !allows(of_key, name) {
                format!("This API key may not use the technique '{name}'.")
            } else if matches!(operand, Operand::Elsewhere(_)) && caller.policy.is_bound() && !is_named {
                // The other server calls the model with a key of its own.
                format!(
                    "What holds for each request of this API key would not hold for the technique '{name}', which another server has."
                )
            } else {
                continue;
            };
            return Err(Error::new(403, message).param(MEMBER).code("technique_not_allowed"));
        }
        Ok(())
    }

    /// The technique in its initial state, if its cost is within bounds; `None` for another server's.
    ///
    /// # Errors
    /// 400 where it could exceed the limit on calls or tokens.
    pub fn begin(
        &self,
        chosen: &Expression,
        tunables: &Tunables,
        wants: &Wants,
    ) -> Result<Option<Box<dyn Technique>>, Error> {
        let most = if chosen.is_elsewhere() { 1 } else { CHOICES };
        let times = usize::try_from(wants.n.unwrap_or(1)).ok().filter(|n| (1..=most).contains(n));
        let times = times.ok_or_else(|| {
            Error::invalid_param("n", format!("With the technique '{chosen}' 'n' has to be 1 to {most}."))
        })?;
        let technique = chosen.make(tunables, times);
        let calls = technique.as_ref().map_or(1, |technique| technique.most_calls());
        let over = |message: String| Err(Error::invalid(message).param(MEMBER).code("technique_budget"));
        if calls > self.max_calls {
            let most = self.max_calls;
            return over(format!("'{chosen}' may come to {calls} calls; {most} are allowed here."));
        }
        if let Some(most) = self.max_tokens {
            let Some(each) = wants.max_tokens else {
                return over(format!("With '{chosen}' the request has to say 'max_completion_tokens' here."));
            };
            if wants.has_own_limit {
                return over(format!(
                    "With '{chosen}' no limit may stand in 'additionalModelRequestFields' or 'extra_body' here."
                ));
            }
            let all = technique.as_ref().map_or(each, |technique| technique.most_tokens(each));
            if all > most {
                return over(format!(
                    "'{chosen}' may come to {all} tokens in {calls} calls; {most} tokens are allowed here."
                ));
            }
        }
        Ok(technique)
    }
}

/// Most repetitions of a technique for one request.
const CHOICES: usize = 16;

fn allows(names: Option<&[String]>, name: &str) -> bool {
    names.is_none_or(|names| names.iter().any(|known| known == "*" || known == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let read = |written: &str| Expression::read(written, &[]).unwrap();
        Settings {
            cluster: "gateway".into(),
            allow: Some(vec!["re2".into(), "cot_reflection".into(), "z3".into()]),
            max_calls: 2,
            max_parallel: 4,
            max_tokens: None,
            timeout: Duration::from_secs(60),
            default: read("re2"),
            tunables: Tunables::default(),
            models: vec![("plain".into(), None), ("m".into(), read("cot_reflection"))],
            upstream: Some(Elsewhere {
                cluster: "optillm".into(),
                names: vec!["z3".into(), "memory".into()],
            }),
        }
    }

    fn caller(techniques: Option<&[&str]>) -> Caller {
        let mut caller = Caller::of_models(None);
        caller.policy.techniques =
            techniques.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        caller
    }

    fn chosen(body: &str, techniques: Option<&[&str]>) -> Result<Option<String>, Error> {
        let chosen = settings().choose(
            body.as_bytes(),
            &caller(techniques),
            &|name| name == "m",
            &|_, _, _| Ok(()),
        )?;
        Ok(chosen.technique.map(|technique| technique.to_string()))
    }

    #[test]
    fn what_is_configured_for_a_model_holds_before_what_is_for_all_and_may_be_none() {
        for (body, technique) in [
            (r#"{"model":"m","messages":[]}"#, Some("cot_reflection")),
            (r#"{"model":"plain","messages":[]}"#, None),
            (r#"{"model":"x","messages":[]}"#, Some("re2")),
            (r#"{"messages":[]}"#, Some("re2")),
            ("{}", None),
            (r#"{"optillm_approach":"none"}"#, None),
            (r#"{"model":"re2-m"}"#, Some("re2")),
        ] {
            assert_eq!(chosen(body, None).unwrap().as_deref(), technique, "{body}");
        }
    }

    #[test]
    fn what_may_not_be_used_is_refused_by_name_and_nobody_is_refused_what_is_usual() {
        let ask = |technique: &str| format!(r#"{{"optillm_approach":"{technique}"}}"#);
        for (technique, key, message) in [
            ("memory", None, "The technique 'memory' may not be used here."),
            (
                "re2|cot_reflection",
                Some(&["re2"][..]),
                "This API key may not use the technique 'cot_reflection'.",
            ),
            ("re2", Some(&[]), "This API key may not use the technique 're2'."),
        ] {
            let error = chosen(&ask(technique), key).unwrap_err();
            assert_eq!(
                (error.status, error.code, &*error.message),
                (403, Some("technique_not_allowed"), message)
            );
        }
        assert_eq!(chosen(&ask("z3"), Some(&["*"])).unwrap().as_deref(), Some("z3"));
        assert_eq!(chosen(r#"{"messages":[]}"#, Some(&["z3"])), Ok(None));
        assert_eq!(chosen(&ask("foo"), None).unwrap_err().status, 400);
    }

    #[test]
    fn what_holds_for_each_request_of_a_key_keeps_it_from_another_server_that_it_does_not_name() {
        let ask = |technique: &str, techniques: Option<&[&str]>, is_bound: bool| {
            let mut caller = caller(techniques);
            caller.policy.profiles = is_bound.then(|| ["eu".to_owned()].into());
            let body = format!(r#"{{"optillm_approach":"{technique}"}}"#);
            let chosen = settings().choose(body.as_bytes(), &caller, &|_| true, &|_, _, _| Ok(()));
            chosen.map(|chosen| chosen.technique.is_some()).map_err(|error| (error.status, error.code))
        };
        let refused = Err((403, Some("technique_not_allowed")));
        assert_eq!(ask("z3", None, true), refused);
        assert_eq!(ask("z3", Some(&["*"]), true), refused);
        for (technique, techniques, is_bound) in
            [("z3", Some(&["z3"][..]), true), ("z3", None, false), ("re2", None, true)]
        {
            assert_eq!(ask(technique, techniques, is_bound), Ok(true), "{technique} {techniques:?}");
        }
    }

    #[test]
    fn who_asked_for_none_goes_without_where_the_usual_may_not_be() {
        let run = |settings: &Settings, body: &str, may: bool| {
            let wrong = || Error::new(403, "no").code("model_not_allowed");
            let may = |_: &Expression, _: &Tunables, _: &[u8]| if may { Ok(()) } else { Err(wrong()) };
            let chosen = settings.choose(body.as_bytes(), &caller(None), &|_| false, &may)?;
            Ok(chosen.technique.map(|technique| technique.to_string()))
        };
        let (plain, asked) = (r#"{"messages":[]}"#, r#"{"messages":[],"optillm_approach":"re2"}"#);
        assert_eq!(run(&settings(), plain, true), Ok(Some("re2".into())));
        assert_eq!(run(&settings(), plain, false), Ok(None));
        assert_eq!(run(&settings(), asked, false).map_err(|error: Error| error.status), Err(403));
        let dear = Settings { max_tokens: Some(1), ..settings() };
        assert_eq!(run(&dear, plain, true), Ok(None));
        assert_eq!(run(&settings(), r#"{"messages":[],"n":17}"#, true), Ok(None));
        let elsewhere = Expression::read("z3", &["z3".to_owned()]).unwrap();
        let elsewhere = Settings { default: elsewhere, ..settings() };
        let held = r#"{"messages":[{"role":"user","content":"optillm_approach"}]}"#;
        assert_eq!(run(&elsewhere, plain, true), Ok(Some("z3".into())));
        assert_eq!(run(&elsewhere, held, true), Ok(None));
    }

    #[test]
    fn what_may_cost_more_than_is_allowed_is_refused_before_the_first_call() {
        let mut settings = settings();
        let begin = |settings: &Settings, written: &str, wants: Wants| {
            let chosen = Expression::read(written, &["z3".into()]).unwrap().unwrap();
            settings.begin(&chosen, &Tunables::default(), &wants).map(|technique| technique.is_some())
        };
        let wants = |max_tokens| Wants { max_tokens, ..Wants::default() };
        assert_eq!(begin(&settings, "re2&re2", wants(None)), Ok(true));
        assert_eq!(begin(&settings, "z3", wants(None)), Ok(false));
        let error = begin(&settings, "re2&re2|re2", wants(None)).unwrap_err();
        assert_eq!((error.status, error.code), (400, Some("technique_budget")));
        settings.max_tokens = Some(100);
        assert_eq!(begin(&settings, "re2&re2", wants(Some(50))), Ok(true));
        let own = Wants { has_own_limit: true, ..wants(Some(1)) };
        assert_eq!(begin(&settings, "re2&re2", own).unwrap_err().code, Some("technique_budget"));
        assert!(begin(&Settings { max_tokens: None, ..settings.clone() }, "re2&re2", own).is_ok());
        for max_tokens in [Some(51), None, Some(u64::MAX)] {
            assert_eq!(
                begin(&settings, "re2&re2", wants(max_tokens)).unwrap_err().code,
                Some("technique_budget")
            );
        }
        // A judge may generate 4096 tokens, however few the request allows.
        let judged = |max_tokens| Settings { max_tokens: Some(max_tokens), max_calls: 4, ..settings.clone() };
        assert_eq!(begin(&judged(4126), "bon", wants(Some(10))), Ok(true));
        assert_eq!(begin(&judged(4125), "bon", wants(Some(10))).unwrap_err().code, Some("technique_budget"));
        let times = |n| Wants { n: Some(n), max_tokens: Some(1), ..Wants::default() };
        for (technique, n) in [("re2", 0), ("re2", 17), ("re2", -1), ("z3", 2)] {
            let error = begin(&settings, technique, times(n)).unwrap_err();
            assert_eq!(error.param.as_deref(), Some("n"), "{technique} {n}");
        }
        assert_eq!(begin(&settings, "re2", times(2)), Ok(true));
        assert_eq!(begin(&settings, "re2", times(3)).unwrap_err().code, Some("technique_budget"));
    }
}
