//! A list that is longer than the model takes in one call, of inputs to embed or of prompts to complete: cut into pieces,
//! each a request of its own, and the replies put together again.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::openai::{self, Endpoint, Error};
use crate::wire::{self, List, Raw, Str, object};

use super::Limits;
use super::embeddings::list_of_texts;
use super::errors::no_answer;

object! {
    /// All that is read of a request here.
    struct Asked<'a> {
        model: Str<'a>,
        input: Raw<'a>,
        prompt: Raw<'a>,
        stream: bool,
    }
}

/// A request in pieces.
#[derive(Debug, PartialEq, Eq)]
pub struct Split {
    endpoint: Endpoint,
    /// Where the list stands in the body.
    list: Range<usize>,
    /// Where the items of each piece stand, and how many they are.
    pieces: Vec<(Range<usize>, usize)>,
}

/// Most that a request in pieces may have beside its list, bytes: two thousand pieces repeat it.
const BESIDE: usize = 16 << 10;

/// Cuts the request in `body` into pieces; `None` where it needs no cutting, or what is wrong with it is better said of it
/// as a whole. `per_call` says how many items the model takes in one call, by what the client calls it.
///
/// # Errors
/// 400: a body that cannot be read, a list that is too long, an item that is no text, or empty; and what `per_call` says.
pub fn split(
    body: &[u8],
    endpoint: Endpoint,
    limits: &Limits,
    per_call: impl FnOnce(Option<&str>) -> Result<Option<usize>, Error>,
) -> Result<Option<Split>, Error> {
    let Asked { model, input, prompt, stream, unknown: _ } = openai::parse(body)?;
    let (name, list) = match endpoint {
        Endpoint::Embeddings => ("input", input),
        // A list of parts is one input.
        Endpoint::Moderations if input.is_some_and(|list| is_list_of_texts(list.get())) => ("input", input),
        // Streams would have to be woven together.
        Endpoint::Completions if stream != Some(true) => ("prompt", prompt),
        _ => return Ok(None),
    };
    let Some(list) = list.filter(|list| list.get().starts_with('[')) else { return Ok(None) };
    let asked = model.filter(|name| !name.is_blank());
    let Some(most) = per_call(asked.as_deref())?.filter(|most| *most > 0) else { return Ok(None) };
    let Ok(List(items)) = wire::from_str::<List<Raw<'_>>>(list.get()) else { return Ok(None) };
    if items.len() <= most {
        return Ok(None);
    }
    // Each piece has a copy of it.
    if body.len().saturating_sub(list.get().len()) > BESIDE {
        let message = format!("A request whose '{name}' goes in pieces may have {BESIDE} bytes beside it.");
        return Err(Error::invalid(message).param(name));
    }
    // A piece's errors would count from its own beginning.
    let items = list_of_texts(items, name, limits.embedding_inputs)?;
    let place = |raw: &Raw<'_>| {
        let start = (raw.get().as_ptr() as usize).wrapping_sub(body.as_ptr() as usize);
        start..start.saturating_add(raw.get().len())
    };
    let pieces = items.chunks(most).filter_map(|items| {
        let (first, last) = (items.first()?, items.last()?);
        Some((place(first).start..place(last).end, items.len()))
    });
    Ok(Some(Split { endpoint, list: place(&list), pieces: pieces.collect() }))
}

fn is_list_of_texts(list: &str) -> bool {
    list.strip_prefix('[').is_some_and(|items| items.trim_ascii_start().starts_with('"'))
}

impl Split {
    /// How many pieces.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Memory that is held beside the body, bytes: of this, and of a [`Gathered`] that has nothing yet.
    pub fn held(&self) -> usize {
        const EACH: usize = size_of::<(Range<usize>, usize)>()
            .saturating_add(size_of::<Option<Vec<u8>>>())
            .saturating_add(size_of::<(usize, usize)>());
        self.pieces.len().saturating_mul(EACH)
    }

    /// The request of one piece: the client's own, with only these inputs.
    pub fn piece(&self, body: &[u8], index: usize) -> Option<Vec<u8>> {
        let (inputs, _) = self.pieces.get(index)?;
        let parts =
            [body.get(..self.list.start)?, b"[", body.get(inputs.clone())?, b"]", body.get(self.list.end..)?];
        Some(parts.concat())
    }
}

