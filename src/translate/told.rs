//! Writes a whole answer of this gateway's as the stream of events that the client asked for, where the answer was made by
//! several calls and could not be streamed.
//!
//! The choices come one after the other, each in a model's order: role, reasoning, text, tool calls, annotations, finish
//! reason. Joined by index the events give the answer (OpenAI API reference, "The chat completion chunk object", and for `POST
//! completions` "The completion object").

use std::borrow::Cow;

use memchr::memchr2;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::openai::Error;
use crate::openai::chunk::{Form, Indexed, Part, Writer};
use crate::wire::{self, List, Members, Raw, Str, object};

use super::errors::no_answer;

object! {
    /// The answer.
    struct Whole<'a> {
        id: Str<'a>,
        object: Str<'a>,
        created: u64,
        model: Str<'a>,
        choices: List<Choice<'a>>,
        usage: Raw<'a>,
        service_tier: Str<'a>,
    }
}

object! {
    /// A choice: a message of a chat, or a text.
    struct Choice<'a> {
        index: u64,
        message: Message<'a>,
        text: Raw<'a>,
        logprobs: Raw<'a>,
        finish_reason: Raw<'a>,
    }
}

object! {
    /// The message of a choice.
    struct Message<'a> {
        role: Raw<'a>,
        content: Raw<'a>,
        refusal: Raw<'a>,
        thinking_blocks: List<Members<'a, Raw<'a>>>,
        tool_calls: List<Members<'a, Raw<'a>>>,
        function_call: Raw<'a>,
        annotations: List<Members<'a, Raw<'a>>>,
    }
}

/// Bytes around the text in the events of most choices.
const AROUND: usize = 512;

/// The events of an answer, including `[DONE]`. `include_usage` is that of `stream_options`.
///
/// # Errors
/// 502 where it is not a chat completion or a text completion.
pub fn told(answer: &[u8], include_usage: bool) -> Result<Vec<u8>, Error> {
    let unreadable = || no_answer("The reply could not be read.");
    let answer = in_one_line(answer);
    let Whole { id, object, created, model, choices, usage, service_tier, unknown: _ } =
        wire::object_from_slice(&answer).map_err(|_| unreadable())?;
    let is_text = object.is_some_and(|object| &*object == "text_completion");
    let form = if is_text { Form::Text } else { Form::Chat };
    let (id, model) = (id.unwrap_or_default(), model.unwrap_or_default());
    let writer = Writer::new(&id, created.unwrap_or(0), &model, include_usage, form)
        .with_service_tier(service_tier.as_deref());
    let List(choices) = choices.ok_or_else(unreadable)?;
    let around = choices.len().saturating_mul(AROUND);
    let mut out = Vec::with_capacity(answer.len().saturating_add(around));
    for choice in choices {
        match form {
            Form::Chat => tell(choice, &writer, &mut out),
            Form::Text => tell_text(&choice, &writer, &mut out),
        }
        .ok_or_else(unreadable)?;
    }
    if let Some(usage) = usage {
        writer.usage(&mut out, &usage, None);
    }
    writer.done(&mut out);
    Ok(out)
}

/// The answer on one line, as an event's data must be. In JSON line ends can only be between tokens.
fn in_one_line(answer: &[u8]) -> Cow<'_, [u8]> {
    let answer = answer.trim_ascii();
    if memchr2(b'\n', b'\r', answer).is_none() {
        return Cow::Borrowed(answer);
    }
    let spaced = |byte: &u8| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte };
    answer.iter().map(spaced).collect()
}

/// Writes a choice of a chat; `None` where it has no message.
fn tell(choice: Choice<'_>, writer: &Writer, out: &mut Vec<u8>) -> Option<()> {
    let Choice { index, message, text: _, logprobs, finish_reason, unknown: _ } = choice;
    let Message { role, content, refusal, thinking_blocks, tool_calls, function_call, annotations, unknown } =
        message?;
    let mut telling = Telling { writer, index: index?, out };
    // An empty content first, to which the text is added.
    telling.piece(&Begins { role, content: content.map(|_| ""), refusal: () });
    if !unknown.is_empty() {
        // Includes reasoning.
        telling.piece(&Members(unknown));
    }
    telling.entries("thinking_blocks", thinking_blocks);
    telling.members(&[("content", content), ("refusal", refusal)]);
    telling.entries("tool_calls", tool_calls);
    telling.members(&[("function_call", function_call)]);
    telling.entries("annotations", annotations);
    telling.ends(logprobs, finish_reason);
    Some(())
}

