//! The request of `POST chat/completions` (OpenAI API reference, "Create chat completion").

use crate::wire::{List, Members, NameOr, Number, OneOrMany, Raw, Str, object};

object! {
    /// The body.
    pub struct Request<'a> {
        /// The conversation.
        messages: List<Message<'a>>,
        /// The model as the client names it.
        model: Str<'a>,
        /// Limit on generated tokens.
        max_completion_tokens: i64,
        /// The older name of `max_completion_tokens`.
        max_tokens: i64,
        /// 0–2.
        temperature: Number<'a>,
        /// 0–1.
        top_p: Number<'a>,
        /// Stop sequences.
        stop: OneOrMany<'a, Str<'a>>,
        /// Number of choices.
        n: i64,
        /// Whether to answer with server-sent events.
        stream: bool,
        /// Options of the stream.
        stream_options: StreamOptions<'a>,
        /// The tools.
        tools: List<Tool<'a>>,
        /// The older form of `tools`.
        functions: List<Function<'a>>,
        /// Whether the model must call a tool, and which.
        tool_choice: NameOr<'a, ToolChoice<'a>>,
        /// The older form of `tool_choice`.
        function_call: NameOr<'a, NamedFunction<'a>>,
        /// False: at most one call at a time.
        parallel_tool_calls: bool,
        /// Text, JSON, or JSON by a schema.
        response_format: ResponseFormat<'a>,
        /// The effort level of reasoning.
        reasoning_effort: Str<'a>,
        /// `low`, `medium`, `high`.
        verbosity: Str<'a>,
        /// `auto`, `default`, `flex`, `priority`, …
        service_tier: Str<'a>,
        /// The client's metadata.
        metadata: Members<'a, Str<'a>>,
        /// The end user.
        user: Str<'a>,
        /// The newer form of `user`.
        safety_identifier: Str<'a>,
        /// Key of requests that share a cached prefix.
        prompt_cache_key: Str<'a>,
        /// How long a prefix stays cached.
        prompt_cache_retention: Str<'a>,
        /// Caching by hand or automatic.
        prompt_cache_options: Raw<'a>,
        /// Moderation of the answer.
        moderation: Raw<'a>,
        /// Whether to return log probabilities.
        logprobs: bool,
        /// Log probabilities per token.
        top_logprobs: i64,
        /// A bias per token id.
        logit_bias: Members<'a, f64>,
        /// The seed for repeatable answers.
        seed: i64,
        /// −2–2.
        frequency_penalty: f64,
        /// −2–2.
        presence_penalty: f64,
        /// The predicted answer.
        prediction: Raw<'a>,
        /// Voice and format of spoken answers.
        audio: Raw<'a>,
        /// Kinds of output.
        modalities: List<Str<'a>>,
        /// Options of web search.
        web_search_options: WebSearchOptions<'a>,
        /// Whether OpenAI keeps the answer.
        store: bool,
        /// Cache the prompt up to its end (Anthropic's spelling).
        cache_control: Box<CacheControl<'a>>,
        /// Bedrock: sampling from the k likeliest tokens.
        top_k: i64,
        /// Bedrock: Anthropic's thinking configuration.
        thinking: Raw<'a>,
        /// Bedrock's member of that name.
        guardrail_config = "guardrailConfig": Raw<'a>,
        /// Bedrock's member of that name.
        performance_config = "performanceConfig": Raw<'a>,
        /// Bedrock's member of that name.
        prompt_variables = "promptVariables": Raw<'a>,
        /// Bedrock's member of that name.
        request_metadata = "requestMetadata": Members<'a, Str<'a>>,
        /// Bedrock's member of that name.
        additional_model_request_fields = "additionalModelRequestFields": Members<'a, Raw<'a>>,
        /// Bedrock's member of that name.
        additional_model_response_field_paths = "additionalModelResponseFieldPaths": Raw<'a>,
        /// Bedrock's member of that name.
        output_config = "outputConfig": Raw<'a>,
        /// Extra members that the SDKs would put at the root, sent as a literal key.
        extra_body: Members<'a, Raw<'a>>,
    }
}

object! {
    /// `stream_options`.
    pub struct StreamOptions<'a> {
        /// Whether a last chunk has the usage.
        include_usage: bool,
        /// Padding against traffic analysis.
        include_obfuscation: bool,
    }
}

