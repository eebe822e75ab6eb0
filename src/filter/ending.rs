//! Streams whose client has been told all there is, while the upstream goes on: a frame of two gigabytes is announced, a
//! checksum is wrong. They are broken off, a moment after what they were told is on its way; an upstream that ends by itself
//! until then ends them in order.
//!
//! Envoy lets nobody end a response from within its body's callback without throwing away what the callback gives. So the
//! plugin does it, at a tick.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::LogLevel;

use super::{accounts, host};

thread_local! {
    /// The contexts of such streams, and whether a tick has passed since.
    static ENDING: RefCell<BTreeMap<u32, bool>> = const { RefCell::new(BTreeMap::new()) };
}

/// The stream of this context is to end, by itself or at the second tick from now.
pub(super) fn begin(context: u32) {
    if ENDING.with_borrow_mut(|ending| ending.insert(context, false)).is_none()
        && hostcalls::set_tick_period(accounts::TICK).is_err()
    {
        host::log(LogLevel::Error, || {
            "Envoy would not tick: a stream ends when its upstream does".to_owned()
        });
    }
}

/// It has ended.
pub(super) fn is_over(context: u32) {
    ENDING.with_borrow_mut(|ending| ending.remove(&context));
}

/// Breaks off what is due. To be the last that a tick does: host calls are other contexts' then.
pub(super) fn tick() {
    let due = ENDING.with_borrow_mut(due);
    for context in due {
        if hostcalls::set_effective_context(context).is_ok() {
            let ended = hostcalls::reset_http_response();
            host::log(LogLevel::Debug, || {
                format!("a stream that was told its error is broken off: {ended:?}")
            });
        }
    }
}

/// Takes out what has waited for a tick, and has the rest wait for the next.
fn due(ending: &mut BTreeMap<u32, bool>) -> Vec<u32> {
    let due = ending.iter().filter(|(_, has_waited)| **has_waited).map(|(context, _)| *context).collect();
    ending.retain(|_, has_waited| !std::mem::replace(has_waited, true));
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_due_at_the_second_tick() {
        let mut ending = BTreeMap::from([(1, false)]);
        assert!(due(&mut ending).is_empty());
        ending.insert(2, false);
        assert_eq!(due(&mut ending), [1]);
        assert_eq!(due(&mut ending), [2]);
        assert!(ending.is_empty());
    }
}
