//! `POST completions` ⇄ Converse and ConverseStream: the prompt is a user's message, the answer a text.

use crate::openai::chat::{self, Message};
use crate::openai::text_completion::Request;
use crate::openai::{Error, text_completion};
use crate::wire::{self, List, OneOrMany, Raw, Str};

use super::chat::Reply;
use super::notes::Notes;
use super::terms::Tokens;
use super::{Client, Outgoing, Rules};

/// Default limit on generated tokens (OpenAI API reference, "Create completion").
const MAX_TOKENS: i64 = 16;

/// Translates a request for a model by its `rules`, as [`chat::request`](super::chat::request) does.
///
/// # Errors
/// 400 with the path of a member that is wrong, too large, or without a counterpart.
pub fn request<'a>(
    request: Request<'a>,
    asked: &str,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let mut notes = Notes::new(rules.unsupported, rules.limits);
    let text_completion::Request {
        model,
        prompt,
        best_of,
        echo,
        frequency_penalty,
        logit_bias,
        logprobs,
        max_tokens,
        n,
        presence_penalty,
        seed,
        stop,
        stream,
        stream_options,
        suffix,
        temperature,
        top_p,
        user,
        unknown,
    } = request;
    notes.unknown("", unknown)?;
    if best_of.is_some_and(|count| count != n.unwrap_or(1)) {
        let message =
            "Bedrock gives no log probabilities to choose the best by; 'best_of' must be what 'n' is.";
        notes.unsupported("best_of", message)?;
    }
    if logprobs.is_some() {
        notes.unsupported("logprobs", "Bedrock returns no log probabilities.")?;
    }
    if suffix.is_some_and(|text| !text.is_empty()) {
        notes.unsupported("suffix", "Bedrock's models do not fill in between two texts.")?;
    }
    let prompt = prompt_of(prompt)?;
    let echo = echo.unwrap_or(false).then(|| prompt.clone().into_cow().into_owned());
    let said =
        Message { role: Some("user".into()), content: Some(OneOrMany::One(prompt)), ..Message::default() };
    // OpenAI's default, where the caller has none.
    let Tokens { default, most } = rules.tokens;
    let usual = default.is_none().then(|| most.map_or(MAX_TOKENS, |most| most.min(MAX_TOKENS)));
    let chat = chat::Request {
        messages: Some(List(vec![said])),
        model,
        max_tokens: max_tokens.or(usual),
        frequency_penalty,
        logit_bias,
        n,
        presence_penalty,
        seed,
        stop,
        stream,
        stream_options,
        temperature,
        top_p,
        user,
        ..chat::Request::default()
    };
    let Outgoing { operation, guardrail, body, ignored, reply } =
        super::chat::request(chat, asked, client, rules, source)?;
    for name in ignored {
        notes.ignore(&name);
    }
    Ok(Outgoing { operation, guardrail, body, ignored: notes.into_ignored(), reply: reply.into_text(echo) })
}

/// The single prompt: a text, or a list of one.
fn prompt_of<'a>(prompt: Option<OneOrMany<'a, Raw<'a>>>) -> Result<Str<'a>, Error> {
    const PARAM: &str = "prompt";
    let text = match prompt.ok_or_else(|| Error::missing(PARAM))? {
        OneOrMany::One(text) => text,
        OneOrMany::Many(list) => match list.as_slice() {
            [only] => wire::from_str(only.get()).map_err(|_| {
                let message = "Tokens cannot be sent to this model; send text (tiktoken's decode gives it).";
                Error::invalid_param("prompt[0]", message)
            })?,
            [] => return Err(Error::invalid_param(PARAM, "'prompt' must not be empty.")),
            [first, ..] if first.get().starts_with(|c: char| c.is_ascii_digit()) => {
                let message = "Tokens cannot be sent to this model; send text (tiktoken's decode gives it).";
                return Err(Error::invalid_param(PARAM, message));
            }
            list => {
                let message = format!(
                    "'prompt' has {} texts; for more than one the gateway's configuration needs 'fan_out'.",
                    list.len()
                );
                return Err(Error::invalid(message).param(PARAM));
            }
        },
    };
    if text.is_blank() {
        return Err(Error::invalid_param(PARAM, "'prompt' must not be blank."));
    }
    Ok(text)
}
