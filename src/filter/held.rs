//! Counts the bytes that all open requests of this worker hold in the VM: clients' headers, state that answers need, lists in
//! parts, fetched images, incomplete events. All plugins of a VM share its memory, and so this count.
//!
//! A VM that runs out of memory fails every request of the worker. So a request that would exceed `limits.worker_bytes` is
//! refused: with 503 instead of 429, because the caller has not sent too much, and there will be room within seconds. An answer
//! under way is not ended because of other requests: see [`Held::grow`].

use std::cell::Cell;

use crate::openai::Error;

thread_local! {
    /// Bytes of all requests.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// A body of at least this many bytes needs room beside what is held, while it is parsed.
const LARGE: usize = 1 << 20;

/// Bytes in memory for each byte of such a body: the body, its parsed form, and the translation.
const AT_A_TIME: usize = 3;

/// Bytes that any answer under way may hold, whatever others hold: for incomplete events.
const FREE: usize = 64 << 10;

/// One request's share, returned when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// Bytes of the request.
    own: usize,
    /// Bytes that its answer has added.
    grown: usize,
}

impl Held {
    /// Sets the bytes that the request holds. `most` is the limit for all together.
    ///
    /// # Errors
    /// 503 where that is an increase and exceeds the limit.
    pub(super) fn set(&mut self, bytes: usize, most: usize) -> Result<(), Error> {
        let all = HELD.get().saturating_sub(self.own).saturating_add(bytes);
        if bytes > self.own && all > most {
            return Err(busy());
        }
        HELD.set(all);
        self.own = bytes;
        Ok(())
    }

    /// Sets the bytes that the answer under way holds besides.
    ///
    /// # Errors
    /// 503 where that is an increase, exceeds [`FREE`], and exceeds the limit for all together.
    pub(super) fn grow(&mut self, bytes: usize, most: usize) -> Result<(), Error> {
        let all = HELD.get().saturating_sub(self.grown).saturating_add(bytes);
        if bytes > self.grown && bytes > FREE && all > most {
            return Err(busy());
        }
        self.count(bytes);
        Ok(())
    }

    /// Sets them without a check, for bytes that are there already.
    pub(super) fn count(&mut self, bytes: usize) {
        HELD.set(HELD.get().saturating_sub(self.grown).saturating_add(bytes));
        self.grown = bytes;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.own).saturating_sub(self.grown));
    }
}

/// Checks that a body of `bytes` can be parsed beside all that is held. Small bodies always can.
///
/// # Errors
/// 503 where there is no room.
pub(super) fn room_for(bytes: usize, most: usize) -> Result<(), Error> {
    let needed = bytes.saturating_mul(AT_A_TIME);
    if bytes < LARGE || HELD.get().saturating_add(needed) <= most {
        return Ok(());
    }
    Err(busy())
}

/// The 503 for a worker that holds too much; `refusal` adds `retry-after`.
pub(super) fn busy() -> Error {
    Error::new(503, "The gateway holds as much as it can at the moment; try again.").code(BUSY)
}

/// The code of [`busy`].
pub(super) const BUSY: &str = "gateway_busy";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_all_hold_together_is_bounded_and_what_ends_makes_room() {
        let (mut first, mut second) = (Held::default(), Held::default());
        first.set(60, 100).unwrap();
        assert_eq!(second.set(41, 100).unwrap_err().code, Some(BUSY));
        second.set(40, 100).unwrap();
        assert!(first.set(61, 100).is_err(), "and keeps what it has");
        first.set(50, 100).unwrap();
        second.set(50, 100).unwrap();
        drop(first);
        second.set(100, 100).unwrap();
        // A limit that was lowered does not prevent a request from holding less.
        second.set(90, 10).unwrap();
        drop(second);
        assert_eq!(HELD.get(), 0);
    }

    #[test]
    fn an_answer_under_way_ends_for_what_it_holds_itself_and_not_for_what_others_do() {
        let (mut others, mut stream, mut new) = (Held::default(), Held::default(), Held::default());
        stream.set(2 * FREE, 10 * FREE).unwrap();
        others.set(8 * FREE, 10 * FREE).unwrap();
        assert_eq!(new.set(1, 10 * FREE).unwrap_err().status, 503);
        for bytes in [1, 100, 10, FREE] {
            stream.grow(bytes, 10 * FREE).unwrap();
        }
        assert_eq!(stream.grow(FREE + 1, 10 * FREE).unwrap_err().code, Some(BUSY));
        drop(others);
        stream.grow(FREE + 1, 10 * FREE).unwrap();
        assert_eq!(HELD.get(), 3 * FREE + 1);
        stream.set(0, 0).unwrap();
        stream.count(2);
        assert_eq!(HELD.get(), 2);
        drop(stream);
        assert_eq!(HELD.get(), 0);
    }

    #[test]
    fn a_large_body_needs_room_and_a_small_one_never_waits() {
        let mut held = Held::default();
        held.set(10 * LARGE, 12 * LARGE).unwrap();
        assert!(room_for(LARGE - 1, 10 * LARGE).is_ok());
        assert_eq!(room_for(LARGE, 12 * LARGE).unwrap_err().status, 503);
        assert!(room_for(LARGE, 13 * LARGE).is_ok());
    }
}
