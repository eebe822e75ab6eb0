//! Techniques: ways to a better answer by more calls than one (OptiLLM's names and tunables; each module names its paper).
//!
//! A [`Technique`] is a state machine that knows neither Envoy nor HTTP: given the replies to the calls of its last step, it says
//! what to do next. The calls of a step are made side by side; each is the client's own request with the changes that a [`Call`]
//! names, so that turns, tools, images and system texts stay what they are.

pub mod away;
mod bon;
mod candidates;
pub mod choose;
mod combine;
mod content;
mod cot_reflection;
mod dice;
mod drafts;
mod edit;
pub mod expression;
mod extract;
mod genselect;
mod judge;
mod leap;
mod majority_voting;
mod mcts;
mod moa;
mod normal;
mod object;
mod parted;
mod plansearch;
mod pvg;
pub mod question;
mod re2;
pub mod reply;
mod rsa;
mod rstar;
mod rto;
pub mod run;
mod scores;
mod selection;
mod self_consistency;
pub mod settings;
mod table;
#[cfg(test)]
mod testing;
mod tunables;
mod verdict;
mod votes;
mod voting;

use std::fmt;

use crate::openai::Error;

pub use expression::Expression;
pub use parted::{Parted, Piece};
pub use question::Question;
pub use settings::Settings;
pub use table::{KNOWN, Known, known};
pub use tunables::Tunables;

/// A technique at work on one request.
pub trait Technique: fmt::Debug {
    /// The next step. `replies` are those to the calls of the step before, in their order, and none at the beginning; `None` is a
    /// call that failed.
    ///
    /// # Errors
    /// 502 where too few replies are left to go on with.
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error>;

    /// Most calls that it makes, the last one included.
    fn most_calls(&self) -> usize;

    /// Most tokens that all of them may generate, where the request's limit is `each`. Judges have one of their own.
    fn most_tokens(&self, each: u64) -> u64 {
        judge::tokens(self.most_calls(), each, 0)
    }
}

/// What a technique does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Makes these calls, side by side, and goes on with their replies.
    Calls(Vec<Call>),
    /// The reply to this call is the answer, and is told as it comes.
    Last(Call),
    /// These are the answer's choices, one or more.
    Answer(Vec<Reply>),
}

/// A call: what it says otherwise than the client's request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// Which of the client's parameters hold.
    pub kind: Kind,
    /// A system text behind the client's own.
    pub system: Option<String>,
    /// What becomes of the client's last user turn.
    pub turn: Turn,
    /// Turns behind it: an assistant's and a user's, by turns.
    pub then: Vec<(Role, String)>,
    /// Instead of the client's; it takes `top_p` away, as models take one of the two.
    pub temperature: Option<f64>,
    /// Instead of the client's limit on generated tokens.
    pub max_tokens: Option<u64>,
    /// Instead of the client's model.
    pub model: Option<String>,
    /// Its text is told as [`Parted`] reads it: thoughts as reasoning, the rest as the answer.
    pub parted: bool,
}

/// Which of the client's parameters hold for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// All: its reply may become the answer.
    #[default]
    Draw,
    /// None of `stop`, `response_format`, `reasoning_effort`, `logprobs`, `tool_choice`: its reply is read here. Tools go along only
    /// where the conversation holds calls, since Bedrock refuses these without them.
    Judge,
}

/// What becomes of the client's last user turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    #[default]
    AsItIs,
    /// This text comes behind what it says.
    Followed(String),
    /// Its texts come once more behind this text.
    Repeated(String),
    /// This text stands for its texts; images and documents stay.
    Replaced(String),
}

/// Who says a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The model.
    Assistant,
    /// The client.
    User,
}

/// What a call came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The text of the answer; empty where there is none.
    pub text: String,
    /// Its calls of tools, the JSON list as it came.
    pub tool_calls: Option<String>,
    /// Its reasoning.
    pub reasoning: Option<String>,
    /// Why it ended, in OpenAI's words: `stop`, `length`, `tool_calls`, `content_filter`.
    pub finish_reason: String,
    /// The choice as it came, JSON; `None` once `text` is not what came any more.
    pub choice: Option<String>,
}

impl Call {
    /// What is held, bytes.
    pub fn held(&self) -> usize {
        let turn = match &self.turn {
            Turn::AsItIs => 0,
            Turn::Followed(text) | Turn::Repeated(text) | Turn::Replaced(text) => text.capacity(),
        };
        let texts = [&self.system, &self.model].into_iter().flatten();
        let texts = texts.chain(self.then.iter().map(|(_, text)| text)).map(String::capacity);
        texts.fold(turn.saturating_add(size_of::<Self>()), usize::saturating_add)
    }
}
