//! EC2's instance metadata, version 2: a token, the role's name, the role's credentials (Amazon EC2 User Guide, "Retrieve
//! security credentials from instance metadata").

use super::{Answer, Call, answer};
use crate::aws::path::encode_label;
use crate::aws::source::Instance;

const HOST: &str = "169.254.169.254";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
/// Lifetime of the metadata token, seconds: more than the three calls take.
const TOKEN_SECONDS: u32 = 300;

pub(super) fn token(from: &Instance) -> Call {
    let call = Call { method: "PUT", ..Call::get(&from.cluster, HOST, "/latest/api/token") };
    call.header("x-aws-ec2-metadata-token-ttl-seconds", TOKEN_SECONDS.to_string())
}

pub(super) fn role(from: &Instance, token: &str) -> Call {
    Call::get(&from.cluster, HOST, ROLES).header("x-aws-ec2-metadata-token", token)
}

pub(super) fn credentials(from: &Instance, token: &str, role: &str) -> Call {
    let path = format!("{ROLES}{}", encode_label(role));
    Call::get(&from.cluster, HOST, &path).header("x-aws-ec2-metadata-token", token)
}

/// The body as text: the token, or the first of the listed roles.
pub(super) fn text(answer: Answer<'_>, from: &Instance, what: &str) -> Result<String, String> {
    let place = place(from);
    if what == "role" && answer.status == Some(404) {
        return Err(format!("{place} knows no role: the instance has no instance profile"));
    }
    let body = answer::body(answer, &place)?;
    let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
    answer::text(Answer { status: answer.status, body: first }, &format!("the {what} of {place}"))
}

pub(super) fn place(from: &Instance) -> String {
    format!("the instance metadata (cluster '{}')", from.cluster)
}
