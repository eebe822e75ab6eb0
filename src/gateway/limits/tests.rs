use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::ledger::{Failed, Refused, Store, Taken, ask, charge, renew, settle, uses};
use super::slots::Slots;
use super::state::{LEASE, Left, Over, State};
use super::*;

/// 2027-01-31T00:00:00Z, the last day of a month.
const NOW: u64 = 1_801_353_600_000;
const MINUTE: u64 = 60_000;

/// Shared data in memory, which can be made to fail.
#[derive(Default)]
struct Memory {
    data: RefCell<HashMap<String, (Vec<u8>, u32)>>,
    /// From now on every access fails.
    fails: Cell<bool>,
    /// The next so many writes lose against another worker.
    races: Cell<u32>,
    unreadable: Cell<u32>,
    written: Cell<u32>,
}

impl Store for Memory {
    fn read(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Failed> {
        if self.fails.get() { Err(Failed) } else { Ok(self.data.borrow().get(key).cloned()) }
    }

    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> Result<bool, Failed> {
        if self.fails.get() {
            return Err(Failed);
        }
        let mut data = self.data.borrow_mut();
        if self.races.get() > 0 {
            self.races.set(self.races.get() - 1);
            if let Some((_, version)) = data.get_mut(key) {
                *version += 1;
            }
            return Ok(false);
        }
        if data.get(key).map(|(_, version)| *version) != version {
            return Ok(false);
        }
        self.written.set(self.written.get() + 1);
        data.insert(key.to_owned(), (bytes.to_vec(), version.unwrap_or(0) + 1));
        Ok(true)
    }

    fn unreadable(&self, _: &str) {
        self.unreadable.set(self.unreadable.get() + 1);
    }
}

fn budget(name: &str, most: &[(Measure, Span, u64)], parallel: Option<u32>) -> Budget {
    let holder = if name == "team" { Holder::Team(name.into()) } else { Holder::Caller(name.into()) };
    Budget { holder, limits: Limits { most: most.to_vec(), parallel } }
}

fn tokens_a_minute(name: &str, most: u64) -> Budget {
    budget(name, &[(Measure::Tokens, Span::Minute, most)], None)
}

fn of(input: u64, output: u64) -> Amount {
    Amount { requests: 1, input, output, cost: 0 }
}

/// One of several workers.
struct Worker<'m> {
    memory: &'m Memory,
    slots: Slots,
}

impl<'m> Worker<'m> {
    fn new(memory: &'m Memory, number: u64) -> Self {
        Self { memory, slots: Slots::new(number) }
    }

    fn ask(&mut self, budgets: &[Budget], asked: Amount, now: u64) -> Result<Taken, Refused> {
        ask(self.memory, budgets, &asked, &mut self.slots, now, &mut |_| {})
    }

    fn over(&mut self, budgets: &[Budget], asked: Amount, now: u64) -> (usize, Over) {
        match self.ask(budgets, asked, now) {
            Err(Refused::Over(place, over)) => (place, over),
            other => panic!("{other:?}"),
        }
    }

    fn settle(&mut self, budgets: &[Budget], taken: &Taken, real: Amount, now: u64) {
        settle(self.memory, budgets, taken, &real, &mut self.slots, now).unwrap();
    }

    /// What is left of per-minute limits, by a request that uses nothing.
    fn left(&mut self, budgets: &[Budget], now: u64) -> Vec<Left> {
        let mut all = Vec::new();
        let asked = Amount::default();
        ask(self.memory, budgets, &asked, &mut self.slots, now, &mut |left| all.push(left)).unwrap();
        all
    }
}

#[test]
fn those_that_come_at_once_do_not_all_pass_and_what_is_not_used_is_given_back() {
    let memory = Memory::default();
    let (mut first, mut second) = (Worker::new(&memory, 1), Worker::new(&memory, 2));
    let budgets = [tokens_a_minute("a", 1_000)];
    let one = first.ask(&budgets, of(100, 300), NOW).unwrap();
    let two = second.ask(&budgets, of(100, 300), NOW + 1).unwrap();
    let (place, over) = first.over(&budgets, of(100, 300), NOW + 2_000);
    let told = (over.most, over.used, over.asked, over.wait);
    assert_eq!((place, told), (0, (1_000, 800, 400, MINUTE - 2_000)));
    // The first request uses less than it reserved, the second more.
    first.settle(&budgets, &one, of(100, 10), NOW + 3_000);
    second.settle(&budgets, &two, of(100, 400), NOW + 3_000);
    assert_eq!(first.left(&budgets, NOW + 3_000)[0].left, 1_000 - 110 - 500);
    assert!(first.ask(&budgets, of(90, 300), NOW + 3_000).is_ok());
    assert!(first.ask(&budgets, of(1, 0), NOW + 4_000).is_err());
    // A new minute.
    assert!(first.ask(&budgets, of(700, 300), NOW + MINUTE).is_ok());
}

