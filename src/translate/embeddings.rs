//! `POST embeddings` ⇄ InvokeModel of Titan and Cohere.

use std::ops::RangeInclusive;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use crate::bedrock::embeddings::{CohereReply, CohereRequest, TitanReply, TitanRequest};
use crate::bedrock::model_id::base_model;
use crate::json::{OneOrMany, Str};
use crate::openai::Error;
use crate::openai::embeddings::{self as openai, Embedding, Request, Usage, Vector};

use super::errors::no_answer;
use super::notes::Notes;
use super::{Answered, Options, Outgoing};

/// What the translation of a reply needs to know of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What the client called the model.
    pub model: String,
    body: Body,
    base64: bool,
    inputs: usize,
}

/// Whose body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    Titan,
    Cohere,
}

/// An embedding model.
struct Row {
    /// The beginning of its id, without a profile's prefix.
    model: &'static str,
    body: Body,
    /// Lengths it can be asked for; none: it has one.
    dimensions: &'static [i64],
    /// Texts in one call.
    texts: RangeInclusive<usize>,
}

/// AWS documentation, "Amazon Titan Text Embeddings" and "Cohere Embed".
const MODELS: &[Row] = &[
    Row { model: "amazon.titan-embed-text-v1", body: Body::Titan, dimensions: &[], texts: 1..=1 },
    Row {
        model: "amazon.titan-embed-text-v2",
        body: Body::Titan,
        dimensions: &[256, 512, 1024],
        texts: 1..=1,
    },
    Row { model: "cohere.embed-english-v3", body: Body::Cohere, dimensions: &[], texts: 1..=96 },
    Row { model: "cohere.embed-multilingual-v3", body: Body::Cohere, dimensions: &[], texts: 1..=96 },
    Row { model: "cohere.embed-v4", body: Body::Cohere, dimensions: &[256, 512, 1024, 1536], texts: 1..=96 },
];

/// Translates a request for `model`, a Bedrock id. `asked` is what the client called it.
///
/// # Errors
/// 400 naming the member that is wrong or without a counterpart.
pub fn request(
    request: Request<'_>,
    asked: &str,
    model: &str,
    options: &Options,
) -> Result<Outgoing<Reply>, Error> {
    let mut notes = Notes::new(options.unsupported, &options.limits);
    let Request { input, model: _, dimensions, encoding_format, user, input_type, truncate, unknown } =
        request;
    notes.unknown("", unknown)?;
    notes.ignore_if(user.is_some(), "user");
    let base = base_model(options.known_as(model));
    let row = MODELS.iter().find(|row| base.starts_with(row.model)).ok_or_else(|| {
        let message = format!("The model '{asked}' is not an embedding model that is available here.");
        Error::invalid(message).param("model").code("model_not_found")
    })?;
    let texts = texts(input, row, asked, &options.limits)?;
    if let Some(length) = dimensions
        && !row.dimensions.contains(&length)
    {
        let message = match row.dimensions {
            [] => format!("The model '{asked}' does not take 'dimensions'."),
            known => format!("'dimensions' of the model '{asked}' must be one of {known:?}."),
        };
        return Err(Error::invalid(message).param("dimensions"));
    }
    let base64 = match encoding_format.as_deref() {
        None | Some("float") => false,
        Some("base64") => true,
        Some(_) => {
            let message = "'encoding_format' must be 'float' or 'base64'.";
            return Err(Error::invalid_param("encoding_format", message));
        }
    };
    let inputs = texts.len();
    let body = match row.body {
        Body::Titan => {
            notes.ignore_if(input_type.is_some(), "input_type");
            notes.ignore_if(truncate.is_some(), "truncate");
            let input_text = texts.into_iter().next().unwrap_or_default();
            serde_json::to_vec(&TitanRequest { input_text, dimensions })
        }
        Body::Cohere => serde_json::to_vec(&CohereRequest {
            texts,
            input_type: input_type.unwrap_or_else(|| "search_document".into()),
            truncate,
            embedding_types: ["float"],
            output_dimension: dimensions,
        }),
    };
    let body = body.map_err(|_| Error::new(500, "The request could not be written for Bedrock."))?;
    let reply = Reply { model: asked.to_owned(), body: row.body, base64, inputs };
    Ok(Outgoing { operation: "invoke", body, ignored: notes.into_ignored(), reply })
}

fn texts<'a>(
    input: Option<OneOrMany<'a, &'a RawValue>>,
    row: &Row,
    asked: &str,
    limits: &super::Limits,
) -> Result<Vec<Str<'a>>, Error> {
    let input = input.ok_or_else(|| Error::missing("input"))?;
    let raw = match input {
        OneOrMany::One(text) if text.is_empty() => {
            return Err(Error::invalid_param("input", "'input' must not be empty."));
        }
        OneOrMany::One(text) => return Ok(vec![text]),
        OneOrMany::Many(raw) => raw,
    };
    if raw.is_empty() {
        return Err(Error::invalid_param("input", "'input' must not be empty."));
    }
    let limit = limits.embedding_inputs;
    if raw.len() > limit {
        let message = format!("'input' has {} entries; the limit is {limit}.", raw.len());
        return Err(Error::invalid(message).param("input"));
    }
    let mut texts = Vec::with_capacity(raw.len());
    for (index, raw) in raw.into_iter().enumerate() {
        let param = format!("input[{index}]");
        let text: Str<'_> = serde_json::from_str(raw.get()).map_err(|_| {
            let message = match raw.get().as_bytes().first() {
                Some(b'0'..=b'9' | b'[') => {
                    "tokens cannot be sent to this model; send text (tiktoken's decode gives it)"
                }
                _ => "expected a text",
            };
            Error::invalid(format!("Invalid value for '{param}': {message}.")).param(param.as_str())
        })?;
        if text.is_empty() {
            return Err(Error::invalid(format!("'{param}' must not be empty.")).param(param));
        }
        texts.push(text);
    }
    if !row.texts.contains(&texts.len()) {
        let most = row.texts.end();
        let message = format!(
            "The model '{asked}' takes at most {most} text(s) per request; 'input' has {}.",
            texts.len()
        );
        return Err(Error::invalid(message).param("input"));
    }
    Ok(texts)
}

