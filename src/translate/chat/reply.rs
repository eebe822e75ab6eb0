//! A whole reply of Converse becomes a chat completion.

use crate::bedrock::reply::{Block, Citation, Citations, Output, Reply as Converse, ToolUse, is_of_server};
use crate::openai::completion::{
    Annotation, Call, Choice, Completion, Custom, Function, Message, ThinkingBlock, ToolCall, UrlCitation,
};
use crate::openai::{Error, text_completion};
use crate::translate::Answered;
use crate::translate::errors::no_answer;
use crate::translate::usage::usage;
use crate::wire::{self, Raw, Str, object};

use super::{Called, Reply, refusal};

/// What is collected from the blocks.
#[derive(Default)]
struct Collected<'a> {
    text: Option<Str<'a>>,
    /// How much of the text has been counted: bytes, and the characters that they are.
    counted: (usize, usize),
    /// The input of the answer tool.
    answer: Option<&'a str>,
    reasoning: Option<String>,
    thinking_blocks: Vec<ThinkingBlock<'a>>,
    calls: Vec<ToolCall<'a>>,
    annotations: Vec<Annotation<'a>>,
}

/// Translates the body of a 200.
///
/// # Errors
/// 502 where it is not a reply of Converse: never an empty success.
pub fn reply(context: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    let Converse { output, stop_reason, usage: tokens, service_tier } =
        wire::object_from_slice(body).map_err(|_| no_answer("Bedrock's reply could not be read."))?;
    let message = output.and_then(|Output { message }| message);
    let message = message.ok_or_else(|| no_answer("Bedrock's reply has no output."))?;
    let stop_reason = stop_reason.ok_or_else(|| no_answer("Bedrock's reply does not say why it ended."))?;

    let mut collected = Collected::default();
    for block in message.content.into_iter().flatten() {
        collected.block(block, context)?;
    }
    let Collected { text, counted: _, answer, reasoning, thinking_blocks, calls, annotations } = collected;
    let text = text.map(|text| match context.undo.json_object() {
        Some(mut object) => {
            let mut found = object.piece(&text);
            found.push_str(&object.end());
            found.into()
        }
        None => text,
    });
    let finish_reason = context.finish_reason(&stop_reason, !calls.is_empty())?;
    if let Some(echo) = &context.text {
        let text = [echo.as_str(), text.as_deref().unwrap_or_default()].concat();
        let completion = text_completion::Reply {
            id: &context.id(answered.request_id),
            object: "text_completion",
            created: answered.created,
            model: &context.model,
            choices: [text_completion::Choice {
                text: text.into(),
                index: 0,
                logprobs: (),
                finish_reason: Some(finish_reason),
            }],
            usage: tokens.as_ref().map(usage),
        };
        return Ok(wire::to_vec(&completion));
    }
    let (tool_calls, function_call) = if context.legacy_functions {
        (Vec::new(), calls.into_iter().find_map(function))
    } else {
        (calls, None)
    };
    let has_calls = !tool_calls.is_empty() || function_call.is_some();
    let text = text.filter(|text| !(context.json_beside_calls && has_calls) || is_json(text));
    // What the model says beside its answer is no part of it, nor are its sources.
    let annotations = if answer.is_some() || text.is_none() { Vec::new() } else { annotations };
    let message = Message {
        role: "assistant",
        content: answer.map(Str::from).or(text),
        refusal: refusal(&stop_reason),
        reasoning_content: reasoning.map(Str::from),
        thinking_blocks,
        tool_calls,
        function_call,
        annotations,
    };
    let id = context.id(answered.request_id);
    let completion = Completion {
        id: &id,
        object: "chat.completion",
        created: answered.created,
        model: &context.model,
        choices: [Choice { index: 0, message, logprobs: (), finish_reason }],
        usage: tokens.as_ref().map(usage),
        service_tier: service_tier.as_ref().and_then(|tier| tier.kind.as_deref()),
    };
    Ok(wire::to_vec(&completion))
}

