//! `POST moderations` ⇄ ApplyGuardrail: the configured guardrail's assessments, in OpenAI's categories where both have them.

use std::cell::Cell;

use crate::bedrock::guardrail::{self, Assessment, Bytes, Content, ContentPolicy, Filter, Image, Text};
use crate::openai::chat::MediaUrl;
use crate::openai::moderations::{self as openai, ByCategory, CATEGORIES, Judgement, Part, Request, Score};
use crate::openai::{Error, member};
use crate::wire::{self, List, OneOrMany, Raw, Str};

use super::data_url::{data_url, image_format};
use super::errors::no_answer;
use super::notes::Notes;
use super::{Answered, Outgoing, Rules};

/// Facts about the request that the translation of the reply needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The model as the client names it.
    pub model: String,
    has_text: bool,
    has_image: bool,
    /// Whether the guardrail intervened in the answer that was read last.
    pub has_intervened: Cell<bool>,
}

/// Initial capacity of a body, bytes.
const ROOM: usize = 256;

/// The model's name where the client gives none.
const MODEL: &str = "omni-moderation-latest";

/// A guardrail's content filter, and OpenAI's category.
const FILTERS: &[(&str, &str)] = &[
    ("HATE", "hate"),
    ("INSULTS", "harassment"),
    ("SEXUAL", "sexual"),
    ("VIOLENCE", "violence"),
    ("MISCONDUCT", "illicit"),
];

/// A filter's confidence, which has four levels, as a score.
const SCORES: &[(&str, Score)] = &[("LOW", Score::Quarter), ("MEDIUM", Score::Half), ("HIGH", Score::One)];

/// Categories that OpenAI applies to images: those below these names except `sexual/minors` (OpenAI documentation,
/// "Moderation").
const OF_IMAGES: &[&str] = &["self-harm", "sexual", "violence"];

/// Translates a request. `source` is the body that the request was read from.
///
/// # Errors
/// 404 where no guardrail is configured; 400 with the path of a wrong member.
pub fn request<'a>(
    request: Request<'a>,
    rules: Rules<'_>,
    source: &'a [u8],
) -> Result<Outgoing<'a, Reply>, Error> {
    let guardrail = rules.guardrail.ok_or_else(|| {
        let message = "Moderation needs a guardrail, and this gateway is configured with none.";
        Error::new(404, message).code("no_guardrail")
    })?;
    let mut notes = Notes::new(rules.unsupported, rules.limits);
    let Request { input, model, unknown } = request;
    notes.unknown("", unknown)?;
    let content = contents(input, &mut notes)?;
    let reply = Reply {
        model: model.as_deref().filter(|name| !name.is_empty()).unwrap_or(MODEL).to_owned(),
        has_text: content.iter().any(|piece| matches!(piece, Content::Text(_))),
        has_image: content.iter().any(|piece| matches!(piece, Content::Image(_))),
        has_intervened: Cell::new(false),
    };
    let body = guardrail::Request { source: "INPUT", content, output_scope: "FULL" };
    let body = wire::pieces(source, ROOM, &body);
    let guardrail = Some((guardrail.identifier.clone(), guardrail.version.clone()));
    Ok(Outgoing { operation: "apply", guardrail, body, ignored: notes.into_ignored(), reply })
}

fn contents<'a>(
    input: Option<OneOrMany<'a, Raw<'a>>>,
    notes: &mut Notes<'_>,
) -> Result<Vec<Content<'a>>, Error> {
    let list = match input.ok_or_else(|| Error::missing("input"))? {
        OneOrMany::One(text) => return Ok(vec![text_of(text, "input")?]),
        OneOrMany::Many(list) => list,
    };
    match list.as_slice() {
        [] => Err(Error::invalid_param("input", "'input' must not be empty.")),
        [only] if only.get().starts_with('"') => {
            let text = member(only, "input[0]")?;
            Ok(vec![text_of(text, "input[0]")?])
        }
        [first, ..] if first.get().starts_with('"') => {
            let message = format!("One text per request is taken here; 'input' has {}.", list.len());
            Err(Error::invalid(message).param("input"))
        }
        parts => parts.iter().enumerate().map(|(index, part)| part_of(part, index, notes)).collect(),
    }
}

