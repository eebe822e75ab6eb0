//! Splits a request that needs several calls of the model (a list of inputs or prompts, several choices) into parts, each a
//! request of its own, and joins the replies.

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
    /// The members of a request that are read here.
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

/// What a model takes in one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerCall {
    /// List items; `None`: any number.
    pub items: Option<usize>,
    /// Whether it makes only one choice; otherwise it handles `n` itself.
    pub one_choice: bool,
}

/// A request in parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Split {
    endpoint: Endpoint,
    /// The list: its position in the body, and for each part the position of its items and their number.
    list: Option<lists::Cut>,
    /// Number of choices per list part.
    choices: usize,
    /// Changes to the body that all parts share, in the body's order.
    changes: Vec<(Range<usize>, &'static str)>,
    /// The form of the answer.
    told: Told,
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A whole answer.
    Whole,
    /// A stream, with or without usage.
    Stream {
        /// The member of `stream_options`.
        include_usage: bool,
    },
}

/// Splits the request in `body`; `None` where it is a single call, or invalid in a way that the translation reports. `per_call`
/// gives what the model (by the client's name) takes in one call.
///
/// # Errors
/// 400: a body that cannot be parsed, a list that is too long, an item that is not a string, or an empty one; and errors of
/// `per_call`.
pub fn split(
    body: &[u8],
    endpoint: Endpoint,
    limits: &Limits,
    per_call: impl FnOnce(Option<&str>) -> Result<PerCall, Error>,
) -> Result<Option<Split>, Error> {
    // Most chats ask for one choice, and are not parsed here.
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
    // With several choices each part has one prompt, even if the model would take the list in one call.
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

/// The form of the answer, and the position of the member that chooses it if parts must override it; `None` where it is
/// invalid.
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

/// Position of a value in the body that it borrows from.
fn place(body: &[u8], value: Raw<'_>) -> Range<usize> {
    let start = value.get().as_ptr().addr().wrapping_sub(body.as_ptr().addr());
    start..start.saturating_add(value.get().len())
}

impl Split {
    /// Number of parts.
    pub fn pieces(&self) -> usize {
        self.parts().saturating_mul(self.choices)
    }

    /// Number of list parts, each of which is repeated for every choice.
    fn parts(&self) -> usize {
        self.list.as_ref().map_or(1, |(_, parts)| parts.len())
    }

    /// The form of the answer.
    pub fn told(&self) -> Told {
        self.told
    }

    /// Bytes held beside the body by this, and by a new [`Gathered`].
    pub fn held(&self) -> usize {
        const PART: usize = size_of::<(Range<usize>, usize)>();
        self.parts().saturating_mul(PART).saturating_add(self.pieces().saturating_mul(gathered::EACH))
    }

    /// Approximate bytes of one part's body, for a body of so many bytes.
    pub fn piece_bytes(&self, body: usize) -> usize {
        let list = self.list.as_ref().map_or(0, |(list, _)| list.len());
        body.saturating_sub(list).saturating_add(list.checked_div(self.parts()).unwrap_or(0))
    }

    /// The body of one part: the client's, with only its inputs, for a single choice without streaming.
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

    /// For each part, the index of its first item and the number of its items.
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
