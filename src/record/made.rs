//! Makes the record at a request's end, from its account and Envoy's properties.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::account::{Attempt, Facts, Fault};
use super::usage::{self, Usage};
use crate::gateway::attribution::Attribution;

/// Envoy's response flags that blame the client: it closed the connection, reset the stream, or broke the protocol (Envoy
/// documentation, "Response flags": DC, DR, DPE; values of `ResponseFlag`).
const CLIENT: u64 = 1 << 14 | 1 << 18 | 1 << 28;

/// Envoy's response flags of a timeout: of the route or an attempt, of an idle stream, of a stream's duration on either side
/// (UT, SI, UMSDR, DT).
const TIMEOUT: u64 = 1 << 2 | 1 << 16 | 1 << 19 | 1 << 22;

/// Longest response code details of Envoy's that are kept, bytes.
const DETAILS: usize = 64;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The whole answer was given.
    Ok,
    /// Refused before an attempt was sent: 400 to 499.
    Refused,
    /// Failed: an error of Bedrock's or Envoy's, or the gateway's from 500 on.
    Error,
    /// The client left before the end.
    ClientGone,
    /// The answer had begun and broke off.
    Cut,
}

impl Outcome {
    /// The value in records.
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

/// Envoy's properties at a request's end. Reading them costs time, so all but the time are read only if [`unknown`] says so.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// When the request ended, by Envoy's clock.
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

/// The record of one request; `None` means unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The caller's name.
    pub caller: Option<String>,
    /// The caller's team.
    pub team: Option<String>,
    /// The operator's labels for the caller.
    pub attribution: Option<Rc<Attribution>>,
    /// The operation: see [`operation`](super::operation).
    pub operation: Option<&'static str>,
    /// The model as the client names it, cut to 256 bytes. It may be any text, so it must not be a metric's label.
    pub model_asked: Option<String>,
    /// Bedrock's id of the model in the last attempt.
    pub model: Option<String>,
    /// The caller's inference profile in the last attempt, by its ARN.
    pub profile: Option<String>,
    /// The region of the last attempt.
    pub region: Option<String>,
    /// The target of the last attempt, where the configuration names it.
    pub target: Option<String>,
    /// Number of attempts.
    pub attempts: u64,
    /// Whether the last attempt went to another model or region than the first.
    pub is_fallback: bool,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// The status that the client got; `None`: none.
    pub status: Option<u16>,
    /// How the request ended.
    pub outcome: Outcome,
    /// What went wrong: a code of this gateway's (borrowed, so from a known set) or Envoy's response code details (owned).
    pub error: Option<Cow<'static, str>>,
    /// The limit that refused it, by its name in the configuration.
    pub limit: Option<&'static str>,
    /// Why the model stopped, in OpenAI's words.
    pub finish_reason: Option<&'static str>,
    /// Tokens of all attempts.
    pub usage: Option<Usage>,
    /// Whether some of them are estimated, because Bedrock has not told them.
    pub estimated: bool,
    /// What the tokens cost, in millionths of the currency of the configured prices.
    pub cost_micros: Option<u64>,
    /// Time from the request's headers to the first text of a stream.
    pub time_to_first_token: Option<Duration>,
    /// Time from the request's headers to its end.
    pub duration: Option<Duration>,
    /// The technique that answered it.
    pub technique: Option<String>,
    /// Number of calls to this gateway itself that were made for it. Each has a record of its own, with its own tokens.
    pub calls: Option<u64>,
    /// The `request_id` of the request that this call was made for.
    pub part_of: Option<String>,
    /// Whether a guardrail intervened.
    pub guardrail: bool,
    /// Envoy's id of the request.
    pub request_id: Option<String>,
    /// Bedrock's id of the last attempt.
    pub bedrock_request_id: Option<String>,
}

impl Ended {
    /// Whether the response flags blame the client.
    pub fn is_clients(&self) -> bool {
        self.flags & CLIENT != 0
    }
}

/// An ending that only Envoy's properties can explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The whole answer was not given, so the client may have left.
    pub may_have_left: bool,
    /// An answer of Bedrock's had begun; otherwise Envoy sent a local reply.
    pub is_answer: bool,
    /// The gateway role has not seen the request begin.
    pub is_unseen: bool,
}

/// Which of Envoy's properties must be read; `None`: none. That is so where an answer or an error of this gateway's was given
/// whole, and where an answer contains such an error. Each property costs some 2 µs, two thirds of a record without any.
pub fn unknown(facts: &Facts) -> Option<Unknown> {
    let is_answer = facts.status.is_some_and(|status| status < 400);
    let is_ours = facts.status.is_some_and(|status| facts.told(status).is_some());
    if facts.is_broken_off() || facts.is_given && (is_answer || is_ours) {
        return None;
    }
    Some(Unknown { may_have_left: !facts.is_given, is_answer, is_unseen: facts.began.is_none() })
}

impl Record {
    /// Makes the record; takes the facts' texts out.
    pub fn make(facts: &mut Facts, ended: &Ended) -> Self {
        let status = ended.status.filter(|status| *status > 0).or(facts.status);
        let (outcome, error) = judge(facts, ended, status);
        let duration = facts.began.zip(ended.at).and_then(|(began, at)| at.duration_since(began).ok());
        let first = facts.attempt.first_token.zip(facts.began);
        let nobody_waited = outcome == Outcome::ClientGone || ended.flags & TIMEOUT != 0;
        let (usage, estimated) = tokens(facts, nobody_waited);
        // Envoy also counts attempts that ended before the filter sent them.
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

    /// All tokens, estimated ones included.
    pub fn total_tokens(&self) -> u64 {
        self.usage.map_or(0, |usage| usage.total_tokens)
    }
}

/// The outcome, and what went wrong.
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

/// Envoy's response code details without the specifics in braces: `upstream_reset_before_response_started` from
/// `upstream_reset_before_response_started{connection_termination}`. For a local reply of the filter they hold the error's
/// code.
fn word(details: &str) -> Option<String> {
    let word = details.split('{').next().unwrap_or_default();
    let word = word.strip_prefix("bedrock_").unwrap_or(word);
    let is_word = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    (!word.is_empty() && word.len() <= DETAILS && is_word).then(|| word.to_owned())
}

/// The tokens, and whether some are estimated.
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
            // Another attempt has answered than the one in the account: at a cluster without the filter.
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
        // A local reply of Envoy's, an answer that broke off, and a request that ended before its first header.
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
