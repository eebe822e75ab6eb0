//! Time that a thread has worked, whatever else the machine does.

use std::time::Duration;

#[repr(C)]
struct TimeSpec {
    seconds: i64,
    nanoseconds: i64,
}

unsafe extern "C" {
    fn clock_gettime(clock: i32, into: *mut TimeSpec) -> i32;
}

/// The processor time of the thread so far (`CLOCK_THREAD_CPUTIME_ID`).
pub(crate) fn processor_time() -> Duration {
    const THREAD: i32 = if cfg!(target_os = "macos") { 16 } else { 3 };
    let mut time = TimeSpec { seconds: 0, nanoseconds: 0 };
    // SAFETY: the place is ours, and of the layout that POSIX gives it on 64 bits.
    let status = unsafe { clock_gettime(THREAD, &raw mut time) };
    assert_eq!(status, 0, "the thread's clock cannot be read");
    Duration::new(time.seconds.cast_unsigned(), u32::try_from(time.nanoseconds).unwrap())
}