fn text_of<'a>(text: Str<'a>, param: &str) -> Result<Content<'a>, Error> {
    if text.is_blank() {
        return Err(Error::invalid(format!("'{param}' must not be blank.")).param(param));
    }
    Ok(Content::Text(Text { text }))
}

fn part_of<'a>(part: Raw<'a>, index: usize, notes: &mut Notes<'_>) -> Result<Content<'a>, Error> {
    let place = format!("input[{index}]");
    let Part { kind, text, image_url, unknown } = member(part, &place)?;
    notes.unknown("input[].", unknown)?;
    match kind.as_deref() {
        Some("text") => {
            let param = format!("{place}.text");
            text_of(text.ok_or_else(|| Error::missing(&param))?, &param)
        }
        Some("image_url") => {
            let param = format!("{place}.image_url.url");
            let MediaUrl { url, detail: _, format: _, unknown } =
                image_url.ok_or_else(|| Error::missing(&format!("{place}.image_url")))?;
            notes.unknown("input[].image_url.", unknown)?;
            let data = data_url(url.ok_or_else(|| Error::missing(&param))?, &param)?;
            let format = image_format(&data.base64).filter(|format| matches!(*format, "png" | "jpeg"));
            let format = format.ok_or_else(|| {
                let message = format!("'{param}' is not an image that guardrails take: PNG or JPEG.");
                Error::invalid(message).param(param.as_str()).code("invalid_image")
            })?;
            Ok(Content::Image(Image { format, source: Bytes { bytes: data.base64 } }))
        }
        Some(_) => {
            let message = format!("'{place}.type' must be 'text' or 'image_url'.");
            Err(Error::invalid(message).param(format!("{place}.type")))
        }
        None => Err(Error::missing(&format!("{place}.type"))),
    }
}

