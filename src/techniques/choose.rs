//! Reads the technique that a request chooses: by a tag in its messages, a member of its body, a prefix of its model, or the
//! configuration, in this order. The choice is removed, so that no model sees it.

use std::fmt;

use memchr::memmem;

use super::edit::{Edit, place};
use super::expression::{Expression, Operand, WRONG};
use super::object::Object;
use super::tunables::Tunables;
use crate::openai::{self, Error};
use crate::wire::{self, List, Raw, Str, object};

/// The name of the member and of the tag.
pub const MEMBER: &str = "optillm_approach";
const OPEN: &str = "<optillm_approach>";
const CLOSE: &str = "</optillm_approach>";
pub(super) const MESSAGES: &str = "messages";
const MODEL: &str = "model";
/// Most techniques in a model's prefix.
const PREFIXES: usize = 8;

/// The choice of a request.
#[derive(Debug)]
pub struct Chosen {
    /// The technique; `None`: the request is sent as it is.
    pub technique: Option<Expression>,
    /// Whether the technique is the configuration's default.
    pub is_usual: bool,
    /// Its parameters.
    pub tunables: Tunables,
    /// The request without the choice; `None`: the body is unchanged.
    pub body: Option<Vec<u8>>,
}

/// The configuration's rules for the choice.
pub struct Rules<'a> {
    /// Whether a model of this name exists, without the fallback.
    pub is_model: &'a dyn Fn(&str) -> bool,
    /// The default technique of a model.
    pub usual: &'a dyn Fn(Option<&str>) -> Option<Expression>,
    /// Names of the techniques of another server.
    pub elsewhere: &'a [String],
    /// Default parameters of the techniques.
    pub tunables: &'a Tunables,
}

impl fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules").field("elsewhere", &self.elsewhere).finish_non_exhaustive()
    }
}

/// Reads the choice of a chat.
///
/// # Errors
/// 400 where the body is not an object, an unknown technique is named, or a parameter is invalid.
pub fn choose(body: &[u8], rules: &Rules<'_>) -> Result<Chosen, Error> {
    let (mut model, mut member, mut messages) = (None, None, None);
    let mut written: Vec<(&'static str, Raw<'_>)> = Vec::new();
    let object = Object::read(body, asked, |name, value| match name {
        MODEL => model = Some(value),
        MEMBER => member = Some(value),
        MESSAGES => messages = Some(value),
        name => written.push((name, value)),
    })?;
    let mut edits = Vec::new();
    let by_tag = match messages {
        // Most chats do not contain the word.
        Some(messages) if memmem::find(messages.get().as_bytes(), MEMBER.as_bytes()).is_some() => {
            tags(body, messages, &mut edits)?
        }
        _ => None,
    };
    let by_member = member.map(|value| openai::member::<Option<Str<'_>>>(value, MEMBER)).transpose()?;
    let by_member = by_member.flatten().map(|text| text.into_cow().into_owned());
    // The translation reports a model of another type.
    let named = model.and_then(|raw| Some((raw, wire::from_str::<Str<'_>>(raw.get()).ok()?)));
    let mut model = named.as_ref().map(|(_, name)| &**name);
    let mut by_prefix = None;
    if let Some((raw, name)) = &named
        && let Some((prefix, rest)) = prefixed(name, rules.is_model, rules.elsewhere)
    {
        edits.push(Edit::new(place(body, raw), wire::to_string(rest)));
        (model, by_prefix) = (Some(rest), Some(prefix));
    }
    let said = by_tag.or(by_member).or(by_prefix);
    let is_usual = said.is_none();
    let technique = match said {
        Some(said) => Expression::read(&said, rules.elsewhere)?,
        // Without messages it is a body for another API, which this endpoint accepts as well.
        None if messages.is_none() => None,
        None => (rules.usual)(model),
    };
    let mut tunables = rules.tunables.clone();
    // The translation notes parameters that the technique does not read; another server reads its own.
    written.retain(|(name, _)| technique.as_ref().is_some_and(|technique| technique.reads(name)));
    for (name, value) in &written {
        tunables.set(name, value.get())?;
    }
    let gone = |name: &str| name == MEMBER || written.iter().any(|(written, _)| *written == name);
    let is_changed = !edits.is_empty() || member.is_some() || !written.is_empty();
    edits.sort_by_key(|edit| edit.at.start);
    let body = is_changed.then(|| object.written(body, gone, &edits, &[]));
    Ok(Chosen { technique, is_usual, tunables, body })
}

/// The name of a member that is read here; empty for any other.
fn asked(name: &str) -> &'static str {
    let names = [MODEL, MEMBER, MESSAGES].into_iter().chain(Tunables::NAMES);
    names.into_iter().find(|known| *known == name).unwrap_or_default()
}

/// A model's name without a prefix of techniques.
pub(super) fn without_techniques<'n>(
    name: &'n str,
    is_model: &dyn Fn(&str) -> bool,
    elsewhere: &[String],
) -> &'n str {
    prefixed(name, is_model, elsewhere).map_or(name, |(_, rest)| rest)
}

/// The techniques in a model's prefix, and the rest of the name. The name of an existing model has no such prefix, nor has one
/// whose rest would not be a model.
fn prefixed<'n>(
    name: &'n str,
    is_model: &dyn Fn(&str) -> bool,
    elsewhere: &[String],
) -> Option<(String, &'n str)> {
    let is_technique = |part: &str| {
        let mut names = part.split(['&', '|']);
        names.all(|name| Operand::of(name.trim(), elsewhere).is_some())
    };
    let mut rest = name;
    let mut techniques: Vec<&str> = Vec::new();
    while !is_model(rest) {
        let (part, behind) = rest.split_once('-')?;
        if !is_technique(part) || techniques.len() >= PREFIXES {
            return None;
        }
        techniques.push(part);
        rest = behind;
    }
    (!techniques.is_empty()).then(|| (techniques.join("&"), rest))
}

