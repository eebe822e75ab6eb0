//! The request of Converse and ConverseStream.

mod write;

use std::borrow::Cow;

use crate::json::{Number, Raw, Str, Writer};

/// The body; the model's id is in the path.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// The conversation.
    pub messages: Vec<Message<'a>>,
    /// Instructions.
    pub system: Vec<SystemBlock<'a>>,
    /// Sampling and limits.
    pub inference_config: InferenceConfig<'a>,
    /// What the model may call.
    pub tool_config: Option<ToolConfig<'a>>,
    /// The guardrail.
    pub guardrail_config: Option<Document<'a>>,
    /// What only this model takes.
    pub additional_model_request_fields: Fields<'a>,
    /// What of the model's own reply to return.
    pub additional_model_response_field_paths: Option<Raw<'a>>,
    /// Variables of a managed prompt.
    pub prompt_variables: Option<Raw<'a>>,
    /// Labels for the invocation log.
    pub request_metadata: Labels<'a>,
    /// Latency.
    pub performance_config: Option<Raw<'a>>,
    /// Tier.
    pub service_tier: Option<ServiceTier<'a>>,
    /// Structured output and effort.
    pub output_config: Option<OutputConfig<'a>>,
}

/// JSON that goes over as it is: the client's own text, or ours.
#[derive(Clone, Debug)]
pub enum Document<'a> {
    /// The client's.
    Raw(Raw<'a>),
    /// The client's, mended.
    Mended(String),
    /// Ours.
    Ours(Cow<'static, str>),
}

impl Document<'_> {
    /// One of ours.
    pub fn ours<'w>(write: impl FnOnce(&mut Writer<'w>)) -> Self {
        let mut out = Writer::default();
        write(&mut out);
        // Nothing but text is ever written.
        Self::Ours(String::from_utf8(out.finish().into_vec()).unwrap_or_default().into())
    }
}

/// `additionalModelRequestFields`, sorted: the last of a name wins.
#[derive(Clone, Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, Document<'a>)>);

impl<'a> Fields<'a> {
    /// Sets a member; gives back what it replaces.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: Document<'a>) -> Option<Document<'a>> {
        let name = name.into();
        match self.place(&name) {
            Ok(at) => self.0.get_mut(at).map(|(_, before)| std::mem::replace(before, value)),
            Err(at) => {
                self.0.insert(at, (name, value));
                None
            }
        }
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }

    /// Takes a member away; true where there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        self.place(name).map(|at| self.0.remove(at)).is_ok()
    }

    /// A member's value.
    pub fn value(&self, name: &str) -> Option<&Document<'a>> {
        self.0.get(self.place(name).ok()?).map(|(_, value)| value)
    }
}

/// `requestMetadata`: at most 16 labels.
#[derive(Clone, Debug, Default)]
pub struct Labels<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

/// One turn.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// Whose.
    pub role: Role,
    /// What of.
    pub content: Vec<Block<'a>>,
}

/// Whose turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The user's.
    User,
    /// The model's.
    Assistant,
}

