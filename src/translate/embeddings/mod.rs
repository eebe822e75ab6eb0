//! `POST embeddings` ⇄ InvokeModel of Titan, Nova and Cohere.

mod body;
mod input;
mod models;
mod vector;

use crate::bedrock::embeddings::{CohereReply, NovaReply, TitanReply};
use crate::openai::Error;
use crate::openai::embeddings::{self as openai, Embedding, Request, Usage};
use crate::wire::{self, List, Raw};

use super::errors::no_answer;
use super::notes::Notes;
use super::{Answered, Options, Outgoing};

pub(super) use input::list_of_texts;
use models::Body;
pub use models::texts_per_call;
use vector::Vector;

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The model as the client names it.
    pub model: String,
    body: Body,
    base64: bool,
    inputs: usize,
}

/// Translates a request for `model`, a Bedrock id. `asked` is the client's name for it; `source` is the body that the request
/// borrows from.
///
/// # Errors
/// 400 with the path of a member that is wrong or without a counterpart.
pub fn request<'a>(
    request: Request<'a>,
    asked: &str,
    model: &str,
    options: &Options,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let mut notes = Notes::new(options.unsupported, &options.limits);
    let Request { input, model: _, dimensions, encoding_format, user, input_type, truncate, unknown } =
        request;
    notes.unknown("", unknown)?;
    notes.ignore_if(user.is_some(), "user");
    let row = models::row(options.known_as(model)).ok_or_else(|| {
        let message = format!("The model '{asked}' is not an embedding model that is available here.");
        Error::invalid(message).param("model").code("model_not_found")
    })?;
    let inputs = input::inputs(input, row, asked, &options.limits)?;
    if let Some(length) = dimensions
        && !row.dimensions.contains(&length)
    {
        let known = row.dimensions;
        let message =
            format!("'dimensions' of the model '{asked}' must be one of {known:?}, which are what it has.");
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
    let reply = Reply { model: asked.to_owned(), body: row.body, base64, inputs: inputs.len() };
    let dimensions = dimensions.filter(|_| row.dimensions.len() > 1);
    let wishes = body::Wishes { dimensions, input_type, truncate };
    let body = body::body(row.body, inputs, wishes, source, &mut notes);
    Ok(Outgoing { operation: "invoke", guardrail: None, body, ignored: notes.into_ignored(), reply })
}

