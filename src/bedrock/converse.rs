//! The request of Converse and ConverseStream.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::wire::{self, Members, Number, Raw, Str};

/// The body; the model's id is in the path.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Request<'a> {
    /// The conversation.
    pub messages: Vec<Message<'a>>,
    /// Instructions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<SystemBlock<'a>>,
    /// Sampling and limits.
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    pub inference_config: InferenceConfig<'a>,
    /// What the model may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfig<'a>>,
    /// The guardrail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_config: Option<Document<'a>>,
    /// What only this model takes.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub additional_model_request_fields: Fields<'a>,
    /// What of the model's own reply to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_response_field_paths: Option<Raw<'a>>,
    /// Variables of a managed prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_variables: Option<Raw<'a>>,
    /// Labels for the invocation log.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub request_metadata: Labels<'a>,
    /// Latency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<Raw<'a>>,
    /// Tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier<'a>>,
    /// Structured output and effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_config: Option<OutputConfig<'a>>,
}

/// The member of `guardrailConfig` that ConverseStream alone knows.
pub const STREAM_ONLY: &str = "streamProcessingMode";

/// JSON that goes over as it is: the client's own text, or ours.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Document<'a> {
    /// The client's.
    Raw(Raw<'a>),
    /// The client's, mended.
    Mended(Box<RawValue>),
    /// Ours.
    Ours(Box<RawValue>),
}

impl Document<'_> {
    /// One of ours.
    pub fn ours(value: &(impl Serialize + ?Sized)) -> Self {
        Self::Ours(wire::raw_of(value))
    }

    /// One of ours that is always the same.
    pub fn constant(json: &'static str) -> Self {
        Self::Ours(wire::from_str::<Raw<'_>>(json).unwrap_or(RawValue::NULL).to_owned())
    }

    /// An object without its member of this name.
    #[must_use]
    pub fn without(self, name: &str) -> Self {
        let rest = match wire::from_str::<Members<'_, Raw<'_>>>(self.raw().get()) {
            Ok(Members(mut members)) if members.iter().any(|(member, _)| *member == *name) => {
                members.retain(|(member, _)| *member != *name);
                Some(wire::raw_of(&Members(members)))
            }
            _ => None,
        };
        rest.map_or(self, Self::Mended)
    }

    /// The JSON.
    pub fn raw(&self) -> Raw<'_> {
        match self {
            Self::Raw(raw) => raw,
            Self::Mended(json) | Self::Ours(json) => json,
        }
    }
}

/// `additionalModelRequestFields`, sorted: the last of a name wins.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fields<'a>(BTreeMap<Cow<'a, str>, Document<'a>>);

impl<'a> Fields<'a> {
    /// True without members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a member; gives back what it replaces.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: Document<'a>) -> Option<Document<'a>> {
        self.0.insert(name.into(), value)
    }

    /// Takes a member away; true where there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        self.0.remove(name).is_some()
    }

    /// A member's value.
    pub fn value(&self, name: &str) -> Option<&Document<'a>> {
        self.0.get(name)
    }
}

/// `requestMetadata`: at most 16 labels.
#[derive(Clone, Debug, Default)]
pub struct Labels<'a>(pub Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl Labels<'_> {
    /// True without labels.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Labels<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// One turn.
#[derive(Clone, Debug, Serialize)]
pub struct Message<'a> {
    /// Whose.
    pub role: Role,
    /// What of.
    pub content: Vec<Block<'a>>,
}

/// Whose turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// The user's.
    User,
    /// The model's.
    Assistant,
}

/// One block of a turn.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
    /// What the guardrail looks at: where there is any, at nothing else.
    GuardContent(GuardContent<'a>),
}

/// What a guardrail looks at.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GuardContent<'a> {
    /// Text.
    Text(GuardText<'a>),
    /// A picture, PNG or JPEG, which is here.
    Image(Media<'a>),
}

/// Text that a guardrail looks at.
#[derive(Clone, Debug, Serialize)]
pub struct GuardText<'a> {
    /// The text.
    pub text: Str<'a>,
    /// What it is to the check of contextual grounding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub qualifiers: Vec<Qualifier>,
}

/// What a text is to a guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Qualifier {
    /// What answers have to be grounded in.
    GroundingSource,
    /// The question.
    Query,
    /// To be looked at by all other policies.
    GuardContent,
}

impl Qualifier {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[Self::GroundingSource, Self::Query, Self::GuardContent];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::GroundingSource => "grounding_source",
            Self::Query => "query",
            Self::GuardContent => "guard_content",
        }
    }
}

/// A picture, film or sound.
#[derive(Clone, Debug, Serialize)]
pub struct Media<'a> {
    /// `png`, `mp4`, `wav`, …
    pub format: Cow<'a, str>,
    /// Where it is.
    pub source: Source<'a>,
}

