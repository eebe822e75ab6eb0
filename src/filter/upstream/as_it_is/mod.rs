//! Requests and answers that the upstream role does not translate: Bedrock's own routes, and chats with targets that speak
//! OpenAI's API. They are signed and sent as they are. Only the beginning of an answer is read, so that a failure has its
//! status while Envoy can still try another target.

mod request;
mod response;

pub(super) use request::guardrail_headers;