object! {
    /// `web_search_options`.
    pub struct WebSearchOptions<'a> {
        /// How much of the search results the model reads: `low`, `medium`, `high`.
        search_context_size: Str<'a>,
        /// The approximate place of the user.
        user_location: Raw<'a>,
    }
}

object! {
    /// A message of any role; `role` says which members matter.
    pub struct Message<'a> {
        /// `developer`, `system`, `user`, `assistant`, `tool`, `function`.
        role: Str<'a>,
        /// The content.
        content: OneOrMany<'a, Part<'a>>,
        /// The speaker's name; of a `function` message the function's.
        name: Box<Str<'a>>,
        /// Assistant: its refusal to answer.
        refusal: Box<Str<'a>>,
        /// Assistant: its tool calls.
        tool_calls: Box<List<ToolCall<'a>>>,
        /// Assistant: the older form of `tool_calls`.
        function_call: Box<FunctionCall<'a>>,
        /// Tool: the id of the call.
        tool_call_id: Box<Str<'a>>,
        /// Assistant: reasoning as text (de-facto extension).
        reasoning_content: Box<Str<'a>>,
        /// Assistant: the signature of `reasoning_content`.
        signature: Box<Str<'a>>,
        /// Assistant: reasoning blocks as this gateway's reply gave them.
        thinking_blocks: Box<List<ThinkingBlock<'a>>>,
        /// Assistant: an earlier audio answer.
        audio: Box<Raw<'a>>,
        /// Assistant: annotations of an earlier answer, sent back by some clients.
        annotations: Box<Raw<'a>>,
        /// Tool: true where the tool failed (extension).
        is_error: bool,
        /// Tool: `success` or `error` (extension).
        status: Box<Str<'a>>,
        /// A cache point after this message (Anthropic's name).
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// A part of a message's content; `type` says which members matter.
    pub struct Part<'a> {
        /// `text`, `image_url`, `input_audio`, `file`, `video_url`, `refusal`, …
        kind = "type": Str<'a>,
        /// Of `text`.
        text: Str<'a>,
        /// Of `refusal`.
        refusal: Box<Str<'a>>,
        /// Of `image_url`.
        image_url: Box<MediaUrl<'a>>,
        /// Of `video_url`.
        video_url: Box<MediaUrl<'a>>,
        /// Of `input_audio`.
        input_audio: Box<InputAudio<'a>>,
        /// Of `file`.
        file: Box<File<'a>>,
        /// Of `thinking`.
        thinking: Box<Str<'a>>,
        /// Of `thinking`.
        signature: Box<Str<'a>>,
        /// Of `redacted_thinking`.
        data: Box<Str<'a>>,
        /// Of a document in `file`: whether the answer cites it (extension).
        citations: Box<Citations<'a>>,
        /// Of a document in `file`: context for the model (extension).
        context: Box<Str<'a>>,
        /// Of `text` and `image_url`: content for the guardrail to check (extension).
        guard_content: Box<GuardContent<'a>>,
        /// A cache point after this part (Anthropic's name).
        cache_control: Box<CacheControl<'a>>,
        /// A cache point after this part (OpenAI's name).
        prompt_cache_breakpoint: Box<CacheControl<'a>>,
    }
}

object! {
    /// An image or a video.
    pub struct MediaUrl<'a> {
        /// `data:`, `http(s):` or `s3:`.
        url: Str<'a>,
        /// The level of detail.
        detail: Str<'a>,
        /// The media type, stated apart from the URL.
        format: Str<'a>,
    }
}

object! {
    /// Recorded speech.
    pub struct InputAudio<'a> {
        /// Base64.
        data: Str<'a>,
        /// `wav`, `mp3`, …
        format: Str<'a>,
    }
}

object! {
    /// A document.
    pub struct File<'a> {
        /// A `data:` URL, or base64.
        file_data: Str<'a>,
        /// A file stored by OpenAI.
        file_id: Str<'a>,
        /// Its name.
        filename: Str<'a>,
    }
}

object! {
    /// `citations` of a document.
    pub struct Citations<'a> {
        /// Whether the answer cites it.
        enabled: bool,
    }
}