/// Where a medium or a document is.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source<'a> {
    /// Here, base64.
    Bytes(Str<'a>),
    /// Here, as text; of documents only.
    Text(Str<'a>),
    /// In S3.
    S3Location(S3Location<'a>),
}

/// A place in S3.
#[derive(Clone, Debug, Serialize)]
pub struct S3Location<'a> {
    /// `s3://bucket/key`.
    pub uri: Cow<'a, str>,
}

/// A document.
#[derive(Clone, Debug, Serialize)]
pub struct DocumentBlock<'a> {
    /// `pdf`, `csv`, …
    pub format: Cow<'a, str>,
    /// Its name, of legal characters.
    pub name: String,
    /// Where it is.
    pub source: Source<'a>,
    /// What the model should know about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Str<'a>>,
    /// Whether the answer names its places; absent: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<Citations>,
}

/// Whether an answer names places in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Citations {
    /// It does.
    pub enabled: bool,
}

/// A call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
    Raw(Box<RawValue>),
    /// An empty object.
    Empty,
    /// Text, as the member of that name, so that nothing is lost.
    Wrapped(&'static str, Str<'a>),
}

impl Serialize for Input<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Raw(json) => json.serialize(serializer),
            Self::Empty => serializer.collect_map([(); 0].map(|()| ("", ""))),
            Self::Wrapped(name, text) => serializer.collect_map([(name, text)]),
        }
    }
}

/// The answer to a call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult<'a> {
    /// Pairs call and result.
    pub tool_use_id: Cow<'a, str>,
    /// What it gave; never empty.
    pub content: Vec<ResultBlock<'a>>,
    /// Absent: success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ResultStatus>,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ResultStatus {
    /// Not well.
    Error,
}

/// One block of a tool's result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CachePoint {
    /// Always `default`.
    #[serde(rename = "type")]
    pub kind: CachePointType,
    /// How long; absent: five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<CacheTtl>,
}

/// The only kind of cache point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CachePointType {
    /// `default`.
    Default,
}

/// How long a prefix stays cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CacheTtl {
    /// An hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// The model's reasoning, as it gave it out.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SystemBlock<'a> {
    /// Text.
    Text(Str<'a>),
    /// Cached up to here.
    CachePoint(CachePoint),
    /// What the guardrail looks at: without any it looks at no instructions.
    GuardContent(GuardContent<'a>),
}

/// Sampling and limits.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InferenceConfig<'a> {
    /// At least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i64>,
    /// 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Number<'a>>,
    /// 0–1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_p: Option<Number<'a>>,
    /// None empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<Str<'a>>,
}

impl InferenceConfig<'_> {
    /// True where nothing is said.
    pub fn is_empty(&self) -> bool {
        let Self { max_tokens, temperature, top_p, stop_sequences } = self;
        max_tokens.is_none() && temperature.is_none() && top_p.is_none() && stop_sequences.is_empty()
    }
}

/// What the model may call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolConfig<'a> {
    /// At least one.
    pub tools: Vec<Tool<'a>>,
    /// Absent: the model's choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice<'a>>,
}

/// A tool, or a cache point behind tools.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tool<'a> {
    /// A tool.
    ToolSpec(ToolSpec<'a>),
    /// A tool of the model's own, which Bedrock runs.
    SystemTool(SystemTool),
    /// Cached up to here.
    CachePoint(CachePoint),
}

/// A tool of the model's own.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SystemTool {
    /// Its name.
    pub name: &'static str,
}

/// A tool.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSpec<'a> {
    /// 1–64 of `[a-zA-Z0-9_-]`.
    pub name: Cow<'a, str>,
    /// Never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Str<'a>>,
    /// Of its arguments.
    pub input_schema: InputSchema<'a>,
    /// Whether arguments must follow the schema exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// A schema, whose root is an object.
#[derive(Clone, Debug, Serialize)]
pub struct InputSchema<'a> {
    /// The schema.
    pub json: Document<'a>,
}

/// Whether and what the model must call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Clone, Debug, Serialize)]
pub struct ServiceTier<'a> {
    /// `priority`, `default`, `flex`, `reserved`.
    #[serde(rename = "type")]
    pub kind: Str<'a>,
}

/// Structured output, or what the client gave as `outputConfig`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum OutputConfig<'a> {
    /// The client's.
    Raw(Raw<'a>),
    /// The client's, with our form of the answer.
    Mended(Box<RawValue>),
    /// Ours.
    TextFormat {
        /// The form of the answer.
        #[serde(rename = "textFormat")]
        text_format: TextFormat<'a>,
    },
}

/// The form of the answer.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TextFormat<'a> {
    /// JSON by a schema.
    JsonSchema {
        /// The schema.
        structure: Structure<'a>,
    },
}

/// The schema of an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Structure<'a> {
    /// A JSON schema.
    JsonSchema {
        /// The schema, as text.
        schema: Cow<'a, str>,
        /// Its name.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<Str<'a>>,
        /// What it is for.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<Str<'a>>,
    },
}
