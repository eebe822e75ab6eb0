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
    /// The system prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub system: Vec<SystemBlock<'a>>,
    /// Sampling parameters and limits.
    #[serde(skip_serializing_if = "InferenceConfig::is_empty")]
    pub inference_config: InferenceConfig<'a>,
    /// The tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_config: Option<ToolConfig<'a>>,
    /// The guardrail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guardrail_config: Option<Document<'a>>,
    /// Members that only this model takes.
    #[serde(skip_serializing_if = "Fields::is_empty")]
    pub additional_model_request_fields: Fields<'a>,
    /// Members of the model's own reply to return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_model_response_field_paths: Option<Raw<'a>>,
    /// Variables of a managed prompt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_variables: Option<Raw<'a>>,
    /// Labels for the invocation log.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub request_metadata: Labels<'a>,
    /// The latency setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_config: Option<Raw<'a>>,
    /// The service tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_tier: Option<ServiceTier<'a>>,
    /// Structured output and effort.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_config: Option<OutputConfig<'a>>,
}

/// The member of `guardrailConfig` that only ConverseStream takes.
pub const STREAM_ONLY: &str = "streamProcessingMode";

/// JSON that is sent as it is: the client's text, or the gateway's.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Document<'a> {
    /// The client's.
    Raw(Raw<'a>),
    /// The client's, changed.
    Mended(Box<RawValue>),
    /// The gateway's.
    Ours(Box<RawValue>),
}

impl Document<'_> {
    /// Serialises a value of the gateway's.
    pub fn ours(value: &(impl Serialize + ?Sized)) -> Self {
        Self::Ours(wire::raw_of(value))
    }

    /// A constant of the gateway's.
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

/// `additionalModelRequestFields`, sorted; the last member of a name wins.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fields<'a>(BTreeMap<Cow<'a, str>, Document<'a>>);

impl<'a> Fields<'a> {
    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a member; returns the value that it replaces.
    pub fn set(&mut self, name: impl Into<Cow<'a, str>>, value: Document<'a>) -> Option<Document<'a>> {
        self.0.insert(name.into(), value)
    }

    /// Removes a member; true where there was one.
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
    /// Whether there are no labels.
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
    /// The speaker.
    pub role: Role,
    /// The content.
    pub content: Vec<Block<'a>>,
}

