//! Converts a request to the form of InvokeModel.

use std::cell::Cell;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::bedrock::count_tokens;
use crate::openai::{Error, member};
use crate::translate::fit::taken_by_invoke;
use crate::translate::front::bedrock_members::betas;
use crate::translate::messages::Reply;
use crate::translate::messages::members::{is_left_out, without_dropped};
use crate::translate::notes::Notes;
use crate::translate::terms::Tokens;
use crate::translate::{Client, Outgoing, Rules, forced_guardrail};
use crate::wire::{self, List, Members, Pieces, Raw, Str};

use super::{limits, tools};

/// The value of `anthropic_version` (Amazon Bedrock User Guide, "Anthropic Claude Messages API").
const VERSION: &str = "bedrock-2023-05-31";
const BETA: &str = "anthropic_beta";
/// Bytes written beside the client's own members, about.
const BESIDE: usize = 256;

/// The value of a member.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    /// As it is written.
    Raw(Raw<'a>),
    Items(Vec<Raw<'a>>),
    Object(Members<'a, Raw<'a>>),
    Names(Vec<String>),
    Text(&'static str),
    Number(u64),
}

impl Value<'_> {
    fn is_null(&self) -> bool {
        matches!(self, Value::Raw(raw) if raw.get() == "null")
    }
}

/// The members read of `thinking`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Budget {
    budget_tokens: Option<u64>,
}

/// A converted request.
struct Made<'a> {
    body: Vec<(Cow<'a, str>, Value<'a>)>,
    stream: bool,
    ignored: Vec<String>,
}

/// Converts a request for a model of Anthropic's. Large strings of `source` are not copied.
///
/// # Errors
/// 400 for a member of the wrong form, or one that only Anthropic's servers have; 403 for one that would evade a guardrail.
pub fn request<'a>(
    members: Members<'a, Raw<'a>>,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let Made { body, stream, ignored } = made(members, client, rules)?;
    let operation = if stream { "invoke-with-response-stream" } else { "invoke" };
    let body = written(body, source);
    Ok(Outgoing {
        operation,
        guardrail: None,
        body,
        ignored,
        reply: Reply::Native { stream, noted: Cell::default() },
    })
}

/// Converts a request whose tokens are to be counted.
///
/// # Errors
/// As [`request`].
pub fn count<'a>(
    members: Members<'a, Raw<'a>>,
    client: &Client<'_>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let rules = Rules { tokens: Tokens::default(), ..rules };
    let Made { mut body, stream: _, ignored } = made(members, client, rules)?;
    body.retain(|(name, value)| name != "max_tokens" || !value.is_null());
    if !body.iter().any(|(name, _)| name == "max_tokens") {
        let limit = least_limit(&body);
        body.push(("max_tokens".into(), Value::Number(limit)));
    }
    let body = count_tokens::of_own_body(&written(body, source)).into();
    Ok(Outgoing { operation: "count-tokens", guardrail: None, body, ignored, reply: Reply::Count })
}

fn written<'a>(body: Vec<(Cow<'a, str>, Value<'a>)>, source: &'a [u8]) -> Pieces<'a> {
    wire::pieces(source, source.len().saturating_add(BESIDE).min(super::AT_ONCE), &Members(body))
}

/// The smallest `max_tokens` for a body: a request to count tokens has none, but Bedrock requires one. It must exceed a budget
/// of thinking.
fn least_limit(body: &[(Cow<'_, str>, Value<'_>)]) -> u64 {
    let thinking = body.iter().rfind(|(name, _)| name == "thinking");
    let budget = match thinking {
        Some((_, Value::Raw(raw))) => wire::from_str::<Budget>(raw.get()).unwrap_or_default().budget_tokens,
        _ => None,
    };
    budget.unwrap_or(0).saturating_add(1)
}

fn made<'a>(
    Members(members): Members<'a, Raw<'a>>,
    client: &Client<'_>,
    rules: Rules<'_>,
) -> Result<Made<'a>, Error> {
    let mut notes = Notes::new(rules.unsupported, rules.limits);
    if rules.guardrail.is_some() {
        forced_guardrail::check_names(members.iter().map(|(name, _)| &**name))?;
    }
    let mut betas = betas(client.chat.anthropic_beta)?.unwrap_or_default();
    let mut stream = false;
    let mut limit = rules.tokens.limit(None);
    let mut body: Vec<(Cow<'a, str>, Value<'a>)> = Vec::with_capacity(members.len().saturating_add(2));
    body.push(("anthropic_version".into(), Value::Text(VERSION)));
    for (name, raw) in members {
        match &*name {
            "model" | "anthropic_version" => {}
            "max_tokens" if rules.tokens != Tokens::default() => {
                let asked = member::<Option<i64>>(raw, "max_tokens")?;
                limit = rules.tokens.limit(asked);
                if asked.is_some_and(|asked| limit != Some(asked)) {
                    notes.ignore("max_tokens");
                }
            }
            "stream" => stream = member::<Option<bool>>(raw, "stream")?.unwrap_or(false),
            BETA => {
                let named: Option<List<Str<'_>>> = member(raw, BETA)?;
                betas.extend(named.into_iter().flatten().map(|name| name.into_cow().into_owned()));
            }
            name if is_left_out(name, raw, rules.drop, &mut notes)? => {}
            "tools" => match tools::tools(raw, &mut notes)? {
                None => body.push((name, Value::Raw(raw))),
                Some(tools) => body.push((name, Value::Items(tools))),
            },
            "messages" => {
                limits::messages(raw, &mut notes)?;
                body.push((name, Value::Raw(raw)));
            }
            _ => {
                notes.check_depth(raw, || name.clone().into_owned())?;
                match without_dropped(&name, raw, rules.drop, &mut notes) {
                    None => body.push((name, Value::Raw(raw))),
                    Some(Members(left)) if left.is_empty() => {}
                    Some(left) => body.push((name, Value::Object(left))),
                }
            }
        }
    }
    if let Some(limit) = limit.and_then(|limit| u64::try_from(limit).ok()) {
        body.push(("max_tokens".into(), Value::Number(limit)));
    }
    // Bedrock refuses a tool choice without tools.
    if body
        .iter()
        .any(|(name, value)| name == "tools" && matches!(value, Value::Items(tools) if tools.is_empty()))
    {
        body.retain(|(name, _)| name != "tools" && name != "tool_choice");
    }
    let taken = taken_by_invoke(betas, rules.anthropic_betas, |name| {
        notes.ignore(&format!("anthropic-beta.{name}"));
    });
    if !taken.is_empty() {
        body.push((BETA.into(), Value::Names(taken)));
    }
    Ok(Made { body, stream, ignored: notes.into_ignored() })
}
