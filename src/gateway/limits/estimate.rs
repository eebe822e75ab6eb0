//! Estimates, before a request is made, the tokens that it may use: the amount to reserve.

use memchr::{memchr, memchr_iter, memchr3};
use serde::de::IgnoredAny;

use crate::openai::{self, Endpoint, Error};
use crate::translate::terms::{Tokens, limits_answer, may_hold_limit};
use crate::wire::{self, Members, Raw, Str};

/// Longest answer assumed where neither the request nor the caller's key limits it, tokens.
pub const ANSWER: u64 = 1_024;

/// The same for `POST completions`: the default of OpenAI's API.
const COMPLETION: u64 = 16;

/// Largest value believed of a limit or a number of choices: above what any model writes, and small enough to add up.
const MOST_TOKENS: u64 = 1 << 31;
const MOST_CHOICES: u64 = 128;

/// Bytes of JSON text per token.
const BYTES: u64 = 4;
/// A base64 string of at least this many bytes is an image, a document or audio.
const MEDIA: usize = 2_048;
/// Tokens assumed of such a string, plus one for every so many bytes.
const MEDIA_TOKENS: u64 = 1_600;
const MEDIA_BYTES: u64 = 200;
/// Longest prefix of a `data:` URL before its data, bytes. A longer one is ordinary text.
const PREFIX: usize = 256;

/// Estimated input tokens of a body: one for every four bytes, and for media what models count of them.
pub fn input(body: &[u8]) -> u64 {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let (mut text, mut media, mut rest) = (0_u64, 0_u64, body);
    while let Some(end) = memchr(b'"', rest) {
        let (string, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = after.get(1..).unwrap_or_default();
        if is_media(string) {
            media = media.saturating_add(MEDIA_TOKENS).saturating_add(length(string) / MEDIA_BYTES);
        } else {
            text = text.saturating_add(length(string));
        }
    }
    (text.saturating_add(length(rest)) / BYTES).saturating_add(media)
}

/// Whether a string is media: base64 of either alphabet, alone or in a `data:` URL. Some clients write its `/` as `\/`.
///
/// These are megabytes, so they are only searched, by SIMD, for what base64 has not and text has: a space or a mark between sentences,
/// escapes, letters beyond ASCII. A text written without any (`one_word_after_another`) cannot be told from base64.
fn is_media(string: &[u8]) -> bool {
    if string.len() < MEDIA {
        return false;
    }
    let mut data = string;
    if data.starts_with(b"data:") {
        let prefix = data.get(..PREFIX).unwrap_or(data);
        let rest = memchr(b',', prefix).and_then(|comma| data.get(comma.saturating_add(1)..));
        data = rest.unwrap_or(data);
    }
    let is_slash = |at: usize| at.checked_add(1).and_then(|next| data.get(next)) == Some(&b'/');
    is_ascii(data) && memchr3(b' ', b'.', b',', data).is_none() && memchr_iter(b'\\', data).all(is_slash)
}

/// Whether all bytes are ASCII, eight at a time: the standard library goes by words, which are short in WebAssembly.
fn is_ascii(data: &[u8]) -> bool {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let (chunks, rest) = data.as_chunks::<8>();
    rest.is_ascii() && chunks.iter().fold(0, |all, chunk| all | u64::from_ne_bytes(*chunk)) & HIGH_BITS == 0
}

/// The members of a request that limit the length of its answers, by each API's name for them. Invalid values are ignored here;
/// the translation refuses them.
#[derive(Clone, Debug, Default)]
pub struct Said<'a> {
    /// The model's name.
    pub model: Option<Str<'a>>,
    limits: Vec<Raw<'a>>,
    n: Option<Raw<'a>>,
    /// The prompt or prompts of `POST completions`.
    prompt: Option<Raw<'a>>,
    /// The settings of how much a model is to think.
    thoughts: Vec<Raw<'a>>,
}

