//! What of an attempt goes into the request's record.

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
    /// Whether the client waits for a stream.
    pub(super) stream: bool,
    /// Whether its tokens are paid for.
    pub(super) is_counted: bool,
    /// Tokens of the request, guessed.
    pub(super) input_guess: u64,
}

/// Bodies up to here have no room for media that would be far from their share of bytes.
const SMALL: usize = 64 << 10;

/// What Bedrock will count of a request's body, guessed for when it never tells.
pub(super) fn input_guess(body: &[u8]) -> u64 {
    if body.len() <= SMALL { usage::of_bytes(body.len()) } else { estimate::input(body) }
}

impl Upstream {
    /// Lets `act` add to the account, where there is one.
    pub(super) fn note(&self, act: impl FnOnce(&Account)) {
        if let Some(account) = &self.account {
            act(account);
        }
    }

    /// The attempt was sent.
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

    /// The headers of the answer are there.
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
            facts.attempt.in_headers = head.usage;
        });
    }

    /// An answer that is held until it is whole has begun to come: the model has made it, and it is paid for even where it breaks off.
    pub(super) fn is_made(&self) {
        self.note(|account| account.with(|facts| facts.attempt.has_begun = true));
    }

    /// So many bytes of it are there.
    pub(super) fn comes(&self, bytes: usize) {
        self.note(|account| account.with(|facts| facts.attempt.flowed = bytes));
    }

    /// The answer has told so much of itself.
    pub(super) fn notes(&self, noted: Noted) {
        let Some(account) = &self.account else { return };
        account.with(|facts| {
            let Attempt { flowed, input, finish_reason, guardrail, .. } = &mut facts.attempt;
            (*flowed, *input) = (noted.flowed, noted.input);
            *finish_reason = noted.finish_reason.or(*finish_reason);
            *guardrail |= noted.guardrail;
        });
        // Some tell their tokens again and again as they go on, each time all of them so far.
        if let Some(usage) = noted.usage {
            let known = self.told.replace(usage);
            if known != usage {
                account.spend(&usage::beyond(usage, known));
            }
        }
    }

    /// The answer is a success, and begins to go on.
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

    /// The answer is an error, or breaks off with one.
    pub(super) fn fails(&self, error: &Error) {
        self.note(|account| account.fails(error.status, error.code.unwrap_or(error.kind)));
    }
}