impl<'a> Collected<'a> {
    fn block(&mut self, block: Block<'a>, context: &'a Reply) -> Result<(), Error> {
        let Block { text, tool_use, reasoning_content, citations_content } = block;
        if let Some(text) = text {
            self.text(text);
        }
        if let Some(call) = tool_use {
            self.call(*call, context)?;
        }
        if let Some(reasoning) = reasoning_content {
            if let Some(readable) = reasoning.reasoning_text {
                let text = readable.text.unwrap_or_default();
                self.reasoning.get_or_insert_default().push_str(&text);
                self.thinking_blocks
                    .push(ThinkingBlock::Thinking { thinking: text, signature: readable.signature });
            }
            if let Some(data) = reasoning.redacted_content {
                self.thinking_blocks.push(ThinkingBlock::RedactedThinking { data });
            }
        }
        if let Some(citations) = citations_content {
            let Citations { content, citations } = *citations;
            let start = self.characters();
            for piece in content.into_iter().flatten() {
                self.text(piece.text.unwrap_or_default());
            }
            let end = self.characters();
            self.annotations
                .extend(citations.into_iter().flatten().map(|citation| annotation(citation, start, end)));
        }
        Ok(())
    }

    fn text(&mut self, text: Str<'a>) {
        self.text = Some(match self.text.take() {
            Some(before) => {
                let mut joined = before.into_cow().into_owned();
                joined.push_str(&text);
                joined.into()
            }
            None => text,
        });
    }

    /// Characters of the text so far, which sources point at; each is counted once.
    fn characters(&mut self) -> usize {
        let (bytes, characters) = &mut self.counted;
        let text = self.text.as_deref().unwrap_or_default();
        let more = text.get(*bytes..).unwrap_or_default().chars().count();
        *bytes = text.len();
        *characters = characters.saturating_add(more);
        *characters
    }

    fn call(&mut self, call: ToolUse<'a>, context: &'a Reply) -> Result<(), Error> {
        let ToolUse { tool_use_id, name, input, kind } = call;
        if is_of_server(kind.as_ref()) {
            return Ok(());
        }
        let (Some(id), Some(name)) = (tool_use_id, name) else {
            return Err(no_answer("Bedrock's reply has a call without a name or an id."));
        };
        let arguments = input.map_or("{}", |input| input.get());
        let call = match context.called(&name) {
            Called::Answer => {
                self.answer = Some(arguments);
                return Ok(());
            }
            Called::Function(original) => {
                let name = Str::from(original.to_owned());
                Call::Function { function: Function { name, arguments } }
            }
            Called::Custom(original) => {
                let name = Str::from(original.to_owned());
                Call::Custom { custom: Custom { name, input: Str::from(custom_input(arguments)) } }
            }
        };
        self.calls.push(ToolCall { id, call });
        Ok(())
    }
}

object! {
    /// The arguments of a custom tool.
    struct CustomArguments<'a> {
        input: Str<'a>,
    }
}

/// The free text of a custom tool's arguments; the arguments themselves where they have another form.
pub(super) fn custom_input(arguments: &str) -> String {
    match wire::from_str::<CustomArguments<'_>>(arguments) {
        Ok(CustomArguments { input: Some(input), .. }) => input.into_cow().into_owned(),
        Ok(CustomArguments { input: None, unknown }) if unknown.is_empty() => String::new(),
        _ => arguments.to_owned(),
    }
}

fn function(call: ToolCall<'_>) -> Option<Function<'_>> {
    match call.call {
        Call::Function { function } => Some(function),
        Call::Custom { .. } => None,
    }
}

/// True for a text that a client can parse.
pub(super) fn is_json(text: &str) -> bool {
    wire::from_str::<Raw<'_>>(text).is_ok()
}

/// A source of the characters from `start` to `end`.
pub(super) fn annotation(citation: Citation<'_>, start: usize, end: usize) -> Annotation<'_> {
    let Citation { title, source, location } = citation;
    let url = location.and_then(|location| location.web?.url).or(source).unwrap_or_default();
    Annotation::UrlCitation {
        url_citation: UrlCitation {
            start_index: start,
            end_index: end,
            title: title.unwrap_or_default(),
            url,
        },
    }
}
