//! How much a text may make us hold while it is read: in `[{},{},…]` three bytes become an object of hundreds.
//!
//! serde has no place for a reader's own state, so the budget of the text that is being read stands beside the stack.

use std::cell::Cell;

use serde::de;

/// What a text may make us hold for each of its bytes, and whatever its size. Items are made of pointers and lengths, which are half
/// as long in WebAssembly as in a native test.
const PER_BYTE: usize = size_of::<[usize; 3]>();
const ANY: usize = 256 << 10;

/// The most that any text may make us hold where [`at_most`] says nothing else, bytes.
pub const MOST: usize = 64 << 20;

/// What is counted for each byte of an item: a list that grows is there twice, and what is made of the item comes on top.
const SHARE: usize = 3;
/// What is counted for an item besides: entries in tables of names, and the like.
const BESIDE: usize = size_of::<[usize; 8]>();

/// The reason of an error where the budget is used up.
pub(super) const TOO_MUCH: &str = "it has more parts than can be held";

thread_local! {
    /// The most that a text may make us hold.
    static CEILING: Cell<usize> = const { Cell::new(MOST) };
    /// What the text that is being read may still make us hold; `None`: none is being read.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `work` with another limit on what a text that it reads may make us hold, bytes. Less is allowed for small texts: three
/// words for each of their bytes, and a quarter of a mebibyte.
pub fn at_most<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let before = CEILING.replace(bytes);
    let result = work();
    CEILING.set(before);
    result
}

/// Runs `read` with the budget of a text of `length` bytes; within another text's, that one holds.
pub(super) fn of_text<T>(length: usize, read: impl FnOnce() -> T) -> T {
    if LEFT.get().is_some() {
        return read();
    }
    LEFT.set(Some(length.saturating_mul(PER_BYTE).saturating_add(ANY).min(CEILING.get())));
    let result = read();
    LEFT.set(None);
    result
}

/// Counts an item of `bytes` that is about to be held.
///
/// # Errors
/// Where the text's budget is used up.
pub(super) fn spend<E: de::Error>(bytes: usize) -> Result<(), E> {
    let Some(left) = LEFT.get() else { return Ok(()) };
    match left.checked_sub(bytes.saturating_mul(SHARE).saturating_add(BESIDE)) {
        Some(left) => {
            LEFT.set(Some(left));
            Ok(())
        }
        None => Err(E::custom(TOO_MUCH)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{List, Members, Raw, Str, from_str};
    use super::*;

    #[test]
    fn a_text_of_many_small_items_is_refused_before_they_are_held() {
        let many = |item: &str, count: usize| format!("[{}{item}]", format!("{item},").repeat(count));
        assert!(from_str::<List<Raw<'_>>>(&many("1", 1_000)).is_ok());
        let error = from_str::<List<Raw<'_>>>(&many("1", 10_000_000)).unwrap_err();
        assert!(error.is_too_large());
        let error = at_most(1_000, || from_str::<List<Str<'_>>>(&many("\"\"", 1_000)).unwrap_err());
        assert!(error.is_too_large());
        let names: Vec<_> = (0..1_000).map(|at| format!("\"{at}\":1")).collect();
        let members = format!("{{{}}}", names.join(","));
        assert!(from_str::<Members<'_, Raw<'_>>>(&members).is_ok());
        assert!(at_most(1_000, || from_str::<Members<'_, Raw<'_>>>(&members)).unwrap_err().is_too_large());
    }

    #[test]
    fn a_budget_ends_with_its_text() {
        assert!(at_most(1, || from_str::<List<u64>>("[1]")).is_err());
        assert!(from_str::<List<u64>>("[1]").is_ok());
        assert!(LEFT.get().is_none());
    }
}
