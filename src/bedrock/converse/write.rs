//! Converse's request as JSON. Each type is taken apart whole, so that a new member does not compile until it is written.

use super::{
    Block, CachePoint, CachePointType, CacheTtl, Document, DocumentBlock, Fields, InferenceConfig, Input,
    InputSchema, Labels, Media, Message, OutputConfig, Reasoning, Request, ResultBlock, ResultStatus, Role,
    S3Location, ServiceTier, Source, Structure, SystemBlock, TextFormat, Tool, ToolChoice, ToolConfig,
    ToolResult, ToolSpec, ToolUse,
};
use crate::json::{Write, Writer};

impl<'a> Write<'a> for Request<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self {
            messages,
            system,
            inference_config,
            tool_config,
            guardrail_config,
            additional_model_request_fields,
            additional_model_response_field_paths,
            prompt_variables,
            request_metadata,
            performance_config,
            service_tier,
            output_config,
        } = self;
        out.object()
            .member("messages", messages)
            .maybe("system", system)
            .maybe("inferenceConfig", inference_config)
            .maybe("toolConfig", tool_config)
            .maybe("guardrailConfig", guardrail_config)
            .maybe("additionalModelRequestFields", additional_model_request_fields)
            .maybe("additionalModelResponseFieldPaths", additional_model_response_field_paths)
            .maybe("promptVariables", prompt_variables)
            .maybe("requestMetadata", request_metadata)
            .maybe("performanceConfig", performance_config)
            .maybe("serviceTier", service_tier)
            .maybe("outputConfig", output_config)
            .end();
    }
}

impl<'a> Write<'a> for Document<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Raw(raw) => raw.write(out),
            Self::Mended(json) => out.raw(json),
            Self::Ours(json) => out.raw(json),
        }
    }
}

impl<'a> Write<'a> for Fields<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let mut object = out.object();
        for (name, value) in &self.0 {
            object.named(name, value);
        }
        object.end();
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Write<'a> for Labels<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let mut object = out.object();
        for (name, value) in &self.0 {
            object.named(name, value);
        }
        object.end();
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> Write<'a> for Message<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { role, content } = self;
        let role = match role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        out.object().member("role", &role).member("content", content).end();
    }
}

impl<'a> Write<'a> for Block<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Text(text) => out.one("text", text),
            Self::Image(image) => out.one("image", image),
            Self::Document(document) => out.one("document", document),
            Self::Video(video) => out.one("video", video),
            Self::Audio(audio) => out.one("audio", audio),
            Self::ToolUse(call) => out.one("toolUse", call),
            Self::ToolResult(result) => out.one("toolResult", result),
            Self::CachePoint(point) => out.one("cachePoint", point),
            Self::ReasoningContent(reasoning) => out.one("reasoningContent", reasoning),
        }
    }
}

impl<'a> Write<'a> for Media<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { format, source } = self;
        out.object().member("format", format).member("source", source).end();
    }
}

impl<'a> Write<'a> for Source<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Bytes(base64) => out.one("bytes", base64),
            Self::S3Location(location) => out.one("s3Location", location),
        }
    }
}

impl<'a> Write<'a> for S3Location<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { uri } = self;
        out.one("uri", uri);
    }
}

impl<'a> Write<'a> for DocumentBlock<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { format, name, source } = self;
        out.object().member("format", format).member("name", name).member("source", source).end();
    }
}

impl<'a> Write<'a> for ToolUse<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { tool_use_id, name, input } = self;
        out.object().member("toolUseId", tool_use_id).member("name", name).member("input", input).end();
    }
}

impl<'a> Write<'a> for Input<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Raw(json) => out.raw(json),
            Self::Empty => out.raw("{}"),
            Self::Wrapped(name, text) => out.one(name, text),
        }
    }
}

impl<'a> Write<'a> for ToolResult<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { tool_use_id, content, status } = self;
        let status = status.map(|ResultStatus::Error| "error");
        out.object()
            .member("toolUseId", tool_use_id)
            .member("content", content)
            .maybe("status", &status)
            .end();
    }
}

impl<'a> Write<'a> for ResultBlock<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Text(text) => out.one("text", text),
            Self::Image(image) => out.one("image", image),
            Self::Document(document) => out.one("document", document),
            Self::Video(video) => out.one("video", video),
        }
    }
}

impl<'a> Write<'a> for CachePoint {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { kind: CachePointType::Default, ttl } = self;
        let ttl = ttl.map(|CacheTtl::OneHour| "1h");
        out.object().member("type", &"default").maybe("ttl", &ttl).end();
    }
}

impl<'a> Write<'a> for Reasoning<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::ReasoningText { text, signature } => {
                let mut object = out.object();
                object
                    .begin("reasoningText")
                    .object()
                    .member("text", text)
                    .member("signature", signature)
                    .end();
                object.end();
            }
            Self::RedactedContent(data) => out.one("redactedContent", data),
        }
    }
}

impl<'a> Write<'a> for SystemBlock<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Text(text) => out.one("text", text),
            Self::CachePoint(point) => out.one("cachePoint", point),
        }
    }
}

impl<'a> Write<'a> for InferenceConfig<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { max_tokens, temperature, top_p, stop_sequences } = self;
        out.object()
            .maybe("maxTokens", max_tokens)
            .maybe("temperature", temperature)
            .maybe("topP", top_p)
            .maybe("stopSequences", stop_sequences)
            .end();
    }

    fn is_absent(&self) -> bool {
        let Self { max_tokens, temperature, top_p, stop_sequences } = self;
        max_tokens.is_none() && temperature.is_none() && top_p.is_none() && stop_sequences.is_empty()
    }
}

impl<'a> Write<'a> for ToolConfig<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { tools, tool_choice } = self;
        out.object().member("tools", tools).maybe("toolChoice", tool_choice).end();
    }
}

impl<'a> Write<'a> for Tool<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::ToolSpec(spec) => out.one("toolSpec", spec),
            Self::CachePoint(point) => out.one("cachePoint", point),
        }
    }
}

impl<'a> Write<'a> for ToolSpec<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { name, description, input_schema: InputSchema { json }, strict } = self;
        let mut object = out.object().member("name", name).maybe("description", description);
        object.begin("inputSchema").one("json", json);
        object.maybe("strict", strict).end();
    }
}

impl<'a> Write<'a> for ToolChoice<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Any {} => out.raw(r#"{"any":{}}"#),
            Self::Tool { name } => {
                let mut object = out.object();
                object.begin("tool").one("name", name);
                object.end();
            }
        }
    }
}

impl<'a> Write<'a> for ServiceTier<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self { kind } = self;
        out.one("type", kind);
    }
}

impl<'a> Write<'a> for OutputConfig<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        match self {
            Self::Raw(raw) => raw.write(out),
            Self::Mended(json) => out.raw(json),
            Self::TextFormat { text_format } => out.one("textFormat", text_format),
        }
    }
}

impl<'a> Write<'a> for TextFormat<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self::JsonSchema { structure } = self;
        out.object().member("type", &"json_schema").member("structure", structure).end();
    }
}

impl<'a> Write<'a> for Structure<'a> {
    fn write(&self, out: &mut Writer<'a>) {
        let Self::JsonSchema { schema, name, description } = self;
        let mut object = out.object();
        object
            .begin("jsonSchema")
            .object()
            .member("schema", schema)
            .maybe("name", name)
            .maybe("description", description)
            .end();
        object.end();
    }
}
