//! Lists longer than the model takes in one call: inputs to embed or to moderate, or prompts.

use std::ops::Range;

use crate::openai::{Endpoint, Error};
use crate::translate::Limits;
use crate::translate::embeddings::list_of_texts;
use crate::wire::{self, List, Raw};

use super::{Asked, place};

/// Most bytes of a request in parts beside its list: up to two thousand parts repeat them.
pub(super) const BESIDE: usize = 16 << 10;

/// Position of a list, and for each part the position of its items and their number.
pub(super) type Cut = (Range<usize>, Vec<(Range<usize>, usize)>);

/// A request's list, with its member's name.
pub(super) fn list<'a>(asked: &Asked<'a>, endpoint: Endpoint) -> Option<(&'static str, Raw<'a>)> {
    let (name, list) = match endpoint {
        Endpoint::Embeddings => ("input", asked.input?),
        // A list of content parts is a single input.
        Endpoint::Moderations => ("input", asked.input.filter(|list| is_list_of_texts(list.get()))?),
        Endpoint::Completions => ("prompt", asked.prompt?),
        _ => return None,
    };
    list.get().starts_with('[').then_some((name, list))
}

fn is_list_of_texts(list: &str) -> bool {
    list.strip_prefix('[').is_some_and(|items| items.trim_ascii_start().starts_with('"'))
}

/// Cuts a list into parts of `most` items; `None` where one call takes them all.
///
/// # Errors
/// 400: a list that is too long, too much beside it, an item that is not a string, or an empty one.
pub(super) fn cut(
    body: &[u8],
    (name, list): (&'static str, Raw<'_>),
    most: Option<usize>,
    limits: &Limits,
) -> Result<Option<Cut>, Error> {
    let Some(most) = most.filter(|most| *most > 0) else { return Ok(None) };
    let Ok(List(items)) = wire::from_str::<List<Raw<'_>>>(list.get()) else { return Ok(None) };
    if items.len() <= most {
        return Ok(None);
    }
    // Each part repeats it.
    if body.len().saturating_sub(list.get().len()) > BESIDE {
        let message = format!("A request whose '{name}' goes in pieces may have {BESIDE} bytes beside it.");
        return Err(Error::invalid(message).param(name));
    }
    // Checked here, because a part's own errors would have indexes of that part.
    let items = list_of_texts(items, name, limits.embedding_inputs)?;
    let parts = items.chunks(most).filter_map(|items| {
        let (first, last) = (items.first()?, items.last()?);
        Some((place(body, first).start..place(body, last).end, items.len()))
    });
    Ok(Some((place(body, list), parts.collect())))
}