/// Translates the body of a 200. `input_tokens` is what the reply's headers count, for models whose body does not.
///
/// # Errors
/// 502 where it is not the model's reply, or has not one vector for each input.
pub fn reply(context: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    let unreadable = |_| no_answer("Bedrock's reply could not be read.");
    let (vectors, tokens) = match context.body {
        Body::Titan => {
            let TitanReply { embedding, input_text_token_count } =
                serde_json::from_slice(body).map_err(unreadable)?;
            (vec![embedding], input_text_token_count)
        }
        Body::Cohere => {
            let CohereReply { embeddings } = serde_json::from_slice(body).map_err(unreadable)?;
            (embeddings.float, answered.input_tokens.unwrap_or(0))
        }
    };
    if vectors.len() != context.inputs {
        return Err(no_answer("Bedrock's reply has not one vector for each input."));
    }
    let data = vectors.into_iter().enumerate().map(|(index, numbers)| Embedding {
        object: "embedding",
        index,
        embedding: if context.base64 { Vector::Base64(base64(&numbers)) } else { Vector::Float(numbers) },
    });
    let reply = openai::Reply {
        object: "list",
        data: data.collect(),
        model: &context.model,
        usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
    };
    serde_json::to_vec(&reply).map_err(|_| no_answer("Bedrock's reply could not be written."))
}

/// Little-endian f32, as OpenAI's SDK decodes it.
fn base64(numbers: &[f32]) -> String {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::parse;

    const TITAN: &str = "amazon.titan-embed-text-v2:0";
    const COHERE: &str = "us.cohere.embed-v4:0";

    fn run(model: &str, body: &str) -> Result<Outgoing<Reply>, Error> {
        let options = Options::default();
        request(parse(body.as_bytes())?, "text-embedding-3-small", model, &options)
    }

    #[test]
    fn a_text_becomes_the_models_own_body() {
        let titan = run(TITAN, r#"{"input":"hi","dimensions":256}"#).unwrap();
        assert_eq!(String::from_utf8(titan.body).unwrap(), r#"{"inputText":"hi","dimensions":256}"#);
        let cohere = run(COHERE, r#"{"input":["a","b"],"input_type":"search_query"}"#).unwrap();
        assert_eq!(
            String::from_utf8(cohere.body).unwrap(),
            r#"{"texts":["a","b"],"input_type":"search_query","embedding_types":["float"]}"#
        );
    }

    #[test]
    fn what_cannot_be_embedded_is_named() {
        for (model, body, param) in [
            (TITAN, r"{}", "input"),
            (TITAN, r#"{"input":""}"#, "input"),
            (TITAN, r#"{"input":[]}"#, "input"),
            (TITAN, r#"{"input":["a",""]}"#, "input[1]"),
            (TITAN, r#"{"input":["a","b"]}"#, "input"),
            (TITAN, r#"{"input":[1,2]}"#, "input[0]"),
            (COHERE, r#"{"input":["a",{}]}"#, "input[1]"),
            (TITAN, r#"{"input":"a","dimensions":7}"#, "dimensions"),
            (TITAN, r#"{"input":"a","encoding_format":"hex"}"#, "encoding_format"),
            ("anthropic.claude-3-haiku", r#"{"input":"a"}"#, "model"),
        ] {
            assert_eq!(run(model, body).unwrap_err().param.as_deref(), Some(param), "{body}");
        }
    }

    #[test]
    fn base64_is_equal_to_the_bit() {
        let context = run(TITAN, r#"{"input":"hi","encoding_format":"base64"}"#).unwrap().reply;
        let answered = Answered { request_id: "r", created: 0, input_tokens: None };
        let body =
            reply(&context, br#"{"embedding":[0.5,-1.25],"inputTextTokenCount":3}"#, answered).unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let bytes = STANDARD.decode(body["data"][0]["embedding"].as_str().unwrap()).unwrap();
        assert_eq!(bytes, [0.5f32.to_le_bytes(), (-1.25f32).to_le_bytes()].concat());
        assert_eq!(body["usage"]["prompt_tokens"], 3);
    }

    #[test]
    fn a_vector_too_few_is_an_error() {
        let context = run(COHERE, r#"{"input":["a","b"]}"#).unwrap().reply;
        let answered = Answered { request_id: "r", created: 0, input_tokens: Some(2) };
        assert_eq!(
            reply(&context, br#"{"embeddings":{"float":[[1.0]]}}"#, answered).unwrap_err().status,
            502
        );
    }
}
