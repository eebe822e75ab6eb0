//! When each shelf is looked after.

use std::cell::Cell;
use std::time::Duration;

use super::Memory;

/// Most that ticks which came late are made up for; longer ones only put it off.
const LATE: Duration = Duration::from_secs(1);
/// Least time between two turns: no division by many shelves comes to nothing.
const LEAST: Duration = Duration::from_micros(1);

/// Looks after one shelf after the other. Each has its turn in half of the time for which reasoning is kept: ticks come late, and
/// what is expired is to be gone within as long again.
#[derive(Debug, Default)]
pub struct Sweeping {
    turn: Cell<u64>,
    due: Cell<Duration>,
}

impl Sweeping {
    /// Sweeps the shelves that are due at this moment, since 1970: several where they are many and the time is short.
    pub fn tick(&self, memory: &Memory<'_>, now: Duration) {
        let shelves = u32::try_from(memory.shelves()).unwrap_or(u32::MAX);
        let seconds = Duration::from_secs(memory.settings.seconds);
        let pause = seconds.checked_div(shelves.saturating_mul(2)).unwrap_or_default().max(LEAST);
        // A clock that was set must not put it off, nor have all of them swept at once.
        let mut due = self.due.get().clamp(now.saturating_sub(LATE), now.saturating_add(pause));
        for _ in 0..shelves {
            if due > now {
                break;
            }
            memory.sweep(self.turn.get(), now.as_secs());
            self.turn.set(self.turn.get().wrapping_add(1));
            due = due.saturating_add(pause);
        }
        self.due.set(due);
    }
}
