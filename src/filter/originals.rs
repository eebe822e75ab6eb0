//! The client's request headers, shared by the attempts of a request.
//!
//! Envoy has one header map for all attempts. With hedging several attempts are under way at once: the second starts on headers
//! that the first has rewritten. The first must not restore them while the second waits for its connection, because Envoy reads
//! the map only once that is there. So all attempts share the headers that the first one found, and the last one restores them.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::{Rc, Weak};

use crate::gateway::headers::Headers;

thread_local! {
    /// The requests with attempts under way. All attempts of a request run in one VM.
    static UNDER_WAY: RefCell<HashMap<u64, Weak<Found>>> = RefCell::default();

    /// The first id is random, so that ids of another VM's requests do not match any here.
    static NEXT_ID: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
}

/// An id that no other request of this VM has.
pub(super) fn next_id() -> u64 {
    NEXT_ID.with(|next| next.replace(next.get().wrapping_add(1)))
}

/// One attempt's share of the headers.
#[derive(Debug)]
pub(super) struct Originals {
    id: u64,
    found: Rc<Found>,
}

#[derive(Debug)]
struct Found {
    headers: Headers,
    will_change: Cell<bool>,
}

impl Originals {
    /// The client's headers of request `id`: those that an attempt under way has found, else `headers`.
    pub(super) fn share(id: u64, headers: Headers) -> Self {
        UNDER_WAY.with_borrow_mut(|under_way| {
            if let Some(found) = under_way.get(&id).and_then(Weak::upgrade) {
                return Self { id, found };
            }
            let found = Rc::new(Found { headers, will_change: Cell::new(false) });
            under_way.insert(id, Rc::downgrade(&found));
            Self { id, found }
        })
    }

    pub(super) fn headers(&self) -> &Headers {
        &self.found.headers
    }

    /// Bytes held. Attempts that share them each count them.
    pub(super) fn held(&self) -> usize {
        self.found.headers.held()
    }

    /// Whether another attempt is under way.
    pub(super) fn are_shared(&self) -> bool {
        Rc::strong_count(&self.found) > 1
    }

    /// To be called before the header map is written.
    pub(super) fn will_change(&self) {
        self.found.will_change.set(true);
    }

    /// Ends the share. The last attempt gets the headers that it has to restore.
    pub(super) fn end(self) -> Option<Headers> {
        let Found { headers, will_change } = Rc::into_inner(self.found)?;
        UNDER_WAY.with_borrow_mut(|under_way| under_way.remove(&self.id));
        will_change.get().then_some(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(path: &str) -> Headers {
        Headers::from_iter([(":path", path)])
    }

    fn share(id: u64, path: &str) -> Originals {
        Originals::share(id, headers(path))
    }

    #[test]
    fn attempts_at_the_same_time_share_what_the_first_found_and_the_last_puts_it_back() {
        let id = next_id();
        let first = share(id, "the client's");
        first.will_change();
        let second = share(id, "the first attempt's");

        assert_eq!(second.headers(), &headers("the client's"));
        assert_eq!(first.end(), None);
        // The second attempt has changed nothing, but the first has.
        assert_eq!(second.end(), Some(headers("the client's")));
        UNDER_WAY.with_borrow(|under_way| assert!(!under_way.contains_key(&id), "nothing is left behind"));
    }

    #[test]
    fn an_attempt_after_all_others_finds_its_own() {
        let id = next_id();
        assert_eq!(share(id, "a").end(), None, "nothing has changed");

        let second = share(id, "b");
        second.will_change();
        assert_eq!(second.end(), Some(headers("b")));
    }

    #[test]
    fn requests_share_nothing() {
        let (first, second) = (share(next_id(), "a"), share(next_id(), "b"));

        assert_eq!((first.headers(), second.headers()), (&headers("a"), &headers("b")));
    }
}
