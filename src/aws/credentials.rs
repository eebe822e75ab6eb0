//! AWS credentials and identities.

use std::fmt;

/// What `Debug` shows in place of a secret.
pub(super) const REDACTED: &str = "** redacted **";

/// A key pair for Signature Version 4, long-lived or temporary (IAM User Guide, "AWS security credentials").
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Names the key pair; travels in the clear in every signed request.
    pub access_key_id: String,
    /// Never travels: signing keys are derived from it.
    pub secret_access_key: String,
    /// Comes with temporary credentials and has to be sent with each request they sign.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .field("secret_access_key", &REDACTED)
            .field("session_token", &self.session_token.as_ref().map(|_| REDACTED))
            .finish()
    }
}

/// The identity that authenticates a request, in one of the two schemes of Bedrock's service model: `aws.auth#sigv4` and
/// `smithy.api#httpBearerAuth`.
#[derive(Clone, PartialEq, Eq)]
pub enum Identity {
    /// Each request is signed, see [`sign`](super::sign::sign).
    SigV4(Credentials),
    /// A Bedrock API key (Amazon Bedrock User Guide, "Bedrock API keys"), sent as `Authorization: Bearer …`
    /// and nothing else.
    Bearer(String),
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SigV4(credentials) => f.debug_tuple("SigV4").field(credentials).finish(),
            Self::Bearer(_) => f.debug_tuple("Bearer").field(&REDACTED).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn temporary() -> Credentials {
        Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: "wJalrSecret".into(),
            session_token: Some("FwoGToken".into()),
        }
    }

    #[test]
    fn debug_shows_the_key_id_and_no_secret() {
        let shown = format!("{:?}", Identity::SigV4(temporary()));

        assert!(shown.contains("ASIAEXAMPLE"), "{shown}");
        assert!(!shown.contains("wJalrSecret"), "{shown}");
        assert!(!shown.contains("FwoGToken"), "{shown}");
    }

    #[test]
    fn debug_tells_whether_there_is_a_session_token() {
        let lasting = Credentials { session_token: None, ..temporary() };

        assert!(format!("{lasting:?}").contains("session_token: None"));
        assert!(format!("{:?}", temporary()).contains("session_token: Some"));
    }

    #[test]
    fn debug_never_shows_a_bearer_token() {
        let shown = format!("{:?}", Identity::Bearer("bedrock-api-key-abc".into()));

        assert!(!shown.contains("bedrock-api-key-abc"), "{shown}");
    }
}
