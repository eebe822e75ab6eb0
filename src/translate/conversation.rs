//! A conversation in Converse's terms, as a front reads it from a client, before it is adapted to a model. Texts, names, ids
//! and schemas are the client's; [`fit`](super::fit) changes what the model does not take.

use std::borrow::Cow;

use crate::bedrock::converse::{
    CachePoint, Document, DocumentBlock, GuardContent, Input, Labels, Media, Reasoning, ResultBlock,
    ServiceTier,
};
use crate::wire::{Number, Raw, Str};

/// A client's request.
#[derive(Debug, Default)]
pub struct Conversation<'a> {
    /// The messages, in order.
    pub messages: Vec<Message<'a>>,
    /// The tools; no two have the same name.
    pub tools: Vec<Tool<'a>>,
    /// Whether the model must call a tool, and which.
    pub choice: Choice<'a>,
    /// Whether the model may search the web.
    pub web_search: bool,
    /// Whether the model may make at most one call at a time.
    pub single_call: bool,
    /// The format of the answer.
    pub answer: Answer<'a>,
    /// Sampling parameters and limits.
    pub sampling: Sampling<'a>,
    /// The effort of reasoning.
    pub effort: Option<Effort>,
    /// The reasoning in Anthropic's more precise terms.
    pub thinking: Option<Thinking<'a>>,
    /// Switches for cache points that are not placed yet.
    pub caching: Caching,
    /// Anthropic's beta features, by name; `None`: the client named none.
    pub betas: Option<Vec<String>>,
    /// Members of the model's native body, in order: the last of a name counts.
    pub fields: Vec<(Cow<'a, str>, Raw<'a>)>,
    /// Converse's own `outputConfig`.
    pub output_config: Option<Written<'a>>,
    /// Members that are passed on unchanged.
    pub rest: Rest<'a>,
}

/// A message. Several of one speaker may follow one another.
#[derive(Debug)]
pub struct Message<'a> {
    /// The speaker.
    pub speaker: Speaker,
    /// The content; no blank text.
    pub content: Vec<Content<'a>>,
}

/// A speaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The operator: system prompt and later instructions. Only texts, guarded or not, and cache points.
    System,
    /// The user, and tool results.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Debug)]
pub enum Content<'a> {
    /// Text.
    Text(Str<'a>),
    /// An image.
    Image(Media<'a>),
    /// A document with its file name, which may contain characters that Bedrock refuses.
    Document(DocumentBlock<'a>),
    /// A video.
    Video(Media<'a>),
    /// Audio.
    Audio(Media<'a>),
    /// The model's reasoning, as it was returned.
    Reasoning(Reasoning<'a>),
    /// A tool call.
    Call(Call<'a>),
    /// A tool result.
    Result(CallResult<'a>),
    /// A text or an image for the guardrail to check, if there is a guardrail.
    Guarded(GuardContent<'a>),
    /// A cache point.
    CachePoint(CachePoint),
}

impl Content<'_> {
    /// Whether it is text, guarded or not.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Guarded(GuardContent::Text(_)))
    }
}

/// A tool call.
#[derive(Debug)]
pub struct Call<'a> {
    /// The client's id for it, if it has one.
    pub id: Option<Str<'a>>,
    /// The tool's name.
    pub name: Str<'a>,
    /// The arguments.
    pub input: Input<'a>,
}

/// A tool result.
#[derive(Debug)]
pub struct CallResult<'a> {
    /// The call that it belongs to.
    pub call: CallName<'a>,
    /// The result; may be empty.
    pub content: Vec<ResultBlock<'a>>,
    /// Whether the tool failed.
    pub failed: bool,
}

/// How a result identifies its call.
#[derive(Debug)]
pub enum CallName<'a> {
    /// By the call's id.
    Id(Str<'a>),
    /// By the tool's name: the first of its calls without a result.
    Tool(Str<'a>),
}

/// A tool.
#[derive(Debug)]
pub struct Tool<'a> {
    /// Its name, not empty.
    pub name: Str<'a>,
    /// What it does; never blank.
    pub description: Option<Str<'a>>,
    /// The schema of its arguments; `None`: none was given.
    pub schema: Option<Schema<'a>>,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
    /// A cache point after the tool.
    pub cache_point: Option<CachePoint>,
}

/// The schema of a tool.
#[derive(Clone, Copy, Debug)]
pub enum Schema<'a> {
    /// The client's.
    Given(Raw<'a>),
    /// The front's own schema, an object that every model takes.
    Own(&'static str),
}

/// Whether the model must call a tool, and which. Names are those of declared tools.
#[derive(Debug, Default)]
pub enum Choice<'a> {
    /// The model decides.
    #[default]
    Auto,
    /// No tool.
    None,
    /// Any tool, but at least one; there are tools.
    Required,
    /// This tool.
    Named(Str<'a>),
    /// The web search that is allowed.
    Search,
    /// Only these tools.
    Allowed {
        /// Whether one of them must be called.
        required: bool,
        /// Their names.
        names: Vec<Str<'a>>,
    },
}

/// The format of the answer.
#[derive(Debug, Default)]
pub enum Answer<'a> {
    /// Text.
    #[default]
    Text,
    /// A JSON object.
    Object,
    /// JSON that follows a schema.
    Schema {
        /// The schema, an object.
        schema: Raw<'a>,
        /// Its name; never blank.
        name: Option<Str<'a>>,
        /// Its purpose; never blank.
        description: Option<Str<'a>>,
        /// Whether the answer must follow it exactly.
        strict: bool,
    },
}

/// Sampling parameters and limits.
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
    /// Stop sequences; none is empty.
    pub stop: Vec<Str<'a>>,
}

/// Effort levels of reasoning.
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
    /// All levels, from the lowest to the highest.
    pub const ALL: &'static [Self] =
        &[Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::XHigh, Self::Max];

    /// The level's name in OpenAI's and Anthropic's APIs.
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
    /// `enabled`, with a budget in tokens.
    Budget(i64),
    /// `adaptive`, or a newer kind, in its written form.
    Other(Raw<'a>),
}

/// The cache points to place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caching {
    /// After the system prompt, as the client asks.
    pub system: bool,
    /// After the user's last message, as the client asks.
    pub messages: bool,
    /// This one, after the user's last message, as the client asks.
    pub last: Option<CachePoint>,
    /// Wherever worthwhile, if the client asks for none, as the configuration says; `None`: if the client has tools.
    pub automatic: Option<bool>,
}

/// An object of the client's, and its members.
#[derive(Debug)]
pub struct Written<'a> {
    /// Its written form.
    pub raw: Raw<'a>,
    /// Its members.
    pub members: Vec<(Cow<'a, str>, Raw<'a>)>,
}

/// Members that are passed on unchanged, for every model.
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
