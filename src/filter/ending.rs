//! Ends response streams that were given an error event while the upstream still sends, for example after a wrong checksum or a
//! frame of an impossible size. They are reset a tick or two later, when the event is on its way to the client. If the upstream
//! ends before, the response ends regularly.
//!
//! Envoy cannot end a response from within the body callback without dropping the bytes that this callback writes. So the root
//! context ends it, at a tick.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::LogLevel;

use super::{accounts, host};

thread_local! {
    /// The contexts of such streams, and whether a tick has passed since the event.
    static ENDING: RefCell<BTreeMap<u32, bool>> = const { RefCell::new(BTreeMap::new()) };
}

/// Has the stream of this context reset at the second tick from now, unless it has ended by then.
pub(super) fn begin(context: u32) {
    if ENDING.with_borrow_mut(|ending| ending.insert(context, false)).is_none()
        && hostcalls::set_tick_period(accounts::TICK).is_err()
    {
        host::log(LogLevel::Error, || {
            "Envoy would not tick: a stream ends when its upstream does".to_owned()
        });
    }
}

/// The stream of this context has ended.
pub(super) fn is_over(context: u32) {
    ENDING.with_borrow_mut(|ending| ending.remove(&context));
}

/// Resets the streams that are due. Must come last in a tick: afterwards host calls refer to other contexts.
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

/// Takes out the streams that have waited for a tick, and marks the rest as having waited.
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
