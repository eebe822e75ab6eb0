//! The record, made at the end of a request of its account and of what Envoy says.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::account::{Attempt, Facts, Fault};
use super::usage::{self, Usage};
use crate::gateway::attribution::Attribution;

/// Envoy's flags of a response whose client is to blame that it was not given: the connection ended, the client reset the stream or
/// broke the protocol (Envoy documentation, "Response flags": DC, DR, DPE; values of `ResponseFlag`).
const CLIENT: u64 = 1 << 14 | 1 << 18 | 1 << 28;

/// The same of a request that Envoy gave up for a time limit: of the route or an attempt, of silence, of a stream's length on either
/// side (UT, SI, UMSDR, DT).
const TIMEOUT: u64 = 1 << 2 | 1 << 16 | 1 << 19 | 1 << 22;

/// The longest word of Envoy's that is kept, bytes.
const DETAILS: usize = 64;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered, and the whole answer given.
    Ok,
    /// It was turned down before Bedrock was asked: 400 to 499.
    Refused,
    /// It failed: Bedrock's errors, Envoy's own, and the gateway's from 500 on.
    Error,
    /// The client left before it was over.
    ClientGone,
    /// The answer had begun and broke off.
    Cut,
}

impl Outcome {
    /// As records have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Error => "error",
            Self::ClientGone => "client_gone",
            Self::Cut => "cut",
        }
    }
}

/// What Envoy says of a request at its end. Asking costs, so that only the time is always there: see [`unknown`].
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// When it ended, by Envoy's clock.
    pub at: Option<SystemTime>,
    /// `response.code`; 0: there was none.
    pub status: Option<u16>,
    /// `response.flags`.
    pub flags: u64,
    /// `response.code_details`.
    pub details: Option<String>,
    /// `request.duration`.
    pub duration: Option<Duration>,
    /// `upstream.request_attempt_count`.
    pub attempts: Option<u64>,
}

/// The record of one request. What is not known is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The caller's name.
    pub caller: Option<String>,
    /// The caller's team.
    pub team: Option<String>,
    /// The operator's labels for the caller.
    pub attribution: Option<Rc<Attribution>>,
    /// What was asked: see [`operation`](super::operation).
    pub operation: Option<&'static str>,
    /// What the client calls the model, at most 256 bytes: anything, so no label of a metric.
    pub model_asked: Option<String>,
    /// Bedrock's id of the model that was called last.
    pub model: Option<String>,
    /// The caller's inference profile that was called last in the model's place, by its ARN.
    pub profile: Option<String>,
    /// The region that was called last.
    pub region: Option<String>,
    /// The target that was called last, where the configuration gives it a name.
    pub target: Option<String>,
    /// How often Bedrock was tried.
    pub attempts: u64,
    /// Whether the last of these went to another model or region than the first.
    pub is_fallback: bool,
    /// Whether the client waited for a stream.
    pub stream: bool,
    /// What the client was told; `None`: nothing.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong: a code of this gateway's (borrowed, so one of a known set) or a word of Envoy's (owned).
    pub error: Option<Cow<'static, str>>,
    /// The limit that it was refused for, as the configuration calls it.
    pub limit: Option<&'static str>,
    /// Why the model stopped, in OpenAI's words.
    pub finish_reason: Option<&'static str>,
    /// Tokens of all attempts.
    pub usage: Option<Usage>,
    /// Whether some of them are a guess: Bedrock never told.
    pub estimated: bool,
    /// What the tokens cost, in millionths of the currency of the configured prices.
    pub cost_micros: Option<u64>,
    /// From the request's headers to the first of the streamed answer.
    pub time_to_first_token: Option<Duration>,
    /// From the request's headers to its end.
    pub duration: Option<Duration>,
    /// The technique that it was answered by.
    pub technique: Option<String>,
    /// How many requests to this gateway itself it was made of. Each has a record of its own, with its own tokens.
    pub calls: Option<u64>,
    /// The request that it was a part of, by that one's `request_id`.
    pub part_of: Option<String>,
    /// Whether a guardrail stepped in.
    pub guardrail: bool,
    /// Envoy's id of the request.
    pub request_id: Option<String>,
    /// Bedrock's id of the last attempt.
    pub bedrock_request_id: Option<String>,
}