/// One block of a turn.
#[derive(Clone, Debug)]
pub enum Block<'a> {
    /// Text.
    Text(Str<'a>),
    /// A picture.
    Image(Media<'a>),
    /// A document.
    Document(DocumentBlock<'a>),
    /// A film.
    Video(Media<'a>),
    /// Sound.
    Audio(Media<'a>),
    /// A call.
    ToolUse(ToolUse<'a>),
    /// The answer to a call.
    ToolResult(ToolResult<'a>),
    /// Cached up to here.
    CachePoint(CachePoint),
    /// The model's reasoning.
    ReasoningContent(Reasoning<'a>),
}

/// A picture, film or sound.
#[derive(Clone, Debug)]
pub struct Media<'a> {
    /// `png`, `mp4`, `wav`, …
    pub format: Cow<'a, str>,
    /// Where it is.
    pub source: Source<'a>,
}

/// Where a medium or a document is.
#[derive(Clone, Debug)]
pub enum Source<'a> {
    /// Here, base64.
    Bytes(Cow<'a, str>),
    /// In S3.
    S3Location(S3Location<'a>),
}

/// A place in S3.
#[derive(Clone, Debug)]
pub struct S3Location<'a> {
    /// `s3://bucket/key`.
    pub uri: Cow<'a, str>,
}

/// A document.
#[derive(Clone, Debug)]
pub struct DocumentBlock<'a> {
    /// `pdf`, `csv`, …
    pub format: Cow<'a, str>,
    /// Its name, of legal characters.
    pub name: String,
    /// Where it is.
    pub source: Source<'a>,
}

/// A call.
#[derive(Clone, Debug)]
pub struct ToolUse<'a> {
    /// Pairs call and result.
    pub tool_use_id: Cow<'a, str>,
    /// The tool.
    pub name: Cow<'a, str>,
    /// Arguments: a JSON object.
    pub input: Input<'a>,
}

/// A call's arguments.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The client's own JSON, not parsed into numbers on the way.
    Raw(String),
    /// An empty object.
    Empty,
    /// Text, as the member of that name, so that nothing is lost.
    Wrapped(&'static str, Cow<'a, str>),
}

/// The answer to a call.
#[derive(Clone, Debug)]
pub struct ToolResult<'a> {
    /// Pairs call and result.
    pub tool_use_id: Cow<'a, str>,
    /// What it gave; never empty.
    pub content: Vec<ResultBlock<'a>>,
    /// Absent: success.
    pub status: Option<ResultStatus>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultStatus {
    /// Not well.
    Error,
}

/// One block of a tool's result.
#[derive(Clone, Debug)]
pub enum ResultBlock<'a> {
    /// Text.
    Text(Str<'a>),
    /// A picture.
    Image(Media<'a>),
    /// A document.
    Document(DocumentBlock<'a>),
    /// A film.
    Video(Media<'a>),
}

/// Cached up to here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CachePoint {
    /// Always `default`.
    pub kind: CachePointType,
    /// How long; absent: five minutes.
    pub ttl: Option<CacheTtl>,
}

/// The only kind of cache point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachePointType {
    /// `default`.
    Default,
}

/// How long a prefix stays cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheTtl {
    /// An hour.
    OneHour,
}

/// The model's reasoning, as it gave it out.
#[derive(Clone, Debug)]
pub enum Reasoning<'a> {
    /// Readable.
    ReasoningText {
        /// The reasoning.
        text: Str<'a>,
        /// What proves to the model that it is its own.
        signature: Str<'a>,
    },
    /// Redacted, base64.
    RedactedContent(Str<'a>),
}

/// Instructions.
#[derive(Clone, Debug)]
pub enum SystemBlock<'a> {
    /// Text.
    Text(Str<'a>),
    /// Cached up to here.
    CachePoint(CachePoint),
}

/// Sampling and limits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InferenceConfig<'a> {
    /// At least 1.
    pub max_tokens: Option<i64>,
    /// 0–1.
    pub temperature: Option<Number<'a>>,
    /// 0–1.
    pub top_p: Option<Number<'a>>,
    /// None empty.
    pub stop_sequences: Vec<Str<'a>>,
}

/// What the model may call.
#[derive(Clone, Debug)]
pub struct ToolConfig<'a> {
    /// At least one.
    pub tools: Vec<Tool<'a>>,
    /// Absent: the model's choice.
    pub tool_choice: Option<ToolChoice<'a>>,
}

/// A tool, or a cache point behind tools.
#[derive(Clone, Debug)]
pub enum Tool<'a> {
    /// A tool.
    ToolSpec(ToolSpec<'a>),
    /// Cached up to here.
    CachePoint(CachePoint),
}

/// A tool.
#[derive(Clone, Debug)]
pub struct ToolSpec<'a> {
    /// 1–64 of `[a-zA-Z0-9_-]`.
    pub name: Cow<'a, str>,
    /// Never empty.
    pub description: Option<Str<'a>>,
    /// Of its arguments.
    pub input_schema: InputSchema<'a>,
    /// Whether arguments must follow the schema exactly.
    pub strict: Option<bool>,
}

/// A schema, whose root is an object.
#[derive(Clone, Debug)]
pub struct InputSchema<'a> {
    /// The schema.
    pub json: Document<'a>,
}

/// Whether and what the model must call.
#[derive(Clone, Debug)]
pub enum ToolChoice<'a> {
    /// Any, but one.
    Any {},
    /// This one.
    Tool {
        /// Its name.
        name: Cow<'a, str>,
    },
}

/// Tier.
#[derive(Clone, Debug)]
pub struct ServiceTier<'a> {
    /// `priority`, `default`, `flex`, `reserved`.
    pub kind: Str<'a>,
}

/// Structured output, or what the client gave as `outputConfig`.
#[derive(Clone, Debug)]
pub enum OutputConfig<'a> {
    /// The client's.
    Raw(Raw<'a>),
    /// The client's, with our form of the answer.
    Mended(String),
    /// Ours.
    TextFormat {
        /// The form of the answer.
        text_format: TextFormat<'a>,
    },
}

/// The form of the answer.
#[derive(Clone, Debug)]
pub enum TextFormat<'a> {
    /// JSON by a schema.
    JsonSchema {
        /// The schema.
        structure: Structure<'a>,
    },
}

/// The schema of an answer.
#[derive(Clone, Debug)]
pub enum Structure<'a> {
    /// A JSON schema.
    JsonSchema {
        /// The schema, as text.
        schema: Cow<'a, str>,
        /// Its name.
        name: Option<Str<'a>>,
        /// What it is for.
        description: Option<Str<'a>>,
    },
}
