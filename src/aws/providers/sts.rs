//! AWS STS by its query protocol (AWS STS API Reference, version 2011-06-15). It answers in JSON if asked to, and in XML if
//! something on the way removed the `accept` header.

use std::time::SystemTime;

use serde::Deserialize;

use super::answer::{self, Text, reason};
use super::{Answer, Call, Temporary};
use crate::aws::Credentials;
use crate::aws::path::encode_label;
use crate::aws::sign;
use crate::aws::source::Role;

/// The action that exchanges a web identity token for a role's credentials.
pub(super) const WEB_IDENTITY: &str = "AssumeRoleWithWebIdentity";
/// The action that exchanges credentials for a role's.
pub(super) const ROLE: &str = "AssumeRole";

const VERSION: &str = "2011-06-15";
const CONTENT_TYPE: &str = "application/x-www-form-urlencoded; charset=utf-8";
const SERVICE: &str = "sts";

pub(super) fn with_web_identity(role: &Role, token: &str) -> Call {
    call(role, form(role, WEB_IDENTITY, &[("WebIdentityToken", token)]))
}

pub(super) fn assume(role: &Role, with: &Credentials, now: SystemTime) -> Result<Call, String> {
    let tags: Vec<(String, &str)> = (1_usize..)
        .zip(&role.tags)
        .flat_map(|(at, (name, value))| {
            [
                (format!("Tags.member.{at}.Key"), name.as_str()),
                (format!("Tags.member.{at}.Value"), value.as_str()),
            ]
        })
        .collect();
    let external_id = role.external_id.iter().map(|id| ("ExternalId", id.as_str()));
    let more: Vec<(&str, &str)> =
        external_id.chain(tags.iter().map(|(name, value)| (name.as_str(), *value))).collect();
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
    let body = answer.body.trim_ascii();
    // JSON and XML have the same member names.
    let told = if answer.body.len() > answer::LARGEST {
        None
    } else if body.starts_with(b"<") {
        xml(body).map(|response| response.told(status, action, &place))
    } else {
        answer::object::<Document>(body).map(|document| document.response().told(status, action, &place))
    };
    told.unwrap_or_else(|| {
        Err(match status {
            200 => format!("{place} answered with neither XML nor JSON"),
            status => format!("{place} answered {status}"),
        })
    })
}

/// Parses a response in XML. Only XML's five predefined entities are expanded, and unknown elements are skipped without
/// recursion.
fn xml(body: &[u8]) -> Option<Response<String>> {
    /// Largest response in XML, bytes: STS's have two thousand plus a session token. Before quick-xml 0.41 the time it
    /// took grew with the square of an element's attributes; the limit bounds that whatever the parser does.
    const LARGEST: usize = 12 << 10;
    if body.len() > LARGEST {
        return None;
    }
    quick_xml::de::from_str(std::str::from_utf8(body).ok()?).ok()
}

/// A response in JSON, with its named root.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Document {
    #[serde(
        rename = "AssumeRoleResponse",
        alias = "AssumeRoleWithWebIdentityResponse",
        alias = "ErrorResponse"
    )]
    response: Response<Text>,
    #[serde(rename = "Error")]
    error: Option<Failure<Text>>,
}

impl Document {
    fn response(self) -> Response<Text> {
        let Self { response, error } = self;
        Response { error: error.unwrap_or(response.error), ..response }
    }
}

/// A response of STS. In JSON a string may be written as a number.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", bound(deserialize = "T: Default + Deserialize<'de>"))]
struct Response<T> {
    assume_role_result: Assumed<T>,
    assume_role_with_web_identity_result: Assumed<T>,
    error: Failure<T>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", bound(deserialize = "T: Default + Deserialize<'de>"))]
struct Assumed<T> {
    credentials: Written<T>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", bound(deserialize = "T: Default + Deserialize<'de>"))]
struct Written<T> {
    access_key_id: T,
    secret_access_key: T,
    session_token: T,
    expiration: T,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", bound(deserialize = "T: Default + Deserialize<'de>"))]
struct Failure<T> {
    code: T,
    message: T,
}

impl<T: Into<Option<String>>> Response<T> {
    /// The credentials in the response to `action`, or the error.
    fn told(self, status: u16, action: &str, place: &str) -> Result<Temporary, String> {
        if status != 200 {
            return Err(match self.error.told() {
                Some(error) => format!("{place} answered {status}: {error}"),
                None => format!("{place} answered {status}"),
            });
        }
        let assumed =
            if action == ROLE { self.assume_role_result } else { self.assume_role_with_web_identity_result };
        let Written { access_key_id, secret_access_key, session_token, expiration } = assumed.credentials;
        let parts = [access_key_id, secret_access_key, session_token].map(Into::into);
        answer::temporary(parts, expiration.into(), place)
    }
}

impl<T: Into<Option<String>>> Failure<T> {
    /// The error's code and message.
    fn told(self) -> Option<String> {
        let [code, message] =
            [self.code, self.message].map(|text| text.into().map(|text| reason(&text)).unwrap_or_default());
        match (&*code, &*message) {
            ("", _) => None,
            (code, "") => Some(code.to_owned()),
            (code, message) => Some(format!("{code}: {message}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        xml(text.as_bytes()).map(|response| response.assume_role_result.credentials.access_key_id)
    }

    fn answer(key: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?>\n<!-- a > b --><R xmlns=\"https://sts.amazonaws.com/doc/\" a='>'>\n\
             <AssumeRoleResult><x:Credentials xmlns:x=\"x\"><Other><Deep/>a</Other>\n\
             <AccessKeyId>{key}</AccessKeyId></x:Credentials></AssumeRoleResult></R>\n"
        )
    }

    #[test]
    fn a_text_in_xml_is_what_it_stands_for() {
        for (written, text) in [
            ("ASIA", "ASIA"),
            ("x&amp;y&#x2f;&#43;&lt;", "x&y/+<"),
            ("<![CDATA[<t>&amp;]]>", "<t>&amp;"),
            ("a<!-- b -->c", "ac"),
            ("", ""),
        ] {
            assert_eq!(key(&answer(written)).as_deref(), Some(text), "{written}");
        }
    }

    #[test]
    fn no_entity_is_expanded_but_xmls_own() {
        let bomb = "<!DOCTYPE R [<!ENTITY a \"b\"><!ENTITY c SYSTEM \"file:///etc/passwd\">]>";
        for entity in ["&a;", "&c;", "&none;", "&amp", "&#xd800;", "&#0;"] {
            assert_eq!(
                key(&format!("{bomb}{}", answer(entity).replace("<?xml version=\"1.0\"?>", ""))),
                None
            );
        }
    }

    #[test]
    fn xml_that_is_cut_or_crossed_is_none() {
        let whole = answer("ASIA");
        for end in 0..whole.trim_end().len() {
            assert_eq!(key(&whole[..end]), None, "cut at {end}");
        }
        for text in ["", "x", "<a></b>", "</a>", "<a b='</a>", "<a><b></a></b>", "<a><![CDATA[x</a>"] {
            assert_eq!(key(text), None, "{text}");
        }
    }

    #[test]
    fn xml_however_deep_is_passed_over() {
        let deep = ["<a>".repeat(1_400), "</a>".repeat(1_400)].concat();
        assert_eq!(key(&answer("ASIA").replace("<Deep/>", &deep)).as_deref(), Some("ASIA"));
    }
}
