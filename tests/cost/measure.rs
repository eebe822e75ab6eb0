//! What work takes. Memory is exact: an allocator that counts each thread's bytes. Time is the thread's processor time, which
//! no waiting and no other thread adds to: counters of instructions are not to be had on every machine (not on virtual ones),
//! and valgrind takes fifty times as long. Quadratic work shows all the same: only what takes long is judged, more than once,
//! by the best of several runs. Bytes asked for are counted as well, an exact measure of all that copies into new memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use super::clock::processor_time;

struct Counting;

#[global_allocator]
static COUNTING: Counting = Counting;

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { asked: 0, held: 0, peak: 0 }) };
}

#[derive(Clone, Copy)]
struct Count {
    asked: usize,
    held: isize,
    peak: isize,
}

fn count(asked: usize, freed: usize) {
    let _ = COUNT.try_with(|it| {
        let Count { asked: total, held, peak } = it.get();
        // Moved: both places are there for a moment, as they are in a VM, whose memory grows in one piece.
        let (both, held) = (held + asked.cast_signed(), held + asked.cast_signed() - freed.cast_signed());
        it.set(Count { asked: total + asked, held, peak: peak.max(both) });
    });
}

// SAFETY: all is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, layout.size());
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        unsafe { System.realloc(at, layout, size) }
    }
}

/// What a piece of work took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Processor time of the thread.
    pub(crate) time: Duration,
    /// The most bytes that were held at a time, beyond what was held before.
    pub(crate) peak: usize,
    /// All bytes that were asked for.
    pub(crate) asked: usize,
}

/// Runs `work` and says what it took.
pub(crate) fn cost(work: impl FnOnce()) -> Cost {
    let before = COUNT.replace(Count { asked: 0, held: 0, peak: 0 });
    let begun = processor_time();
    work();
    let time = processor_time() - begun;
    let Count { asked, peak, .. } = COUNT.replace(before);
    Cost { time, peak: peak.max(0).cast_unsigned(), asked }
}

#[test]
fn what_is_held_and_asked_for_is_counted_to_the_byte() {
    let counted = cost(|| {
        drop(vec![0u8; 1_000]);
        let mut held = Vec::<u8>::with_capacity(3_000);
        held.reserve_exact(5_000);
        drop(held);
    });
    assert_eq!((counted.asked, counted.peak), (9_000, 8_000));
}
