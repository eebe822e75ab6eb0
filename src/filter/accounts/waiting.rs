//! Requests that are held until their caller's role is assumed.

use std::time::{Duration, SystemTime};

/// Longest wait of one request: a call's timeout and the pause before the next call.
const LONGEST: Duration = Duration::from_secs(8);
/// Most waiting requests on one worker.
const MOST: usize = 1_000;

/// The waiting requests.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<One>);

#[derive(Debug)]
struct One {
    context: u32,
    account: usize,
    since: SystemTime,
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the request of this context, which waits for `account`; false where too many wait already.
    pub(super) fn add(&mut self, context: u32, account: usize, now: SystemTime) -> bool {
        let has_room = self.0.len() < MOST;
        if has_room {
            self.0.push(One { context, account, since: now });
        }
        has_room
    }

    /// Removes the request of this context.
    pub(super) fn remove(&mut self, context: u32) {
        self.0.retain(|one| one.context != context);
    }

    /// Takes out the contexts that need not wait longer: those whose account is no longer being fetched (it has credentials, or
    /// cannot get any), and those that have waited [`LONGEST`], also by a clock that has jumped.
    pub(super) fn take(&mut self, is_coming: impl Fn(usize) -> bool, now: SystemTime) -> Vec<u32> {
        let (still, over) = std::mem::take(&mut self.0).into_iter().partition(|one: &One| {
            now.duration_since(one.since).is_ok_and(|waited| waited < LONGEST) && is_coming(one.account)
        });
        self.0 = still;
        over.into_iter().map(|one: One| one.context).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_waits_until_its_account_is_there_or_not_coming_and_not_for_ever() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let mut waiting = Waiting::default();
        assert!(waiting.add(1, 7, at(100)) && waiting.add(2, 8, at(101)));
        assert!(waiting.take(|_| true, at(103)).is_empty());
        assert_eq!(waiting.take(|account| account == 8, at(103)), [1]);
        assert!(waiting.take(|_| true, at(108)).is_empty());
        assert_eq!(waiting.take(|_| true, at(109)), [2]);
        assert!(waiting.is_empty());
        // The clock was set back.
        assert!(waiting.add(3, 7, at(100)));
        assert_eq!(waiting.take(|_| true, at(50)), [3]);
    }

    #[test]
    fn not_more_wait_than_there_is_room_for() {
        let mut waiting = Waiting::default();
        let added = (0..2_000).filter(|context| waiting.add(*context, 1, SystemTime::UNIX_EPOCH)).count();
        assert_eq!(added, MOST);
        // Requests whose clients have left make room.
        waiting.remove(3);
        assert!(
            waiting.add(2_000, 1, SystemTime::UNIX_EPOCH) && !waiting.add(2_001, 1, SystemTime::UNIX_EPOCH)
        );
    }
}
