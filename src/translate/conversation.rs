//! A conversation in Converse's own terms, as a front has read it from a client: what is asked for, whatever the model
//! takes. Texts stay the client's; names, ids and schemas too. [`fit`](super::fit) makes of it what a model takes.

use std::borrow::Cow;

use crate::bedrock::converse::{
    CachePoint, Document, DocumentBlock, GuardContent, Input, Labels, Media, Reasoning, ResultBlock,
    ServiceTier,
};
use crate::wire::{Number, Raw, Str};

/// All that a client asks for.
#[derive(Debug, Default)]
pub struct Conversation<'a> {
    /// What was said, in its order.
    pub messages: Vec<Message<'a>>,
    /// What the model may call; no two have one name.
    pub tools: Vec<Tool<'a>>,
    /// Whether and what the model must call.
    pub choice: Choice<'a>,
    /// Whether the model may look up the web.
    pub web_search: bool,
    /// Whether the model may make no more than one call at a time.
    pub single_call: bool,
    /// The form of the answer.
    pub answer: Answer<'a>,
    /// Sampling and limits.
    pub sampling: Sampling<'a>,
    /// How hard to think.
    pub effort: Option<Effort>,
    /// The same, in Anthropic's more exact words.
    pub thinking: Option<Thinking<'a>>,
    /// Cache points that stand nowhere yet.
    pub caching: Caching,
    /// Anthropic's beta features, by name; `None`: nothing is said about them.
    pub betas: Option<Vec<String>>,
    /// Members of the model's own body, in their order: of a name the last holds.
    pub fields: Vec<(Cow<'a, str>, Raw<'a>)>,
    /// Converse's own `outputConfig`.
    pub output_config: Option<Written<'a>>,
    /// What goes over as it is.
    pub rest: Rest<'a>,
}

/// What one says at a time. Messages of one speaker may follow one another.
#[derive(Debug)]
pub struct Message<'a> {
    /// Who says it.
    pub speaker: Speaker,
    /// What of, none of it blank text.
    pub content: Vec<Content<'a>>,
}

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Whoever gives instructions; it says only texts, guarded or not, and cache points, at any time.
    System,
    /// The user, and the tools for it.
    User,
    /// The model.
    Assistant,
}

