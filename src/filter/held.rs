//! What the open requests of this worker hold in its VM, together: what clients sent and answers need of it, lists in pieces,
//! fetched images, events that are not whole yet. All plugins of the VM share its memory, and so the count.
//!
//! A VM that has no memory left fails, and with it every request of the worker. So there is a limit, `limits.worker_bytes`,
//! above which a request that would hold more is told to come again: 503 and not 429, as it is not the caller who asked too
//! much, and what is in the way is gone in seconds. An answer that is under way is not ended for what others hold: see
//! [`Held::grow`].

use std::cell::Cell;

use crate::openai::Error;

thread_local! {
    /// Bytes, of all.
    static HELD: Cell<usize> = const { Cell::new(0) };
}

/// A body of at least so many bytes needs room beside what is held, while it is read.
const LARGE: usize = 1 << 20;

/// What is there at a time for each byte of such a body: it, what was read of it, and what it becomes.
const AT_A_TIME: usize = 3;

/// What an answer that is under way may come to hold whatever others do, bytes: events that come in pieces.
const FREE: usize = 64 << 10;

/// One request's share. It ends with the request.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// What it asked for.
    own: usize,
    /// What its answer has come to hold besides.
    grown: usize,
}

impl Held {
    /// The request holds `bytes` from now on. `most` is the limit of all together.
    ///
    /// # Errors
    /// 503 where that is more than before, and more than there may be.
    pub(super) fn set(&mut self, bytes: usize, most: usize) -> Result<(), Error> {
        let all = HELD.get().saturating_sub(self.own).saturating_add(bytes);
        if bytes > self.own && all > most {
            return Err(busy());
        }
        HELD.set(all);
        self.own = bytes;
        Ok(())
    }

    /// The request's answer, which is under way, holds `bytes` besides from now on.
    ///
    /// # Errors
    /// 503 where it is more than before, more than any answer may come to hold, and more than there may be of all together.
    pub(super) fn grow(&mut self, bytes: usize, most: usize) -> Result<(), Error> {
        let all = HELD.get().saturating_sub(self.grown).saturating_add(bytes);
        if bytes > self.grown && bytes > FREE && all > most {
            return Err(busy());
        }
        self.count(bytes);
        Ok(())
    }

    /// The same where it is there already, and can only be counted.
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

/// Asks whether a body of `bytes` can be read beside all that is held. Small ones always can.
///
/// # Errors
/// 503 where not.
pub(super) fn room_for(bytes: usize, most: usize) -> Result<(), Error> {
    let needed = bytes.saturating_mul(AT_A_TIME);
    if bytes < LARGE || HELD.get().saturating_add(needed) <= most {
        return Ok(());
    }
    Err(busy())
}

/// What a client is told who has to come again; `refusal` sends `retry-after` beside it.
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
        // A limit that has become smaller is no reason to hold on to more.
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
