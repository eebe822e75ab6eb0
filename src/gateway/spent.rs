//! The gateway role's message to the upstream role about a technique's last call, in filter state, which no client can write.

use crate::openai::completion::{CompletionTokensDetails, PromptTokensDetails, Usage};

/// The key in filter state, without Envoy's prefix `wasm.`.
pub const KEY: &str = "bedrock.technique";

/// Facts about the calls before the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Their tokens.
    pub usage: Usage,
    /// Whether the last call's text will have thoughts between tags.
    pub parted: bool,
}

/// Flags of what is present: details of the input, of the output, and thoughts between tags.
const INPUT: u8 = 1;
const OUTPUT: u8 = 2;
const PARTED: u8 = 4;

impl Spent {
    /// Serialised for filter state.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Self {
            usage:
                Usage {
                    prompt_tokens,
                    completion_tokens,
                    total_tokens,
                    prompt_tokens_details,
                    completion_tokens_details,
                },
            parted,
        } = self;
        let (input, output) =
            (prompt_tokens_details.unwrap_or_default(), completion_tokens_details.unwrap_or_default());
        let flags = [
            (prompt_tokens_details.is_some(), INPUT),
            (completion_tokens_details.is_some(), OUTPUT),
            (*parted, PARTED),
        ];
        let flags = flags.iter().filter(|(is_said, _)| *is_said).fold(0, |all, (_, flag)| all | flag);
        let mut bytes = vec![flags];
        for number in [
            *prompt_tokens,
            *completion_tokens,
            *total_tokens,
            input.cached_tokens,
            input.cache_write_tokens,
            output.reasoning_tokens,
        ] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// Parses [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (flags, rest) = bytes.split_first()?;
        let (numbers, rest) = rest.as_chunks::<8>();
        let [
            prompt_tokens,
            completion_tokens,
            total_tokens,
            cached_tokens,
            cache_write_tokens,
            reasoning_tokens,
        ] = <[[u8; 8]; 6]>::try_from(numbers).ok()?.map(u64::from_le_bytes);
        let said = |flag: u8| flags & flag != 0;
        rest.is_empty().then(|| Self {
            usage: Usage {
                prompt_tokens,
                completion_tokens,
                total_tokens,
                prompt_tokens_details: said(INPUT)
                    .then_some(PromptTokensDetails { cached_tokens, cache_write_tokens }),
                completion_tokens_details: said(OUTPUT)
                    .then_some(CompletionTokensDetails { reasoning_tokens }),
            },
            parted: said(PARTED),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_over_comes_back_and_nothing_else_is_read() {
        let usage =
            Usage { prompt_tokens: 1, completion_tokens: u64::MAX, total_tokens: 3, ..Usage::default() };
        let with = Usage {
            prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: 4, cache_write_tokens: 5 }),
            completion_tokens_details: Some(CompletionTokensDetails { reasoning_tokens: 6 }),
            ..usage
        };
        for spent in [Spent { usage, parted: true }, Spent { usage: with, parted: false }, Spent::default()] {
            let bytes = spent.to_bytes();
            assert_eq!(Spent::from_bytes(&bytes), Some(spent));
            for end in 0..bytes.len() {
                assert_eq!(Spent::from_bytes(&bytes[..end]), None, "cut at {end}");
            }
        }
    }
}
