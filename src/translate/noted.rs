//! Facts about an answer for the request's record, in every API.

use crate::bedrock::reply::Usage as Bedrock;
use crate::openai::completion::{CompletionTokensDetails, PromptTokensDetails, Usage};
use crate::wire::{self, Members, Raw};

use super::answer::Why;

/// The facts so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// The token counts, once told.
    pub usage: Option<Usage>,
    /// The input's token counts, where told before the rest.
    pub input: Option<Usage>,
    /// Why the model stopped, in OpenAI's words.
    pub finish_reason: Option<&'static str>,
    /// Whether a guardrail intervened.
    pub guardrail: bool,
    /// Bytes of text so far, about.
    pub flowed: usize,
}

/// Bedrock's stop reason where a guardrail intervened.
const GUARDRAIL: &str = "guardrail_intervened";

impl Noted {
    /// The model has stopped, by Bedrock's `reason`; `why` is the reason for the client.
    pub(super) fn stops(&mut self, reason: &str, why: Why) {
        self.guardrail |= reason == GUARDRAIL;
        self.finish_reason = Some(match why {
            Why::Done | Why::Sequence => "stop",
            Why::Calls => "tool_calls",
            Why::Limit | Why::Context => "length",
            Why::Filter | Why::Refused => "content_filter",
        });
    }

    /// The model has stopped, by a `reason` of Converse's, Anthropic's or OpenAI's API.
    pub(super) fn stops_for(&mut self, reason: &str) {
        let why = match reason {
            "max_tokens" | "length" => Why::Limit,
            "model_context_window_exceeded" => Why::Context,
            GUARDRAIL | "content_filtered" | "content_filter" => Why::Filter,
            "refusal" => Why::Refused,
            "tool_use" | "tool_calls" | "function_call" => Why::Calls,
            _ => Why::Done,
        };
        self.stops(reason, why);
    }

    /// Bedrock has told the token counts.
    pub(super) fn costs(&mut self, usage: Option<&Bedrock>) {
        self.usage = usage.map(super::usage::usage).or(self.usage);
    }

    /// More text has come.
    pub(super) fn flows(&mut self, bytes: usize) {
        self.flowed = self.flowed.saturating_add(bytes);
    }
}

/// Parses token counts in the form of Converse, Anthropic's API, OpenAI's, or the metrics that Bedrock adds to native streams.
/// Other types than numbers are skipped; `None` where there are none.
pub fn usage_of(usage: Raw<'_>) -> Option<Usage> {
    let Members(members) = wire::from_str::<Members<'_, Raw<'_>>>(usage.get()).ok()?;
    let (mut input, mut all_input, mut output, mut reasoning) = (None, None, None, None);
    let (mut read, mut written) = (None, None);
    for (name, value) in members {
        let number = value.get().parse::<u64>().ok();
        let place = match &*name {
            "inputTokens" | "input_tokens" | "inputTokenCount" => &mut input,
            "prompt_tokens" => &mut all_input,
            "outputTokens" | "output_tokens" | "outputTokenCount" | "completion_tokens" => &mut output,
            "cacheReadInputTokens" | "cache_read_input_tokens" | "cacheReadInputTokenCount" => &mut read,
            "cacheWriteInputTokens" | "cache_creation_input_tokens" | "cacheWriteInputTokenCount" => {
                &mut written
            }
            "prompt_tokens_details" => {
                read = read.or(member(value, "cached_tokens"));
                written = written.or(member(value, "cache_write_tokens"));
                continue;
            }
            "completion_tokens_details" => {
                reasoning = reasoning.or(member(value, "reasoning_tokens"));
                continue;
            }
            _ => continue,
        };
        *place = number.or(*place);
    }
    input.or(all_input).or(output)?;
    let beside = |number: Option<u64>| number.unwrap_or(0);
    let prompt_tokens = all_input
        .unwrap_or_else(|| beside(input).saturating_add(beside(read)).saturating_add(beside(written)));
    Some(Usage {
        prompt_tokens,
        completion_tokens: beside(output),
        total_tokens: prompt_tokens.saturating_add(beside(output)),
        prompt_tokens_details: read.or(written).map(|_| PromptTokensDetails {
            cached_tokens: beside(read),
            cache_write_tokens: beside(written),
        }),
        completion_tokens_details: reasoning
            .map(|reasoning_tokens| CompletionTokensDetails { reasoning_tokens }),
    })
}

fn member(object: Raw<'_>, wanted: &str) -> Option<u64> {
    let Members(members) = wire::from_str::<Members<'_, Raw<'_>>>(object.get()).ok()?;
    let (_, value) = members.into_iter().find(|(name, _)| name == wanted)?;
    value.get().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_in_whoevers_words_they_are() {
        let read = |text: &str| {
            let usage = usage_of(wire::from_str(text).unwrap())?;
            let of_input = usage.prompt_tokens_details;
            let cache = of_input.map(|input| (input.cached_tokens, input.cache_write_tokens));
            let reasoning = usage.completion_tokens_details.map(|output| output.reasoning_tokens);
            Some((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, cache, reasoning))
        };
        for (text, expected) in [
            (r#"{"inputTokens":1,"outputTokens":2,"totalTokens":3}"#, Some((1, 2, 3, None, None))),
            (
                r#"{"inputTokens":1,"outputTokens":2,"cacheReadInputTokens":4,"cacheWriteInputTokens":0}"#,
                Some((5, 2, 7, Some((4, 0)), None)),
            ),
            (
                r#"{"input_tokens":1,"cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":2}"#,
                Some((8, 2, 10, Some((4, 3)), None)),
            ),
            (
                r#"{"inputTokenCount":1,"outputTokenCount":2,"invocationLatency":3}"#,
                Some((1, 2, 3, None, None)),
            ),
            (
                r#"{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":1}}"#,
                Some((9, 2, 11, Some((4, 0)), Some(1))),
            ),
            (r#"{"inputTokens":"many","outputTokens":-1,"prompt_tokens_details":null}"#, None),
            ("{}", None),
            ("null", None),
            ("[1]", None),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn a_reason_is_told_in_openais_words_whoever_gave_it() {
        for (reason, told, guardrail) in [
            ("end_turn", "stop", false),
            ("stop", "stop", false),
            ("max_tokens", "length", false),
            ("length", "length", false),
            ("tool_use", "tool_calls", false),
            ("guardrail_intervened", "content_filter", true),
            ("content_filter", "content_filter", false),
            ("something new", "stop", false),
        ] {
            let mut noted = Noted::default();
            noted.stops_for(reason);
            assert_eq!((noted.finish_reason, noted.guardrail), (Some(told), guardrail), "{reason}");
        }
    }
}
