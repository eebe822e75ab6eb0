//! The request of `POST responses` (OpenAI API reference, "Create a model response").

use crate::openai::chat::{CacheControl, Citations, Function, GuardContent, InputAudio, NamedFunction};
use crate::wire::{List, Members, Number, OneOrMany, Raw, Str, object};

object! {
    /// The body. Members that the response repeats keep their written form here and are parsed later.
    pub struct Request<'a> {
        /// A text, or a list of items.
        input: OneOrMany<'a, Item<'a>>,
        /// The model as the client names it.
        model: Str<'a>,
        /// The system prompt.
        instructions: Str<'a>,
        /// The tools: a list of [`Tool`].
        tools: Raw<'a>,
        /// Whether the model must call a tool, and which: a word or a [`ToolChoice`].
        tool_choice: Raw<'a>,
        /// False: at most one call at a time.
        parallel_tool_calls: bool,
        /// Limit on calls of OpenAI's own tools.
        max_tool_calls: i64,
        /// Limit on generated tokens.
        max_output_tokens: i64,
        /// Format and length of the answer.
        text: Text<'a>,
        /// Effort of the reasoning, and its summary.
        reasoning: Reasoning<'a>,
        /// Additional members to return.
        include: List<Str<'a>>,
        /// How to handle an input that is too long.
        truncation: Str<'a>,
        /// 0–2.
        temperature: Number<'a>,
        /// 0–1.
        top_p: Number<'a>,
        /// How many log probabilities per token.
        top_logprobs: i64,
        /// Whether to answer with server-sent events.
        stream: bool,
        /// Options of the stream.
        stream_options: StreamOptions<'a>,
        /// The client's metadata.
        metadata: Members<'a, Str<'a>>,
        /// `auto`, `default`, `flex`, `priority`, …
        service_tier: Str<'a>,
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
        /// The stored response that this one continues.
        previous_response_id: Str<'a>,
        /// The conversation, stored by OpenAI, that this belongs to.
        conversation: Raw<'a>,
        /// A prompt stored by OpenAI.
        prompt: Raw<'a>,
        /// Whether to answer in the background.
        background: bool,
        /// Options of that.
        background_options: Raw<'a>,
        /// Whether OpenAI keeps the response.
        store: bool,
        /// How to shorten a conversation that grows.
        context_management: Raw<'a>,
        /// Moderation of the answer.
        moderation: Raw<'a>,
        /// OpenAI's programmes of trusted access.
        access_programs: Raw<'a>,
        /// Options for images.
        image: Raw<'a>,
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
        /// Padding against traffic analysis.
        include_obfuscation: bool,
        /// Of a chat: whether a last chunk has the usage.
        include_usage: bool,
    }
}

object! {
    /// `text`.
    pub struct Text<'a> {
        /// Text, JSON, or JSON by a schema: a [`Format`].
        format: Raw<'a>,
        /// `low`, `medium`, `high`.
        verbosity: Str<'a>,
    }
}

object! {
    /// `text.format`.
    pub struct Format<'a> {
        /// `text`, `json_object` or `json_schema`.
        kind = "type": Str<'a>,
        /// Of `json_schema`: its name.
        name: Str<'a>,
        /// Its purpose.
        description: Str<'a>,
        /// The schema.
        schema: Raw<'a>,
        /// Whether the answer must follow it exactly.
        strict: bool,
    }
}

object! {
    /// `reasoning`.
    pub struct Reasoning<'a> {
        /// The effort level of reasoning.
        effort: Str<'a>,
        /// The kind of summary: `auto`, `concise`, `detailed`.
        summary: Str<'a>,
        /// The older name of `summary`.
        generate_summary: Str<'a>,
        /// The turns whose reasoning the model sees.
        context: Str<'a>,
        /// `standard`, `pro`.
        mode: Str<'a>,
    }
}

