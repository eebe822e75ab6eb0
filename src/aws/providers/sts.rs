//! AWS's Security Token Service, by its query protocol (AWS STS API Reference, version 2011-06-15). It answers in JSON
//! where it is asked to, and in XML where somebody on the way did not let it know.

use std::time::SystemTime;

use super::answer::{self, Object, reason};
use super::{Answer, Call, Temporary, xml};
use crate::aws::Credentials;
use crate::aws::path::encode_label;
use crate::aws::sign;
use crate::aws::source::Role;
use crate::json::from_str;

/// The action that takes a token.
pub(super) const WEB_IDENTITY: &str = "AssumeRoleWithWebIdentity";
/// The action that takes credentials.
pub(super) const ROLE: &str = "AssumeRole";

const VERSION: &str = "2011-06-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
const SERVICE: &str = "sts";

pub(super) fn with_web_identity(role: &Role, token: &str) -> Call {
    call(role, form(role, WEB_IDENTITY, &[("WebIdentityToken", token)]))
}

pub(super) fn assume(role: &Role, with: &Credentials, now: SystemTime) -> Result<Call, String> {
    let more: Vec<(&str, &str)> = role.external_id.iter().map(|id| ("ExternalId", id.as_str())).collect();
    let mut call = call(role, form(role, ROLE, &more));
    let request = sign::Request {
        method: call.method,
        host: &call.host,
        path: &call.path,
        query: "",
        content_type: Some(CONTENT_TYPE),
        body: &[call.body.as_bytes()],
    };
    let signed = sign::sign(with, &request, role.region.as_str(), SERVICE, now)
        .map_err(|error| format!("{}: {error}", place(role)))?;
    call.headers.extend(signed);
    Ok(call)
}

fn form(role: &Role, action: &str, more: &[(&str, &str)]) -> String {
    let mut form = format!("Action={action}&Version={VERSION}");
    let duration = role.duration_seconds.map(|seconds| seconds.to_string());
    let own = [
        Some(("RoleArn", role.arn.as_str())),
        Some(("RoleSessionName", role.session_name.as_str())),
        duration.as_deref().map(|seconds| ("DurationSeconds", seconds)),
    ];
    for (name, value) in own.into_iter().flatten().chain(more.iter().copied()) {
        form.push('&');
        form.push_str(name);
        form.push('=');
        form.push_str(&encode_label(value));
    }
    form
}

fn call(role: &Role, body: String) -> Call {
    let call = Call { method: "POST", body, ..Call::get(&role.cluster, &role.host, "/") };
    call.header("content-type", CONTENT_TYPE).header("accept", "application/json")
}

fn place(role: &Role) -> String {
    format!("STS (cluster '{}', role '{}')", role.cluster, role.arn)
}

pub(super) fn credentials(answer: Answer<'_>, role: &Role, action: &str) -> Result<Temporary, String> {
    let place = place(role);
    let Some(status) = answer.status else { return Err(format!("{place} did not answer")) };
    let read = Read::of(answer.body);
    if status != 200 {
        return Err(match read.as_ref().and_then(Read::error) {
            Some(error) => format!("{place} answered {status}: {error}"),
            None => format!("{place} answered {status}"),
        });
    }
    let read = read.ok_or_else(|| format!("{place} answered with neither XML nor JSON"))?;
    let part = |name: &str| read.part(action, name);
    let parts = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(part);
    answer::temporary(parts, part("Expiration"), &place)
}

/// An answer in one of its two forms, which have the same names.
enum Read<'a> {
    Json(Object<'a>),
    Xml(Vec<xml::Leaf<'a>>),
}

impl<'a> Read<'a> {
    fn of(body: &'a [u8]) -> Option<Self> {
        if body.len() > answer::LARGEST {
            return None;
        }
        let text = std::str::from_utf8(body).ok()?.trim();
        if text.starts_with('<') {
            return xml::leaves(text).map(Read::Xml);
        }
        from_str(text).ok().map(Read::Json)
    }

    fn part(&self, action: &str, name: &str) -> Option<String> {
        let (outer, inner) = ([action, "Response"].concat(), [action, "Result"].concat());
        self.at(&[&outer, &inner, "Credentials", name])
    }

    fn at(&self, path: &[&str]) -> Option<String> {
        match self {
            Self::Json(object) => inside(object, path),
            Self::Xml(leaves) => leaves.iter().find(|leaf| leaf.path == path).map(|leaf| leaf.text.clone()),
        }
    }

    /// What an error says of itself.
    fn error(&self) -> Option<String> {
        let either =
            |name: &str| self.at(&["ErrorResponse", "Error", name]).or_else(|| self.at(&["Error", name]));
        let text = |name: &str| either(name).map(|text| reason(&text));
        let code = text("Code")?;
        Some(match text("Message") {
            Some(message) if !message.is_empty() => format!("{code}: {message}"),
            _ => code,
        })
    }
}

/// The text at a path.
fn inside(object: &Object<'_>, path: &[&str]) -> Option<String> {
    match path {
        [] => None,
        [name] => answer::text_of(object, name),
        [name, path @ ..] => inside(&from_str(answer::member(object, name)?.get()).ok()?, path),
    }
}