impl Ended {
    /// Whether the client is to blame, by the flags alone.
    pub fn is_clients(&self) -> bool {
        self.flags & CLIENT != 0
    }
}

/// An ending of which only Envoy knows what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Nothing was given whole, so it may be that the client has left.
    pub may_have_left: bool,
    /// What was being given was an answer; else Envoy has answered in everybody's stead.
    pub is_answer: bool,
    /// Nobody saw the request begin.
    pub is_unseen: bool,
}

/// What Envoy has to be asked of an ending; `None`: nothing. That is so where an answer or an error of this gateway's was given whole,
/// and where an answer has such an error inside it. Each question costs some 2 µs, two thirds of what a record costs without any.
pub fn unknown(facts: &Facts) -> Option<Unknown> {
    let is_answer = facts.status.is_some_and(|status| status < 400);
    let is_ours = facts.status.is_some_and(|status| facts.told(status).is_some());
    if facts.is_broken_off() || facts.is_given && (is_answer || is_ours) {
        return None;
    }
    Some(Unknown { may_have_left: !facts.is_given, is_answer, is_unseen: facts.began.is_none() })
}

impl Record {
    /// Makes the record of what is known, which is taken out.
    pub fn make(facts: &mut Facts, ended: &Ended) -> Self {
        let status = ended.status.filter(|status| *status > 0).or(facts.status);
        let (outcome, error) = judge(facts, ended, status);
        let duration = facts.began.zip(ended.at).and_then(|(began, at)| at.duration_since(began).ok());
        let first = facts.attempt.first_token.zip(facts.began);
        let nobody_waited = outcome == Outcome::ClientGone || ended.flags & TIMEOUT != 0;
        let (usage, estimated) = tokens(facts, nobody_waited);
        // Of attempts that were never sent Envoy knows nothing but that it began them.
        let of_envoy = ended.attempts.filter(|_| outcome != Outcome::Refused).unwrap_or_default();
        let attempts = facts.attempts.max(of_envoy);
        let Facts {
            caller, team, attribution, operation, model_asked, technique, part_of, request_id, ..
        } = facts;
        let Attempt {
            model, profile, region, target, request_id: bedrocks, finish_reason, guardrail, ..
        } = &mut facts.attempt;
        let some = |text: &mut String| Some(std::mem::take(text)).filter(|text| !text.is_empty());
        Self {
            caller: caller.take(),
            team: team.take(),
            attribution: attribution.take(),
            operation: *operation,
            model_asked: model_asked.take(),
            model: some(model),
            profile: profile.take(),
            region: some(region),
            target: target.take(),
            attempts,
            is_fallback: facts.elsewhere.take().is_some_and(|elsewhere| elsewhere.is_so),
            stream: facts.stream,
            status: facts.told_as.or(status),
            outcome,
            error,
            limit: facts.limit,
            finish_reason: *finish_reason,
            usage,
            estimated,
            cost_micros: None,
            time_to_first_token: first.and_then(|(at, began)| at.duration_since(began).ok()),
            duration: ended.duration.or(duration),
            technique: technique.take(),
            calls: facts.calls,
            part_of: part_of.take(),
            guardrail: *guardrail,
            request_id: request_id.take(),
            bedrock_request_id: bedrocks.take(),
        }
    }

    /// All tokens, guessed ones too.
    pub fn total_tokens(&self) -> u64 {
        self.usage.map_or(0, |usage| usage.total_tokens)
    }
}

/// How it ended, and what went wrong.
fn judge(facts: &Facts, ended: &Ended, status: Option<u16>) -> (Outcome, Option<Cow<'static, str>>) {
    if !facts.is_given && ended.is_clients() {
        return (Outcome::ClientGone, None);
    }
    let of_envoy = || ended.details.as_deref().and_then(word).map(Cow::Owned);
    let code = |fault: Fault| Some(Cow::Borrowed(fault.code));
    let told = status.unwrap_or_default();
    if told >= 400 {
        let fault = facts.told(told);
        let is_before = fault.map_or(facts.attempts == 0, |fault| fault.is_before);
        let outcome = if told < 500 && is_before { Outcome::Refused } else { Outcome::Error };
        return (outcome, fault.map_or_else(of_envoy, code));
    }
    match facts.error {
        Some(fault) if facts.is_broken_off() => (Outcome::Cut, code(fault)),
        _ if facts.is_given => (Outcome::Ok, None),
        _ if told > 0 => (Outcome::Cut, of_envoy()),
        fault => (Outcome::Error, fault.map_or_else(of_envoy, code)),
    }
}