/// Translates the body of a 200. `input_tokens` is the count in the reply's headers, for models whose body has none.
///
/// # Errors
/// 502 where it is not the model's reply, or does not have one vector per input.
pub fn reply(context: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    let unreadable = |_: wire::Error| no_answer("Bedrock's reply could not be read.");
    let counted = answered.input_tokens.unwrap_or(0);
    let (lists, tokens): (Vec<Raw<'_>>, u64) = match context.body {
        Body::Titan | Body::TitanImage => {
            let TitanReply { embedding, input_text_token_count } =
                wire::object_from_slice(body).map_err(unreadable)?;
            (embedding.into_iter().collect(), input_text_token_count.unwrap_or(counted))
        }
        Body::Cohere3 | Body::Cohere4 => {
            let CohereReply { embeddings } = wire::object_from_slice(body).map_err(unreadable)?;
            (
                embeddings.and_then(|embeddings| embeddings.float).map_or_else(Vec::new, |List(lists)| lists),
                counted,
            )
        }
        Body::Nova => {
            let NovaReply { embeddings } = wire::object_from_slice(body).map_err(unreadable)?;
            (embeddings.into_iter().flatten().filter_map(|one| one.embedding).collect(), counted)
        }
    };
    if lists.len() != context.inputs {
        return Err(no_answer("Bedrock's reply has not one vector for each input."));
    }
    let mut data = Vec::with_capacity(lists.len());
    for (index, list) in lists.into_iter().enumerate() {
        let embedding = Vector::new(list, context.base64)
            .ok_or_else(|| no_answer("Bedrock's reply has something else than a vector."))?;
        data.push(Embedding { object: "embedding", index, embedding });
    }
    let reply = openai::Reply {
        object: "list",
        data,
        model: &context.model,
        usage: Usage { prompt_tokens: tokens, total_tokens: tokens },
    };
    Ok(wire::to_vec(&reply))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::openai::parse;

    const TITAN: &str = "amazon.titan-embed-text-v2:0";
    const TITAN_IMAGE: &str = "amazon.titan-embed-image-v1";
    const NOVA: &str = "amazon.nova-2-multimodal-embeddings-v1:0";
    const COHERE: &str = "us.cohere.embed-v4:0";

    fn run<'a>(model: &str, body: &'a str) -> Result<Outgoing<'a, Reply>, Error> {
        let options = Options::default();
        request(parse(body.as_bytes())?, "text-embedding-3-small", model, &options, body.as_bytes())
    }

    const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA";

    #[test]
    fn an_input_becomes_the_models_own_body() {
        for (model, request, body) in [
            (TITAN, r#""input":"hi","dimensions":256"#, r#"{"inputText":"hi","dimensions":256}"#),
            ("amazon.titan-embed-text-v1", r#""input":["hi"]"#, r#"{"inputText":"hi"}"#),
            (
                TITAN_IMAGE,
                r#""input":"hi","dimensions":384"#,
                r#"{"inputText":"hi","embeddingConfig":{"outputEmbeddingLength":384}}"#,
            ),
            (TITAN_IMAGE, r#""input":"PNG""#, r#"{"inputImage":"iVBORw0KGgoAAAANSUhEUgAA"}"#),
            (
                NOVA,
                r#""input":"hi","input_type":"search_query","truncate":"END","dimensions":256"#,
                r#"{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_RETRIEVAL","embeddingDimension":256,"text":{"truncationMode":"END","value":"hi"}}}"#,
            ),
            (
                NOVA,
                r#""input":["PNG"]"#,
                r#"{"taskType":"SINGLE_EMBEDDING","singleEmbeddingParams":{"embeddingPurpose":"GENERIC_INDEX","image":{"format":"png","source":{"bytes":"iVBORw0KGgoAAAANSUhEUgAA"}}}}"#,
            ),
            (
                COHERE,
                r#""input":["a","b"],"input_type":"search_query","truncate":"END""#,
                r#"{"texts":["a","b"],"input_type":"search_query","truncate":"RIGHT","embedding_types":["float"]}"#,
            ),
            (
                "cohere.embed-english-v3",
                r#""input":"PNG""#,
                r#"{"images":["PNG"],"input_type":"image","embedding_types":["float"]}"#,
            ),
        ] {
            let request = format!("{{{request}}}").replace("PNG", PNG);
            let outgoing = run(model, &request).unwrap();
            assert_eq!(
                String::from_utf8(outgoing.body.into_vec()).unwrap(),
                body.replace("PNG", PNG),
                "{model}"
            );
        }
    }

    #[test]
    fn a_list_too_long_for_a_call_is_told_of_fan_out_where_that_helps() {
        for (model, body, told) in [
            (
                TITAN,
                r#"{"input":["a","b"]}"#,
                "at most 1 text(s) per request; for more the gateway's configuration needs 'fan_out'",
            ),
            (
                TITAN_IMAGE,
                r#"{"input":["PNG","PNG"]}"#,
                "at most 1 image(s) per request; for more the gateway's configuration needs 'fan_out'",
            ),
            // A part with as many images as it may have texts exceeds the limit on images.
            (
                "cohere.embed-english-v3",
                r#"{"input":["PNG","PNG"]}"#,
                "at most 1 image(s) per request; 'input' has 2.",
            ),
        ] {
            let error = run(model, &body.replace("PNG", PNG)).unwrap_err();
            assert!(error.message.contains(told), "{}", error.message);
        }
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
            (TITAN, r#"{"input":["PNG"]}"#, "input[0]"),
            (TITAN, r#"{"input":"PNG"}"#, "input"),
            (COHERE, r#"{"input":["PNG","a"]}"#, "input[1]"),
            (COHERE, r#"{"input":["data:image/png;base64,aGVsbG8gd29ybGQ="]}"#, "input[0]"),
            ("cohere.embed-english-v3", r#"{"input":["PNG","PNG"]}"#, "input"),
            (TITAN, r#"{"input":"a","dimensions":7}"#, "dimensions"),
            (TITAN, r#"{"input":"a","encoding_format":"hex"}"#, "encoding_format"),
            ("anthropic.claude-3-haiku", r#"{"input":"a"}"#, "model"),
        ] {
            let error = run(model, &body.replace("PNG", PNG)).unwrap_err();
            assert_eq!(error.param.as_deref(), Some(param), "{body}");
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
    fn numbers_are_bedrocks_own() {
        let context = run(NOVA, r#"{"input":"hi"}"#).unwrap().reply;
        let answered = Answered { request_id: "r", created: 0, input_tokens: Some(7) };
        let body = reply(
            &context,
            br#"{"embeddings":[{"embeddingType":"TEXT","embedding":[0.10,-1e-9]}]}"#,
            answered,
        );
        assert_eq!(
            String::from_utf8(body.unwrap()).unwrap(),
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1e-9]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":7,"total_tokens":7}}"#
        );
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