/// The limit on the answer in Responses; for names in chats and models' own see [`limits_answer`].
const OF_RESPONSES: &str = "max_output_tokens";
/// The member of a chat that is passed to the model as it is, beside the places of [`may_hold_limit`].
const EXTRA: &str = "extra_body";
/// Nesting depth at which a limit takes effect: `extra_body`, in it `inferenceConfig`.
const DEPTH: usize = 2;

impl<'a> Said<'a> {
    /// Parses a body. Of repeated limits each counts, of other members the last.
    ///
    /// # Errors
    /// 400 or 413 where the body cannot be parsed: then nothing can be estimated.
    pub fn read(body: &'a [u8]) -> Result<Self, Error> {
        let Members(members) = openai::parse::<Members<'_, Raw<'_>>>(body)?;
        let mut said = Self::default();
        for (name, value) in members {
            match &*name {
                "model" => {
                    said.model = wire::from_str(value.get()).map_err(|_| {
                        Error::invalid_param("model", "Invalid type for 'model': expected a string.")
                    })?;
                }
                "n" => said.n = Some(value),
                "prompt" => said.prompt = Some(value),
                "reasoning_effort" | "reasoning" | "thinking" | "output_config" => said.thoughts.push(value),
                name => said.note(name, value, DEPTH),
            }
        }
        Ok(said)
    }

    /// Notes a member that is a limit, and all limits within a member that may hold some.
    fn note(&mut self, name: &str, value: Raw<'a>, depth: usize) {
        if limits_answer(name) || name == OF_RESPONSES {
            self.limits.push(value);
        } else if depth > 0
            && (may_hold_limit(name) || name == EXTRA)
            && let Ok(Members(within)) =
                wire::object_from_slice::<Members<'_, Raw<'_>>>(value.get().as_bytes())
        {
            for (name, value) in within {
                self.note(&name, value, depth.saturating_sub(1));
            }
        }
    }

    /// The largest of the limits: which one a model follows is not known here.
    fn most(&self) -> Option<i64> {
        let most = self.limits.iter().copied().filter_map(|limit| whole(limit, MOST_TOKENS)).max();
        most.and_then(|most| i64::try_from(most).ok())
    }

    /// The number of choices per prompt. Each of them reads the whole prompt.
    pub fn choices(&self, endpoint: Option<Endpoint>) -> u64 {
        let takes_several = matches!(endpoint, Some(Endpoint::ChatCompletions | Endpoint::Completions));
        self.n.filter(|_| takes_several).and_then(|n| whole(n, MOST_CHOICES)).unwrap_or(1)
    }

    /// The number of prompts.
    fn texts(&self, endpoint: Option<Endpoint>) -> u64 {
        let list = self.prompt.filter(|_| endpoint == Some(Endpoint::Completions));
        // Reads the list without storing its items.
        let all = list.and_then(|list| wire::from_str::<Vec<IgnoredAny>>(list.get()).ok());
        all.and_then(|all| u64::try_from(all.len()).ok()).unwrap_or(1).max(1)
    }

    /// Most output tokens of a request, for an endpoint of the gateway's; `None`: for one of Bedrock's own routes.
    pub fn output(&self, endpoint: Option<Endpoint>, tokens: Tokens) -> u64 {
        if let Some(
            Endpoint::Embeddings | Endpoint::Moderations | Endpoint::InputTokens | Endpoint::MessageTokens,
        ) = endpoint
        {
            return 0;
        }
        let usual = if endpoint == Some(Endpoint::Completions) { COMPLETION } else { ANSWER };
        let usual = self.thoughts.iter().copied().map(with_thoughts).fold(usual, u64::max);
        let each = tokens.limit(self.most()).and_then(|most| u64::try_from(most).ok()).unwrap_or(usual);
        self.choices(endpoint).saturating_mul(self.texts(endpoint)).saturating_mul(each)
    }
}