/// What Envoy calls an ending, without what it says of the case at hand: `upstream_reset_before_response_started` of
/// `upstream_reset_before_response_started{connection_termination}`. An error of this gateway's that nobody noted is in there by its code.
fn word(details: &str) -> Option<String> {
    let word = details.split('{').next().unwrap_or_default();
    let word = word.strip_prefix("bedrock_").unwrap_or(word);
    let is_word = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    (!word.is_empty() && word.len() <= DETAILS && is_word).then(|| word.to_owned())
}

/// The tokens, and whether some are a guess.
fn tokens(facts: &Facts, nobody_waited: bool) -> (Option<Usage>, bool) {
    let Some((untold, is_guess)) = facts.untold(nobody_waited) else {
        return (facts.usage, facts.is_guessed);
    };
    let mut usage = facts.usage.unwrap_or_default();
    usage::add(&mut usage, &untold);
    (Some(usage), is_guess || facts.is_guessed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Account;

    fn facts(act: impl FnOnce(&Account)) -> Facts {
        let account = Account::default();
        act(&account);
        account.with(|facts| facts.clone())
    }

    fn attempt() -> Attempt {
        Attempt { model: "m".into(), is_counted: true, input_guess: 7, ..Attempt::default() }
    }

    fn made(mut facts: Facts, ended: Ended) -> Record {
        Record::make(&mut facts, &ended)
    }

    #[test]
    fn each_ending_is_told_from_the_others() {
        let given = |account: &Account, status| {
            account.with(|facts| {
                facts.status = Some(status);
                facts.is_given = true;
            });
        };
        let begun = |account: &Account| account.begin_attempt(attempt(), true);
        let begins = |account: &Account| account.with(|facts| facts.attempt.has_begun = true);
        let ended = |status, flags, details: &str| Ended {
            status: Some(status),
            flags,
            details: Some(details.to_owned()),
            ..Ended::default()
        };
        let none = Ended::default;
        for (facts, ended, outcome, error) in [
            (facts(|a| (begun(a), given(a, 200)).1), none(), Outcome::Ok, None),
            (facts(|a| given(a, 200)), none(), Outcome::Ok, None),
            (facts(|a| (a.fails(401, "x"), given(a, 401)).1), none(), Outcome::Refused, Some("x")),
            (facts(|a| (a.fails(503, "x"), given(a, 503)).1), none(), Outcome::Error, Some("x")),
            (facts(|a| (begun(a), a.fails(400, "x"), given(a, 400)).2), none(), Outcome::Error, Some("x")),
            (
                facts(|a| (begun(a), begins(a), a.fails(502, "x"), given(a, 200)).3),
                none(),
                Outcome::Cut,
                Some("x"),
            ),
            // Another attempt than the one that is known of has answered: at a cluster without the filter.
            (facts(|a| (begun(a), a.fails(502, "x"), given(a, 200)).2), none(), Outcome::Ok, None),
            // The second attempt got no connection.
            (
                facts(|a| (begun(a), a.fails(429, "x"), given(a, 503)).2),
                ended(503, 0x20, "upstream_reset_before_response_started{a b}"),
                Outcome::Error,
                Some("upstream_reset_before_response_started"),
            ),
            (facts(begun), ended(0, 0x4000, "downstream_remote_disconnect"), Outcome::ClientGone, None),
            (
                facts(|a| (begun(a), a.with(|facts| facts.status = Some(200))).1),
                ended(200, 0x40, "upstream_reset_after_response_started{x}"),
                Outcome::Cut,
                Some("upstream_reset_after_response_started"),
            ),
            (facts(|_| ()), ended(400, 0, "http1.codec_error"), Outcome::Refused, Some("http1.codec_error")),
            (facts(begun), ended(504, 4, "a client's words"), Outcome::Error, None),
            (
                facts(|_| ()),
                ended(413, 0, "bedrock_request_too_large"),
                Outcome::Refused,
                Some("request_too_large"),
            ),
        ] {
            let what = format!("{facts:?} {ended:?}");
            let record = made(facts, ended);
            assert_eq!((record.outcome, record.error.as_deref()), (outcome, error), "{what}");
        }
    }

    #[test]
    fn envoy_is_asked_only_for_what_nobody_else_knows() {
        let told = |status: u16, is_given| {
            move |facts: &mut Facts| (facts.status, facts.is_given) = (Some(status), is_given)
        };
        let known = |change: &dyn Fn(&mut Facts)| {
            let mut facts = Facts { began: Some(SystemTime::UNIX_EPOCH), ..Facts::default() };
            change(&mut facts);
            unknown(&facts)
        };
        let fault =
            |facts: &mut Facts| facts.error = Some(Fault { status: 503, code: "x", is_before: false });
        let both = |status, is_given| {
            move |facts: &mut Facts| {
                fault(facts);
                told(status, is_given)(facts);
            }
        };
        assert_eq!(known(&told(200, true)), None);
        assert_eq!(known(&both(503, true)), None);
        let broken_off = |facts: &mut Facts| {
            both(200, false)(facts);
            facts.attempt.has_begun = true;
        };
        assert_eq!(known(&broken_off), None);
        let asked = |may_have_left, is_answer| Some(Unknown { may_have_left, is_answer, is_unseen: false });
        // One of Envoy's own, an answer that broke off, and whatever ends before the first header.
        assert_eq!(known(&both(504, true)), asked(false, false));
        assert_eq!(known(&told(200, false)), asked(true, true));
        assert_eq!(known(&|_| ()), asked(true, false));
        assert!(unknown(&Facts::default()).unwrap().is_unseen);
    }

    #[test]
    fn an_error_that_another_api_has_another_status_for_is_known_by_its_own() {
        let told = |facts: &mut Facts| {
            facts.error = Some(Fault { status: 503, code: "x", is_before: false });
            (facts.status, facts.told_as, facts.is_given) = (Some(503), Some(529), true);
        };
        let record = made(facts(|account| account.with(told)), Ended::default());
        assert_eq!((record.status, record.error.as_deref()), (Some(529), Some("x")));
    }

    #[test]
    fn tokens_that_nobody_told_are_guessed_only_where_there_is_an_answer_or_nobody_waited_for_it() {
        let left = Ended { flags: 1 << 28, ..Ended::default() };
        let begun = |change: fn(&mut Attempt)| {
            let mut attempt = attempt();
            change(&mut attempt);
            facts(|account| account.begin_attempt(attempt.clone(), true))
        };
        let tokens = |record: Record| (record.usage.map(|usage| usage.total_tokens), record.estimated);
        assert_eq!(tokens(made(begun(|_| ()), Ended::default())), (None, false));
        assert_eq!(tokens(made(begun(|_| ()), left.clone())), (Some(7), true));
        let given_up = Ended { status: Some(504), flags: TIMEOUT, ..Ended::default() };
        assert_eq!(tokens(made(begun(|_| ()), given_up)), (Some(7), true));
        let streamed = |attempt: &mut Attempt| (attempt.has_begun, attempt.flowed) = (true, 9);
        assert_eq!(tokens(made(begun(streamed), left.clone())), (Some(10), true));
        assert_eq!(tokens(made(begun(|attempt| attempt.is_counted = false), left.clone())), (None, false));
        let told = facts(|account| {
            account.begin_attempt(attempt(), true);
            account.spend(&usage::guessed(1, 2));
        });
        assert_eq!(tokens(made(told, left)), (Some(3), false));
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_duration() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
        let facts = Facts { began: Some(now), ..Facts::default() };
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let ended = |at| Ended { at, ..Ended::default() };
        assert_eq!(made(facts.clone(), ended(at(10))).duration, Some(Duration::from_secs(1)));
        assert_eq!(made(facts, ended(at(8))).duration, None);
    }
}