object! {
    /// `guard_content` of a text or an image.
    pub struct GuardContent<'a> {
        /// `grounding_source`, `query`, `guard_content`.
        qualifiers: List<Str<'a>>,
    }
}

object! {
    /// `cache_control`, and `prompt_cache_breakpoint` with its `mode`.
    pub struct CacheControl<'a> {
        /// `ephemeral`.
        kind = "type": Str<'a>,
        /// `explicit`.
        mode: Str<'a>,
        /// The lifetime.
        ttl: Str<'a>,
    }
}

object! {
    /// A reasoning block as the reply gave it, `thinking` or `redacted_thinking`.
    pub struct ThinkingBlock<'a> {
        /// `thinking` or `redacted_thinking`.
        kind = "type": Str<'a>,
        /// Its index, as in streams.
        index: i64,
        /// The reasoning.
        thinking: Str<'a>,
        /// The model's signature of its reasoning.
        signature: Str<'a>,
        /// Redacted reasoning, base64.
        data: Str<'a>,
    }
}

object! {
    /// A tool call of the assistant's.
    pub struct ToolCall<'a> {
        /// Id that the tool result repeats.
        id: Str<'a>,
        /// `function` or `custom`.
        kind = "type": Str<'a>,
        /// Of `function`.
        function: Box<FunctionCall<'a>>,
        /// Of `custom`.
        custom: Box<CustomCall<'a>>,
        /// Its index, as in streams; some clients send it back.
        index: i64,
        /// A cache point after this call (Anthropic's name).
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// A function's name and arguments.
    pub struct FunctionCall<'a> {
        /// Its name.
        name: Str<'a>,
        /// The arguments, as JSON text.
        arguments: Str<'a>,
    }
}

object! {
    /// A custom tool's name and input.
    pub struct CustomCall<'a> {
        /// Its name.
        name: Str<'a>,
        /// Free text.
        input: Str<'a>,
    }
}

object! {
    /// A tool the model may call.
    pub struct Tool<'a> {
        /// `function` or `custom`.
        kind = "type": Str<'a>,
        /// Of `function`.
        function: Box<Function<'a>>,
        /// Of `custom`.
        custom: Box<Custom<'a>>,
        /// A cache point after this tool (Anthropic's name).
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// A function the model may call.
    pub struct Function<'a> {
        /// Its name.
        name: Str<'a>,
        /// What it does.
        description: Str<'a>,
        /// The JSON schema of its arguments.
        parameters: Raw<'a>,
        /// Whether arguments must follow the schema exactly.
        strict: bool,
        /// A cache point after this tool (Anthropic's name).
        cache_control: Box<CacheControl<'a>>,
    }
}

object! {
    /// A tool that takes free text.
    pub struct Custom<'a> {
        /// Its name.
        name: Str<'a>,
        /// What it does.
        description: Str<'a>,
        /// `text`, or a grammar.
        format: Raw<'a>,
    }
}

object! {
    /// `tool_choice` as an object.
    pub struct ToolChoice<'a> {
        /// `function`, `custom` or `allowed_tools`.
        kind = "type": Str<'a>,
        /// Of `function`.
        function: Box<NamedFunction<'a>>,
        /// Of `custom`.
        custom: Box<NamedFunction<'a>>,
        /// Of `allowed_tools`.
        allowed_tools: Box<AllowedTools<'a>>,
    }
}

object! {
    /// `allowed_tools`.
    pub struct AllowedTools<'a> {
        /// `auto` or `required`.
        mode: Str<'a>,
        /// The allowed tools.
        tools: List<ToolChoice<'a>>,
    }
}

object! {
    /// A tool by its name.
    pub struct NamedFunction<'a> {
        /// The name.
        name: Str<'a>,
    }
}

object! {
    /// `response_format`.
    pub struct ResponseFormat<'a> {
        /// `text`, `json_object` or `json_schema`.
        kind = "type": Str<'a>,
        /// Of `json_schema`.
        json_schema: JsonSchema<'a>,
    }
}

object! {
    /// The schema that an answer must follow.
    pub struct JsonSchema<'a> {
        /// Its name.
        name: Str<'a>,
        /// Its purpose.
        description: Str<'a>,
        /// The schema.
        schema: Raw<'a>,
        /// Whether the answer must follow it exactly.
        strict: bool,
    }
}
