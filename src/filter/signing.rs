//! The headers that authenticate a request at AWS.

use std::cell::RefCell;

use proxy_wasm::types::LogLevel;

use super::accounts::Accounts;
use super::host;
use crate::aws::Identity;
use crate::aws::sign::{BEDROCK, Request, sign as signed};
use crate::aws::source::Sign;
use crate::aws::token::Tokens;
use crate::config::Destination;
use crate::openai::Error;

thread_local! {
    /// This worker's short-term Bedrock API keys. Making one takes less than a millisecond, so it is done when a request needs
    /// one.
    static TOKENS: RefCell<Tokens> = RefCell::default();
}

/// The headers to set on `request`; none where Envoy signs.
pub(super) fn headers(
    accounts: &Accounts,
    destination: &Destination<'_>,
    request: &Request<'_>,
) -> Result<Vec<(&'static str, String)>, Error> {
    let sign = accounts.sign(destination.account)?;
    if sign == Sign::Envoy {
        return Ok(Vec::new());
    }
    let region = destination.region.as_str();
    let identity = accounts.identity(destination.account)?;
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let made = match (&*identity, sign) {
        (Identity::Bearer(token), _) => Ok(bearer(token)),
        (Identity::SigV4(credentials), Sign::Token(lifetime)) if destination.service == BEDROCK => {
            let now = host::now();
            let token = TOKENS.with_borrow_mut(|tokens| tokens.get(credentials, region, lifetime, now));
            token.map(|token| bearer(&token))
        }
        // Short-term API keys are accepted by Bedrock only: other services get a signature.
        (Identity::SigV4(credentials), _) => {
            signed(credentials, request, region, destination.service, host::now())
        }
    };
    made.map_err(|error| {
        host::log(LogLevel::Error, || format!("a request could not be signed: {error}"));
        Error::new(500, "The gateway could not sign the request.").code("gateway_error")
    })
}