/// Puts the replies of the pieces together, in whatever order they come.
#[derive(Debug)]
pub struct Gathered {
    endpoint: Endpoint,
    /// What each piece has given that cannot be written yet; those before `next` are written.
    waiting: Vec<Option<Vec<u8>>>,
    /// Bytes of these.
    waits: usize,
    next: usize,
    /// Of each piece, the place of its first item and how many it has.
    places: Vec<(usize, usize)>,
    out: Vec<u8>,
    /// Of the whole, as the last piece has them.
    head: Head,
    usage: Usage,
}

/// What the replies to all pieces have alike.
#[derive(Clone, Debug, Default)]
struct Head {
    id: Option<String>,
    created: Option<u64>,
    model: String,
}

#[derive(Clone, Debug, Copy, Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

/// What is read of a piece's reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Reply<'a> {
    id: Option<Str<'a>>,
    created: Option<u64>,
    model: Option<Str<'a>>,
    usage: Option<Usage>,
    data: Option<List<Raw<'a>>>,
    choices: Option<List<Raw<'a>>>,
    results: Option<List<Raw<'a>>>,
}

/// What is read of a vector, or a choice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    embedding: Option<Raw<'a>>,
    text: Option<Raw<'a>>,
    finish_reason: Option<Raw<'a>>,
}

/// A vector with its place in the whole.
#[derive(Serialize)]
struct Embedding<'a> {
    object: &'static str,
    index: usize,
    embedding: Raw<'a>,
}

/// A choice with its place in the whole.
#[derive(Serialize)]
struct Choice<'a> {
    text: Raw<'a>,
    index: usize,
    logprobs: (),
    finish_reason: Raw<'a>,
}

/// Writes an entry of the reply with its place in the whole.
fn write(endpoint: Endpoint, item: Raw<'_>, index: usize, out: &mut Vec<u8>) -> Option<()> {
    if index > 0 {
        out.push(b',');
    }
    if endpoint == Endpoint::Moderations {
        // A judgement says nothing of its place.
        out.extend_from_slice(item.get().as_bytes());
        return Some(());
    }
    let Item { embedding, text, finish_reason } = wire::from_str(item.get()).ok()?;
    match (embedding, text, finish_reason) {
        (Some(embedding), ..) => {
            wire::append(out, &Embedding { object: "embedding", index, embedding });
        }
        (None, Some(text), Some(finish_reason)) => {
            wire::append(out, &Choice { text, index, logprobs: (), finish_reason });
        }
        _ => return None,
    }
    Some(())
}

impl Gathered {
    /// Nothing yet of a request in pieces.
    pub fn new(split: &Split) -> Self {
        Self {
            endpoint: split.endpoint,
            waiting: split.pieces.iter().map(|_| None).collect(),
            waits: 0,
            next: 0,
            places: places(&split.pieces),
            out: Vec::new(),
            head: Head::default(),
            usage: Usage::default(),
        }
    }

    /// Takes the reply of one piece.
    ///
    /// # Errors
    /// 502 where it is none, or has not one entry for each item.
    pub fn add(&mut self, piece: usize, reply: &[u8]) -> Result<(), Error> {
        let unreadable = || no_answer("A part of the reply could not be read.");
        let Reply { id, created, model, usage, data, choices, results } =
            wire::object_from_slice(reply).map_err(|_| unreadable())?;
        let List(data) = data.or(choices).or(results).ok_or_else(unreadable)?;
        let model = model.ok_or_else(unreadable)?.into_cow().into_owned();
        let head = Head { id: id.map(|id| id.into_cow().into_owned()), created, model };
        let place = self.places.get(piece).filter(|(_, count)| *count == data.len());
        let Some((first, _)) = place.copied() else {
            return Err(no_answer("A part of the reply has not one entry for each item."));
        };
        let mut written = Vec::with_capacity(reply.len());
        for (index, item) in data.into_iter().enumerate() {
            let index = first.saturating_add(index);
            write(self.endpoint, item, index, &mut written).ok_or_else(unreadable)?;
        }
        self.head = head;
        let Usage { prompt_tokens, completion_tokens } = usage.unwrap_or_default();
        add(&mut self.usage.prompt_tokens, prompt_tokens);
        add(&mut self.usage.completion_tokens, completion_tokens);
        if let Some(place) = self.waiting.get_mut(piece) {
            written.shrink_to_fit();
            self.waits = self.waits.saturating_add(written.len());
            *place = Some(written);
        }
        while let Some(ready) = self.waiting.get_mut(self.next).and_then(Option::take) {
            self.waits = self.waits.saturating_sub(ready.len());
            self.out.extend_from_slice(&ready);
            self.next = self.next.saturating_add(1);
        }
        Ok(())
    }