/// A piece of a message.
#[derive(Debug)]
pub enum Content<'a> {
    /// Text.
    Text(Str<'a>),
    /// A picture.
    Image(Media<'a>),
    /// A document by its file name, which need not be legal.
    Document(DocumentBlock<'a>),
    /// A film.
    Video(Media<'a>),
    /// Sound.
    Audio(Media<'a>),
    /// The model's reasoning, as it gave it out.
    Reasoning(Reasoning<'a>),
    /// A call.
    Call(Call<'a>),
    /// The answer to a call.
    Result(CallResult<'a>),
    /// Text or a picture that the guardrail is to look at, if there is a guardrail.
    Guarded(GuardContent<'a>),
    /// Cached up to here.
    CachePoint(CachePoint),
}

impl Content<'_> {
    /// Whether it is text, guarded or not.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Guarded(GuardContent::Text(_)))
    }
}

/// A call.
#[derive(Debug)]
pub struct Call<'a> {
    /// The client's id of it, if it has one.
    pub id: Option<Str<'a>>,
    /// The tool.
    pub name: Str<'a>,
    /// Arguments.
    pub input: Input<'a>,
}

/// The answer to a call.
#[derive(Debug)]
pub struct CallResult<'a> {
    /// To which one.
    pub call: CallName<'a>,
    /// What the tool gave; may be nothing.
    pub content: Vec<ResultBlock<'a>>,
    /// Whether the tool failed.
    pub failed: bool,
}

/// What a result calls its call by.
#[derive(Debug)]
pub enum CallName<'a> {
    /// The call's id.
    Id(Str<'a>),
    /// The tool's name: the first of its calls that has no answer yet.
    Tool(Str<'a>),
}

/// A tool.
#[derive(Debug)]
pub struct Tool<'a> {
    /// Its name, not empty.
    pub name: Str<'a>,
    /// What it does; never blank.
    pub description: Option<Str<'a>>,
    /// Of its arguments; `None`: it has none.
    pub schema: Option<Schema<'a>>,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
    /// Cached up to here.
    pub cache_point: Option<CachePoint>,
}

/// The schema of a tool.
#[derive(Clone, Copy, Debug)]
pub enum Schema<'a> {
    /// The client's.
    Given(Raw<'a>),
    /// The front's own, an object that every model takes.
    Own(&'static str),
}

/// Whether and what the model must call. Names are those of declared tools.
#[derive(Debug, Default)]
pub enum Choice<'a> {
    /// What it likes.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// Any, but one; there are tools.
    Required,
    /// This one.
    Named(Str<'a>),
    /// The web looked up, as it may.
    Search,
    /// Some of these.
    Allowed {
        /// Whether it must.
        required: bool,
        /// Which ones.
        names: Vec<Str<'a>>,
    },
}

/// The form of the answer.
#[derive(Debug, Default)]
pub enum Answer<'a> {
    /// Text.
    #[default]
    Text,
    /// A JSON object.
    Object,
    /// JSON by a schema.
    Schema {
        /// The schema, an object.
        schema: Raw<'a>,
        /// Its name; never blank.
        name: Option<Str<'a>>,
        /// What it is for; never blank.
        description: Option<Str<'a>>,
        /// Whether the answer must follow it exactly.
        strict: bool,
    },
}

/// Sampling and limits.
#[derive(Debug, Default)]
pub struct Sampling<'a> {
    /// Limit on generated tokens, at least 1.
    pub max_tokens: Option<i64>,
    /// 0–1.
    pub temperature: Option<Number<'a>>,
    /// 0–1.
    pub top_p: Option<Number<'a>>,
    /// At least 1.
    pub top_k: Option<i64>,
    /// Where to stop; none is empty.
    pub stop: Vec<Str<'a>>,
}

/// How hard to think, from not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effort {
    /// `none`.
    None,
    /// `minimal`.
    Minimal,
    /// `low`.
    Low,
    /// `medium`.
    Medium,
    /// `high`.
    High,
    /// `xhigh`.
    XHigh,
    /// `max`.
    Max,
}

impl Effort {
    /// Every one of them, the least first.
    pub const ALL: &'static [Self] =
        &[Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    /// What OpenAI and Anthropic call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::XHigh => "xhigh",
            Self::Max => "max",
        }
    }
}

/// Anthropic's `thinking`.
#[derive(Clone, Copy, Debug)]
pub enum Thinking<'a> {
    /// `disabled`.
    Disabled,
    /// `enabled`, within so many tokens.
    Budget(i64),
    /// `adaptive`, or a kind of a later day, as it is written.
    Other(Raw<'a>),
}

/// Which cache points to make.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caching {
    /// Behind the instructions, as the client asks.
    pub system: bool,
    /// Behind the last message of the user's, as the client asks.
    pub messages: bool,
    /// This one behind the last message of the user's, as the client asks.
    pub last: Option<CachePoint>,
    /// Wherever it is worth it if the client asks for none, as the configuration says.
    pub automatic: bool,
}

/// An object of the client's, and its members.
#[derive(Debug)]
pub struct Written<'a> {
    /// As it is written.
    pub raw: Raw<'a>,
    /// What is in it.
    pub members: Vec<(Cow<'a, str>, Raw<'a>)>,
}

/// What goes over as it is: no model changes it.
#[derive(Debug, Default)]
pub struct Rest<'a> {
    /// `guardrailConfig`.
    pub guardrail: Option<Document<'a>>,
    /// `requestMetadata`.
    pub labels: Labels<'a>,
    /// `performanceConfig`.
    pub performance: Option<Raw<'a>>,
    /// `promptVariables`.
    pub prompt_variables: Option<Raw<'a>>,
    /// `additionalModelResponseFieldPaths`.
    pub response_paths: Option<Raw<'a>>,
    /// `serviceTier`.
    pub service_tier: Option<ServiceTier<'a>>,
}
