//! A list of inputs that is longer than the model takes in one call: cut into pieces, each a request of its own, and the
//! replies put together again.

use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{Str, object};
use crate::openai::{self, Error};
use crate::translate::Limits;
use crate::translate::errors::no_answer;

use super::input;

object! {
    /// All that is read of a request here.
    struct Asked<'a> {
        model: Str<'a>,
        input: &'a RawValue,
    }
}

/// A request in pieces.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Where `input` stands in the body.
    input: Range<usize>,
    /// Where the inputs of each piece stand, and how many they are.
    pieces: Vec<(Range<usize>, usize)>,
}

/// Cuts the request in `body` into pieces; `None` where it needs no cutting, or what is wrong with it is better said of it
/// as a whole. `per_call` says how many inputs the model takes in one call, by what the client calls it.
///
/// # Errors
/// 400: a body that cannot be read, a list that is too long, an input that is no text, or empty; and what `per_call` says.
pub fn split(
    body: &[u8],
    limits: &Limits,
    per_call: impl FnOnce(Option<&str>) -> Result<Option<usize>, Error>,
) -> Result<Option<Split>, Error> {
    let Asked { model, input, unknown: _ } = openai::parse(body)?;
    let Some(input) = input.filter(|input| input.get().starts_with('[')) else { return Ok(None) };
    let asked = model.filter(|name| !name.is_blank());
    let Some(most) = per_call(asked.as_deref())?.filter(|most| *most > 0) else { return Ok(None) };
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(input.get()) else { return Ok(None) };
    if items.len() <= most {
        return Ok(None);
    }
    // A piece's errors would count from its own beginning.
    let items = input::list_of_texts(items, limits.embedding_inputs)?;
    let place = |raw: &RawValue| {
        let start = (raw.get().as_ptr() as usize).wrapping_sub(body.as_ptr() as usize);
        start..start.saturating_add(raw.get().len())
    };
    let pieces = items.chunks(most).filter_map(|items| {
        let (first, last) = (items.first()?, items.last()?);
        Some((place(first).start..place(last).end, items.len()))
    });
    Ok(Some(Split { input: place(input), pieces: pieces.collect() }))
}

impl Split {
    /// How many pieces.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// The request of one piece: the client's own, with only these inputs.
    pub fn piece(&self, body: &[u8], index: usize) -> Option<Vec<u8>> {
        let (inputs, _) = self.pieces.get(index)?;
        let parts = [
            body.get(..self.input.start)?,
            b"[",
            body.get(inputs.clone())?,
            b"]",
            body.get(self.input.end..)?,
        ];
        Some(parts.concat())
    }
}

/// Puts the replies of the pieces together, in whatever order they come.
#[derive(Debug)]
pub struct Gathered {
    /// What each piece has given that cannot be written yet; those before `next` are written.
    waiting: Vec<Option<Vec<u8>>>,
    next: usize,
    /// How many inputs each piece has.
    counts: Vec<usize>,
    out: Vec<u8>,
    model: String,
    tokens: u64,
}

/// What is read of a piece's reply.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    data: Vec<Item<'a>>,
    #[serde(borrow)]
    model: Str<'a>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
}

impl Gathered {
    /// Nothing yet of a request in pieces.
    pub fn new(split: &Split) -> Self {
        Self {
            waiting: split.pieces.iter().map(|_| None).collect(),
            next: 0,
            counts: split.pieces.iter().map(|(_, count)| *count).collect(),
            out: br#"{"object":"list","data":["#.to_vec(),
            model: String::new(),
            tokens: 0,
        }
    }

    /// Takes the reply of one piece.
    ///
    /// # Errors
    /// 502 where it is none, or has not one vector for each input.
    pub fn add(&mut self, piece: usize, reply: &[u8]) -> Result<(), Error> {
        let Reply { data, model, usage } =
            serde_json::from_slice(reply).map_err(|_| no_answer("A part of the reply could not be read."))?;
        let count = self.counts.get(piece).copied();
        if count != Some(data.len()) {
            return Err(no_answer("A part of the reply has not one vector for each input."));
        }
        let first: usize = self.counts.iter().take(piece).sum();
        let mut written = Vec::with_capacity(reply.len());
        for (index, item) in data.into_iter().enumerate() {
            let index = first.saturating_add(index);
            let separator = if index == 0 { "" } else { "," };
            let text = item.embedding.get();
            written.extend_from_slice(
                format!(r#"{separator}{{"object":"embedding","index":{index},"embedding":"#).as_bytes(),
            );
            written.extend_from_slice(text.as_bytes());
            written.push(b'}');
        }
        self.tokens = self.tokens.saturating_add(usage.prompt_tokens);
        self.model = model.into_cow().into_owned();
        if let Some(place) = self.waiting.get_mut(piece) {
            *place = Some(written);
        }
        while let Some(ready) = self.waiting.get_mut(self.next).and_then(Option::take) {
            self.out.extend_from_slice(&ready);
            self.next = self.next.saturating_add(1);
        }
        Ok(())
    }

    /// True once every piece is there.
    pub fn is_whole(&self) -> bool {
        self.next == self.counts.len()
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.waiting.iter().flatten().map(Vec::len).fold(self.out.len(), usize::saturating_add)
    }

    /// The whole reply.
    pub fn finish(self) -> Vec<u8> {
        let Self { mut out, model, tokens, .. } = self;
        let model = serde_json::Value::from(model);
        let end =
            format!(r#"],"model":{model},"usage":{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}}}"#);
        out.extend_from_slice(end.as_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(body: &str, most: Option<usize>) -> Result<Option<Vec<String>>, Error> {
        let split = split(body.as_bytes(), &Limits::default(), |_| Ok(most))?;
        Ok(split.map(|split| {
            let piece = |index| String::from_utf8(split.piece(body.as_bytes(), index).unwrap()).unwrap();
            (0..split.pieces()).map(piece).collect()
        }))
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
        let body = format!(r#"{{"input":[{}"a"]}}"#, "\"a\",".repeat(2_048));
        assert_eq!(run(&body, Some(96)).unwrap_err().param.as_deref(), Some("input"));
    }

    #[test]
    fn replies_come_in_any_order_and_go_in_their_own() {
        let split =
            split(br#"{"input":["a","b","c"]}"#, &Limits::default(), |_| Ok(Some(2))).unwrap().unwrap();
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
    fn a_reply_with_a_vector_too_few_is_an_error() {
        let split =
            split(br#"{"input":["a","b","c"]}"#, &Limits::default(), |_| Ok(Some(2))).unwrap().unwrap();
        let mut gathered = Gathered::new(&split);
        let few = br#"{"data":[{"embedding":[1]}],"model":"m","usage":{"prompt_tokens":2}}"#;
        assert_eq!(gathered.add(0, few).unwrap_err().status, 502);
        assert_eq!(gathered.add(1, b"{}").unwrap_err().status, 502);
    }
}
