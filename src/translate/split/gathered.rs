//! Joins the replies to the parts of a request.

use serde::{Deserialize, Serialize};

use crate::openai::{Endpoint, Error};
use crate::translate::errors::no_answer;
use crate::translate::tally::Tally;
use crate::wire::{self, List, Members, Raw, Str};

use super::Split;

/// Bytes held for each part before its reply has come.
pub(super) const EACH: usize = size_of::<Option<Vec<u8>>>().saturating_add(size_of::<(usize, usize)>());

/// Collects the replies to the parts, in any order.
#[derive(Debug)]
pub struct Gathered {
    endpoint: Endpoint,
    /// Replies that cannot be written yet; those before `next` are written.
    waiting: Vec<Option<Vec<u8>>>,
    /// Bytes of these replies.
    waits: usize,
    next: usize,
    /// For each part, the index of its first item and the number of its items.
    places: Vec<(usize, usize)>,
    out: Vec<u8>,
    /// The members of the whole reply, from the last part.
    head: Head,
    usage: Tally,
}

/// Members that the replies to all parts share.
#[derive(Clone, Debug, Default)]
struct Head {
    id: Option<String>,
    created: Option<u64>,
    model: String,
    service_tier: Option<String>,
}

/// The members read of a part's reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Reply<'a> {
    id: Option<Str<'a>>,
    created: Option<u64>,
    model: Option<Str<'a>>,
    usage: Option<Raw<'a>>,
    service_tier: Option<Str<'a>>,
    data: Option<List<Raw<'a>>>,
    choices: Option<List<Raw<'a>>>,
    results: Option<List<Raw<'a>>>,
}

/// The members read of an embedding, or of a text choice.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Item<'a> {
    embedding: Option<Raw<'a>>,
    text: Option<Raw<'a>>,
    finish_reason: Option<Raw<'a>>,
}

/// An embedding with its index in the whole.
#[derive(Serialize)]
struct Embedding<'a> {
    object: &'static str,
    index: usize,
    embedding: Raw<'a>,
}

/// A text choice with its index in the whole.
#[derive(Serialize)]
struct Choice<'a> {
    text: Raw<'a>,
    index: usize,
    logprobs: (),
    finish_reason: Raw<'a>,
}

