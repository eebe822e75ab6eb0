//! A request for more than the model gives in one call: a list of inputs to embed, to judge, or of prompts to complete, and several
//! choices. It is cut into pieces, each a request of its own, and the replies are put together again.

mod choices;
mod gathered;
mod lists;

use std::ops::Range;

use memchr::memmem;

use crate::openai::chat::StreamOptions;
use crate::openai::{self, Endpoint, Error};
use crate::wire::{self, Raw, Str, object};

use super::Limits;

pub(super) use choices::MOST as MOST_CHOICES;
pub use gathered::Gathered;

object! {
    /// All that is read of a request here.
    struct Asked<'a> {
        model: Str<'a>,
        input: Raw<'a>,
        prompt: Raw<'a>,
        n: Raw<'a>,
        best_of: Raw<'a>,
        stream: Raw<'a>,
        stream_options: Raw<'a>,
    }
}

/// What a model gives in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerCall {
    /// Items of a list; `None`: as many as there are.
    pub items: Option<usize>,
    /// Whether one choice is all; else `n` is its own to count.
    pub one_choice: bool,
}

/// A request in pieces.
#[derive(Debug, PartialEq, Eq)]
pub struct Split {
    endpoint: Endpoint,
    /// The list that is cut: where it stands in the body, and where the items of each part of it stand, with their number.
    list: Option<lists::Cut>,
    /// How many choices each part is asked for.
    choices: usize,
    /// What in the body stands otherwise in every piece, in the order of the body.
    changes: Vec<(Range<usize>, &'static str)>,
    /// How the answer is told.
    told: Told,
}

/// How an answer is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Whole.
    Whole,
    /// As a stream of events, with or without the usage.
    Stream {
        /// What `stream_options` asks for.
        include_usage: bool,
    },
}

/// Cuts the request in `body` into pieces; `None` where it needs no cutting, or what is wrong with it is better said of it
/// as a whole. `per_call` says what the model gives in one call, by what the client calls it.
///
/// # Errors
/// 400: a body that cannot be read, a list that is too long, an item that is no text, or empty; and what `per_call` says.
pub fn split(
    body: &[u8],
    endpoint: Endpoint,
    limits: &Limits,
    per_call: impl FnOnce(Option<&str>) -> Result<PerCall, Error>,
) -> Result<Option<Split>, Error> {
    // Most chats ask for one choice, and need not be read here.
    if endpoint == Endpoint::ChatCompletions && memmem::find(body, b"\"n\"").is_none() {
        return Ok(None);
    }
    let asked: Asked<'_> = openai::parse(body)?;
    let (list, count) = (lists::list(&asked, endpoint), choices::count(&asked, endpoint));
    if list.is_none() && count == 1 {
        return Ok(None);
    }
    let Some((told, stream)) = told(&asked, endpoint) else { return Ok(None) };
    let model = asked.model.as_ref().filter(|name| !name.is_blank());
    let PerCall { items, one_choice } = per_call(model.map(|name| &**name))?;
    let choices = if one_choice { count } else { 1 };
    let list = match list {
        Some(list) => lists::cut(body, list, items, limits)?,
        None => None,
    };
    // Each piece is a request for one prompt then, even of a list that the model would take in one call.
    if list.is_none() && choices == 1 {
        return Ok(None);
    }
    let pieces = list.as_ref().map_or(1, |(_, parts)| parts.len()).saturating_mul(choices);
    if pieces > limits.embedding_inputs {
        let most = limits.embedding_inputs;
        return Err(Error::invalid_param(
            "n",
            format!("So many prompts with so many choices each are more than {most}."),
        ));
    }
    let mut changes = choices::changes(&asked, choices, body);
    changes.extend(stream.map(|stream| (place(body, stream), "false")));
    changes.sort_unstable_by_key(|(place, _)| place.start);
    Ok(Some(Split { endpoint, list, choices, changes, told }))
}

/// How the answer is told, and where the request says so if the pieces are to say otherwise; `None` where it says so in no way that
/// is understood.
fn told<'a>(asked: &Asked<'a>, endpoint: Endpoint) -> Option<(Told, Option<Raw<'a>>)> {
    let streams = matches!(endpoint, Endpoint::ChatCompletions | Endpoint::Completions);
    let stream = asked.stream.filter(|stream| streams && stream.get() != "false");
    let Some(stream) = stream else { return Some((Told::Whole, None)) };
    if stream.get() != "true" {
        return None;
    }
    let options = asked.stream_options.map(|options| wire::from_str::<StreamOptions<'_>>(options.get()));
    let include_usage = options.transpose().ok()?.and_then(|options| options.include_usage).unwrap_or(false);
    Some((Told::Stream { include_usage }, Some(stream)))
}

/// Where in the body a value of it stands.
fn place(body: &[u8], value: Raw<'_>) -> Range<usize> {
    let start = value.get().as_ptr().addr().wrapping_sub(body.as_ptr().addr());
    start..start.saturating_add(value.get().len())
}

impl Split {
    /// How many pieces.
    pub fn pieces(&self) -> usize {
        self.parts().saturating_mul(self.choices)
    }

    /// How many parts the list has, each asked for its choices.
    fn parts(&self) -> usize {
        self.list.as_ref().map_or(1, |(_, parts)| parts.len())
    }

    /// How the answer is told.
    pub fn told(&self) -> Told {
        self.told
    }

    /// Memory that is held beside the body, bytes: of this, and of a [`Gathered`] that has nothing yet.
    pub fn held(&self) -> usize {
        const PART: usize = size_of::<(Range<usize>, usize)>();
        self.parts().saturating_mul(PART).saturating_add(self.pieces().saturating_mul(gathered::EACH))
    }

    /// About how large a piece of a body of so many bytes is.
    pub fn piece_bytes(&self, body: usize) -> usize {
        let list = self.list.as_ref().map_or(0, |(list, _)| list.len());
        body.saturating_sub(list).saturating_add(list.checked_div(self.parts()).unwrap_or(0))
    }

    /// The request of one piece: the client's own, with only these inputs, for one whole choice.
    pub fn piece(&self, body: &[u8], index: usize) -> Option<Vec<u8>> {
        if index >= self.pieces() {
            return None;
        }
        let mut changes: Vec<(&Range<usize>, [&[u8]; 3])> =
            self.changes.iter().map(|(place, text)| (place, [text.as_bytes(), b"", b""])).collect();
        if let Some((list, parts)) = &self.list {
            let (items, _) = parts.get(index.checked_div(self.choices)?)?;
            changes.push((list, [b"[", body.get(items.clone())?, b"]"]));
            changes.sort_unstable_by_key(|(place, _)| place.start);
        }
        let mut piece = Vec::with_capacity(body.len());
        let mut from = 0;
        for (place, texts) in changes {
            piece.extend_from_slice(body.get(from..place.start)?);
            texts.into_iter().for_each(|text| piece.extend_from_slice(text));
            from = place.end;
        }
        piece.extend_from_slice(body.get(from..)?);
        Some(piece)
    }

    /// Of each piece, the place of its first item and how many it has.
    fn places(&self) -> Vec<(usize, usize)> {
        let counts = self
            .list
            .as_ref()
            .map_or_else(|| vec![1], |(_, parts)| parts.iter().map(|(_, count)| *count).collect());
        let mut first = 0_usize;
        let mut place = |count: usize| {
            let place = (first, count);
            first = first.saturating_add(count);
            place
        };
        counts
            .into_iter()
            .flat_map(|count| std::iter::repeat_n(count, self.choices))
            .map(&mut place)
            .collect()
    }
}

#[cfg(test)]
mod tests;
