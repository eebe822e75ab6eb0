//! A budget of the memory that parsing a text may allocate: in `[{},{},…]` three bytes become an object of hundreds.
//!
//! serde gives a visitor no place for state, so the budget is in thread-local variables.

use std::cell::Cell;

use serde::de;

/// Bytes that a text may allocate for each byte of its own. Items are mostly pointers and lengths, which are half as long in
/// WebAssembly as in a native test.
const PER_BYTE: usize = size_of::<[usize; 3]>();
/// Bytes that a text may allocate besides, whatever its size.
const ANY: usize = 256 << 10;

/// Most bytes that any text may allocate, unless [`at_most`] sets another limit.
pub const MOST: usize = 64 << 20;

/// Counted per byte of an item: a growing list exists twice for a moment, and what is made of the item comes on top.
const SHARE: usize = 3;
/// Counted per item besides: entries in name tables and the like.
const BESIDE: usize = size_of::<[usize; 8]>();

/// The error's reason where the budget is exhausted.
pub(super) const TOO_MUCH: &str = "it has more parts than can be held";

thread_local! {
    /// Most bytes that a text may allocate.
    static CEILING: Cell<usize> = const { Cell::new(MOST) };
    /// Bytes left for the text that is being parsed; `None`: none is.
    static LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Runs `work` with another limit, bytes, on what a text that it parses may allocate. A small text may allocate less: three
/// words per byte, plus a quarter of a mebibyte.
pub fn at_most<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let before = CEILING.replace(bytes);
    let result = work();
    CEILING.set(before);
    result
}

/// Runs `read` with the budget of a text of `length` bytes; nested in another text's parse, with that one's budget.
pub(super) fn of_text<T>(length: usize, read: impl FnOnce() -> T) -> T {
    if LEFT.get().is_some() {
        return read();
    }
    LEFT.set(Some(length.saturating_mul(PER_BYTE).saturating_add(ANY).min(CEILING.get())));
    let result = read();
    LEFT.set(None);
    result
}

/// Takes an item of `bytes` from the budget.
///
/// # Errors
/// The budget is exhausted.
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