/// Translates the body of a 200.
///
/// # Errors
/// 502 where it is not an assessment.
pub fn reply(context: &Reply, body: &[u8], answered: Answered<'_>) -> Result<Vec<u8>, Error> {
    let unreadable = |_| no_answer("Bedrock's reply could not be read.");
    let guardrail::Reply { action, assessments } = wire::object_from_slice(body).map_err(unreadable)?;
    let action = action.ok_or_else(|| no_answer("Bedrock's reply does not say what the guardrail did."))?;
    let has_intervened = &*action == "GUARDRAIL_INTERVENED";
    context.has_intervened.set(has_intervened);
    let mut categories = [false; CATEGORIES.len()];
    let mut scores = [Score::Zero; CATEGORIES.len()];
    for filter in filters(assessments).map_err(unreadable)? {
        let Filter { kind, confidence, action, detected } = filter;
        let name = FILTERS.iter().find(|(filter, _)| kind.as_deref() == Some(filter)).map(|(_, name)| name);
        let at = CATEGORIES.iter().position(|category| Some(category) == name);
        let score = SCORES.iter().find(|(word, _)| confidence.as_deref() == Some(word));
        let score = score.map_or(Score::Zero, |(_, score)| *score);
        let found = detected.unwrap_or(false) || action.as_deref() == Some("BLOCKED");
        if let Some((category, highest)) =
            at.and_then(|at| Some((categories.get_mut(at)?, scores.get_mut(at)?)))
        {
            *category |= found;
            *highest = score.max(*highest);
        }
    }
    let kinds = |category: &str| {
        let sees = OF_IMAGES.iter().any(|kind| category.starts_with(kind)) && category != "sexual/minors";
        let kinds = [("text", context.has_text), ("image", context.has_image && sees)];
        kinds.into_iter().filter(|(_, is_there)| *is_there).map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    let judgement = Judgement {
        flagged: has_intervened || categories.contains(&true),
        category_applied_input_types: ByCategory(CATEGORIES.map(kinds)),
        categories: ByCategory(categories),
        category_scores: ByCategory(scores),
        guardrail_assessments: assessments,
    };
    let reply = openai::Reply {
        id: &format!("modr-{}", answered.request_id),
        model: &context.model,
        results: [judgement],
    };
    Ok(wire::to_vec(&reply))
}

fn filters(assessments: Option<Raw<'_>>) -> Result<Vec<Filter<'_>>, wire::Error> {
    let Some(assessments) = assessments else { return Ok(Vec::new()) };
    let List(list): List<Assessment<'_>> = wire::from_str(assessments.get())?;
    let filters = list.into_iter().filter_map(|assessment| {
        let ContentPolicy { filters } = assessment.content_policy?;
        filters
    });
    Ok(filters.flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openai::parse;
    use crate::translate::Options;
    use crate::translate::chat::Guardrail;

    fn options() -> Options {
        let guardrail =
            Guardrail { identifier: "abc1".into(), version: "2".into(), trace: None, stream_mode: None };
        Options { guardrail: Some(guardrail), ..Options::default() }
    }

    fn run(body: &str) -> Result<Outgoing<'_, Reply>, Error> {
        request(parse(body.as_bytes())?, options().rules("guardrail", None, None), body.as_bytes())
    }

    #[test]
    fn an_input_becomes_what_the_guardrail_judges() {
        let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA";
        for (body, content) in [
            (r#"{"input":"hi"}"#.to_owned(), r#"{"text":{"text":"hi"}}"#),
            (r#"{"input":["hi"],"model":"m"}"#.to_owned(), r#"{"text":{"text":"hi"}}"#),
            (
                format!(
                    r#"{{"input":[{{"type":"text","text":"a"}},{{"type":"image_url","image_url":{{"url":"{png}"}}}}]}}"#
                ),
                r#"{"text":{"text":"a"}},{"image":{"format":"png","source":{"bytes":"iVBORw0KGgoAAAANSUhEUgAA"}}}"#,
            ),
        ] {
            let outgoing = run(&body).unwrap();
            assert_eq!(
                String::from_utf8(outgoing.body.into_vec()).unwrap(),
                format!(r#"{{"source":"INPUT","content":[{content}],"outputScope":"FULL"}}"#)
            );
            assert_eq!(outgoing.guardrail, Some(("abc1".into(), "2".into())));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (body, param) in [
            ("{}", "input"),
            (r#"{"input":""}"#, "input"),
            (r#"{"input":[]}"#, "input"),
            (r#"{"input":["a","b"]}"#, "input"),
            (r#"{"input":[5]}"#, "input[0]"),
            (r#"{"input":[{"type":"text"}]}"#, "input[0].text"),
            (r#"{"input":[{"type":"sound"}]}"#, "input[0].type"),
            (
                r#"{"input":[{"type":"image_url","image_url":{"url":"https://a/b"}}]}"#,
                "input[0].image_url.url",
            ),
        ] {
            let error = run(body).unwrap_err();
            assert_eq!(error.param.as_deref(), Some(param), "{body}");
        }
        let none = Options::default();
        let request = request(parse(br#"{"input":"hi"}"#).unwrap(), none.rules("guardrail", None, None), b"");
        assert_eq!(request.unwrap_err().status, 404);
    }

    #[test]
    fn what_the_guardrail_found_is_said_in_openais_categories() {
        let context = run(r#"{"input":"hi"}"#).unwrap().reply;
        let answered = Answered { request_id: "r", created: 0, input_tokens: None };
        let body = br#"{"action":"GUARDRAIL_INTERVENED","assessments":[{"contentPolicy":{"filters":[
            {"type":"VIOLENCE","confidence":"HIGH","action":"BLOCKED","detected":true},
            {"type":"HATE","confidence":"LOW","action":"NONE","detected":false},
            {"type":"NEW","confidence":"HIGH","action":"NONE"}]},"topicPolicy":{"topics":[]}}]}"#;
        let said: serde_json::Value =
            serde_json::from_slice(&reply(&context, body, answered).unwrap()).unwrap();
        let result = &said["results"][0];
        assert_eq!((&said["id"], &said["model"]), (&"modr-r".into(), &MODEL.into()));
        assert_eq!(result["flagged"], true);
        assert_eq!(result["categories"]["violence"], true);
        assert_eq!(result["categories"]["hate"], false);
        assert_eq!(result["category_scores"]["hate"], 0.25);
        assert_eq!(result["category_applied_input_types"]["sexual/minors"], serde_json::json!(["text"]));
        assert!(result["guardrail_assessments"][0]["topicPolicy"].is_object());
        assert_eq!(reply(&context, b"{}", answered).unwrap_err().status, 502);
    }
}