/// Writes a choice of a text completion; `None` where it has no text.
fn tell_text(choice: &Choice<'_>, writer: &Writer, out: &mut Vec<u8>) -> Option<()> {
    #[derive(Serialize)]
    struct Text<'a> {
        text: Raw<'a>,
        index: u64,
        logprobs: Option<Raw<'a>>,
        finish_reason: Option<Raw<'a>>,
    }
    let Choice { index, message: _, text, logprobs, finish_reason, unknown: _ } = choice;
    let (text, index) = ((*text)?, (*index)?);
    writer.part(out, &Text { text, index, logprobs: *logprobs, finish_reason: *finish_reason });
    Some(())
}

/// Writes the events of one choice.
struct Telling<'t> {
    writer: &'t Writer,
    index: u64,
    out: &'t mut Vec<u8>,
}

impl Telling<'_> {
    /// Adds to the message.
    fn piece(&mut self, delta: &impl Serialize) {
        let part = Part { index: self.index, delta, logprobs: None::<()>, finish_reason: None::<()> };
        self.writer.part(self.out, &part);
    }

    /// Adds these members, where present.
    fn members(&mut self, members: &[(&str, Option<Raw<'_>>)]) {
        for (name, value) in members {
            if let Some(value) = value {
                self.piece(&Member(name, value));
            }
        }
    }

    /// Adds the entries of a list, each with its index.
    fn entries(&mut self, name: &str, list: Option<List<Members<'_, Raw<'_>>>>) {
        for (index, piece) in (0..).zip(list.into_iter().flatten()) {
            self.piece(&Member(name, [Indexed { index, piece }]));
        }
    }

    /// Ends the choice.
    fn ends(&mut self, logprobs: Option<Raw<'_>>, finish_reason: Option<Raw<'_>>) {
        let delta = Nothing {};
        self.writer.part(self.out, &Part { index: self.index, delta, logprobs, finish_reason });
    }
}

/// The first delta of a message.
#[derive(Serialize)]
struct Begins<'a> {
    role: Option<Raw<'a>>,
    content: Option<&'static str>,
    refusal: (),
}

/// An empty delta.
#[derive(Serialize)]
struct Nothing {}

/// An object with one member.
struct Member<'a, T>(&'a str, T);

