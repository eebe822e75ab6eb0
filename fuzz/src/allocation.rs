//! What a piece of work takes of memory, and of time by its measure that no busy machine changes: the bytes that it asks for.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use super::clock::processor_time;

/// Counts what the thread asks for.
pub struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static COST: Cell<Cost> = const { Cell::new(Cost { total: 0, held: 0, peak: 0 }) };
}

/// What work took, bytes.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// All that was asked for.
    pub total: usize,
    held: isize,
    /// The most that was held at a time.
    pub peak: isize,
}

fn count(asked: usize, freed: usize) {
    let _ = COST.try_with(|cost| {
        let Cost { total, held, peak } = cost.get();
        let held = held + asked as isize - freed as isize;
        cost.set(Cost { total: total + asked, held, peak: peak.max(held) });
    });
}

// SAFETY: all is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // Growing in place or moving: what is new was asked for.
        count(size, layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs work and says what it took.
pub fn measured(work: impl FnOnce()) -> Cost {
    let before = COST.replace(Cost { total: 0, held: 0, peak: 0 });
    work();
    let taken = COST.replace(before);
    COST.set(Cost { held: before.held + taken.held, ..before });
    taken
}

/// How much the work on one byte of input may take, and how much any work may, bytes.
#[derive(Clone, Copy)]
pub struct Bound {
    pub per_byte: usize,
    pub any: usize,
}

/// Runs work on `size` bytes of input and holds it to a bound that is linear in them: in bytes asked for, in bytes held, and,
/// with a hundredfold allowance for the sanitizer, in processor time.
pub fn bounded<T>(what: &str, size: usize, bound: Bound, work: impl FnOnce() -> T) -> T {
    let before = COST.replace(Cost { total: 0, held: 0, peak: 0 });
    let begun = processor_time();
    let result = work();
    let took = processor_time() - begun;
    let Cost { total, held, peak } = COST.replace(before);
    COST.set(Cost { held: before.held + held, ..before });
    let most = bound.per_byte * size + bound.any;
    assert!(total <= most, "{what}: {total} bytes asked for by an input of {size}, at most {most}");
    assert!(
        peak <= most as isize / 2,
        "{what}: {peak} bytes held for an input of {size}, at most {}",
        most / 2
    );
    let longest = Duration::from_millis(500) + Duration::from_micros(20) * u32::try_from(size).unwrap();
    assert!(took <= longest, "{what}: {took:?} for an input of {size}, at most {longest:?}");
    result
}