object! {
    /// An item of the input; `type` says which members matter.
    pub struct Item<'a> {
        /// `message`, `function_call`, `function_call_output`, `reasoning`, …; a message may leave it out.
        kind = "type": Str<'a>,
        /// OpenAI's id of the item.
        id: Box<Str<'a>>,
        /// Of a message: `developer`, `system`, `user`, `assistant`.
        role: Str<'a>,
        /// The content of a message, or the text of reasoning.
        content: OneOrMany<'a, Part<'a>>,
        /// Id that the call's output repeats.
        call_id: Box<Str<'a>>,
        /// The name of the called tool.
        name: Box<Str<'a>>,
        /// The namespace that declares it.
        namespace: Box<Str<'a>>,
        /// The arguments, as JSON text.
        arguments: Box<Raw<'a>>,
        /// The input of a custom tool, free text.
        input: Box<Str<'a>>,
        /// The output of a tool.
        output: Box<Raw<'a>>,
        /// The action of a shell call.
        action: Box<Raw<'a>>,
        /// The operation on a file.
        operation: Box<Raw<'a>>,
        /// The summary of reasoning.
        summary: Box<List<Part<'a>>>,
        /// The reasoning as this gateway's response gave it.
        encrypted_content: Box<Str<'a>>,
        /// Tools that are added during the conversation.
        tools: Box<Raw<'a>>,
        /// The status: `completed`, `incomplete`, `failed`.
        status: Box<Str<'a>>,
        /// `commentary` or `final_answer`.
        phase: Box<Raw<'a>>,
        /// Who made the call.
        caller: Box<Raw<'a>>,
        /// Longest output of a shell call.
        max_output_length: Box<i64>,
    }
}

object! {
    /// A part of a message, an output or reasoning; `type` says which members matter.
    pub struct Part<'a> {
        /// `input_text`, `output_text`, `input_image`, `input_file`, `refusal`, …
        kind = "type": Str<'a>,
        /// Of texts.
        text: Str<'a>,
        /// Of `refusal`.
        refusal: Box<Str<'a>>,
        /// Of `input_image`: its URL.
        image_url: Box<Str<'a>>,
        /// The level of detail.
        detail: Box<Str<'a>>,
        /// A file stored by OpenAI.
        file_id: Box<Str<'a>>,
        /// Of `input_file`: a `data:` URL, or base64.
        file_data: Box<Str<'a>>,
        /// Of `input_file`: its URL.
        file_url: Box<Str<'a>>,
        /// The file's name.
        filename: Box<Str<'a>>,
        /// Of `input_audio`.
        input_audio: Box<InputAudio<'a>>,
        /// Citations of an earlier answer.
        annotations: Box<Raw<'a>>,
        /// Of an earlier answer.
        logprobs: Box<Raw<'a>>,
        /// Of a document in `input_file`: whether the answer cites it (extension).
        citations: Box<Citations<'a>>,
        /// Of a document in `input_file`: context for the model (extension).
        context: Box<Str<'a>>,
        /// Of `input_text` and `input_image`: content for the guardrail to check (extension).
        guard_content: Box<GuardContent<'a>>,
        /// A cache point after this part.
        prompt_cache_breakpoint: Box<CacheControl<'a>>,
    }
}

object! {
    /// A tool; `type` says which members matter.
    pub struct Tool<'a> {
        /// `function`, `custom`, `namespace`, or one of OpenAI's own.
        kind = "type": Str<'a>,
        /// Its name.
        name: Str<'a>,
        /// What it does.
        description: Str<'a>,
        /// Of `function`: the JSON schema of its arguments.
        parameters: Raw<'a>,
        /// Of `function`: whether arguments must follow the schema exactly.
        strict: bool,
        /// Of `custom`: `text`, or a grammar.
        format: Raw<'a>,
        /// Of `namespace`: its tools.
        tools: List<Tool<'a>>,
        /// The function as an object, in a chat's form, which some clients send here.
        function: Box<Function<'a>>,
        /// Whether the tool is shown only to a tool search.
        defer_loading: bool,
        /// The schema of its output.
        output_schema: Raw<'a>,
        /// Who may call the tool.
        allowed_callers: Raw<'a>,
        /// Whether its output may come later.
        is_async = "async": bool,
    }
}

object! {
    /// `tool_choice` as an object.
    pub struct ToolChoice<'a> {
        /// `function`, `custom`, `allowed_tools`, or one of OpenAI's own tools.
        kind = "type": Str<'a>,
        /// Of `function` and `custom`: the tool's name.
        name: Str<'a>,
        /// The namespace that declares it.
        namespace: Str<'a>,
        /// Of `allowed_tools`: `auto` or `required`.
        mode: Str<'a>,
        /// Of `allowed_tools`: the allowed tools.
        tools: List<ToolChoice<'a>>,
        /// The function as an object, in a chat's form, which some clients send here.
        function: Box<NamedFunction<'a>>,
    }
}
