//! Our short-term API keys are those of AWS's own generator, to the letter. `tests/oracle/tokens.py` writes the cases.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, SystemTime};

use bedrock_filter::aws::Credentials;
use bedrock_filter::aws::token::mint;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    credentials: Keys,
    region: String,
    unix_time: u64,
    lifetime_seconds: u64,
    token: String,
}

#[derive(Deserialize)]
struct Keys {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
}

#[test]
fn every_token_is_the_one_that_aws_mints() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("golden/tokens.json")).unwrap();
    for Case { credentials, region, unix_time, lifetime_seconds, token } in cases {
        let Keys { access_key_id, secret_access_key, session_token } = credentials;
        let credentials = Credentials { access_key_id, secret_access_key, session_token };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(unix_time);
        let minted = mint(&credentials, &region, now, Duration::from_secs(lifetime_seconds));

        assert_eq!(minted, Ok(token), "{region}, {unix_time}, {lifetime_seconds}");
    }
}
