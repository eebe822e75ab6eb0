//! Translates an answer into a chat completion.

use crate::bedrock::reply::Usage;
use crate::openai::completion::{
    Annotation, Call, Choice, Completion, Custom, Function, Message, ThinkingBlock, ToolCall,
};
use crate::openai::{Error, text_completion};
use crate::translate::Answered;
use crate::translate::answer::{self, Event, Front, Why};
use crate::translate::errors::no_answer;
use crate::wire::{self, Str};

use super::{Reply, finish_reason, refusal};
use crate::translate::front::annotation::annotation;

/// The answer, as far as it is collected.
#[derive(Default)]
struct Collected<'a> {
    text: Option<Str<'a>>,
    reasoning: Option<String>,
    thinking_blocks: Vec<ThinkingBlock<'a>>,
    calls: Vec<ToolCall<'a>>,
    annotations: Vec<Annotation<'a>>,
    why: Option<Why>,
    usage: Option<Usage>,
    service_tier: Option<Str<'a>>,
}

/// Translates the body of a 200.
///
/// # Errors
/// 502 where it is not a Converse reply; never an empty success.
pub fn reply(context: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    let mut collected = Collected::default();
    answer::whole(&context.context, body, &mut collected)?;
    let Collected { text, reasoning, thinking_blocks, calls, annotations, why, usage: tokens, service_tier } =
        collected;
    let why = why.ok_or_else(|| no_answer("Bedrock's reply does not say why it ended."))?;
    let (id, finish_reason) = (context.id(answered.request_id), finish_reason(why, context.legacy_functions));
    if let Some(echo) = &context.text {
        let text = [echo.as_str(), text.as_deref().unwrap_or_default()].concat();
        let completion = text_completion::Reply {
            id: &id,
            object: "text_completion",
            created: answered.created,
            model: &context.model,
            choices: [text_completion::Choice {
                text: text.into(),
                index: 0,
                logprobs: (),
                finish_reason: Some(finish_reason),
            }],
            usage: tokens.as_ref().map(|tokens| context.usage(tokens)),
        };
        return Ok(wire::to_vec(&completion));
    }
    let (tool_calls, function_call) = if context.legacy_functions {
        (Vec::new(), calls.into_iter().find_map(function))
    } else {
        (calls, None)
    };
    let message = Message {
        role: "assistant",
        content: text,
        refusal: refusal(why),
        reasoning_content: reasoning.map(Str::from),
        thinking_blocks,
        tool_calls,
        function_call,
        annotations,
    };
    let completion = Completion {
        id: &id,
        object: "chat.completion",
        created: answered.created,
        model: &context.model,
        choices: [Choice { index: 0, message, logprobs: (), finish_reason }],
        usage: tokens.as_ref().map(|tokens| context.usage(tokens)),
        service_tier: service_tier.as_deref(),
    };
    Ok(wire::to_vec(&completion))
}

impl<'a> Front<'a> for Collected<'a> {
    fn event(&mut self, event: Event<'a>) {
        match event {
            Event::Begins | Event::Searches { .. } | Event::Searched { .. } | Event::BlockEnds { .. } => {}
            Event::Text { block: _, text } => join(&mut self.text, text),
            Event::Reasoning { block: _, thought, text, signature } => {
                if let Some(text) = &text {
                    self.reasoning.get_or_insert_default().push_str(text);
                }
                self.thought(thought, text, signature);
            }
            Event::Redacted { block: _, thought: _, data } => {
                self.thinking_blocks.push(ThinkingBlock::RedactedThinking { data });
            }
            Event::Call { block: _, call: _, id, name, is_custom } => {
                let call = if is_custom {
                    Call::Custom { custom: Custom { name, input: Str::default() } }
                } else {
                    Call::Function { function: Function { name, arguments: Str::default() } }
                };
                self.calls.push(ToolCall { id, call });
            }
            // In a whole reply each call's arguments come at once, before the next call.
            Event::Arguments { block: _, call: _, piece: given }
            | Event::FreeText { block: _, call: _, text: given } => {
                match self.calls.last_mut().map(|call| &mut call.call) {
                    Some(Call::Function { function }) => function.arguments = given,
                    Some(Call::Custom { custom }) => custom.input = given,
                    None => {}
                }
            }
            Event::Citation { block: _, citation, start, end } => {
                self.annotations.push(annotation(citation, start, end));
            }
            Event::Stops(why) => self.why = Some(why),
            Event::Ends { usage, service_tier } => {
                self.usage = usage;
                self.service_tier = service_tier;
            }
        }
    }
}

impl<'a> Collected<'a> {
    /// Adds to a thought, or begins one.
    fn thought(&mut self, thought: u32, text: Option<Str<'a>>, more: Option<Str<'a>>) {
        if thought.checked_add(1) == u32::try_from(self.thinking_blocks.len()).ok()
            && let Some(ThinkingBlock::Thinking { thinking, signature }) = self.thinking_blocks.last_mut()
        {
            if let Some(text) = text {
                let mut whole = Some(std::mem::take(thinking));
                join(&mut whole, text);
                *thinking = whole.unwrap_or_default();
            }
            *signature = more.or(signature.take());
            return;
        }
        let thinking = text.unwrap_or_default();
        self.thinking_blocks.push(ThinkingBlock::Thinking { thinking, signature: more });
    }
}

/// Appends to a text; a single part is not copied.
fn join<'a>(text: &mut Option<Str<'a>>, piece: Str<'a>) {
    *text = Some(match text.take() {
        Some(before) => {
            let mut joined = before.into_cow().into_owned();
            joined.push_str(&piece);
            joined.into()
        }
        None => piece,
    });
}

fn function(call: ToolCall<'_>) -> Option<Function<'_>> {
    match call.call {
        Call::Function { function } => Some(function),
        Call::Custom { .. } => None,
    }
}
