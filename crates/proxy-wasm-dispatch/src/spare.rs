//! Memory reserved for callbacks that Envoy makes from within a host call.
//!
//! A trap in such a callback ends the whole Envoy process, because Envoy is in the middle of its own code. So no allocation may
//! fail there, however full the VM is. These callbacks are few and small: a stream ends, or a local reply passes through. A
//! block is reserved for them, freed while one runs, and reserved again after it, because the outer callback may make more host
//! calls.

use std::cell::{Cell, RefCell};

/// Bytes reserved: headers and body of a local reply and what is built from them. More than a hundred times what was measured.
const SPARE: usize = 128 << 10;

thread_local! {
    /// Number of callbacks that are running, each nested in the one before.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Runs a callback, with the reserved block freed where it is nested.
pub(crate) fn within<T>(callback: impl FnOnce() -> T) -> T {
    let depth = DEPTH.get();
    if depth > 0 {
        drop(KEPT.take());
    }
    DEPTH.set(depth.saturating_add(1));
    let result = callback();
    DEPTH.set(depth);
    // A nested callback does not reserve: it may use the block.
    if depth <= 1 {
        keep();
    }
    result
}

/// Reserves the block. If the VM has no memory for it, none is reserved.
fn keep() {
    KEPT.with_borrow_mut(|kept| {
        if kept.capacity() == 0 {
            let _ = kept.try_reserve_exact(SPARE);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> usize {
        KEPT.with_borrow(Vec::capacity)
    }

    #[test]
    fn what_is_kept_is_free_within_each_host_call_and_kept_anew_after_it() {
        within(|| ());
        assert!(kept() >= SPARE);
        within(|| {
            assert!(kept() >= SPARE, "who is not nested does without");
            within(|| {
                assert_eq!(kept(), 0);
                within(|| assert_eq!(kept(), 0));
                assert_eq!(kept(), 0, "what is nested twice takes nothing from what is nested once");
            });
            assert!(kept() >= SPARE, "a second call to the host may call back as well");
            within(|| assert_eq!(kept(), 0));
        });
        assert!(kept() >= SPARE);
    }
}