/// Writes an entry of the reply with its index in the whole.
fn write(endpoint: Endpoint, item: Raw<'_>, index: usize, out: &mut Vec<u8>) -> Option<()> {
    if index > 0 {
        out.push(b',');
    }
    match endpoint {
        Endpoint::Moderations => {
            // A moderation result has no index.
            out.extend_from_slice(item.get().as_bytes());
            return Some(());
        }
        Endpoint::ChatCompletions => return write_choice(item, index, out),
        _ => {}
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

/// Writes a chat choice with its index in the whole; other members are unchanged.
fn write_choice(choice: Raw<'_>, index: usize, out: &mut Vec<u8>) -> Option<()> {
    let Members(mut members) = wire::from_str::<Members<'_, Raw<'_>>>(choice.get()).ok()?;
    members.retain(|(name, _)| name != "index");
    members.iter().find(|(name, message)| name == "message" && message.get().starts_with('{'))?;
    wire::append(out, &Indexed { index, choice: Members(members) });
    Some(())
}

/// A chat choice with its index in the whole.
#[derive(Serialize)]
struct Indexed<'a> {
    index: usize,
    #[serde(flatten)]
    choice: Members<'a, Raw<'a>>,
}

impl Gathered {
    /// For a request in parts, before the first reply.
    pub fn new(split: &Split) -> Self {
        Self {
            endpoint: split.endpoint,
            waiting: std::iter::repeat_with(|| None).take(split.pieces()).collect(),
            waits: 0,
            next: 0,
            places: split.places(),
            out: Vec::new(),
            head: Head::default(),
            usage: Tally::default(),
        }
    }

    /// Takes the reply to one part.
    ///
    /// # Errors
    /// 502 where it is not a reply, or does not have one entry per item.
    pub fn add(&mut self, piece: usize, reply: &[u8]) -> Result<(), Error> {
        let unreadable = || no_answer("A part of the reply could not be read.");
        let Reply { id, created, model, usage, service_tier, data, choices, results } =
            wire::object_from_slice(reply).map_err(|_| unreadable())?;
        let List(data) = data.or(choices).or(results).ok_or_else(unreadable)?;
        let model = model.ok_or_else(unreadable)?.into_cow().into_owned();
        let owned = |text: Str<'_>| text.into_cow().into_owned();
        let head = Head { id: id.map(owned), created, model, service_tier: service_tier.map(owned) };
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
        if let Some(usage) = usage {
            self.usage.add(usage);
        }
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

    /// Whether all replies are there.
    pub fn is_whole(&self) -> bool {
        self.next == self.places.len()
    }

    /// Bytes of the joined reply so far.
    pub fn length(&self) -> usize {
        self.out.len().saturating_add(self.waits)
    }

    /// Bytes held; growing buffers have up to twice the capacity.
    pub fn held(&self) -> usize {
        self.out.capacity().saturating_add(self.waits)
    }

    /// The whole reply; clears what was collected.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut items = std::mem::take(&mut self.out);
        let Head { id, created, model, service_tier } = std::mem::take(&mut self.head);
        let (id, created, model) = (wire::to_string(&id), created.unwrap_or(0), wire::to_string(&model));
        let of_choices = |object: &str| {
            format!(r#"{{"id":{id},"object":"{object}","created":{created},"model":{model},"choices":["#)
        };
        let head = match self.endpoint {
            Endpoint::ChatCompletions => of_choices("chat.completion"),
            Endpoint::Completions => of_choices("text_completion"),
            Endpoint::Moderations => format!(r#"{{"id":{id},"model":{model},"results":["#),
            _ => r#"{"object":"list","data":["#.to_owned(),
        };
        // The items are large, so they are not moved more than needed.
        items.splice(..0, head.into_bytes());
        items.push(b']');
        let usage = std::mem::take(&mut self.usage);
        match self.endpoint {
            Endpoint::ChatCompletions | Endpoint::Completions => {
                if !usage.is_empty() {
                    items.extend_from_slice(br#","usage":"#);
                    wire::append(&mut items, &usage);
                }
                if let Some(tier) = service_tier {
                    items.extend_from_slice(br#","service_tier":"#);
                    wire::append(&mut items, &tier);
                }
            }
            Endpoint::Moderations => {}
            _ => {
                items.extend_from_slice(format!(r#","model":{model},"usage":"#).as_bytes());
                if usage.is_empty() {
                    items.extend_from_slice(br#"{"prompt_tokens":0,"total_tokens":0}"#);
                } else {
                    wire::append(&mut items, &usage);
                }
            }
        }
        items.push(b'}');
        items
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PerCall, split};
    use super::*;
    use crate::translate::Limits;

    fn cut(endpoint: Endpoint, body: &str, items: usize) -> Split {
        let per_call = PerCall { items: Some(items), one_choice: true };
        split(body.as_bytes(), endpoint, &Limits::default(), |_| Ok(per_call)).unwrap().unwrap()
    }

    fn of_three(endpoint: Endpoint, name: &str) -> Split {
        cut(endpoint, &format!(r#"{{"{name}":["a","b","c"]}}"#), 2)
    }

    fn finished(gathered: &mut Gathered) -> String {
        assert!(gathered.is_whole());
        String::from_utf8(gathered.finish()).unwrap()
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
            finished(&mut gathered),
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
            finished(&mut gathered),
            r#"{"id":"cmpl-1","object":"text_completion","created":7,"model":"m","choices":[{"text":"A\n","index":0,"logprobs":null,"finish_reason":"length"},{"text":"B","index":1,"logprobs":null,"finish_reason":"stop"},{"text":"C","index":2,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}}"#
        );
    }

    #[test]
    fn judgements_are_gathered_as_they_are() {
        let body = r#"{"input":["a","b"],"model":"m"}"#;
        let split = cut(Endpoint::Moderations, body, 1);
        let mut gathered = Gathered::new(&split);
        gathered.add(1, br#"{"id":"modr-2","model":"m","results":[{"flagged":true}]}"#).unwrap();
        gathered.add(0, br#"{"id":"modr-1","model":"m","results":[{"flagged":false}]}"#).unwrap();
        assert_eq!(
            finished(&mut gathered),
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

    #[test]
    fn choices_are_gathered_with_all_that_they_have_and_tokens_are_summed() {
        let split = cut(Endpoint::ChatCompletions, r#"{"model":"m","messages":[],"n":2}"#, 1);
        let mut gathered = Gathered::new(&split);
        for (piece, text) in [(1, "B"), (0, "A")] {
            let reply = format!(
                r#"{{"id":"chatcmpl-{piece}","object":"chat.completion","created":7,"model":"m","choices":[{{"index":0,"message":{{"role":"assistant","content":"{text}","tool_calls":[{{"id":"c"}}]}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"prompt_tokens_details":{{"cached_tokens":4,"cache_write_tokens":0}}}},"service_tier":"flex"}}"#
            );
            gathered.add(piece, reply.as_bytes()).unwrap();
        }
        assert_eq!(
            finished(&mut gathered),
            r#"{"id":"chatcmpl-0","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"A","tool_calls":[{"id":"c"}]},"logprobs":null,"finish_reason":"stop"},{"index":1,"message":{"role":"assistant","content":"B","tool_calls":[{"id":"c"}]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":18,"completion_tokens":6,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":8,"cache_write_tokens":0}},"service_tier":"flex"}"#
        );
    }

    #[test]
    fn a_reply_without_a_message_or_with_several_is_an_error() {
        let split = cut(Endpoint::ChatCompletions, r#"{"messages":[],"n":2}"#, 1);
        for choices in
            ["[]", r#"[{"index":0}]"#, r#"[{"message":null}]"#, "[5]", r#"[{"message":{}},{"message":{}}]"#]
        {
            let reply = format!(r#"{{"model":"m","choices":{choices}}}"#);
            assert_eq!(Gathered::new(&split).add(0, reply.as_bytes()).unwrap_err().status, 502, "{choices}");
        }
        // Without token counts in the parts, the whole has none.
        let mut gathered = Gathered::new(&split);
        for piece in 0..2 {
            gathered.add(piece, br#"{"model":"m","choices":[{"message":{}}]}"#).unwrap();
        }
        assert!(!finished(&mut gathered).contains("usage"));
    }
}
