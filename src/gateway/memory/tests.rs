use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::gateway::callers::Caller;
use crate::gateway::keys::Hash;

/// Shared data in memory, and how many writes lose against another worker.
#[derive(Default)]
struct Data {
    all: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    version: Cell<u32>,
    reads: Cell<usize>,
    /// Writes of other workers, one before each of ours.
    before: RefCell<Vec<(String, Vec<u8>)>>,
}

impl Data {
    fn bytes(&self) -> usize {
        self.all.borrow().values().map(|(bytes, _)| bytes.len()).sum()
    }
}

impl Shared for Data {
    fn read(&self, name: &str) -> Option<(Vec<u8>, u32)> {
        self.reads.set(self.reads.get() + 1);
        self.all.borrow().get(name).cloned()
    }

    fn write(&self, name: &str, bytes: &[u8], version: Option<u32>) -> bool {
        let next = || {
            self.version.set(self.version.get() + 1);
            self.version.get()
        };
        if let Some((name, bytes)) = self.before.borrow_mut().pop() {
            self.all.borrow_mut().insert(name, (bytes, next()));
        }
        let mut all = self.all.borrow_mut();
        if all.get(name).map(|(_, version)| *version) != version {
            return false;
        }
        all.insert(name.to_owned(), (bytes.to_vec(), next()));
        true
    }
}

const SETTINGS: Settings = Settings { bytes: 4 * SHELF, seconds: 100 };
const NOW: u64 = 1_700_000_000;

fn owner(caller: &str) -> Owner {
    Owner::new(caller, None, "anthropic.claude-x")
}

