//! The request of `POST responses` (OpenAI API reference, "Create a model response").

use crate::openai::chat::{CacheControl, Citations, Function, GuardContent, InputAudio, NamedFunction};
use crate::wire::{List, Members, Number, OneOrMany, Raw, Str, object};

object! {
    /// The body. What the response repeats as it is written is read later.
    pub struct Request<'a> {
        /// A text, or items.
        input: OneOrMany<'a, Item<'a>>,
        /// What the client calls the model.
        model: Str<'a>,
        /// What comes before the input.
        instructions: Str<'a>,
        /// What the model may call: a list of [`Tool`].
        tools: Raw<'a>,
        /// Whether and what the model must call: a word or a [`ToolChoice`].
        tool_choice: Raw<'a>,
        /// False: one call at a time.
        parallel_tool_calls: bool,
        /// Limit on calls of OpenAI's own tools.
        max_tool_calls: i64,
        /// Limit on generated tokens.
        max_output_tokens: i64,
        /// Form and length of the answer.
        text: Text<'a>,
        /// How hard to think, and what to tell of it.
        reasoning: Reasoning<'a>,
        /// What else to return.
        include: List<Str<'a>>,
        /// What becomes of an input that is too long.
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
        /// The client's labels.
        metadata: Members<'a, Str<'a>>,
        /// `auto`, `default`, `flex`, `priority`, …
        service_tier: Str<'a>,
        /// The client's user.
        user: Str<'a>,
        /// The newer form of `user`.
        safety_identifier: Str<'a>,
        /// Which requests share a cached prefix.
        prompt_cache_key: Str<'a>,
        /// How long a prefix stays cached.
        prompt_cache_retention: Str<'a>,
        /// Caching by hand or automatic.
        prompt_cache_options: Raw<'a>,
        /// The response that this one goes on from.
        previous_response_id: Str<'a>,
        /// The conversation, kept by OpenAI, that this is part of.
        conversation: Raw<'a>,
        /// A prompt kept by OpenAI.
        prompt: Raw<'a>,
        /// Whether to answer later.
        background: bool,
        /// How much later.
        background_options: Raw<'a>,
        /// Whether OpenAI keeps the response.
        store: bool,
        /// What becomes of a conversation that grows.
        context_management: Raw<'a>,
        /// Moderation beside the answer.
        moderation: Raw<'a>,
        /// OpenAI's programmes of trusted access.
        access_programs: Raw<'a>,
        /// How images are taken.
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
        /// What the SDKs flatten, sent as a literal key.
        extra_body: Members<'a, Raw<'a>>,
    }
}

object! {
    /// `stream_options`.
    pub struct StreamOptions<'a> {
        /// Padding against traffic analysis.
        include_obfuscation: bool,
        /// A chat's: a last chunk with the usage.
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
        /// What it is for.
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
        /// How hard to think.
        effort: Str<'a>,
        /// Whether to tell of it: `auto`, `concise`, `detailed`.
        summary: Str<'a>,
        /// The older name of `summary`.
        generate_summary: Str<'a>,
        /// Of which turns the model sees its reasoning.
        context: Str<'a>,
        /// `standard`, `pro`.
        mode: Str<'a>,
    }
}

object! {
    /// One item of the input; which members mean something depends on `type`.
    pub struct Item<'a> {
        /// `message`, `function_call`, `function_call_output`, `reasoning`, …; a message may leave it out.
        kind = "type": Str<'a>,
        /// OpenAI's id of it.
        id: Box<Str<'a>>,
        /// Of a message: `developer`, `system`, `user`, `assistant`.
        role: Str<'a>,
        /// Of a message, or the text of reasoning.
        content: OneOrMany<'a, Part<'a>>,
        /// Pairs call and output.
        call_id: Box<Str<'a>>,
        /// What is called.
        name: Box<Str<'a>>,
        /// Where that is declared.
        namespace: Box<Str<'a>>,
        /// JSON, as text.
        arguments: Box<Raw<'a>>,
        /// Free text for a custom tool.
        input: Box<Str<'a>>,
        /// What a tool gave.
        output: Box<Raw<'a>>,
        /// What a shell is to do.
        action: Box<Raw<'a>>,
        /// What is to be done to a file.
        operation: Box<Raw<'a>>,
        /// What reasoning says in short.
        summary: Box<List<Part<'a>>>,
        /// Reasoning as the response gave it out.
        encrypted_content: Box<Str<'a>>,
        /// Tools that come later.
        tools: Box<Raw<'a>>,
        /// How far it has come: `completed`, `incomplete`, `failed`.
        status: Box<Str<'a>>,
        /// `commentary` or `final_answer`.
        phase: Box<Raw<'a>>,
        /// Who has called.
        caller: Box<Raw<'a>>,
        /// How long an output of a shell may be.
        max_output_length: Box<i64>,
    }
}

object! {
    /// One part of a message, an output or reasoning; which members mean something depends on `type`.
    pub struct Part<'a> {
        /// `input_text`, `output_text`, `input_image`, `input_file`, `refusal`, …
        kind = "type": Str<'a>,
        /// Of texts.
        text: Str<'a>,
        /// Of `refusal`.
        refusal: Box<Str<'a>>,
        /// Of `input_image`: its address.
        image_url: Box<Str<'a>>,
        /// How closely to look.
        detail: Box<Str<'a>>,
        /// A file kept by OpenAI.
        file_id: Box<Str<'a>>,
        /// Of `input_file`: a `data:` URL, or base64.
        file_data: Box<Str<'a>>,
        /// Of `input_file`: its address.
        file_url: Box<Str<'a>>,
        /// Its name.
        filename: Box<Str<'a>>,
        /// Of `input_audio`.
        input_audio: Box<InputAudio<'a>>,
        /// Sources of an earlier answer.
        annotations: Box<Raw<'a>>,
        /// Of an earlier answer.
        logprobs: Box<Raw<'a>>,
        /// Of a document in `input_file`: whether the answer names its places (extension).
        citations: Box<Citations<'a>>,
        /// Of a document in `input_file`: what the model should know about it (extension).
        context: Box<Str<'a>>,
        /// Of `input_text` and `input_image`: what a guardrail is to look at (extension).
        guard_content: Box<GuardContent<'a>>,
        /// Cache the prompt up to here.
        prompt_cache_breakpoint: Box<CacheControl<'a>>,
    }
}

object! {
    /// A tool; which members mean something depends on `type`.
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
        /// A chat's form of the same, which some clients send here.
        function: Box<Function<'a>>,
        /// Whether it is shown only when it is looked for.
        defer_loading: bool,
        /// What it gives.
        output_schema: Raw<'a>,
        /// Who may call it.
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
        /// Of `function` and `custom`: which one.
        name: Str<'a>,
        /// Where that is declared.
        namespace: Str<'a>,
        /// Of `allowed_tools`: `auto` or `required`.
        mode: Str<'a>,
        /// Of `allowed_tools`: which ones.
        tools: List<ToolChoice<'a>>,
        /// A chat's form of the same, which some clients send here.
        function: Box<NamedFunction<'a>>,
    }
}
