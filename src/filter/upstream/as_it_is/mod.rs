//! What the upstream role does not translate: requests on Bedrock's own routes, and chats with targets whose endpoint speaks
//! OpenAI's API. They are signed and sent as they are; of their answers only the beginning is looked at, so that a failure has
//! its status while Envoy can still try another target.

mod request;
mod response;

pub(super) use request::guardrail_headers;