fn found(memory: &Memory<'_>, owner: &Owner, call: &str, now: u64) -> Option<String> {
    let [found] = memory.recall(owner, &[call], now).try_into().unwrap();
    found.map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn what_was_kept_is_found_by_its_call_in_the_order_asked() {
    let data = Data::default();
    let memory = Memory::new(SETTINGS, &data);
    for call in 0..100 {
        memory.keep(&owner("a"), &format!("call-{call}"), format!("thought {call}").as_bytes(), NOW);
    }
    let calls: Vec<String> = (0..101).rev().map(|call| format!("call-{call}")).collect();
    let calls: Vec<&str> = calls.iter().map(String::as_str).collect();
    let found = memory.recall(&owner("a"), &calls, NOW);
    assert_eq!(found[0], None);
    for (call, found) in (0..100).rev().zip(&found[1..]) {
        assert_eq!(found.as_deref(), Some(format!("thought {call}").as_bytes()));
    }
}

#[test]
fn a_call_that_is_asked_for_twice_is_found_twice_and_what_is_found_is_bounded() {
    let data = Data::default();
    let memory = Memory::new(SETTINGS, &data);
    memory.keep(&owner("a"), "1", &vec![b'x'; 200 << 10], NOW);
    let found = memory.recall(&owner("a"), &["1", "0", "1"], NOW);
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    let found = memory.recall(&owner("a"), &["1"; 1_000], NOW);
    assert_eq!(found.iter().flatten().map(Vec::len).sum::<usize>(), FOUND / (200 << 10) * (200 << 10));
}

#[test]
fn nobody_finds_what_is_anothers() {
    let data = Data::default();
    let memory = Memory::new(SETTINGS, &data);
    let key = |secret: &str| Caller { identity: Hash::of(secret.as_bytes()), ..Caller::of_models(None) };
    let mine = Owner::new("a", Some(&key("1")), "m");
    memory.keep(&mine, "call", b"thought", NOW);
    assert_eq!(found(&memory, &mine, "call", NOW).as_deref(), Some("thought"));
    for other in [
        Owner::new("b", Some(&key("1")), "m"),
        Owner::new("a", Some(&key("2")), "m"),
        Owner::new("a", None, "m"),
        Owner::new("a", Some(&key("1")), "n"),
    ] {
        assert_eq!(found(&memory, &other, "call", NOW), None);
    }
    // Parts that concatenate to the same text are different owners.
    assert_ne!(Owner::new("ab", None, "c"), Owner::new("a", None, "bc"));
}

#[test]
fn what_is_too_old_is_not_found_and_swept_away() {
    let data = Data::default();
    let memory = Memory::new(SETTINGS, &data);
    for call in 0..20 {
        memory.keep(&owner("a"), &format!("{call}"), b"thought", NOW);
    }
    assert!(found(&memory, &owner("a"), "3", NOW + 99).is_some());
    assert_eq!(found(&memory, &owner("a"), "3", NOW + 100), None);
    // The clock was set back by more than the lifetime.
    assert_eq!(found(&memory, &owner("a"), "3", NOW - 100), None);
    for turn in 0..memory.shelves() as u64 {
        memory.sweep(turn, NOW + 99);
    }
    assert!(data.bytes() > 0);
    for turn in 0..memory.shelves() as u64 {
        memory.sweep(turn + 7, NOW + 100);
    }
    assert_eq!(data.bytes(), 0);
}

#[test]
fn all_that_is_kept_is_bounded_and_what_is_new_is_found() {
    for bytes in [1, 1_000, SHELF, 4 * SHELF + 1] {
        let data = Data::default();
        let memory = Memory::new(Settings { bytes, seconds: 100 }, &data);
        for call in 0..2_000_usize {
            let thought = "x".repeat(call * 7_919 % 20_000);
            memory.keep(&owner("a"), &format!("{call}"), thought.as_bytes(), NOW);
            assert!(data.bytes() <= bytes, "{} of {bytes}", data.bytes());
            let fits = thought.len() + 44 <= bytes.min(SHELF);
            assert_eq!(found(&memory, &owner("a"), &format!("{call}"), NOW).is_some(), fits, "{call}");
        }
    }
}

#[test]
fn what_is_larger_than_a_shelf_is_not_kept_and_pushes_nothing_out() {
    let data = Data::default();
    let memory = Memory::new(Settings { bytes: SHELF, seconds: 100 }, &data);
    memory.keep(&owner("a"), "small", b"thought", NOW);
    memory.keep(&owner("a"), "large", &vec![b'x'; SHELF], NOW);
    assert_eq!(found(&memory, &owner("a"), "large", NOW), None);
    assert!(found(&memory, &owner("a"), "small", NOW).is_some());
}

#[test]
fn the_oldest_makes_room_for_the_newest() {
    let data = Data::default();
    let memory = Memory::new(Settings { bytes: 3 * 144, seconds: 100 }, &data);
    for call in ["1", "2", "3", "4"] {
        memory.keep(&owner("a"), call, &[b'x'; 100], NOW);
    }
    let there = |call| found(&memory, &owner("a"), call, NOW).is_some();
    assert_eq!([there("1"), there("2"), there("3"), there("4")], [false, true, true, true]);
    // The same call replaces its entry.
    memory.keep(&owner("a"), "2", &[b'y'; 100], NOW + 1);
    assert_eq!([there("2"), there("3"), there("4")], [true; 3]);
}

#[test]
fn whoever_is_slower_writes_again_and_nothing_is_lost() {
    let data = Data::default();
    let memory = Memory::new(Settings { bytes: SHELF, seconds: 100 }, &data);
    memory.keep(&owner("a"), "mine", b"first", NOW);
    // Another worker's entry is on the shelf: first a new one, then in place of another.
    for (before, after) in [("other", "mine"), ("third", "fourth")] {
        let others = Data::default();
        *others.all.borrow_mut() = data.all.borrow().clone();
        Memory::new(Settings { bytes: SHELF, seconds: 100 }, &others).keep(
            &owner("b"),
            before,
            b"theirs",
            NOW,
        );
        let (bytes, _) = others.read(&name(0)).unwrap();
        data.before.borrow_mut().push((name(0), bytes));
        memory.keep(&owner("a"), after, b"second", NOW);
        assert_eq!(found(&memory, &owner("b"), before, NOW).as_deref(), Some("theirs"));
        assert_eq!(found(&memory, &owner("a"), after, NOW).as_deref(), Some("second"));
    }
}

#[test]
fn a_shelf_that_is_broken_is_as_good_as_its_beginning() {
    let data = Data::default();
    let memory = Memory::new(Settings { bytes: SHELF, seconds: 100 }, &data);
    memory.keep(&owner("a"), "1", b"thought", NOW);
    memory.keep(&owner("a"), "2", b"thought", NOW);
    let (whole, _) = data.read(&name(0)).unwrap();
    for end in 0..whole.len() {
        data.all.borrow_mut().insert(name(0), (whole[..end].to_vec(), 1));
        let is_whole = end >= whole.len() / 2;
        assert_eq!(found(&memory, &owner("a"), "1", NOW).is_some(), is_whole);
        assert_eq!(found(&memory, &owner("a"), "2", NOW), None);
        memory.keep(&owner("a"), "3", b"new", NOW);
        assert!(found(&memory, &owner("a"), "3", NOW).is_some());
    }
}

#[test]
fn whatever_lies_on_a_shelf_nothing_breaks_and_what_is_kept_is_found() {
    let mut state = 7_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    for _ in 0..2_000 {
        // Small lengths about half of the time.
        let length = next() % 400;
        let bytes: Vec<u8> = (0..length)
            .map(|_| if next() % 2 == 0 { 0 } else { u8::try_from(next() % 256).unwrap() })
            .collect();
        let data = Data::default();
        data.all.borrow_mut().insert(name(0), (bytes, 1));
        let memory = Memory::new(Settings { bytes: 300, seconds: 1 + next() % (1 << 62) }, &data);
        memory.sweep(next(), next());
        memory.keep(&owner("a"), "1", b"thought", NOW);
        assert_eq!(found(&memory, &owner("a"), "1", NOW).as_deref(), Some("thought"));
        assert!(data.bytes() <= 300);
    }
}

#[test]
fn every_shelf_is_swept_within_the_time_that_reasoning_is_kept_however_short_that_is() {
    // Ticks on time, and late.
    for (bytes, seconds, tick) in
        [(256 * SHELF, 1, 200), (256 * SHELF, 60, 200), (256 * SHELF, 3_600, 900), (SHELF, 1, 300)]
    {
        let data = Data::default();
        let memory = Memory::new(Settings { bytes, seconds }, &data);
        for call in 0..500 {
            memory.keep(&owner("a"), &call.to_string(), b"thought", NOW);
        }
        let sweeping = Sweeping::default();
        let step = Duration::from_millis(tick);
        let mut now = Duration::from_secs(NOW);
        while now < Duration::from_secs(NOW + 2 * seconds + 1) {
            sweeping.tick(&memory, now);
            now += step;
        }
        assert_eq!(data.bytes(), 0, "{bytes} bytes for {seconds} s");
    }
}

#[test]
fn a_clock_that_is_set_neither_stops_the_sweeping_nor_has_all_swept_at_once() {
    let data = Data::default();
    let memory = Memory::new(Settings { bytes: 256 * SHELF, seconds: 3_600 }, &data);
    let sweeping = Sweeping::default();
    for (now, swept) in [(NOW, 1), (NOW + 1_000_000, 1), (5, 0), (20, 1), (35, 1)] {
        data.reads.set(0);
        sweeping.tick(&memory, Duration::from_secs(now));
        assert_eq!(data.reads.get(), swept, "{now}");
    }
}

#[test]
fn one_request_has_so_many_shelves_copied_and_its_last_calls_are_found() {
    let data = Data::default();
    let memory = Memory::new(Settings { bytes: 4_096 * SHELF, seconds: 100 }, &data);
    memory.keep(&owner("a"), "first", b"1", NOW);
    memory.keep(&owner("a"), "last", b"2", NOW);
    let others: Vec<String> = (0..50_000).map(|call| call.to_string()).collect();
    let mut calls = vec!["first"];
    calls.extend(others.iter().map(String::as_str));
    calls.push("last");
    data.reads.set(0);
    let found = memory.recall(&owner("a"), &calls, NOW);
    assert!(data.reads.get() <= CALLS, "{}", data.reads.get());
    assert_eq!(found.len(), calls.len());
    assert_eq!((found.first().unwrap(), found.last().unwrap()), (&None, &Some(b"2".to_vec())));
}
