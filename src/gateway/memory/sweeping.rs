//! Schedules the sweeping of shelves.

use std::cell::Cell;
use std::time::Duration;

use super::Memory;

/// Longest delay of a tick that is made up for.
const LATE: Duration = Duration::from_secs(1);
/// Shortest time between two sweeps, so that it is not zero for many shelves.
const LEAST: Duration = Duration::from_micros(1);

/// Sweeps one shelf after the other, each once in half of an entry's lifetime: ticks may be late, and an expired entry should
/// be gone within another lifetime.
#[derive(Debug, Default)]
pub struct Sweeping {
    turn: Cell<u64>,
    due: Cell<Duration>,
}

impl Sweeping {
    /// Sweeps the shelves that are due at `now`, since 1970; several where there are many and the lifetime is short.
    pub fn tick(&self, memory: &Memory<'_>, now: Duration) {
        let shelves = u32::try_from(memory.shelves()).unwrap_or(u32::MAX);
        let seconds = Duration::from_secs(memory.settings.seconds);
        let pause = seconds.checked_div(shelves.saturating_mul(2)).unwrap_or_default().max(LEAST);
        // A clock that was set must neither delay the sweep nor have all shelves swept at once.
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