object! {
    /// The members read of a message.
    pub(super) struct Message<'a> {
        role: Str<'a>,
        content: Raw<'a>,
    }
}

object! {
    /// The members read of a part.
    pub(super) struct Part<'a> {
        kind = "type": Str<'a>,
        text: Raw<'a>,
    }
}

/// The content of the first tag, in a system text or else in the client's last turn. All tags in these are removed; tags in
/// earlier turns, tool results and answers have no effect.
fn tags(body: &[u8], messages: Raw<'_>, edits: &mut Vec<Edit>) -> Result<Option<String>, Error> {
    let List(list) = openai::member::<List<Message<'_>>>(messages, MESSAGES)?;
    let is_system = |message: &&Message<'_>| matches!(message.role.as_deref(), Some("system" | "developer"));
    let is_user = |message: &&Message<'_>| message.role.as_deref() == Some("user");
    let last = list.iter().rfind(is_user);
    let mut first = None;
    for message in list.iter().filter(is_system).chain(last) {
        let is_text = |part: &Part<'_>| part.kind.as_deref() == Some("text");
        for text in texts(message, is_text)? {
            let said: Str<'_> = openai::member(text, MESSAGES)?;
            let Some((tag, left)) = untagged(&said)? else { continue };
            edits.push(Edit::new(place(body, text), wire::to_string(&left)));
            first.get_or_insert(tag);
        }
    }
    Ok(first)
}

/// The texts of a message; of its parts only the requested ones.
pub(super) fn texts<'a>(
    message: &Message<'a>,
    is_asked: impl Fn(&Part<'a>) -> bool,
) -> Result<Vec<Raw<'a>>, Error> {
    let Some(content) = message.content else { return Ok(Vec::new()) };
    if content.get().starts_with('"') {
        return Ok(vec![content]);
    }
    if !content.get().starts_with('[') {
        return Ok(Vec::new());
    }
    let List(parts) = openai::member::<List<Part<'_>>>(content, MESSAGES)?;
    Ok(parts.into_iter().filter(is_asked).filter_map(|part| part.text).collect())
}

