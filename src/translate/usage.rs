//! Token counts.

use crate::bedrock::reply::Usage as Bedrock;
use crate::openai::completion::{PromptTokensDetails, Usage};

/// Converts token counts: OpenAI's prompt tokens include cached ones, Bedrock's input tokens do not.
pub fn usage(bedrock: &Bedrock) -> Usage {
    let Bedrock {
        input_tokens,
        output_tokens,
        cache_read_input_tokens,
        cache_write_input_tokens,
        cache_details: _,
    } = *bedrock;
    let (input_tokens, output_tokens) = (input_tokens.unwrap_or(0), output_tokens.unwrap_or(0));
    let (read, write) = (cache_read_input_tokens.unwrap_or(0), cache_write_input_tokens.unwrap_or(0));
    let prompt_tokens = input_tokens.saturating_add(read).saturating_add(write);
    let cached = cache_read_input_tokens.is_some() || cache_write_input_tokens.is_some();
    Usage {
        prompt_tokens,
        completion_tokens: output_tokens,
        total_tokens: prompt_tokens.saturating_add(output_tokens),
        prompt_tokens_details: cached
            .then_some(PromptTokensDetails { cached_tokens: read, cache_write_tokens: write }),
        completion_tokens_details: None,
    }
}

/// Adds the usage of another call.
pub fn add(sum: &mut Usage, more: &Usage) {
    let Usage { prompt_tokens, completion_tokens, total_tokens, .. } = sum;
    for (sum, more) in [
        (prompt_tokens, more.prompt_tokens),
        (completion_tokens, more.completion_tokens),
        (total_tokens, more.total_tokens),
    ] {
        *sum = sum.saturating_add(more);
    }
    if let Some(more) = more.prompt_tokens_details {
        let sum = sum.prompt_tokens_details.get_or_insert_default();
        sum.cached_tokens = sum.cached_tokens.saturating_add(more.cached_tokens);
        sum.cache_write_tokens = sum.cache_write_tokens.saturating_add(more.cache_write_tokens);
    }
    if let Some(more) = more.completion_tokens_details {
        let sum = sum.completion_tokens_details.get_or_insert_default();
        sum.reasoning_tokens = sum.reasoning_tokens.saturating_add(more.reasoning_tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::completion::CompletionTokensDetails;

    #[test]
    fn cached_tokens_are_prompt_tokens_too() {
        let bedrock = Bedrock {
            input_tokens: Some(10),
            output_tokens: Some(5),
            cache_read_input_tokens: Some(100),
            cache_write_input_tokens: Some(7),
            cache_details: None,
        };
        let usage = usage(&bedrock);
        assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (117, 5, 122));
    }

    #[test]
    fn tokens_are_summed_with_their_details_where_any_call_says_them() {
        let mut sum = Usage::default();
        let one = Usage { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3, ..Usage::default() };
        let other = Usage {
            prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: 4, cache_write_tokens: 5 }),
            completion_tokens_details: Some(CompletionTokensDetails { reasoning_tokens: 6 }),
            ..one
        };
        for more in [&one, &other, &other] {
            add(&mut sum, more);
        }
        assert_eq!((sum.prompt_tokens, sum.completion_tokens, sum.total_tokens), (3, 6, 9));
        assert_eq!(
            sum.prompt_tokens_details,
            Some(PromptTokensDetails { cached_tokens: 8, cache_write_tokens: 10 })
        );
        assert_eq!(sum.completion_tokens_details, Some(CompletionTokensDetails { reasoning_tokens: 12 }));
    }
}
