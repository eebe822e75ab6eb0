//! The account of a request under way. The gateway role opens it; each attempt of the upstream role adds at once what it
//! learns, so that a request whose client leaves early has a record too.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use super::usage::{self, Usage};
use crate::gateway::attribution::Attribution;
use crate::gateway::callers::Caller;
use crate::texts::on_one_line;

/// Longest client's model name that is kept, bytes.
const NAME: usize = 256;
/// Longest request id that is kept, bytes. Envoy's have 36.
const REQUEST_ID: usize = 128;

/// The account of one request, which both roles share.
#[derive(Debug, Default)]
pub struct Account(RefCell<Facts>);

/// The facts known so far; `None` means unknown.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When the request's headers came, by Envoy's clock.
    pub began: Option<SystemTime>,
    /// Whether the request gets no record, being a health check.
    pub is_unrecorded: bool,
    /// Whether Envoy has been told the name of its spans.
    pub is_named: bool,
    /// The caller's name.
    pub caller: Option<String>,
    /// The caller's team.
    pub team: Option<String>,
    /// The operator's labels for the caller.
    pub attribution: Option<Rc<Attribution>>,
    /// The operation: see [`operation`](super::operation).
    pub operation: Option<&'static str>,
    /// The model as the client names it, cut to 256 bytes. May be any text.
    pub model_asked: Option<String>,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// The technique that answers it.
    pub technique: Option<String>,
    /// Number of calls to this gateway itself that were made for it.
    pub calls: Option<u64>,
    /// The id of the request that this call was made for.
    pub part_of: Option<String>,
    /// The request's id, `x-request-id`: Envoy's, or the client's where Envoy is told to keep that.
    pub request_id: Option<String>,
    /// The gateway's error that the client got instead of an answer, or within one.
    pub error: Option<Fault>,
    /// The caller's or its team's limit that refused it, by its name in the configuration.
    pub limit: Option<&'static str>,
    /// The status that the client gets, once known.
    pub status: Option<u16>,
    /// The status in the client's error format, where that is not OpenAI's and has another status.
    pub told_as: Option<u16>,
    /// Whether the whole answer has passed the gateway role.
    pub is_given: bool,
    /// Whether the record has been made.
    pub is_closed: bool,
    /// Number of attempts sent to Bedrock.
    pub attempts: u64,
    /// The last attempt.
    pub attempt: Attempt,
    /// Whether the last attempt goes elsewhere than the first; `None` before the second attempt.
    pub elsewhere: Option<Elsewhere>,
    /// Tokens of all attempts as far as Bedrock has told them, and estimates for attempts that broke off before another
    /// replaced them.
    pub usage: Option<Usage>,
    /// Whether part of `usage` is estimated.
    pub is_guessed: bool,
}

/// Where the first attempt went, and whether the last one went to another model or region.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    first: [String; 2],
    /// Whether the last attempt went elsewhere.
    pub is_so: bool,
}

/// Facts about the last attempt.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// Bedrock's id of the model.
    pub model: String,
    /// The caller's inference profile that was called instead of the model.
    pub profile: Option<String>,
    /// The region that was called.
    pub region: String,
    /// The target's name, where the configuration gives it one.
    pub target: Option<String>,
    /// Bedrock's id of the request.
    pub request_id: Option<String>,
    /// Whether a successful answer has begun, from where on it is billed: a whole answer with its headers, a stream with its
    /// first event.
    pub has_begun: bool,
    /// Whether the attempt's tokens are billed.
    pub is_counted: bool,
    /// Whether Bedrock has told this attempt's tokens.
    pub is_told: bool,
    /// Its input tokens, where Bedrock has told them before the rest.
    pub input: Option<Usage>,
    /// All its tokens, where the answer's headers have told them before the body.
    pub in_headers: Option<Usage>,
    /// Its input tokens as estimated from the body's size.
    pub input_guess: u64,
    /// Bytes of the answer's text so far.
    pub flowed: usize,
    /// When the first text of a stream came.
    pub first_token: Option<SystemTime>,
    /// Why the model stopped, in OpenAI's words.
    pub finish_reason: Option<&'static str>,
    /// Whether a guardrail intervened.
    pub guardrail: bool,
}

/// An error of this gateway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its status.
    pub status: u16,
    /// Its code, or its type where it has no code.
    pub code: &'static str,
    /// Whether the client got it before any attempt was sent.
    pub is_before: bool,
}