impl<T: Serialize> Serialize for Member<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(answer: &str, include_usage: bool) -> Vec<String> {
        let out = String::from_utf8(told(answer.as_bytes(), include_usage).unwrap()).unwrap();
        let events: Vec<_> = out.split_terminator("\n\n").map(str::to_owned).collect();
        assert!(events.iter().all(|event| event.starts_with("data: ") && !event.contains('\n')));
        assert_eq!(events.last().map(String::as_str), Some("data: [DONE]"));
        events.into_iter().map(|event| event["data: ".len()..].to_owned()).collect()
    }

    /// The choices of each chunk, without the chunk's common members.
    fn choices(answer: &str) -> Vec<String> {
        let choices = |event: String| {
            let (_, choices) = event.split_once(r#""choices":["#)?;
            Some(choices.strip_suffix("]}")?.to_owned())
        };
        events(answer, false).into_iter().filter_map(choices).collect()
    }

    #[test]
    fn each_choice_is_told_in_the_order_in_which_a_model_says_things() {
        let answer = r#"{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"m","choices":[
            {"index":0,"message":{"role":"assistant","content":"a\n","refusal":null,"reasoning_content":"r","thinking_blocks":[{"type":"thinking","thinking":"r","signature":"s"}],"annotations":[{"type":"url_citation","url_citation":{"url":"u"}}]},"logprobs":null,"finish_reason":"stop"},
            {"index":1,"message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"b","type":"custom","custom":{"name":"g","input":"x"}}]},"logprobs":null,"finish_reason":"tool_calls"}
        ],"usage":{"prompt_tokens":1}}"#;
        let told = |index: usize, delta: &str| {
            format!(r#"{{"index":{index},"delta":{delta},"logprobs":null,"finish_reason":null}}"#)
        };
        assert_eq!(
            choices(answer),
            [
                told(0, r#"{"role":"assistant","content":"","refusal":null}"#),
                told(0, r#"{"reasoning_content":"r"}"#),
                told(
                    0,
                    r#"{"thinking_blocks":[{"index":0,"type":"thinking","thinking":"r","signature":"s"}]}"#
                ),
                told(0, r#"{"content":"a\n"}"#),
                told(0, r#"{"annotations":[{"index":0,"type":"url_citation","url_citation":{"url":"u"}}]}"#),
                r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}"#.to_owned(),
                told(1, r#"{"role":"assistant","content":null,"refusal":null}"#),
                told(
                    1,
                    r#"{"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]}"#
                ),
                told(
                    1,
                    r#"{"tool_calls":[{"index":1,"id":"b","type":"custom","custom":{"name":"g","input":"x"}}]}"#
                ),
                r#"{"index":1,"delta":{},"logprobs":null,"finish_reason":"tool_calls"}"#.to_owned(),
            ]
        );
    }

    #[test]
    fn usage_comes_last_and_only_where_it_is_asked_for() {
        let answer = r#"{"id":"chatcmpl-1","object":"chat.completion","created":7,"model":"\"m\"","choices":[],"usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":1}},"service_tier":"flex"}"#;
        let head = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":7,"model":"\"m\"","service_tier":"flex","choices":[],"#;
        let usage = r#""usage":{"prompt_tokens":1,"prompt_tokens_details":{"cached_tokens":1}}}"#;
        assert_eq!(events(answer, true), [format!("{head}{usage}"), "[DONE]".to_owned()]);
        assert_eq!(events(answer, false), ["[DONE]"]);
        let answer = answer.replace(r#""choices":[]"#, r#""choices":[{"index":0,"message":{}}]"#);
        let chunks = events(&answer, true);
        assert!(chunks[..2].iter().all(|chunk| chunk.ends_with(r#""usage":null}"#)), "{chunks:?}");
    }

    #[test]
    fn texts_are_told_one_after_the_other() {
        let answer = r#"{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"A","index":0,"logprobs":null,"finish_reason":"length"},{"text":"B","index":1,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;
        let head = r#"{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","#;
        assert_eq!(
            events(answer, true),
            [
                format!(
                    r#"{head}"choices":[{{"text":"A","index":0,"logprobs":null,"finish_reason":"length"}}],"usage":null}}"#
                ),
                format!(
                    r#"{head}"choices":[{{"text":"B","index":1,"logprobs":null,"finish_reason":"stop"}}],"usage":null}}"#
                ),
                format!(r#"{head}"choices":[],"usage":{{"prompt_tokens":1}}}}"#),
                "[DONE]".to_owned(),
            ]
        );
    }

    #[test]
    fn an_answer_of_several_lines_is_told_in_events_of_one() {
        let answer = "{\r\n\"object\":\"chat.completion\",\n\"choices\": [{\"index\":0,\n\"message\":{\"content\":\"a\",\"extra\":{\n\"b\":\r1}}}]\n}\n";
        assert_eq!(
            choices(answer)[1],
            r#"{"index":0,"delta":{"extra":{ "b": 1}},"logprobs":null,"finish_reason":null}"#
        );
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for answer in [
            "",
            "[]",
            "{}",
            r#"{"choices":{}}"#,
            r#"{"choices":[{"index":0}]}"#,
            r#"{"choices":[{"message":{}}]}"#,
            r#"{"object":"text_completion","choices":[{"index":0,"message":{}}]}"#,
            r#"{"choices":[{"index":-1,"message":{}}]}"#,
            r#"{"choices":[{"index":0,"message":{"tool_calls":[1]}}]}"#,
        ] {
            assert_eq!(told(answer.as_bytes(), true).unwrap_err().status, 502, "{answer}");
        }
    }
}