#[test]
fn what_is_over_with_its_window_is_not_given_back_and_what_is_more_is_charged_to_the_next() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let budgets = [tokens_a_minute("a", 1_000)];
    let less = worker.ask(&budgets, of(100, 300), NOW).unwrap();
    let more = worker.ask(&budgets, of(100, 300), NOW).unwrap();
    worker.settle(&budgets, &less, of(100, 10), NOW + MINUTE);
    assert_eq!(worker.left(&budgets, NOW + MINUTE)[0].left, 1_000);
    worker.settle(&budgets, &more, of(100, 350), NOW + MINUTE + 1);
    assert_eq!(worker.left(&budgets, NOW + MINUTE + 1)[0].left, 950);
}

#[test]
fn a_request_that_asks_for_more_than_all_passes_where_nothing_is_used() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let budgets = [tokens_a_minute("a", 1_000)];
    let taken = worker.ask(&budgets, of(5_000, 64_000), NOW).unwrap();
    let (_, over) = worker.over(&budgets, of(1, 0), NOW);
    assert_eq!((over.most, over.asked), (1_000, 1));
    worker.settle(&budgets, &taken, of(900, 50), NOW + 1);
    assert!(worker.ask(&budgets, of(50, 0), NOW + 1).is_ok());
    assert!(worker.ask(&budgets, of(5_000, 64_000), NOW + 1).is_err());
    assert!(worker.ask(&budgets, of(5_000, 64_000), NOW + MINUTE).is_ok());
}

#[test]
fn a_keys_limits_and_its_teams_both_hold_and_a_refusal_takes_of_neither() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let team = budget("team", &[(Measure::Requests, Span::Minute, 3)], Some(9));
    let key = |name: &str| [budget(name, &[(Measure::Requests, Span::Minute, 2)], Some(5)), team.clone()];
    let (a, b) = (key("a"), key("b"));
    for _ in 0..2 {
        worker.ask(&a, of(0, 0), NOW).unwrap();
    }
    let (place, over) = worker.over(&a, of(0, 0), NOW);
    assert_eq!((place, over.most), (0, 2), "its own");
    worker.ask(&b, of(0, 0), NOW).unwrap();
    let (place, over) = worker.over(&b, of(0, 0), NOW);
    assert_eq!((place, over.most), (1, 3), "the team's");
    let left = worker.left(&b, NOW);
    assert_eq!((left[0].left, left[1].left), (1, 0));
    let caller = "bedrock-filter/limits/1/caller/b";
    // The request that was let in, and the one by `left`.
    assert_eq!(worker.slots.of(caller).open, 2);
    // A caller and a team of the same name have separate budgets.
    assert_ne!(Holder::Caller("x".into()).key(), Holder::Team("x".into()).key());
}

#[test]
fn a_refusal_is_told_by_the_limit_that_takes_longest() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let all = [
        (Measure::Requests, Span::Minute, 1),
        (Measure::Cost, Span::Month, 5),
        (Measure::Input, Span::Day, 10),
    ];
    let budgets = [budget("a", &all, Some(1))];
    let taken = worker.ask(&budgets, Amount { requests: 1, input: 10, output: 0, cost: 5 }, NOW).unwrap();
    let limit = |worker: &mut Worker<'_>, asked| worker.over(&budgets, asked, NOW + 1).1.limit;
    assert_eq!(limit(&mut worker, of(1, 0)), Some((Measure::Input, Span::Day)));
    // On the month's last day both windows end together: the first limit is reported.
    let asked = Amount { cost: 1, ..of(1, 0) };
    assert_eq!(limit(&mut worker, asked), Some((Measure::Cost, Span::Month)));
    assert_eq!(limit(&mut worker, of(0, 0)), Some((Measure::Requests, Span::Minute)));
    assert_eq!(limit(&mut worker, Amount::default()), None);
    worker.settle(&budgets, &taken, Amount { requests: 1, ..Amount::default() }, NOW + 2);
    assert!(worker.ask(&budgets, Amount { input: 10, cost: 5, ..Amount::default() }, NOW + 2).is_ok());
}