/// Whether a client's text may stand as an id in a record: at most 64 letters, digits and hyphens.
pub fn is_id(word: &str) -> bool {
    word.len() <= 64 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

impl Account {
    /// Reads or changes the facts. `act` must not call this again.
    pub fn with<T>(&self, act: impl FnOnce(&mut Facts) -> T) -> T {
        act(&mut self.0.borrow_mut())
    }

    /// The request is answered by an error.
    pub fn fails(&self, status: u16, code: &'static str) {
        self.with(|facts| {
            let is_before = facts.attempts == 0;
            facts.error = Some(Fault { status, code, is_before });
        });
    }

    /// An attempt is sent. `instead`: the one before it has ended.
    pub fn begin_attempt(&self, attempt: Attempt, instead: bool) {
        self.with(|facts| {
            if instead && let Some((untold, is_guess)) = facts.untold(false) {
                usage::add(facts.usage.get_or_insert_default(), &untold);
                facts.is_guessed |= is_guess;
            }
            let (model, region) = (&mut facts.attempt.model, &mut facts.attempt.region);
            if facts.attempts > 0 {
                let elsewhere = facts.elsewhere.get_or_insert_with(|| Elsewhere {
                    first: [std::mem::take(model), std::mem::take(region)],
                    is_so: false,
                });
                elsewhere.is_so = elsewhere.first != [attempt.model.as_str(), &attempt.region];
            }
            facts.attempts = facts.attempts.saturating_add(1);
            // The previous attempt's error does not reach the client.
            facts.error = None;
            facts.attempt = attempt;
        });
    }

    /// Adds tokens that Bedrock has told, once per attempt.
    pub fn spend(&self, more: &Usage) {
        self.with(|facts| {
            facts.attempt.is_told = true;
            usage::add(facts.usage.get_or_insert_default(), more);
        });
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        self.with(|facts| {
            let Facts { caller, team, model_asked, technique, part_of, request_id, attempt, .. } = facts;
            let texts = [caller, team, model_asked, technique, part_of, request_id];
            let texts = texts.into_iter().flatten().map(|text| text.capacity());
            let of_attempt = [attempt.model.capacity(), attempt.region.capacity()];
            texts.chain(of_attempt).fold(size_of::<Self>(), usize::saturating_add)
        })
    }
}

impl Facts {
    /// The gateway's error behind the status that the client gets, if it is one: an earlier attempt may have failed before
    /// another replaced it.
    pub fn told(&self, status: u16) -> Option<Fault> {
        self.error.filter(|fault| fault.status == status)
    }

    /// The attempt that answers went here: the last one, or with hedging one before it.
    pub fn is_at(&mut self, model: &str, region: &str) {
        model.clone_into(&mut self.attempt.model);
        region.clone_into(&mut self.attempt.region);
        if let Some(elsewhere) = &mut self.elsewhere {
            elsewhere.is_so = elsewhere.first != [model, region];
        }
    }

    /// Whether the answer has begun and contains an error event, its last.
    pub fn is_broken_off(&self) -> bool {
        self.error.is_some() && self.attempt.has_begun && self.status.is_some_and(|status| status < 400)
    }

    /// Sets the caller.
    pub fn is_of(&mut self, caller: &Caller) {
        self.caller = Some(caller.name.clone());
        self.team.clone_from(&caller.team);
        self.attribution = Some(Rc::clone(&caller.policy.attribution));
    }

    /// Sets the request's id by its header; a longer one is left out. A client's own, where Envoy is told to keep those, may hold
    /// any text, so control characters and ends of lines in it become spaces.
    pub fn has_id(&mut self, id: Option<&str>) {
        self.request_id = id.filter(|id| id.len() <= REQUEST_ID).map(on_one_line);
    }

    /// Sets the client's model name. Records are lines of logs, so control characters and ends of lines in it become spaces.
    pub fn asks_for(&mut self, model: &str) {
        let name = model.get(..model.floor_char_boundary(NAME)).unwrap_or_default();
        self.model_asked = Some(on_one_line(name));
    }

    /// Tokens of the last attempt where its answer has not told them, and whether they are estimated. There are some if Bedrock
    /// had begun to answer, or if the client or Envoy (by a timeout) gave up: Bedrock then finishes the answer, and bills it.
    pub fn untold(&self, nobody_waited: bool) -> Option<(Usage, bool)> {
        let Attempt { is_counted, is_told, has_begun, input, in_headers, input_guess, flowed, .. } =
            self.attempt;
        let is_open = self.attempts > 0 && is_counted && !is_told;
        if !is_open || !(has_begun || nobody_waited) {
            return None;
        }
        if let Some(told) = in_headers {
            return Some((told, false));
        }
        let mut usage = usage::guessed(0, usage::of_bytes(flowed));
        usage::add(&mut usage, &input.map_or(usage::guessed(input_guess, 0), usage::input_alone));
        Some((usage, true))
    }

    /// The name of the request's span: `chat MODEL`; `None` where the operation is unknown.
    pub fn span(&self) -> Option<Cow<'static, str>> {
        let operation = super::operation::in_spans(self.operation?);
        let model = self.model_asked.as_deref().filter(|model| !model.is_empty());
        Some(model.map_or(operation.into(), |model| [operation, " ", model].concat().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_of_a_model_and_no_id_of_a_request_is_more_than_one_line_whatever_ends_one() {
        let mut facts = Facts::default();
        let text = "a\n\r\u{85}\u{2028}\u{2029}\u{9b}\u{7f}\0\u{e9}";
        facts.asks_for(text);
        facts.has_id(Some(text));
        assert_eq!(facts.model_asked.as_deref(), Some("a        \u{e9}"));
        assert_eq!(facts.request_id, facts.model_asked);
        facts.has_id(Some(&"a".repeat(129)));
        assert_eq!(facts.request_id, None);
    }

    #[test]
    fn tokens_of_all_attempts_are_counted_together_and_what_else_is_known_is_the_last_ones() {
        let account = Account::default();
        let usage = usage::guessed(10, 5);
        for model in ["first", "second"] {
            account.begin_attempt(Attempt { model: model.to_owned(), ..Attempt::default() }, true);
            account.spend(&usage);
        }
        account.with(|facts| {
            assert_eq!((facts.attempts, facts.attempt.model.as_str()), (2, "second"));
            assert_eq!(facts.usage.map(|usage| usage.total_tokens), Some(30));
        });
    }

    #[test]
    fn an_answer_that_broke_off_is_counted_with_that_of_the_attempt_in_its_place() {
        let begun =
            Attempt { is_counted: true, has_begun: true, input_guess: 7, flowed: 9, ..Attempt::default() };
        let headers = Some(usage::guessed(1, 1));
        for (first, instead, expected, is_guessed) in [
            (begun.clone(), true, 25, true),
            (Attempt { in_headers: headers, ..begun.clone() }, true, 17, false),
            (Attempt { has_begun: false, ..begun.clone() }, true, 15, false),
            // Hedged, so it may still tell its tokens.
            (begun, false, 15, false),
        ] {
            let account = Account::default();
            account.begin_attempt(first, true);
            account.begin_attempt(Attempt::default(), instead);
            account.spend(&usage::guessed(10, 5));
            account.with(|facts| {
                let total = facts.usage.map(|usage| usage.total_tokens);
                assert_eq!((total, facts.is_guessed), (Some(expected), is_guessed));
            });
        }
    }

    #[test]
    fn of_two_attempts_at_once_the_one_that_answers_says_where_that_was() {
        let account = Account::default();
        for region in ["east", "west"] {
            let (model, region) = ("m".to_owned(), region.to_owned());
            account.begin_attempt(Attempt { model, region, ..Attempt::default() }, false);
        }
        for (region, is_elsewhere) in [("west", true), ("east", false), ("west", true)] {
            account.with(|facts| {
                facts.is_at("m", region);
                assert_eq!(facts.attempt.region, region);
                assert_eq!(facts.elsewhere.as_ref().map(|elsewhere| elsewhere.is_so), Some(is_elsewhere));
            });
        }
    }

    #[test]
    fn an_error_before_the_first_attempt_is_told_from_one_after_it() {
        let account = Account::default();
        account.fails(403, "model_not_allowed");
        account.with(|facts| assert!(facts.error.unwrap().is_before));
        account.begin_attempt(Attempt::default(), true);
        account.with(|facts| assert_eq!(facts.error, None));
        account.fails(429, "rate_limit_exceeded");
        account.with(|facts| assert!(!facts.error.unwrap().is_before));
    }

    #[test]
    fn a_name_of_the_clients_is_bounded_and_stays_text() {
        let mut facts = Facts::default();
        facts.asks_for(&"é".repeat(1_000));
        assert_eq!(facts.model_asked.unwrap().len(), 256);
        let mut facts = Facts { operation: Some("responses"), ..Facts::default() };
        assert_eq!(facts.span().as_deref(), Some("chat"));
        facts.asks_for("gpt-4o");
        assert_eq!(facts.span().as_deref(), Some("chat gpt-4o"));
    }
}
