//! What the client sent, shared by the attempts of a request.
//!
//! Envoy has one header map for all attempts of a request, and with hedging several are under way at once: a second one
//! starts on headers that the first has written. Nor may the first put anything back as long as the second may still wait
//! for its connection: Envoy reads the map only when that is there. So all attempts share what the first one found, and
//! the last one puts it back.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::rc::{Rc, Weak};

use crate::gateway::headers::Headers;

thread_local! {
    /// Requests with attempts under way. All of a request happens in one VM, so nobody else need know.
    static UNDER_WAY: RefCell<HashMap<u64, Weak<Found>>> = RefCell::default();

    /// It begins anywhere: requests of another VM, which have no business here, then never have the id of one of ours.
    static NEXT_ID: Cell<u64> = Cell::new(RandomState::new().hash_one(0));
}

/// An id that no other request of this VM has.
pub(super) fn next_id() -> u64 {
    NEXT_ID.with(|next| next.replace(next.get().wrapping_add(1)))
}

/// One attempt's share.
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
    /// What the client sent with the request `id`: what an attempt under way has found, else what this one has.
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

    /// Memory that is held, bytes. Attempts that share it count it each.
    pub(super) fn held(&self) -> usize {
        self.found.headers.held()
    }

    /// Whether another attempt is under way.
    pub(super) fn are_shared(&self) -> bool {
        Rc::strong_count(&self.found) > 1
    }

    /// To be called before the map is written.
    pub(super) fn will_change(&self) {
        self.found.will_change.set(true);
    }

    /// Ends the share; the last of the attempts is given what it has to put back.
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
        // It changed nothing, but the first did.
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
