//! Tokens: as they are counted here, which is as OpenAI's API counts them, and a guess where nobody counted them.

pub use crate::openai::completion::Usage;
pub use crate::translate::usage::{add, usage as of_bedrock};

/// How many bytes of text a token is, about.
const BYTES: u64 = 4;

/// About how many tokens so many bytes of text are.
pub fn of_bytes(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(BYTES)
}

/// What is guessed of an answer that was begun and whose tokens nobody has told: `input` and `output` are tokens.
pub fn guessed(input: u64, output: u64) -> Usage {
    Usage {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input.saturating_add(output),
        ..Usage::default()
    }
}

/// The same tokens without those of the output.
pub fn input_alone(usage: Usage) -> Usage {
    Usage {
        completion_tokens: 0,
        total_tokens: usage.prompt_tokens,
        completion_tokens_details: None,
        ..usage
    }
}
