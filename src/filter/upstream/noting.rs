//! Notes an attempt in the request's account.

use super::Upstream;
use super::attempt::Sent;
use super::head::{Head, UNKNOWN};
use crate::filter::{host, record};
use crate::gateway::limits::estimate;
use crate::gateway::targets::Target;
use crate::openai::Error;
use crate::record::account::{Account, Attempt};
use crate::record::usage;
use crate::translate::noted::Noted;

/// What is known of an attempt when it is sent.
pub(super) struct Begun<'t> {
    pub(super) target: &'t Target,
    /// Whether the client asked for a stream.
    pub(super) stream: bool,
    /// Whether its tokens are billed.
    pub(super) is_counted: bool,
    /// Estimated input tokens.
    pub(super) input_guess: u64,
}

/// In a body of up to this many bytes, media cannot distort the estimate by much.
const SMALL: usize = 64 << 10;

/// Estimates the input tokens of a request's body, for an answer that never tells them.
pub(super) fn input_guess(body: &[u8]) -> u64 {
    if body.len() <= SMALL { usage::of_bytes(body.len()) } else { estimate::input(body) }
}

impl Upstream {
    /// Runs `act` on the account, where there is one.
    pub(super) fn note(&self, act: impl FnOnce(&Account)) {
        if let Some(account) = &self.account {
            act(account);
        }
    }

    /// The request was sent.
    pub(super) fn is_sent(&mut self, sent: Sent, begun: &Begun<'_>) {
        self.target.clone_from(&begun.target.name);
        if let Some(account) = &self.account {
            account.with(|facts| facts.stream = begun.stream);
            let attempt = Attempt {
                model: sent.model.clone(),
                profile: sent.profile.clone(),
                region: sent.region.clone(),
                target: self.target.clone(),
                is_counted: begun.is_counted,
                input_guess: begun.input_guess,
                ..Attempt::default()
            };
            account.begin_attempt(attempt, !self.is_hedged());
            record::set_span(account);
        }
        self.sent = Some(sent);
    }

    /// The answer's headers have come.
    pub(super) fn answers(&self, head: &Head) {
        let (Some(account), Some(sent)) = (&self.account, &self.sent) else { return };
        account.with(|facts| {
            // With hedging, another attempt may have been sent since, or may have failed.
            if facts.attempts > 1 {
                facts.attempt.profile.clone_from(&sent.profile);
                facts.attempt.target.clone_from(&self.target);
                facts.is_at(&sent.model, &sent.region);
            }
            facts.attempt.request_id = Some(head.request_id.clone()).filter(|id| id != UNKNOWN);
            facts.attempt.in_headers = head.usage.filter(usage::is_possible);
        });
    }

    /// The first bytes of an answer that is held until whole have come: the model has made it, so it is billed even if it
    /// breaks off.
    pub(super) fn is_made(&self) {
        self.note(|account| account.with(|facts| facts.attempt.has_begun = true));
    }

    /// This many bytes of the answer have come.
    pub(super) fn comes(&self, bytes: usize) {
        self.note(|account| account.with(|facts| facts.attempt.flowed = bytes));
    }

    /// Adds facts from the answer: token counts, length of its text, finish reason, guardrail.
    pub(super) fn notes(&self, noted: Noted) {
        let Some(account) = &self.account else { return };
        account.with(|facts| {
            let Attempt { flowed, input, finish_reason, guardrail, .. } = &mut facts.attempt;
            (*flowed, *input) = (noted.flowed, noted.input.filter(usage::is_possible));
            *finish_reason = noted.finish_reason.or(*finish_reason);
            *guardrail |= noted.guardrail;
        });
        // Some models repeat their token counts during a stream, each time as totals so far.
        if let Some(usage) = noted.usage.filter(usage::is_possible) {
            let known = self.told.replace(usage);
            if known != usage {
                account.spend(&usage::beyond(usage, known));
            }
        }
    }

    /// The answer is a success, and its beginning is sent on.
    pub(super) fn begins(&self) {
        self.note(|account| {
            account.with(|facts| {
                facts.attempt.has_begun = true;
                // With hedging, another attempt may have failed meanwhile.
                facts.error = None;
                if facts.stream {
                    facts.attempt.first_token = Some(host::now());
                }
            });
        });
    }

    /// The answer is an error, or ends with one.
    pub(super) fn fails(&self, error: &Error) {
        self.note(|account| account.fails(error.status, error.code.unwrap_or(error.kind)));
    }
}
