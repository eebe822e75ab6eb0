//! What the worst inputs cost. Each member of each wire type is given unkind values of one size and of twice that, natively and
//! optimised (`make test-cost`); the test fails where twice the bytes take more than two and a half times as much, or a body more than it may.
//!
//! `COST_MEGABYTES=4 cargo test --release --test cost` does the same with larger ones (`make cost`). The worst are told in
//! `target/cost.txt`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unsafe_code,
    reason = "a test fails by a panic, and counts what is allocated"
)]

mod cases;
mod clock;
#[allow(dead_code, reason = "shared with tests/translation, which uses more of it")]
#[path = "../translation/frames.rs"]
mod frames;
mod known;
mod measure;
mod places;
mod report;
mod shapes;
mod source;
mod subject;
mod together;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cases::Case;
use measure::{Cost, cost};

/// Bytes of the larger input, where `COST_MEGABYTES` says nothing. No power of two: tables that double would be caught
/// just before and just after.
const BYTES: usize = 100_000;
/// Twice the bytes may take so many times as much.
const GROWTH: f64 = 2.5;
/// Of time, which is not as exact; quadratic is 4.
const SLOWER: f64 = 3.0;
/// What a byte may make us hold: 4 MB are at most 100 MiB.
const HELD_PER_BYTE: usize = 25;
/// What any input may make us hold.
const HELD: usize = 1 << 20;
/// What a byte may take, where the code is optimised: 4 MB at most a second.
const TIME_PER_BYTE: Duration = Duration::from_nanos(250);
/// Growth is asked of what takes as long, and of what asks for as much: the rest is too little to tell.
const LONG: Duration = Duration::from_millis(20);
const MUCH: usize = 1 << 20;
/// Of so many runs the quickest counts, where the first was too slow.
const RUNS: usize = 3;

/// A case, and what it took.
pub(crate) struct Taken {
    pub(crate) name: String,
    pub(crate) bytes: usize,
    pub(crate) cost: Cost,
    /// How many times as long it takes for twice the bytes.
    pub(crate) growth: f64,
    /// What is wrong with it.
    pub(crate) wrong: Vec<(Wrong, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// Too much is held.
    Held,
    /// What is asked for grows faster than the input: something is copied again and again.
    Copies,
    /// Time grows faster than the input.
    Time,
}

#[test]
#[cfg_attr(debug_assertions, ignore = "takes minutes where it is not optimised: make test-cost")]
fn no_input_costs_more_than_its_size_allows() {
    let bytes = std::env::var("COST_MEGABYTES")
        .map_or(BYTES, |megabytes| megabytes.parse::<usize>().expect("a number") * 1_000_000);
    let only = std::env::var("COST_ONLY").unwrap_or_default();
    let mut cases = cases::all();
    cases.retain(|case| case.name.contains(&only));
    let all = measured(&cases, bytes);
    let told = report::told(&all);
    println!("{told}");
    let _ = std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/target"));
    let _ = std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/target/cost.txt"), told);
    if bytes == BYTES && only.is_empty() {
        known::compare(&all);
    }
}

/// On as many threads as the machine runs at once; each counts for itself.
fn measured(cases: &[Case], bytes: usize) -> Vec<Taken> {
    let (next, all) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let is_verbose = std::env::var_os("COST_VERBOSE").is_some();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((at, case)) =
                    cases.get(next.fetch_add(1, Ordering::Relaxed)).map(|case| (case.name.clone(), case))
                {
                    let taken = judged(case, bytes);
                    if is_verbose {
                        eprintln!("{at} {:.1?}", taken.cost.time);
                    }
                    all.lock().unwrap().push((at, taken));
                }
            });
        }
    });
    let mut all = all.into_inner().unwrap();
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all.into_iter().map(|(_, taken)| taken).collect()
}

fn judged(case: &Case, bytes: usize) -> Taken {
    let run = |input: &[u8]| cost(|| subject::run(case.subject, input));
    let small = (case.make)(bytes / 2);
    let mut less = run(&small);
    // Even if it grew by eight, too little to tell: most are refused at their first bytes.
    if less.time * 8 < LONG && less.asked * 8 < MUCH && less.peak * 8 < HELD {
        return Taken {
            name: case.name.clone(),
            bytes: small.len(),
            cost: less,
            growth: 1.0,
            wrong: Vec::new(),
        };
    }
    let large = (case.make)(bytes);
    let mut more = run(&large);
    let longer = large.len() as f64 / small.len() as f64;
    // As if the larger were exactly twice as long.
    let growth = |less: f64, more: f64| more / less.max(1.0) / longer * 2.0;
    let is_slow = |less: &Cost, more: &Cost| {
        let grows =
            more.time > LONG && growth(less.time.as_nanos() as f64, more.time.as_nanos() as f64) > SLOWER;
        grows || !cfg!(debug_assertions) && more.time > longest(large.len())
    };
    for _ in 1..RUNS {
        // What takes seconds is no accident.
        if !is_slow(&less, &more) || more.time > Duration::from_secs(2) {
            break;
        }
        less.time = less.time.min(run(&small).time);
        more.time = more.time.min(run(&large).time);
    }
    // A table that doubles may do so twice between the two: what grows too fast does so again.
    let mut larger = None;
    let mut grows_on = |of: fn(&Cost) -> f64, limit: f64| {
        let larger = larger.get_or_insert_with(|| run(&(case.make)(bytes * 2)));
        growth(of(&more), of(larger)) > limit
    };
    let mut wrong = Vec::new();
    let most = HELD_PER_BYTE * large.len() + HELD;
    // What an operator writes is read once, and no stranger's.
    if more.peak > most && case.subject != subject::Subject::Configuration {
        wrong
            .push((Wrong::Held, format!("{} held, at most {}", report::size(more.peak), report::size(most))));
    }
    let held = growth(less.peak as f64, more.peak as f64);
    if more.peak > MUCH && held > GROWTH && grows_on(|cost| cost.peak as f64, GROWTH) {
        wrong.push((Wrong::Held, format!("{held:.1} times as much held for twice the bytes")));
    }
    let asked = growth(less.asked as f64, more.asked as f64);
    if more.asked > MUCH && asked > GROWTH && grows_on(|cost| cost.asked as f64, GROWTH) {
        wrong.push((
            Wrong::Copies,
            format!("{asked:.1} times as much asked for, {}", report::size(more.asked)),
        ));
    }
    let is_slow = is_slow(&less, &more)
        && (grows_on(|cost| cost.time.as_nanos() as f64, SLOWER) || more.time > longest(large.len()));
    let growth = growth(less.time.as_nanos() as f64, more.time.as_nanos() as f64);
    // Where too much is held, the kernel's pages are most of the time.
    if is_slow && more.peak <= most {
        wrong
            .push((Wrong::Time, format!("{growth:.1} times as long for twice the bytes, {:.0?}", more.time)));
    }
    Taken { name: case.name.clone(), bytes: large.len(), cost: more, growth, wrong }
}

fn longest(bytes: usize) -> Duration {
    TIME_PER_BYTE * u32::try_from(bytes).unwrap() + Duration::from_millis(10)
}
