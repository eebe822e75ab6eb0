//! Facts for the record in Anthropic's messages and events: token counts and stop reason. Unreadable members are skipped.

use crate::anthropic::event::{Event, Message, Part};
use crate::openai::completion::Usage;
use crate::translate::noted::{Noted, usage_of};
use crate::wire::{self, Raw};

/// Bytes around the text in an event's `delta`.
const AROUND: usize = 32;

/// The facts in a whole message.
pub(super) fn of_message(message: &Message<'_>) -> Noted {
    let mut noted = Noted { usage: message.usage.and_then(usage_of), ..Noted::default() };
    stops(&mut noted, message.stop_reason);
    noted.guardrail |= has_intervened(message.guardrail_action);
    noted
}

/// Adds the facts in an event of a stream.
pub(super) fn of_event(kind: &str, event: &Event<'_>, noted: &mut Noted) {
    noted.guardrail |= has_intervened(event.guardrail_action);
    match kind {
        "content_block_delta" => {
            noted.flows(event.delta.map_or(0, |delta| delta.get().len().saturating_sub(AROUND)));
        }
        "message_start" => noted.input = event.message.and_then(part).and_then(|part| usage_of(part.usage?)),
        "message_delta" => {
            stops(noted, event.delta.and_then(part).and_then(|part| part.stop_reason));
            if let Some(usage) = event.usage.and_then(usage_of) {
                // `message_delta` may repeat only part of the input tokens; `message_start` had all of them.
                let input = noted.input.filter(|input| input.prompt_tokens > usage.prompt_tokens);
                let output = usage.completion_tokens;
                noted.usage = Some(input.map_or(usage, |input| with_output(input, output)));
            }
        }
        "message_stop" => {
            if let Some(usage) = event.metrics.and_then(usage_of)
                && noted.usage.is_none()
            {
                noted.usage = Some(usage);
            }
        }
        _ => {}
    }
}

fn with_output(input: Usage, output: u64) -> Usage {
    let total_tokens = input.prompt_tokens.saturating_add(output);
    Usage { completion_tokens: output, total_tokens, ..input }
}

fn part(object: Raw<'_>) -> Option<Part<'_>> {
    wire::from_str(object.get()).ok()
}

fn stops(noted: &mut Noted, reason: Option<Raw<'_>>) {
    if let Some(reason) =
        reason.map(|reason| reason.get().trim_matches('"')).filter(|reason| *reason != "null")
    {
        noted.stops_for(reason);
    }
}

fn has_intervened(action: Option<Raw<'_>>) -> bool {
    action.is_some_and(|action| action.get() == r#""INTERVENED""#)
}
