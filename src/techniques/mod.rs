//! Techniques: several calls for a better answer, with OptiLLM's names and parameters; each module names its paper.
//!
//! A [`Technique`] is a state machine without I/O: given the replies to its last step's calls, it returns the next step. The
//! calls of a step are made in parallel; each is the client's own request with the changes in a [`Call`], so that turns, tools,
//! images and system texts are kept.

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

/// A technique running for one request.
pub trait Technique: fmt::Debug {
    /// Returns the next step. `replies` are those to the last step's calls, in order, empty at the beginning; `None` is a
    /// failed call.
    ///
    /// # Errors
    /// 502 where too few replies are left.
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error>;

    /// Most calls, including the last.
    fn most_calls(&self) -> usize;

    /// Most tokens that all calls may generate, where the request's limit is `each`. Judges have a limit of their own.
    fn most_tokens(&self, each: u64) -> u64 {
        judge::tokens(self.most_calls(), each, 0)
    }
}

/// A step of a technique.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Make these calls in parallel, and continue with their replies.
    Calls(Vec<Call>),
    /// Make this call; its reply is the answer, and may be streamed.
    Last(Call),
    /// The answer's choices, one or more.
    Answer(Vec<Reply>),
}

/// A call, as changes to the client's request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Call {
    /// Which of the client's parameters apply.
    pub kind: Kind,
    /// A system text after the client's own.
    pub system: Option<String>,
    /// The change to the client's last user turn.
    pub turn: Turn,
    /// Further turns after it, alternately the assistant's and the user's.
    pub then: Vec<(Role, String)>,
    /// Replaces the client's temperature; `top_p` is then removed, because models take only one of the two.
    pub temperature: Option<f64>,
    /// Replaces the client's limit on generated tokens.
    pub max_tokens: Option<u64>,
    /// Replaces the client's model.
    pub model: Option<String>,
    /// The reply's text is split by [`Parted`]: thoughts become reasoning, the rest the answer.
    pub parted: bool,
}

/// Which of the client's parameters apply to a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// All of them: the reply may become the answer.
    #[default]
    Draw,
    /// All but `stop`, `response_format`, `reasoning_effort`, `logprobs` and `tool_choice`: only the technique reads the reply.
    /// Tools are sent only where the conversation contains tool calls, because Bedrock requires their declarations then.
    Judge,
}

/// A change to the client's last user turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// None.
    #[default]
    AsItIs,
    /// Adds this text after its content.
    Followed(String),
    /// Repeats its texts after this text.
    Repeated(String),
    /// Replaces its texts by this text; images and documents are kept.
    Replaced(String),
}

/// The speaker of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The assistant.
    Assistant,
    /// The user.
    User,
}

/// The reply to a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reply {
    /// The answer's text; empty where there is none.
    pub text: String,
    /// Its tool calls, as the original JSON list.
    pub tool_calls: Option<String>,
    /// Its reasoning.
    pub reasoning: Option<String>,
    /// OpenAI's finish reason: `stop`, `length`, `tool_calls`, `content_filter`.
    pub finish_reason: String,
    /// The choice's original JSON; `None` once `text` has been changed.
    pub choice: Option<String>,
}

impl Call {
    /// Bytes held.
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