/// The speaker of a turn.
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
    /// An image.
    Image(Media<'a>),
    /// A document.
    Document(DocumentBlock<'a>),
    /// A video.
    Video(Media<'a>),
    /// Audio.
    Audio(Media<'a>),
    /// A tool call.
    ToolUse(ToolUse<'a>),
    /// A tool result.
    ToolResult(ToolResult<'a>),
    /// A cache point: the prefix up to here is cached.
    CachePoint(CachePoint),
    /// The model's reasoning.
    ReasoningContent(Reasoning<'a>),
    /// Content for the guardrail to check. If any is marked so, nothing else is checked.
    GuardContent(GuardContent<'a>),
}

/// Content for a guardrail to check.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GuardContent<'a> {
    /// Text.
    Text(GuardText<'a>),
    /// An image, PNG or JPEG, inline.
    Image(Media<'a>),
}

/// Text for a guardrail to check.
#[derive(Clone, Debug, Serialize)]
pub struct GuardText<'a> {
    /// The text.
    pub text: Str<'a>,
    /// Its purpose in the contextual grounding check.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub qualifiers: Vec<Qualifier>,
}

/// The purpose of a text in a guardrail's check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Qualifier {
    /// The source that answers must be grounded in.
    GroundingSource,
    /// The user's query.
    Query,
    /// Checked by all other policies.
    GuardContent,
}

impl Qualifier {
    /// All of them.
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

/// An image, a video or audio.
#[derive(Clone, Debug, Serialize)]
pub struct Media<'a> {
    /// `png`, `mp4`, `wav`, …
    pub format: Cow<'a, str>,
    /// Its data.
    pub source: Source<'a>,
}

/// The data of media or of a document.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Source<'a> {
    /// Inline, base64.
    Bytes(Str<'a>),
    /// Inline, as text; documents only.
    Text(Str<'a>),
    /// In S3.
    S3Location(S3Location<'a>),
}

/// An object in S3.
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
    /// Its name, in Bedrock's alphabet.
    pub name: String,
    /// Its data.
    pub source: Source<'a>,
    /// Context for the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Str<'a>>,
    /// Whether the answer cites it; absent: no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub citations: Option<Citations>,
}

/// Whether an answer cites a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Citations {
    /// True: it does.
    pub enabled: bool,
}

/// A tool call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolUse<'a> {
    /// Id that the tool result repeats.
    pub tool_use_id: Cow<'a, str>,
    /// The tool's name.
    pub name: Cow<'a, str>,
    /// The arguments: a JSON object.
    pub input: Input<'a>,
}

/// The arguments of a tool call.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// The client's own JSON, whose numbers are not parsed on the way.
    Raw(Box<RawValue>),
    /// An empty object.
    Empty,
    /// Text that is not an object, as the member of that name, so that it is not lost.
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

/// A tool result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolResult<'a> {
    /// Id of the tool call.
    pub tool_use_id: Cow<'a, str>,
    /// The result; never empty.
    pub content: Vec<ResultBlock<'a>>,
    /// Absent: success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ResultStatus>,
}

/// The status of a tool result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ResultStatus {
    /// The tool failed.
    Error,
}

/// One block of a tool's result.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ResultBlock<'a> {
    /// Text.
    Text(Str<'a>),
    /// An image.
    Image(Media<'a>),
    /// A document.
    Document(DocumentBlock<'a>),
    /// A video.
    Video(Media<'a>),
}

/// A cache point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CachePoint {
    /// Always `default`.
    #[serde(rename = "type")]
    pub kind: CachePointType,
    /// Its lifetime; absent: five minutes.
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

/// The lifetime of a cached prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CacheTtl {
    /// An hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// A reasoning block, as the model returned it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Reasoning<'a> {
    /// Readable.
    ReasoningText {
        /// The reasoning.
        text: Str<'a>,
        /// The model's signature of its reasoning.
        signature: Str<'a>,
    },
    /// Redacted, base64.
    RedactedContent(Str<'a>),
}

/// A block of the system prompt.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SystemBlock<'a> {
    /// Text.
    Text(Str<'a>),
    /// A cache point.
    CachePoint(CachePoint),
    /// Text for the guardrail to check. Without any, the system prompt is not checked.
    GuardContent(GuardContent<'a>),
}

/// Sampling parameters and limits.
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
    /// None of them is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stop_sequences: Vec<Str<'a>>,
}

impl InferenceConfig<'_> {
    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        let Self { max_tokens, temperature, top_p, stop_sequences } = self;
        max_tokens.is_none() && temperature.is_none() && top_p.is_none() && stop_sequences.is_empty()
    }
}

/// The tools.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolConfig<'a> {
    /// At least one.
    pub tools: Vec<Tool<'a>>,
    /// Absent: the model decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice<'a>>,
}

/// A tool, or a cache point behind tools.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tool<'a> {
    /// A tool of the client's.
    ToolSpec(ToolSpec<'a>),
    /// A tool of the model's, which Bedrock runs.
    SystemTool(SystemTool),
    /// A cache point.
    CachePoint(CachePoint),
}

/// A tool of the model's.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SystemTool {
    /// Its name.
    pub name: &'static str,
}

/// A tool of the client's.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ToolSpec<'a> {
    /// 1–64 of `[a-zA-Z0-9_-]`.
    pub name: Cow<'a, str>,
    /// Never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Str<'a>>,
    /// The schema of its arguments.
    pub input_schema: InputSchema<'a>,
    /// Whether arguments must follow the schema exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// A JSON schema, whose root is an object.
#[derive(Clone, Debug, Serialize)]
pub struct InputSchema<'a> {
    /// The schema.
    pub json: Document<'a>,
}

/// Whether the model must call a tool, and which.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolChoice<'a> {
    /// Any tool, but at least one.
    Any {},
    /// This tool.
    Tool {
        /// Its name.
        name: Cow<'a, str>,
    },
}

/// The service tier.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceTier<'a> {
    /// `priority`, `default`, `flex`, `reserved`.
    #[serde(rename = "type")]
    pub kind: Str<'a>,
}

/// Structured output, or the client's `outputConfig`.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum OutputConfig<'a> {
    /// The client's.
    Raw(Raw<'a>),
    /// The client's, with the gateway's text format.
    Mended(Box<RawValue>),
    /// The gateway's.
    TextFormat {
        /// The format of the answer.
        #[serde(rename = "textFormat")]
        text_format: TextFormat<'a>,
    },
}

/// The format of an answer.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TextFormat<'a> {
    /// JSON that follows a schema.
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
        /// Its purpose.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<Str<'a>>,
    },
}