/// Longest answer of a request that says how much to think but not how long the answer may be: the translation then sends a
/// limit with room for the thoughts (`translate::fit::effort`).
fn with_thoughts(said: Raw<'_>) -> u64 {
    /// Tokens of the answer besides the thoughts.
    const TEXT: u64 = 4_096;
    let members = wire::object_from_slice::<Members<'_, Raw<'_>>>(said.get().as_bytes()).ok();
    let budget = members.and_then(|Members(members)| {
        members.into_iter().find(|(name, _)| name == "budget_tokens").map(|(_, budget)| budget)
    });
    if let Some(budget) = budget.and_then(|budget| whole(budget, MOST_TOKENS)) {
        return budget.saturating_add(TEXT);
    }
    let says = |word: &str| said.get().contains(word);
    let thoughts = match said.get() {
        "null" | "\"none\"" => return ANSWER,
        _ if says("\"max\"") => 16_384,
        _ if says("\"xhigh\"") => 8_192,
        _ => 4_096,
    };
    TEXT.saturating_add(thoughts)
}

/// A positive whole number, at most `most`.
fn whole(written: Raw<'_>, most: u64) -> Option<u64> {
    let number: f64 = written.get().parse().ok()?;
    (number >= 1.0).then_some((number as u64).min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(body: &str, endpoint: Option<Endpoint>, tokens: Tokens) -> u64 {
        Said::read(body.as_bytes()).unwrap().output(endpoint, tokens)
    }

    #[test]
    fn an_answer_is_as_long_as_the_request_says_by_any_apis_name_for_it() {
        let none = Tokens::default();
        for (endpoint, body, tokens) in [
            (Some(Endpoint::ChatCompletions), r#"{"max_tokens":7}"#, 7),
            (Some(Endpoint::ChatCompletions), r#"{"max_completion_tokens":7,"max_tokens":6,"n":3}"#, 21),
            (Some(Endpoint::Responses), r#"{"max_output_tokens":7,"n":3}"#, 7),
            (Some(Endpoint::Messages), r#"{"max_tokens":64000}"#, 64_000),
            (None, r#"{"inferenceConfig":{"maxTokens":7}}"#, 7),
            (None, r#"{"inferenceConfig":{"max_new_tokens":7}}"#, 7),
            (None, r#"{"textGenerationConfig":{"maxTokenCount":7}}"#, 7),
            (None, r#"{"max_gen_len":7}"#, 7),
            (Some(Endpoint::ChatCompletions), r"{}", ANSWER),
            (Some(Endpoint::ChatCompletions), r#"{"max_tokens":"7","n":null,"inferenceConfig":[]}"#, ANSWER),
            (Some(Endpoint::ChatCompletions), r#"{"max_tokens":-7,"n":-7}"#, ANSWER),
            (
                Some(Endpoint::ChatCompletions),
                r#"{"max_tokens":1e300,"n":1e300}"#,
                MOST_TOKENS * MOST_CHOICES,
            ),
            (Some(Endpoint::ChatCompletions), r#"{"max_tokens":9,"max_tokens":64000,"n":1,"n":2}"#, 128_000),
            // Members that go to the model as they are.
            (
                None,
                r#"{"inferenceConfig":{"maxTokens":7},"additionalModelRequestFields":{"max_tokens":64000}}"#,
                64_000,
            ),
            (
                None,
                r#"{"additionalModelRequestFields":{"inferenceConfig":{"max_new_tokens":64000},"top_k":70000}}"#,
                64_000,
            ),
            (
                Some(Endpoint::ChatCompletions),
                r#"{"max_tokens":7,"extra_body":{"max_tokens":64000}}"#,
                64_000,
            ),
            (
                Some(Endpoint::Responses),
                r#"{"additionalModelRequestFields":{"textGenerationConfig":{"maxTokenCount":9}}}"#,
                9,
            ),
            (
                Some(Endpoint::ChatCompletions),
                r#"{"extra_body":[],"additionalModelRequestFields":7}"#,
                ANSWER,
            ),
            (
                Some(Endpoint::ChatCompletions),
                r#"{"extra_body":{"extra_body":{"extra_body":{"max_tokens":7}}}}"#,
                ANSWER,
            ),
            (Some(Endpoint::Completions), r#"{"n":2}"#, 32),
            (Some(Endpoint::ChatCompletions), r#"{"reasoning_effort":"high"}"#, 8_192),
            (Some(Endpoint::ChatCompletions), r#"{"reasoning_effort":"none"}"#, ANSWER),
            (Some(Endpoint::ChatCompletions), r#"{"reasoning_effort":"max","max_tokens":9}"#, 9),
            (
                Some(Endpoint::ChatCompletions),
                r#"{"thinking":{"type":"enabled","budget_tokens":2000}}"#,
                6_096,
            ),
            (Some(Endpoint::Responses), r#"{"reasoning":{"effort":"max"}}"#, 20_480),
            (
                Some(Endpoint::Responses),
                r#"{"reasoning":{"effort":"high","summary":null,"x":"none"}}"#,
                8_192,
            ),
            (Some(Endpoint::Completions), r#"{"n":2,"prompt":["a","b","c"]}"#, 96),
            (Some(Endpoint::Completions), r#"{"prompt":"a","max_tokens":7}"#, 7),
            (Some(Endpoint::ChatCompletions), r#"{"prompt":["a","b"],"max_tokens":7}"#, 7),
            (Some(Endpoint::Embeddings), r#"{"max_tokens":7}"#, 0),
            (Some(Endpoint::MessageTokens), r#"{"max_tokens":7}"#, 0),
        ] {
            assert_eq!(output(body, endpoint, none), tokens, "{endpoint:?} {body}");
        }
        let held = Tokens { default: Some(50), most: Some(100) };
        assert_eq!(output("{}", None, held), 50);
        assert_eq!(output(r#"{"max_tokens":7000}"#, None, held), 100);
    }

    #[test]
    fn a_body_that_cannot_be_read_is_refused_and_one_with_a_member_twice_is_read() {
        for body in ["", "{", "[]", r#"{"model":7}"#] {
            assert_eq!(Said::read(body.as_bytes()).unwrap_err().status, 400, "{body}");
        }
        let said = Said::read(br#"{"model":"a","model":"b"}"#).unwrap();
        assert_eq!(said.model.as_deref(), Some("b"));
        assert!(Said::read(br#"{"model":null}"#).unwrap().model.is_none());
    }

    #[test]
    fn text_is_told_by_its_size_and_media_by_what_models_count_of_them() {
        let text = format!(r#"{{"content":"{}"}}"#, "four byte words are".repeat(1_000));
        assert_eq!(input(text.as_bytes()), text.len() as u64 / 4 - 1);
        let image =
            |size: usize| format!(r#"{{"url":"data:image/png;base64,{}"}}"#, "iVBORw0K".repeat(size / 8));
        let found = input(image(1 << 20).as_bytes());
        assert!((6_800..7_000).contains(&found), "{found}");
        assert!(input(image(1 << 10).as_bytes()) < 300, "what is short is taken for text");
        let chinese = format!(r#""{}""#, "\u{4f60}\u{597d}".repeat(1_000));
        assert_eq!(input(chinese.as_bytes()), 1_500);
        let escaped = format!(r#""{}""#, r"\u4f60\u597d".repeat(1_000));
        assert_eq!(input(escaped.as_bytes()), 3_000, "as some libraries write it");
        let numbers = format!(r#""{}""#, "1,2,3;".repeat(1_000));
        assert_eq!(input(numbers.as_bytes()), 1_500);
        let slashes = format!(r#"{{"url":"data:image/png;base64,{}"}}"#, r"iVBO\/w0K".repeat(1_000));
        assert!(input(slashes.as_bytes()) < 1_700, "as PHP writes it");
        for more in [
            " and four byte words",
            r"\u0020and four byte words",
            r"\nand\nfour\nbyte\nwords",
            "\u{4f60}\u{597d}",
        ] {
            let hidden = format!(r#""{}{}""#, "a".repeat(MEDIA), more.repeat(4_000));
            assert!(input(hidden.as_bytes()) > 5_000, "a text is one whatever its beginning: {more}");
        }
        let named = format!(r#""data:{},""#, "four byte words are ".repeat(1_000));
        assert_eq!(input(named.as_bytes()), 5_001, "a text that only begins like a URL");
        assert_eq!(input(b""), 0);
    }
}
