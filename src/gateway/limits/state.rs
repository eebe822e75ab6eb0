//! The state of one budget in the shared data.

use super::windows::Window;
use super::{Amount, Limits, Measure, Span, Use};

/// How long a worker's slots stay reserved without renewal, milliseconds. A worker renews them while requests are open; those
/// of a worker that is gone are freed after this time.
pub const LEASE: u64 = 60_000;

/// Version of the serialised form.
const VERSION: u8 = 1;

/// The state of one budget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The windows, in the order of [`Span::ALL`].
    windows: [Window; 3],
    /// Slots for concurrent requests, by worker.
    leases: Vec<Lease>,
}

/// The open requests of one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Lease {
    worker: u64,
    until: u64,
    open: u32,
}

/// The open requests of one worker under a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Number of the worker, unique among workers.
    pub worker: u64,
    /// How many are open.
    pub open: u32,
}

/// The amount reserved for a request, and the windows that it was reserved in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reservation {
    held: Amount,
    starts: [u64; 3],
}

/// The limit that a request would exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Over {
    /// The limit; `None`: the one on concurrent requests.
    pub limit: Option<(Measure, Span)>,
    /// The limit's maximum.
    pub most: u64,
    /// Amount used and reserved.
    pub used: u64,
    /// Amount that the request needs.
    pub asked: u64,
    /// Time until the request would pass, milliseconds.
    pub wait: u64,
}

/// What is left of a per-minute limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// What is counted.
    pub measure: Measure,
    /// The limit's maximum.
    pub most: u64,
    /// Amount left.
    pub left: u64,
    /// Time until the window ends, milliseconds.
    pub reset: u64,
}

impl State {
    /// Reserves the amount of a request, or nothing. `open` is the worker and its open requests without this one. A request
    /// that needs more than the whole limit passes where nothing of the limit is used; otherwise it never could.
    ///
    /// # Errors
    /// The limit that it would exceed; of several the one with the longest wait.
    pub fn ask(
        &mut self,
        limits: &Limits,
        asked: &Amount,
        open: Open,
        now: u64,
    ) -> Result<Reservation, Over> {
        self.turn(now);
        let mut over: Option<Over> = None;
        let mut note = |found: Over| {
            if over.is_none_or(|known| known.wait < found.wait) {
                over = Some(found);
            }
        };
        for (measure, span, most) in &limits.most {
            let window = self.window(*span);
            let (used, asked, most) = (window.used.of(*measure), asked.of(*measure), *most);
            if asked > 0 && used.saturating_add(asked.min(most)) > most {
                note(Over {
                    limit: Some((*measure, *span)),
                    most,
                    used,
                    asked,
                    wait: window.rest(*span, now),
                });
            }
        }
        if let Some(most) = limits.parallel {
            let used = self.others(open.worker).saturating_add(open.open);
            if used >= most {
                note(Over { limit: None, most: most.into(), used: used.into(), asked: 1, wait: 1_000 });
            }
        }
        if let Some(over) = over {
            return Err(over);
        }
        let mut starts = [0; 3];
        for (window, start) in self.windows.iter_mut().zip(&mut starts) {
            window.used = window.used.plus(asked);
            *start = window.start;
        }
        if limits.parallel.is_some() {
            self.lease(Open { open: open.open.saturating_add(1), ..open }, now);
        }
        Ok(Reservation { held: *asked, starts })
    }

    /// Replaces a reservation by what the request has used. Where the window has ended, nothing is returned, and usage beyond
    /// the reservation is charged to the current window.
    pub fn settle(&mut self, reservation: &Reservation, real: &Amount, now: u64) {
        self.turn(now);
        let Reservation { held, starts } = reservation;
        for (window, start) in self.windows.iter_mut().zip(starts) {
            let used = if window.start == *start {
                window.used.minus(held).plus(real)
            } else {
                window.used.plus(&real.minus(held))
            };
            window.used = used;
        }
    }

    /// Sets the worker's number of open requests.
    pub fn lease(&mut self, Open { worker, open }: Open, now: u64) {
        self.leases.retain(|lease| lease.worker != worker);
        if open > 0 {
            self.leases.push(Lease { worker, until: now.saturating_add(LEASE), open });
        }
    }

    /// What is left of each per-minute limit.
    pub fn left<'s>(&'s self, limits: &'s Limits, now: u64) -> impl Iterator<Item = Left> + 's {
        limits.most.iter().filter(|(_, span, _)| *span == Span::Minute).map(move |(measure, span, most)| {
            let window = self.window(*span);
            let used = window.used.of(*measure);
            let reset = if used == 0 { 0 } else { window.rest(*span, now) };
            Left { measure: *measure, most: *most, left: most.saturating_sub(used), reset }
        })
    }

    /// The used part of each limit at `now`.
    pub fn uses(mut self, limits: &Limits, now: u64) -> Vec<Use> {
        self.turn(now);
        let of_windows = limits.most.iter().map(|(measure, span, most)| {
            Use::of(Some((*measure, *span)), self.window(*span).used.of(*measure), *most)
        });
        let open = self.leases.iter().fold(0, |all: u64, lease| all.saturating_add(lease.open.into()));
        let parallel = limits.parallel.map(|most| Use::of(None, open, most.into()));
        of_windows.chain(parallel).collect()
    }

    /// Restarts windows that have ended, and frees the slots of workers that are gone.
    fn turn(&mut self, now: u64) {
        for (window, span) in self.windows.iter_mut().zip(Span::ALL) {
            window.turn(span, now);
        }
        // A lease that ends later than any could have been written: the clock was set back since.
        let latest = now.saturating_add(LEASE.saturating_mul(2));
        self.leases.retain(|lease| (now.saturating_add(1)..latest).contains(&lease.until));
    }

    fn window(&self, span: Span) -> &Window {
        let [minute, day, month] = &self.windows;
        match span {
            Span::Minute => minute,
            Span::Day => day,
            Span::Month => month,
        }
    }

    fn others(&self, worker: u64) -> u32 {
        let others = self.leases.iter().filter(|lease| lease.worker != worker);
        others.fold(0, |all, lease| all.saturating_add(lease.open))
    }

    /// Serialised for the shared data: the version, then 64-bit numbers, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let windows =
            self.windows.iter().flat_map(|Window { start, used }| [*start].into_iter().chain(used.numbers()));
        let leases = self.leases.iter().flat_map(|lease| [lease.worker, lease.until, lease.open.into()]);
        let mut bytes = vec![VERSION];
        bytes.extend(windows.chain(leases).flat_map(u64::to_le_bytes));
        bytes
    }

    /// Parses [`Self::to_bytes`]; `None` for another version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (numbers, rest) = bytes.strip_prefix(&[VERSION])?.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let mut state = Self::default();
        for window in &mut state.windows {
            window.start = numbers.next()?;
            let mut used = [0; Amount::NUMBERS];
            for number in &mut used {
                *number = numbers.next()?;
            }
            window.used = Amount::from_numbers(used);
        }
        while let Some(worker) = numbers.next() {
            let (until, open) = (numbers.next()?, u32::try_from(numbers.next()?).ok()?);
            state.leases.push(Lease { worker, until, open });
        }
        rest.is_empty().then_some(state)
    }
}
