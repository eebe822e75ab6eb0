//! Short-term API keys, made from a key pair without a call (Amazon Bedrock User Guide, "Generate a short-term Amazon Bedrock
//! API key"): a presigned request `CallWithBearerToken`, encoded in base64.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Credentials;
use super::path::encode_label;
use super::sign::{BEDROCK, Error, Kind, LONGEST_URI, encoded, instructions};

/// Longest lifetime of a key: AWS's own limit, twelve hours.
pub const MAX_LIFETIME: Duration = Duration::from_secs(43_200);

/// The presigned request without its scheme; the host is the same in all regions and partitions.
const CALL: &str = "bedrock.amazonaws.com/?Action=CallWithBearerToken";
const HOST: &str = "bedrock.amazonaws.com";
const PREFIX: &str = "bedrock-api-key-";
/// Bytes for the query besides region, key id and session token; more than needed.
const RESERVED: usize = 1_024;

/// Makes a key exactly as AWS's `aws-bedrock-token-generator` does. It is valid in `region` for `lifetime` from `now`, and no
/// longer than the credentials.
///
/// # Errors
///
/// As for [`sign`](super::sign::sign).
pub fn mint(
    credentials: &Credentials,
    region: &str,
    now: SystemTime,
    lifetime: Duration,
) -> Result<String, Error> {
    let Credentials { access_key_id, secret_access_key: _, session_token } = credentials;
    let token = session_token.as_deref().unwrap_or_default();
    if [region, access_key_id, token].iter().fold(RESERVED, |length, part| encoded(length, part))
        > LONGEST_URI
    {
        return Err(Error(Kind::Request));
    }
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(lifetime);
    let headers = [("host", HOST)].into_iter();
    let request =
        SignableRequest::new("POST", ["https://", CALL].concat(), headers, SignableBody::Bytes(&[]))
            .map_err(|_| Error(Kind::Request))?;
    let signed = instructions(credentials, region, BEDROCK, now, settings, request)?;
    let (_, mut parameters) = signed.into_parts();
    // The signer puts the session token last; AWS's generator puts the signature last.
    parameters.sort_by_key(|(name, _)| *name == "X-Amz-Signature");
    let mut url = CALL.to_owned();
    for (name, value) in &parameters {
        for part in ["&", name, "=", &encode_label(value)] {
            url.push_str(part);
        }
    }
    url.push_str("&Version=1");
    Ok(format!("{PREFIX}{}", STANDARD.encode(url)))
}

/// Most keys held: more than a configuration has accounts and regions. Beyond it the oldest are dropped.
const MOST: usize = 64;

/// Keys in use, one per key pair, region and lifetime.
#[derive(Debug, Default)]
pub struct Tokens(Vec<Held>);

struct Held {
    credentials: Credentials,
    region: String,
    lifetime: Duration,
    minted: SystemTime,
    token: String,
}

impl Tokens {
    /// The key to use at `now`. A new one is made where there is none, where half of its lifetime is over, and where the clock
    /// was set back. New credentials get a key of their own, so none outlives the credentials that it was made from.
    ///
    /// # Errors
    ///
    /// As for [`mint`].
    pub fn get(
        &mut self,
        credentials: &Credentials,
        region: &str,
        lifetime: Duration,
        now: SystemTime,
    ) -> Result<String, Error> {
        let held = self.0.iter().find(|held| {
            held.region == region
                && held.lifetime == lifetime
                && held.credentials == *credentials
                && held.is_fresh(now)
        });
        if let Some(held) = held {
            return Ok(held.token.clone());
        }
        let token = mint(credentials, region, now, lifetime)?;
        self.0.retain(|held| held.is_fresh(now));
        // They are sorted by age.
        self.0.drain(..self.0.len().saturating_sub(MOST.saturating_sub(1)));
        self.0.push(Held {
            credentials: credentials.clone(),
            region: region.to_owned(),
            lifetime,
            minted: now,
            token: token.clone(),
        });
        Ok(token)
    }
}