#[test]
fn slots_are_free_again_at_the_end_and_those_of_a_worker_that_is_gone_after_a_while() {
    let memory = Memory::default();
    let (mut first, mut gone) = (Worker::new(&memory, 1), Worker::new(&memory, 2));
    let budgets = [budget("a", &[], Some(2))];
    let taken = first.ask(&budgets, of(0, 0), NOW).unwrap();
    gone.ask(&budgets, of(0, 0), NOW).unwrap();
    assert_eq!(
        first.over(&budgets, of(0, 0), NOW).1,
        Over { limit: None, most: 2, used: 2, asked: 1, wait: 1_000 }
    );
    first.settle(&budgets, &taken, of(5, 5), NOW);
    let taken = first.ask(&budgets, of(0, 0), NOW + 1).unwrap();
    assert!(first.ask(&budgets, of(0, 0), NOW + LEASE - 1).is_err());
    // A worker renews its own slots as long as it runs.
    for moment in [LEASE / 2, LEASE, 2 * LEASE] {
        renew(&memory, &first.slots, NOW + moment).unwrap();
    }
    let second = first.ask(&budgets, of(0, 0), NOW + 2 * LEASE).unwrap();
    assert!(first.ask(&budgets, of(0, 0), NOW + 2 * LEASE).is_err());
    for taken in [taken, second] {
        first.settle(&budgets, &taken, of(0, 0), NOW + 3 * LEASE);
    }
    assert!(first.slots.keys().is_empty());
    // They are also freed if the clock is set back.
    gone.ask(&budgets, of(0, 0), NOW + 3 * LEASE).unwrap();
    assert!(first.ask(&budgets, of(0, 0), NOW).is_ok() && first.ask(&budgets, of(0, 0), NOW).is_ok());
}

#[test]
fn a_slot_that_could_not_be_given_back_is_when_the_next_is_taken() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let budgets = [budget("a", &[], Some(1))];
    let taken = worker.ask(&budgets, of(0, 0), NOW).unwrap();
    memory.fails.set(true);
    assert_eq!(settle(&memory, &budgets, &taken, &of(0, 0), &mut worker.slots, NOW), Err(Failed));
    memory.fails.set(false);
    assert!(worker.ask(&budgets, of(0, 0), NOW).is_ok());
}

#[test]
fn where_nothing_can_be_shared_nobody_is_let_in() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let budgets = [tokens_a_minute("a", 1_000), budget("team", &[], Some(1))];
    memory.fails.set(true);
    assert_eq!(worker.ask(&budgets, of(1, 1), NOW), Err(Refused::Failed));
    memory.fails.set(false);
    // Other workers always write first.
    memory.races.set(u32::MAX);
    assert_eq!(worker.ask(&budgets, of(1, 1), NOW), Err(Refused::Failed));
    // Other workers write first a few times.
    memory.races.set(20);
    assert!(worker.ask(&budgets, of(1, 1), NOW).is_ok());
    assert_eq!(worker.slots.of(&budgets[1].holder.key()).open, 1);
}

#[test]
fn what_cannot_be_read_is_begun_anew_and_said() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let budgets = [tokens_a_minute("a", 1_000)];
    memory.data.borrow_mut().insert(budgets[0].holder.key(), (b"of another version".to_vec(), 7));
    worker.ask(&budgets, of(1_000, 0), NOW).unwrap();
    assert!(worker.ask(&budgets, of(1, 0), NOW).is_err());
    assert_eq!(memory.unreadable.get(), 1);
}

#[test]
fn a_changed_limit_holds_at_once_with_what_is_used_already() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    worker.ask(&[tokens_a_minute("a", 1_000)], of(600, 0), NOW).unwrap();
    assert_eq!(worker.over(&[tokens_a_minute("a", 500)], of(1, 0), NOW).1.used, 600);
    assert_eq!(worker.left(&[tokens_a_minute("a", 700)], NOW)[0].left, 100);
    let days = [budget("a", &[(Measure::Tokens, Span::Day, 601)], None)];
    assert!(
        worker.ask(&days, of(2, 0), NOW + 2 * MINUTE).is_err(),
        "the day's are counted beside the minute's"
    );
    assert!(worker.ask(&days, of(1, 0), NOW + 2 * MINUTE).is_ok());
    assert!(worker.ask(&days, of(601, 0), NOW + 24 * 60 * MINUTE).is_ok());
}

