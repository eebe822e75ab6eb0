//! Sends requests that are not translated.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType};

use crate::aws::path::encode_label;
use crate::bedrock::operation::Operation;
use crate::filter::refusal::{host_failed, too_large};
use crate::filter::upstream::Upstream;
use crate::filter::upstream::attempt::{Awaited, Chosen, JSON, Kind, Sent};
use crate::filter::upstream::noting::{Begun, input_guess};
use crate::filter::upstream::request::{Whose, no_target};
use crate::gateway::headers::Headers;
use crate::gateway::native;
use crate::gateway::targets::{Backend, Place, Target};
use crate::openai::model_member::ModelMember;
use crate::openai::usage_member::Asked;
use crate::openai::{Endpoint, Error};
use crate::translate::chat::guardrail;
use crate::translate::forced_guardrail;

/// Path of OpenAI's chat completions on either host of Bedrock (OpenAI SDK for Python, `providers.bedrock`).
const CHAT: &str = "/openai/v1/chat/completions";

/// A request to send.
struct Outgoing<'a> {
    kind: Kind,
    path: &'a str,
    content_type: &'a str,
    beside: &'a Headers,
    is_fallback: bool,
    /// Whether a chat asks for a stream.
    stream: bool,
    /// The caller's inference profile that is called instead of the model.
    profile: Option<String>,
}

impl Upstream {
    /// Sends a request of Bedrock's own routes.
    pub(in crate::filter::upstream) fn send_native(
        &mut self,
        operation: Operation,
        whose: Whose<'_>,
        chosen: &Chosen,
        place: &Place,
        body: &[u8],
    ) -> Result<Action, Error> {
        let target = &chosen.target;
        let rules = self.config.options.rules(&target.id, None, whose.terms);
        rules.tokens.check(operation, self.config.options.known_as(&target.id), body)?;
        if let Some(guardrail) = rules.guardrail {
            forced_guardrail::check(operation, body, guardrail)?;
        }
        let client = self.original()?;
        let mut beside = native::headers(operation, client, whose.name, whose.labels());
        if operation.invokes() {
            beside.extend(&guardrail_headers(client, rules.guardrail));
        }
        let content_type = client.text("content-type").unwrap_or(JSON).to_owned();
        let id = chosen.asked_as(&self.config.options, operation.segment());
        let outgoing = Outgoing {
            kind: Kind::Native(operation),
            path: &format!("/model/{}/{}", encode_label(id), operation.segment()),
            content_type: &content_type,
            beside: &beside,
            is_fallback: false,
            stream: false,
            profile: chosen.profile(operation.segment()),
        };
        self.send(&outgoing, target, place, body)
    }

    /// Sends a chat untranslated, if its target speaks OpenAI's API; `None` where it has to be translated.
    pub(in crate::filter::upstream) fn send_as_it_is(
        &mut self,
        endpoint: Endpoint,
        resolve: impl FnOnce(Option<&str>) -> Result<Chosen, Error>,
        whose: Whose<'_>,
        place: &Place,
        body: &[u8],
        size: usize,
    ) -> Result<Option<Action>, Error> {
        let model = ModelMember::find(body)?;
        // `called` is unset: `resolve` refuses a caller with an inference profile where the target speaks OpenAI's API.
        let Chosen { target, called: _, is_fallback } = resolve(model.name.as_deref())?;
        if !target.backend.speaks_openai() {
            return Ok(None);
        }
        if endpoint != Endpoint::ChatCompletions {
            return Err(Error::invalid_param("model", "This model is served here for chats only."));
        }
        let rules = self.config.options.rules(&target.id, None, whose.terms);
        rules.tokens.check_openai(body)?;
        let client = self.original()?;
        let mut beside = client.only(&["accept"]);
        if target.backend == Backend::Mantle && rules.guardrail.is_some() {
            return Err(no_guardrail());
        }
        if target.backend == Backend::OpenAi {
            if rules.guardrail.is_some() {
                forced_guardrail::check_beside(body)?;
            }
            beside.extend(&guardrail_headers(client, rules.guardrail));
        }
        let body = model
            .replaced(body, &target.id)
            .ok_or_else(|| Error::invalid("The request body is not what is expected."))?;
        let asked = Asked::find(&body);
        let (stream, asking) = (asked.is_stream(), asked.asking(&body));
        self.hides_usage = asking.is_some();
        let body = asking.unwrap_or(body);
        let limit = self.config.body_bytes;
        if body.len() > limit {
            return Err(too_large(limit));
        }
        let outgoing = Outgoing {
            kind: Kind::OpenAi,
            path: CHAT,
            content_type: JSON,
            beside: &beside,
            is_fallback,
            stream,
            profile: None,
        };
        let action = self.send(&outgoing, &target, place, &body)?;
        hostcalls::set_buffer(BufferType::HttpRequestBody, 0, size, &body)
            .map_err(|_| host_failed("take the request's body"))?;
        Ok(Some(action))
    }

    fn send(
        &mut self,
        outgoing: &Outgoing<'_>,
        target: &Target,
        place: &Place,
        body: &[u8],
    ) -> Result<Action, Error> {
        let Outgoing { kind, path, content_type, beside, is_fallback, stream, ref profile } = *outgoing;
        let destination = self.config.upstream.destination(target, place).ok_or_else(no_target)?;
        let (model, region) = (target.id.clone(), destination.region.to_string());
        let (stream, is_counted) = match kind {
            Kind::Native(operation) => (operation.streams(), operation != Operation::CountTokens),
            Kind::OpenAi => (stream, true),
        };
        let reply = Awaited::AsItIs(kind);
        let sent = Sent::new(reply, model, region, is_fallback, String::new()).by(profile.clone());
        self.send_headers(&destination, path, content_type, beside, &[body])?;
        let begun = Begun { target, stream, is_counted, input_guess: input_guess(body) };
        self.is_sent(sent, &begun);
        Ok(Action::Continue)
    }
}

/// The error for a caller with a guardrail: bedrock-mantle is not documented to take one.
fn no_guardrail() -> Error {
    let message = "This model may not be used with this API key: no guardrail holds where it is served.";
    Error::new(403, message).param("model").code("guardrail_forced")
}

/// The headers that name a guardrail: the configuration's, else the client's.
pub(in crate::filter::upstream) fn guardrail_headers(
    client: &Headers,
    forced: Option<&guardrail::Guardrail>,
) -> Headers {
    let Some(forced) = forced else {
        return client.only(&[guardrail::IDENTIFIER, guardrail::VERSION, guardrail::TRACE]);
    };
    let mut headers = Headers::default();
    for (name, value) in forced.headers() {
        headers.push(name, value);
    }
    headers
}
