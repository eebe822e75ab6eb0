//! Token counts, in OpenAI's way of counting, and estimates where Bedrock has not told them.

pub use crate::openai::completion::Usage;
use crate::openai::completion::{CompletionTokensDetails, PromptTokensDetails};
pub use crate::translate::usage::{add, usage as of_bedrock};

/// Bytes of text per token, about.
const BYTES: u64 = 4;

/// Most tokens of any kind that one answer can have cost: ten times the largest context window of any model. Where an upstream
/// tells more, it is wrong, and charging it would lock the caller out until its limit's window ends.
const MOST: u64 = 100_000_000;

/// Whether an answer can have cost this; else it counts as not told.
pub fn is_possible(usage: &Usage) -> bool {
    let of_input = usage.prompt_tokens_details.unwrap_or_default();
    let of_output = usage.completion_tokens_details.unwrap_or_default();
    let parts = [of_input.cached_tokens, of_input.cache_write_tokens, of_output.reasoning_tokens];
    parts.into_iter().chain([usage.prompt_tokens, usage.completion_tokens]).all(|tokens| tokens <= MOST)
}

/// The tokens of so many bytes of text, estimated.
pub fn of_bytes(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(BYTES)
}

/// The estimated usage of an answer whose tokens Bedrock has not told; `input` and `output` are tokens.
pub fn guessed(input: u64, output: u64) -> Usage {
    Usage {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input.saturating_add(output),
        ..Usage::default()
    }
}

/// The part of `usage` that exceeds what is `known` of the same answer.
pub fn beyond(usage: Usage, known: Usage) -> Usage {
    let prompt = |usage: Usage| usage.prompt_tokens_details.unwrap_or_default();
    let thought = |usage: Usage| usage.completion_tokens_details.unwrap_or_default().reasoning_tokens;
    let cached_tokens = prompt(usage).cached_tokens.saturating_sub(prompt(known).cached_tokens);
    let cache_write_tokens =
        prompt(usage).cache_write_tokens.saturating_sub(prompt(known).cache_write_tokens);
    let reasoning_tokens = thought(usage).saturating_sub(thought(known));
    Usage {
        prompt_tokens: usage.prompt_tokens.saturating_sub(known.prompt_tokens),
        completion_tokens: usage.completion_tokens.saturating_sub(known.completion_tokens),
        total_tokens: usage.total_tokens.saturating_sub(known.total_tokens),
        prompt_tokens_details: usage
            .prompt_tokens_details
            .map(|_| PromptTokensDetails { cached_tokens, cache_write_tokens }),
        completion_tokens_details: usage
            .completion_tokens_details
            .map(|_| CompletionTokensDetails { reasoning_tokens }),
    }
}

/// The usage without its output.
pub fn input_alone(usage: Usage) -> Usage {
    Usage {
        completion_tokens: 0,
        total_tokens: usage.prompt_tokens,
        completion_tokens_details: None,
        ..usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(read: u64, cached: u64, written: u64, thought: u64) -> Usage {
        Usage {
            prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: cached, cache_write_tokens: 0 }),
            completion_tokens_details: Some(CompletionTokensDetails { reasoning_tokens: thought }),
            ..guessed(read, written)
        }
    }

    #[test]
    fn no_answer_costs_more_than_any_model_can_read_and_write() {
        assert!(is_possible(&told(MOST, 2, 9, 4)));
        for (read, cached, written, thought) in
            [(MOST + 1, 0, 0, 0), (0, MOST + 1, 0, 0), (0, 0, MOST + 1, 0), (0, 0, 0, u64::MAX)]
        {
            assert!(!is_possible(&told(read, cached, written, thought)));
        }
    }

    #[test]
    fn what_is_told_again_and_again_comes_to_what_is_told_last() {
        let (mut known, mut sum) = (Usage::default(), Usage::default());
        for usage in [guessed(0, 3), told(7, 2, 3, 0), told(7, 2, 9, 4), told(7, 2, 9, 4), told(7, 2, 20, 5)]
        {
            add(&mut sum, &beyond(usage, known));
            known = usage;
        }
        assert_eq!(sum, told(7, 2, 20, 5));
        assert_eq!(beyond(guessed(1, 1), guessed(5, 5)), Usage::default());
    }
}
