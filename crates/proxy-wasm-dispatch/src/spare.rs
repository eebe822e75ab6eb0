//! Memory for what Envoy calls back within a host call.
//!
//! A trap there is not one of the VM alone: Envoy stands in the middle of a call of its own, and the whole process ends. So
//! nothing may fail in there, and no allocation either, however full the VM is. The callbacks that come so are few and small:
//! a stream is over, or an answer that Envoy makes itself passes by. For them something is kept, which is given back to the
//! allocator while each runs, and kept anew once it is over: the callback around it may make more calls to the host.

use std::cell::{Cell, RefCell};

/// Headers of a local reply, its body, and what is made of them; more than a hundred times what was seen.
const SPARE: usize = 128 << 10;

thread_local! {
    /// How many callbacks are under way, each within the one before.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    static KEPT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Runs a callback.
pub(crate) fn within<T>(callback: impl FnOnce() -> T) -> T {
    let depth = DEPTH.get();
    if depth > 0 {
        drop(KEPT.take());
    }
    DEPTH.set(depth.saturating_add(1));
    let result = callback();
    DEPTH.set(depth);
    // Within a nested callback nothing is kept from it.
    if depth <= 1 {
        keep();
    }
    result
}

/// Has something for the next time. A VM that is too full for it goes on without.
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