    /// True once every piece is there.
    pub fn is_whole(&self) -> bool {
        self.next == self.places.len()
    }

    /// How long the reply is so far, bytes.
    pub fn length(&self) -> usize {
        self.out.len().saturating_add(self.waits)
    }

    /// Memory that is held, bytes: what grows has room for as much again.
    pub fn held(&self) -> usize {
        self.out.capacity().saturating_add(self.waits)
    }

    /// The whole reply. What has been gathered is gone.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut items = std::mem::take(&mut self.out);
        let Head { id, created, model } = std::mem::take(&mut self.head);
        let (id, created, model) = (wire::to_string(&id), created.unwrap_or(0), wire::to_string(&model));
        let Usage { prompt_tokens, completion_tokens } = self.usage;
        let prompt_tokens = prompt_tokens.unwrap_or(0);
        let total = prompt_tokens.saturating_add(completion_tokens.unwrap_or(0));
        let (head, end) = match self.endpoint {
            Endpoint::Completions => (
                format!(
                    r#"{{"id":{id},"object":"text_completion","created":{created},"model":{model},"choices":["#
                ),
                format!(
                    r#"],"usage":{{"prompt_tokens":{prompt_tokens},"completion_tokens":{},"total_tokens":{total}}}}}"#,
                    completion_tokens.unwrap_or(0)
                ),
            ),
            Endpoint::Moderations => (format!(r#"{{"id":{id},"model":{model},"results":["#), "]}".to_owned()),
            Endpoint::Embeddings
            | Endpoint::ChatCompletions
            | Endpoint::Messages
            | Endpoint::MessageTokens
            | Endpoint::Responses
            | Endpoint::InputTokens => (
                r#"{"object":"list","data":["#.to_owned(),
                format!(
                    r#"],"model":{model},"usage":{{"prompt_tokens":{prompt_tokens},"total_tokens":{total}}}}}"#
                ),
            ),
        };
        // The items are what is large: they stay where they are.
        items.splice(..0, head.into_bytes());
        items.extend_from_slice(end.as_bytes());
        items
    }
}

/// Of each piece, the place of its first item and how many it has.
fn places(pieces: &[(Range<usize>, usize)]) -> Vec<(usize, usize)> {
    let mut first = 0_usize;
    let place = |(_, count): &(Range<usize>, usize)| {
        let place = (first, *count);
        first = first.saturating_add(*count);
        place
    };
    pieces.iter().map(place).collect()
}

/// Counts some more, where they are counted.
fn add(all: &mut Option<u64>, more: Option<u64>) {
    if let Some(more) = more {
        *all = Some(all.unwrap_or(0).saturating_add(more));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(body: &str, most: Option<usize>) -> Result<Option<Vec<String>>, Error> {
        let split = split(body.as_bytes(), Endpoint::Embeddings, &Limits::default(), |_| Ok(most))?;
        Ok(split.map(|split| {
            let piece = |index| String::from_utf8(split.piece(body.as_bytes(), index).unwrap()).unwrap();
            (0..split.pieces()).map(piece).collect()
        }))
    }

    fn of_three(endpoint: Endpoint, name: &str) -> Split {
        let body = format!(r#"{{"{name}":["a","b","c"]}}"#);
        split(body.as_bytes(), endpoint, &Limits::default(), |_| Ok(Some(2))).unwrap().unwrap()
    }

    #[test]
    fn each_piece_is_the_clients_request_with_its_own_inputs() {
        let body = r#"{"model":"m","input": [ "a" , "b]\"," ,"c"],"user":"u"}"#;
        assert_eq!(
            run(body, Some(2)).unwrap().unwrap(),
            [
                r#"{"model":"m","input": ["a" , "b]\","],"user":"u"}"#,
                r#"{"model":"m","input": ["c"],"user":"u"}"#
            ]
        );
        assert_eq!(run(body, Some(1)).unwrap().unwrap().len(), 3);
    }

    #[test]
    fn what_needs_no_cutting_is_left_alone() {
        for (body, most) in [
            (r#"{"input":["a","b"]}"#, Some(2)),
            (r#"{"input":["a","b"]}"#, None),
            (r#"{"input":"a"}"#, Some(1)),
            (r#"{"input":[]}"#, Some(1)),
            (r#"{"input":5}"#, Some(1)),
            (r"{}", Some(1)),
        ] {
            assert_eq!(run(body, most).unwrap(), None, "{body}");
        }
    }

    #[test]
    fn an_input_that_is_wrong_is_named_by_its_place_in_the_whole() {
        for (body, param) in [
            (r#"{"input":["a","b",""]}"#, "input[2]"),
            (r#"{"input":["a","b",5]}"#, "input[2]"),
            (r#"{"input":["a",["b"]]}"#, "input[1]"),
        ] {
            assert_eq!(run(body, Some(1)).unwrap_err().param.as_deref(), Some(param), "{body}");
        }
        // Two thousand pieces would each repeat it.
        let body = format!(r#"{{"input":["a","b"],"user":"{}"}}"#, "x".repeat(BESIDE));
        assert_eq!(run(&body, Some(1)).unwrap_err().param.as_deref(), Some("input"));
        assert_eq!(run(&body, Some(2)).unwrap(), None);
        let body = format!(r#"{{"input":[{}"a"]}}"#, "\"a\",".repeat(2_048));
        assert_eq!(run(&body, Some(96)).unwrap_err().param.as_deref(), Some("input"));
    }

    #[test]
    fn replies_come_in_any_order_and_go_in_their_own() {
        let split = of_three(Endpoint::Embeddings, "input");
        let mut gathered = Gathered::new(&split);
        gathered
            .add(1, br#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"Yw=="}],"model":"m","usage":{"prompt_tokens":1,"total_tokens":1}}"#)
            .unwrap();
        assert!(!gathered.is_whole());
        gathered
            .add(0, br#"{"object":"list","data":[{"index":0,"embedding":[1.50]},{"index":1,"embedding":[2]}],"model":"m","usage":{"prompt_tokens":2,"total_tokens":2}}"#)
            .unwrap();
        assert!(gathered.is_whole());
        assert_eq!(
            String::from_utf8(gathered.finish()).unwrap(),
            r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[1.50]},{"object":"embedding","index":1,"embedding":[2]},{"object":"embedding","index":2,"embedding":"Yw=="}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3}}"#
        );
    }

    #[test]
    fn completions_are_gathered_as_choices() {
        let mut gathered = Gathered::new(&of_three(Endpoint::Completions, "prompt"));
        for (piece, choices) in [
            (1, r#"{"text":"C","index":0,"logprobs":null,"finish_reason":"stop"}"#),
            (
                0,
                r#"{"text":"A\n","index":0,"finish_reason":"length"},{"text":"B","index":1,"finish_reason":"stop"}"#,
            ),
        ] {
            let reply = format!(
                r#"{{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{choices}],"usage":{{"prompt_tokens":2,"completion_tokens":3,"total_tokens":5}}}}"#
            );
            gathered.add(piece, reply.as_bytes()).unwrap();
        }
        assert_eq!(
            String::from_utf8(gathered.finish()).unwrap(),
            r#"{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"A\n","index":0,"logprobs":null,"finish_reason":"length"},{"text":"B","index":1,"logprobs":null,"finish_reason":"stop"},{"text":"C","index":2,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}}"#
        );
    }

    #[test]
    fn judgements_are_gathered_as_they_are() {
        let body = br#"{"input":["a","b"],"model":"m"}"#;
        let split = split(body, Endpoint::Moderations, &Limits::default(), |_| Ok(Some(1))).unwrap().unwrap();
        let mut gathered = Gathered::new(&split);
        gathered.add(1, br#"{"id":"modr-2","model":"m","results":[{"flagged":true}]}"#).unwrap();
        gathered.add(0, br#"{"id":"modr-1","model":"m","results":[{"flagged":false}]}"#).unwrap();
        assert_eq!(
            String::from_utf8(gathered.finish()).unwrap(),
            r#"{"id":"modr-1","model":"m","results":[{"flagged":false},{"flagged":true}]}"#
        );
    }

    #[test]
    fn a_reply_with_a_vector_too_few_is_an_error() {
        let split = of_three(Endpoint::Embeddings, "input");
        let mut gathered = Gathered::new(&split);
        let few = br#"{"data":[{"embedding":[1]}],"model":"m","usage":{"prompt_tokens":2}}"#;
        assert_eq!(gathered.add(0, few).unwrap_err().status, 502);
        assert_eq!(gathered.add(1, b"{}").unwrap_err().status, 502);
    }
}