#[test]
fn calls_that_are_part_of_a_request_are_charged_and_never_refused() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let most = [(Measure::Tokens, Span::Minute, 100), (Measure::Requests, Span::Minute, 2)];
    let budgets = [budget("a", &most, Some(1))];
    let taken = worker.ask(&budgets, of(10, 50), NOW).unwrap();
    for _ in 0..3 {
        charge(&memory, &budgets, &Amount { requests: 0, input: 10, output: 40, cost: 0 }, NOW).unwrap();
    }
    worker.settle(&budgets, &taken, of(20, 30), NOW);
    let left = worker.left(&budgets, NOW);
    assert_eq!((left[0].left, left[1].left), (0, 1));
    assert_eq!(worker.over(&[tokens_a_minute("a", 100)], of(1, 0), NOW).1.used, 200);
    // Requests are not changed by a settlement, so nothing is written.
    let written = memory.written.get();
    let requests = [budget("b", &[(Measure::Requests, Span::Minute, 2)], None)];
    charge(&memory, &requests, &of(1, 1), NOW).unwrap();
    assert_eq!(memory.written.get(), written);
}

#[test]
fn money_is_reserved_and_settled_like_tokens_and_told_by_no_header() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let most = [(Measure::Cost, Span::Day, 12_500_000), (Measure::Cost, Span::Month, 20_000_000)];
    let budgets = [budget("a", &most, None)];
    assert!(budgets[0].limits.count_tokens() && budgets[0].limits.count_cost());
    let money = |cost| Amount { cost, ..of(1_000, 1_000) };
    let first = worker.ask(&budgets, money(10_000_000), NOW).unwrap();
    let (_, over) = worker.over(&budgets, money(2_500_001), NOW + 1);
    // NOW is on the month's last day, so both windows end together.
    assert_eq!((over.limit, over.used), (Some((Measure::Cost, Span::Day)), 10_000_000));
    assert_eq!(over.wait, 24 * 60 * MINUTE - 1);
    worker.settle(&budgets, &first, money(1_234_567), NOW + 2);
    // The cost of a part, which was not reserved.
    charge(&memory, &budgets, &Amount { requests: 0, ..money(765_433) }, NOW + 3).unwrap();
    let (_, over) = worker.over(&budgets, money(10_500_001), NOW + 4);
    assert_eq!(over.used, 2_000_000);
    let rest = worker.ask(&budgets, money(10_500_000), NOW + 5).unwrap();
    assert_eq!(worker.left(&budgets, NOW + 5), [], "what is left by the minute alone is told");
    // The next day is in the next month: usage beyond the reservation is charged there.
    let day = 24 * 60 * MINUTE;
    worker.settle(&budgets, &rest, money(11_000_000), NOW + day);
    let (_, over) = worker.over(&budgets, money(12_000_001), NOW + day + 1);
    assert_eq!((over.used, over.most), (500_000, 12_500_000));
}

#[test]
fn how_much_of_each_limit_is_used_is_told_in_per_cent_and_nothing_of_windows_that_are_over() {
    let memory = Memory::default();
    let mut worker = Worker::new(&memory, 1);
    let most = [
        (Measure::Requests, Span::Minute, 3),
        (Measure::Tokens, Span::Minute, 1_000),
        (Measure::Cost, Span::Day, 12_500_000),
    ];
    let budget = budget("a", &most, Some(4));
    assert_eq!(uses(&memory, &budget, NOW), [], "nobody has asked");
    let asked = Amount { cost: 12_499_999, ..of(1_000, 1_000) };
    worker.ask(std::slice::from_ref(&budget), asked, NOW).unwrap();
    let told = |now| {
        let all = uses(&memory, &budget, now);
        all.into_iter().map(|Use { limit, percent }| (limit, percent)).collect::<Vec<_>>()
    };
    let now =
        [("requests_per_minute", 33), ("tokens_per_minute", 200), ("cost_per_day", 99), ("parallel", 25)];
    assert_eq!(told(NOW + 1), now);
    let later = [("requests_per_minute", 0), ("tokens_per_minute", 0), ("cost_per_day", 99), ("parallel", 0)];
    assert_eq!(told(NOW + MINUTE), later);
    memory.fails.set(true);
    assert_eq!(told(NOW), []);
}

