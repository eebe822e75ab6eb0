//! Token counts.

use crate::bedrock::reply::Usage as Bedrock;
use crate::openai::completion::{PromptTokensDetails, Usage};

/// OpenAI counts all input as prompt tokens; Bedrock counts what the cache served or took beside the rest.
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
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
