//! What the open requests of this worker hold in its VM, together: lists in pieces, fetched images, events that are not
//! whole yet. All plugins of the VM share its memory, and so the count.
//!
//! A VM that has no memory left fails, and with it every request of the worker. So there is a limit, `limits.worker_bytes`,
//! above which a request that would hold more is told to come again: 503 and not 429, as it is not the caller who asked too
//! much, and what is in the way is gone in seconds.

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

/// One request's share. It ends with the request.
#[derive(Debug, Default)]
pub(super) struct Held(usize);

impl Held {
    /// The request holds `bytes` from now on. `most` is the limit of all together.
    ///
    /// # Errors
    /// 503 where that is more than before, and more than there may be.
    pub(super) fn set(&mut self, bytes: usize, most: usize) -> Result<(), Error> {
        let all = HELD.get().saturating_sub(self.0).saturating_add(bytes);
        if bytes > self.0 && all > most {
            return Err(busy());
        }
        HELD.set(all);
        self.0 = bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.0));
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
    fn a_large_body_needs_room_and_a_small_one_never_waits() {
        let mut held = Held::default();
        held.set(10 * LARGE, 12 * LARGE).unwrap();
        assert!(room_for(LARGE - 1, 10 * LARGE).is_ok());
        assert_eq!(room_for(LARGE, 12 * LARGE).unwrap_err().status, 503);
        assert!(room_for(LARGE, 13 * LARGE).is_ok());
    }
}