impl Held {
    fn is_fresh(&self, now: SystemTime) -> bool {
        now.duration_since(self.minted).is_ok_and(|age| age.saturating_mul(2) < self.lifetime)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("region", &self.region).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn credentials(access_key_id: &str) -> Credentials {
        Credentials {
            access_key_id: access_key_id.into(),
            secret_access_key: "s3cret".into(),
            session_token: Some("t0ken".into()),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_is_used_until_half_of_its_life_is_over() {
        let (mut tokens, keys) = (Tokens::default(), credentials("A"));
        let mut get = |now| tokens.get(&keys, "us-east-1", HOUR, at(now)).unwrap();
        let first = get(10_000);

        assert_eq!(get(11_799), first);
        let second = get(11_800);
        assert_ne!(second, first);
        assert_eq!(get(12_000), second);
        assert_eq!(tokens.0.len(), 1, "the first one is forgotten");
    }

    #[test]
    fn a_clock_that_went_back_gives_a_new_token() {
        let (mut tokens, keys) = (Tokens::default(), credentials("A"));
        let first = tokens.get(&keys, "us-east-1", HOUR, at(10_000)).unwrap();

        assert_ne!(tokens.get(&keys, "us-east-1", HOUR, at(9_000)).unwrap(), first);
    }

    #[test]
    fn each_key_pair_region_and_lifetime_has_its_own_token() {
        let mut tokens = Tokens::default();
        let mut minted = Vec::new();
        for (keys, region, lifetime) in [
            ("A", "us-east-1", HOUR),
            ("B", "us-east-1", HOUR),
            ("A", "us-west-2", HOUR),
            ("A", "us-east-1", HOUR / 2),
        ] {
            minted.push(tokens.get(&credentials(keys), region, lifetime, at(0)).unwrap());
        }

        let seen = minted.clone();
        minted.sort_unstable();
        minted.dedup();
        assert_eq!(minted.len(), 4);
        assert_eq!(tokens.get(&credentials("A"), "us-east-1", HOUR, at(1)).as_ref(), Ok(&seen[0]));
    }

    #[test]
    fn no_more_than_so_many_tokens_are_held_and_the_oldest_goes_first() {
        let mut tokens = Tokens::default();
        let mut get = |region: usize, now| {
            let token = tokens.get(&credentials("A"), &format!("region-{region}"), HOUR, at(now)).unwrap();
            (token, tokens.0.len())
        };
        let first = get(0, 0).0;
        let second = get(1, 0).0;
        for region in 2..30_000 {
            let (_, held) = get(region, 1);
            assert!(held <= MOST, "{held}");
            if region == MOST - 1 {
                assert_eq!(get(0, 1), (first.clone(), MOST));
            }
            if region == MOST {
                assert_eq!(get(1, 1).0, second, "only the oldest is gone");
                assert_ne!(get(0, 1).0, first);
            }
            if region > MOST + 10 {
                break;
            }
        }
    }

    #[test]
    fn what_cannot_be_signed_mints_nothing() {
        let mut tokens = Tokens::default();

        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert!(tokens.get(&credentials("A"), "us-east-1", HOUR, early).is_err());
        let late = at(253_402_300_800);
        assert!(tokens.get(&credentials("A"), "us-east-1", HOUR, late).is_err());
        let long = Credentials { session_token: Some("=".repeat(22_000)), ..credentials("A") };
        assert!(tokens.get(&long, "us-east-1", HOUR, at(0)).is_err());
        assert!(tokens.0.is_empty());
    }

    #[test]
    fn debug_shows_no_secret_and_no_token() {
        let mut tokens = Tokens::default();
        let token = tokens.get(&credentials("A"), "us-east-1", HOUR, at(0)).unwrap();

        let shown = format!("{tokens:?}");
        assert!(!shown.contains(&token) && !shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
    }
}