/// The content of the first tag in a text, and the text without tags.
///
/// # Errors
/// 400 where removing tags would form a new one, which another reader might find.
fn untagged(text: &str) -> Result<Option<(String, String)>, Error> {
    let mut first = None;
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(OPEN)
        && let Some((said, behind)) = behind.split_once(CLOSE)
    {
        left.push_str(before);
        first.get_or_insert(said);
        rest = behind;
    }
    left.push_str(rest);
    let Some(first) = first else { return Ok(None) };
    let made = left.split_once(OPEN).and_then(|(_, behind)| behind.find(CLOSE));
    if made.is_some() {
        let message = format!("A text has a tag '{MEMBER}' in pieces around another one.");
        return Err(Error::invalid(message).param(MESSAGES).code(WRONG));
    }
    Ok(Some((first.to_owned(), left)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn chosen(body: &Value) -> Result<(Option<String>, Value), Error> {
        let is_model = |name: &str| ["m", "gpt-4o", "claude-sonnet-4-5", "re2-own", "re2"].contains(&name);
        let usual = |model: Option<&str>| {
            let written = if model == Some("claude-sonnet-4-5") { "cot_reflection" } else { "none" };
            Expression::read(written, &[]).unwrap()
        };
        let elsewhere = ["z3".to_owned()];
        let text = body.to_string();
        let tunables = &Tunables::default();
        let rules = Rules { is_model: &is_model, usual: &usual, elsewhere: &elsewhere, tunables };
        let Chosen { technique, body: changed, .. } = choose(text.as_bytes(), &rules)?;
        let left = changed.map_or_else(|| body.clone(), |changed| serde_json::from_slice(&changed).unwrap());
        Ok((technique.map(|technique| technique.to_string()), left))
    }

    fn user(text: &str) -> Value {
        json!({"role": "user", "content": text})
    }

    fn tag(name: &str) -> String {
        format!("{OPEN}{name}{CLOSE}")
    }

    #[test]
    fn a_tag_holds_before_a_member_and_that_before_a_prefix_and_that_before_the_configuration() {
        let mut body = json!({"model": "re2-claude-sonnet-4-5", "optillm_approach": "z3",
            "messages": [user(&tag("re2|re2"))]});
        let left = json!({"model": "claude-sonnet-4-5", "messages": [user("")]});
        assert_eq!(chosen(&body).unwrap(), (Some("re2|re2".into()), left.clone()));
        body["messages"] = left["messages"].clone();
        assert_eq!(chosen(&body).unwrap(), (Some("z3".into()), left.clone()));
        body["optillm_approach"] = Value::Null;
        assert_eq!(chosen(&body).unwrap(), (Some("re2".into()), left.clone()));
        assert_eq!(chosen(&left).unwrap(), (Some("cot_reflection".into()), left.clone()));
        let none = json!({"model": "claude-sonnet-4-5", "optillm_approach": "none", "messages": [user("")]});
        assert_eq!(chosen(&none).unwrap(), (None, left));
        let another = json!({"model": "claude-sonnet-4-5", "input": "q"});
        assert_eq!(chosen(&another).unwrap(), (None, another.clone()));
        let plain = json!({"model": "m", "messages": [user("q")]});
        assert_eq!(chosen(&plain).unwrap(), (None, plain.clone()));
    }

    #[test]
    fn a_tag_stands_in_a_system_text_or_the_last_user_text_and_is_taken_out_of_both() {
        let system = |text: String| json!({"role": "system", "content": text});
        let body =
            json!({"messages": [system(format!("a {} b", tag("re2"))), user(&format!("q{}", tag("z3")))]});
        let left = json!({"messages": [system("a  b".into()), user("q")]});
        assert_eq!(chosen(&body).unwrap(), (Some("re2".into()), left));
        let parts = json!({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": tag("z3")}}, {"type": "text", "text": tag("\n Re2 \n"), "x": 1},
        ]}]});
        let (technique, left) = chosen(&parts).unwrap();
        assert_eq!(technique.as_deref(), Some("re2"));
        assert_eq!(left["messages"][0]["content"][1], json!({"type": "text", "text": "", "x": 1}));
        assert_eq!(left["messages"][0]["content"][0], parts["messages"][0]["content"][0]);
    }

    #[test]
    fn a_tag_whose_letters_are_escaped_is_one_too() {
        let body = r#"{"messages":[{"role":"user","content":"\u003coptillm_approach\u003ere2</optillm_approach>q"}]}"#;
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(chosen(&body).unwrap(), (Some("re2".into()), json!({"messages": [user("q")]})));
    }

    #[test]
    fn a_tag_in_history_answers_and_tools_results_chooses_nothing() {
        let said = tag("re2");
        for role in ["assistant", "tool", "function", "user"] {
            let body = json!({"messages": [{"role": role, "content": said}, user("q"),
                {"role": "assistant", "content": said}, {"role": "tool", "content": said}]});
            assert_eq!(chosen(&body).unwrap(), (None, body.clone()), "{role}");
        }
        for text in [OPEN.to_owned(), format!("{CLOSE}re2{OPEN}"), format!("the member {MEMBER}")] {
            let body = json!({"messages": [user(&text)]});
            assert_eq!(chosen(&body).unwrap(), (None, body.clone()));
        }
    }

    #[test]
    fn tags_within_tags_and_without_a_name_are_refused() {
        for text in [tag(&tag("re2")), tag(""), tag("foo"), tag("re2&")] {
            assert_eq!(chosen(&json!({"messages": [user(&text)]})).unwrap_err().status, 400, "{text}");
        }
        let many = OPEN.repeat(100_000);
        assert_eq!(chosen(&json!({"messages": [user(&many)]})).unwrap().0, None);
        let error = chosen(&json!({"optillm_approach": 5})).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some(MEMBER)));
    }

    #[test]
    fn a_tag_that_taking_tags_out_makes_is_refused() {
        let split = |outer: &str| format!("{}<optillm_app{}roach>{outer}{CLOSE}", tag("re2"), tag("re2"));
        for text in [split("z3"), format!("<optillm_app{}roach>z3{CLOSE}", tag("re2"))] {
            let error = chosen(&json!({"messages": [user(&text)]})).unwrap_err();
            assert_eq!((error.status, error.code), (400, Some(WRONG)), "{text}");
        }
        let halves = format!("{CLOSE}{}{OPEN}", tag("re2"));
        assert_eq!(chosen(&json!({"messages": [user(&halves)]})).unwrap().0.as_deref(), Some("re2"));
        let many = format!("<optillm_app{}roach>z3{CLOSE}", tag("re2").repeat(10_000));
        assert!(chosen(&json!({"messages": [user(&many)]})).is_err());
    }

    #[test]
    fn a_prefix_is_one_only_where_the_rest_is_a_model_and_the_whole_is_none() {
        for (model, technique, rest) in [
            ("re2-gpt-4o", Some("re2"), "gpt-4o"),
            ("RE2-gpt-4o", Some("re2"), "gpt-4o"),
            ("re2-cot_reflection-gpt-4o", Some("re2&cot_reflection"), "gpt-4o"),
            ("re2&z3-m", None, ""),
            ("re2|cot_reflection-m", Some("re2|cot_reflection"), "m"),
            // Configured names take precedence.
            ("re2-own", None, "re2-own"),
            ("re2-re2", Some("re2"), "re2"),
            ("bon-voyage", None, "bon-voyage"),
            ("foo-gpt-4o", None, "foo-gpt-4o"),
            ("re2-foo", None, "re2-foo"),
            ("re2-", None, "re2-"),
            ("re2", None, "re2"),
        ] {
            let body = json!({"model": model, "messages": []});
            let Ok((chosen, left)) = chosen(&body) else {
                assert_eq!(rest, "", "{model}");
                continue;
            };
            assert_eq!((chosen.as_deref(), left["model"].as_str()), (technique, Some(rest)), "{model}");
        }
    }

    #[test]
    fn tunables_of_the_technique_are_read_and_taken_away_and_others_left_to_be_named() {
        let body = json!({"optillm_approach": "bon&re2", "best_of_n": null, "include_reasoning": true, "k": 3, "messages": []});
        let (_, left) = chosen(&body).unwrap();
        assert_eq!(left, json!({"k": 3, "messages": []}));
        let plain = json!({"k": 3, "messages": []});
        assert_eq!(chosen(&plain).unwrap().1, plain);
        let error = chosen(&json!({"optillm_approach": "majority_voting", "k": "x"})).unwrap_err();
        assert_eq!((error.status, error.param.as_deref()), (400, Some("k")));
    }

    #[test]
    fn a_request_says_more_than_the_configuration() {
        let mut usual = Tunables::default();
        usual.set("k", "5").unwrap();
        usual.set("num_samples", "7").unwrap();
        let rules = Rules { is_model: &|_| false, usual: &|_| None, elsewhere: &[], tunables: &usual };
        let body = br#"{"optillm_approach":"majority_voting","k":3,"messages":[]}"#;
        let Tunables { k, num_samples, .. } = choose(body, &rules).unwrap().tunables;
        assert_eq!((k, num_samples), (3, 7));
    }

    #[test]
    fn a_body_that_is_none_is_refused() {
        let tunables = &Tunables::default();
        let rules = Rules { is_model: &|_| false, usual: &|_| None, elsewhere: &[], tunables };
        for body in ["", "[]", "{", "5"] {
            assert_eq!(choose(body.as_bytes(), &rules).unwrap_err().status, 400, "{body}");
        }
    }
}