#[test]
fn a_state_comes_back_from_its_bytes_and_from_no_others() {
    let mut state = State::default();
    let limits = budget("a", &[(Measure::Tokens, Span::Minute, 100)], Some(9)).limits;
    for worker in 1..=2 {
        let slots = Slots::new(worker);
        state.ask(&limits, &of(1, 2), slots.of("a"), NOW + worker).unwrap();
    }
    let bytes = state.to_bytes();
    assert_eq!(State::from_bytes(&bytes), Some(state));
    assert_eq!(bytes.len(), 1 + 3 * 40 + 2 * 24);
    let whole = [bytes.len(), bytes.len() - 24, bytes.len() - 48];
    for end in 0..bytes.len() {
        assert_eq!(State::from_bytes(&bytes[..end]).is_some(), whole.contains(&end), "cut at {end}");
    }
    let other = [&[2][..], &bytes[1..]].concat();
    assert_eq!(State::from_bytes(&other), None);
}

/// Pseudo-random numbers, each below the argument.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// For any sequence of requests: in no window more is let in than the limit, plus what requests under way used beyond their
/// reservations; and no request is refused while used, reserved and requested amounts are within the limit.
#[test]
fn whatever_comes_when_nobody_passes_above_the_limit_and_nobody_below_is_refused() {
    for seed in 0..60 {
        let mut dice = Dice(seed);
        let memory = Memory::default();
        let mut workers: Vec<Worker<'_>> = (0..3).map(|number| Worker::new(&memory, number)).collect();
        let (own, team) = (500 + dice.roll(1_000), 500 + dice.roll(2_000));
        let keys = ["a", "b"].map(|name| [tokens_a_minute(name, own), tokens_a_minute("team", team)]);
        let mut now = NOW;
        // Used and reserved amount of each budget, and the start of its window: the key's, the other key's, the team's.
        let mut model = [(0_u64, 0_u64); 3];
        let mut in_flight: Vec<(usize, Taken, u64, [u64; 3])> = Vec::new();
        for _ in 0..400 {
            now += dice.roll(2_000);
            for (start, used) in &mut model {
                if now >= *start + MINUTE {
                    (*start, *used) = (0, 0);
                }
            }
            memory.races.set(u32::try_from(dice.roll(3)).unwrap());
            let worker = &mut workers[usize::try_from(dice.roll(3)).unwrap()];
            if dice.roll(2) == 0 && !in_flight.is_empty() {
                let place = usize::try_from(dice.roll(in_flight.len() as u64)).unwrap();
                let (key, taken, reserved, starts) = in_flight.swap_remove(place);
                let real = dice.roll(reserved * 2);
                worker.settle(&keys[key], &taken, of(real, 0), now);
                for at in [key, 2] {
                    let (start, used) = &mut model[at];
                    let charged = if *start == starts[at] && *start > 0 {
                        *used - reserved + real
                    } else {
                        *used + real.saturating_sub(reserved)
                    };
                    *used = charged;
                    if *start == 0 {
                        *start = now;
                    }
                }
                continue;
            }
            let key = usize::try_from(dice.roll(2)).unwrap();
            let asked = 1 + dice.roll(400);
            let fits = |at: usize, most: u64| model[at].1 + asked <= most;
            let expected = fits(key, own) && fits(2, team);
            let result = worker.ask(&keys[key], of(asked, 0), now);
            assert_eq!(result.is_ok(), expected, "seed {seed}: {model:?}, {asked} of {own} and {team}");
            if let Ok(taken) = result {
                for at in [key, 2] {
                    let (start, used) = &mut model[at];
                    *used += asked;
                    if *start == 0 {
                        *start = now;
                    }
                }
                in_flight.push((key, taken, asked, model.map(|(start, _)| start)));
            } else if fits(key, own) && model[key].0 == 0 {
                // The key's own window has begun with the request whose reservation was returned at once.
                model[key].0 = now;
            }
        }
    }
}
