//! Root contexts tick: a thread of the module's own has Envoy's threads call them. Envoy's main thread is reached by a configuration, a
//! worker by any stream of its: while it has none, nothing there waits for a tick, and the next stream brings one.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use proxy_wasm_dispatch::entry;

use crate::abi::{self, Scheduler};
use crate::calls::{self, Answer};
use crate::config::Config;
use crate::worker::{self, Current, Stream};

/// How often. The filter asks for no other period.
const PERIOD: Duration = Duration::from_millis(200);

/// The event by which a thread is to look after its root contexts.
pub(crate) const TICK: u64 = 0;

/// The event by which a stream is to give the answers that wait.
pub(crate) const ANSWERS: u64 = 1;

/// Has Envoy call a stream once it is through with its own work.
pub(crate) fn schedule(stream: &Stream, event: u64) {
    let Some(envoys) = stream.envoys() else { return };
    // SAFETY: the stream is not over; what was committed needs the scheduler no longer.
    unsafe {
        let scheduler = abi::envoy_dynamic_module_callback_http_filter_scheduler_new(envoys);
        abi::envoy_dynamic_module_callback_http_filter_scheduler_commit(scheduler, event);
        abi::envoy_dynamic_module_callback_http_filter_scheduler_delete(scheduler);
    }
}

/// What other threads have of a worker.
#[derive(Default)]
pub(crate) struct Handle {
    /// By which stream it is reached; null: by none.
    scheduler: Mutex<Reach>,
    /// Answers to calls of its root contexts.
    pub(crate) answers: Mutex<Vec<Answer>>,
}

struct Reach(Scheduler);

impl Default for Reach {
    fn default() -> Self {
        Self(ptr::null_mut())
    }
}

// SAFETY: a scheduler's commit may be called from any thread.
unsafe impl Send for Reach {}

impl Handle {
    /// Has the worker look after its root contexts, where it has a stream.
    pub(crate) fn schedule(&self) {
        let reach = lock(&self.scheduler);
        if !reach.0.is_null() {
            // SAFETY: it is there for as long as it is in here, which nobody changes meanwhile.
            unsafe { abi::envoy_dynamic_module_callback_http_filter_scheduler_commit(reach.0, TICK) }
        }
    }

    fn reach_by(&self, scheduler: Scheduler) {
        let before = std::mem::replace(&mut lock(&self.scheduler).0, scheduler);
        if !before.is_null() {
            // SAFETY: nobody has it any more.
            unsafe { abi::envoy_dynamic_module_callback_http_filter_scheduler_delete(before) }
        }
    }
}

/// Takes a lock. What panics ends the process, so none is ever poisoned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

thread_local! {
    /// The stream by which this worker is reached.
    static BY: RefCell<Weak<Stream>> = const { RefCell::new(Weak::new()) };
    /// When its root contexts ticked last.
    static LAST: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A stream begins: it may be the one by which this worker is reached, and brings a tick that is due.
pub(crate) fn begin(stream: &Rc<Stream>) {
    if !stream.root.ticks.get() || worker::handle().is_none() {
        return;
    }
    if BY.with_borrow(|by| by.strong_count() == 0) {
        reach_by(Some(stream));
    }
    if LAST.get().is_none_or(|last| last.elapsed() >= PERIOD) {
        tick(stream);
    }
}

/// A stream is over. Where the worker was reached by it, it is reached by another of its streams from here on.
pub(crate) fn end(stream: &Rc<Stream>) {
    if BY.with_borrow(|by| ptr::eq(by.as_ptr(), Rc::as_ptr(stream))) {
        reach_by(worker::any().as_ref());
    }
}

fn reach_by(stream: Option<&Rc<Stream>>) {
    let Some(handle) = worker::handle() else { return };
    let envoys = stream.and_then(|stream| stream.envoys());
    // SAFETY: the stream is not over.
    let scheduler =
        envoys.map(|envoys| unsafe { abi::envoy_dynamic_module_callback_http_filter_scheduler_new(envoys) });
    handle.reach_by(scheduler.unwrap_or(ptr::null_mut()));
    BY.set(stream.map(Rc::downgrade).unwrap_or_default());
}

/// Lets the root contexts of a worker tick, and take answers to their calls. What they ask of Envoy they ask by this stream.
pub(crate) fn tick(by: &Rc<Stream>) {
    if let Some(handle) = worker::handle() {
        let answers = std::mem::take(&mut *lock(&handle.answers));
        for answer in answers {
            calls::answered(answer, Some(by));
        }
    }
    if LAST.get().is_some_and(|last| last.elapsed() < PERIOD / 2) {
        return;
    }
    LAST.set(Some(Instant::now()));
    for root in worker::ticking_roots() {
        let id = root.id;
        let current = Current { root, stream: None, by: Some(Rc::clone(by)) };
        worker::within(current, || entry::proxy_on_tick(id));
    }
}

/// Lets the main thread's root context of a configuration tick.
pub(crate) fn tick_main(config: &Arc<Config>) {
    let of = |root: &Rc<worker::Root>| root.config.number == config.number;
    if let Some(root) = worker::ticking_roots().into_iter().find(of) {
        let id = root.id;
        worker::within(Current { root, stream: None, by: None }, || entry::proxy_on_tick(id));
    }
}

#[derive(Default)]
struct Clock {
    configs: Vec<Arc<Config>>,
    workers: Vec<Arc<Handle>>,
    thread: Option<JoinHandle<()>>,
}

static CLOCK: LazyLock<(Mutex<Clock>, Condvar)> = LazyLock::new(Default::default);

/// A configuration's root context on this thread is to tick.
pub(crate) fn wanted(config: &Arc<Config>) {
    let handle = worker::handle();
    let (clock, _) = &*CLOCK;
    let mut clock = lock(clock);
    match handle {
        Some(handle) if !clock.workers.iter().any(|known| Arc::ptr_eq(known, &handle)) => {
            clock.workers.push(handle);
        }
        Some(_) => {}
        None if !clock.configs.iter().any(|known| known.number == config.number) => {
            clock.configs.push(Arc::clone(config));
        }
        None => {}
    }
    if clock.thread.is_none() {
        clock.thread = thread::Builder::new().name("bedrock-ticks".to_owned()).spawn(run).ok();
    }
}

/// A configuration is gone. The thread ends with the last.
pub(crate) fn unwanted(config: &Config) {
    let (clock, change) = &*CLOCK;
    let thread = {
        let mut clock = lock(clock);
        clock.configs.retain(|known| known.number != config.number);
        if !clock.configs.is_empty() {
            return;
        }
        change.notify_all();
        clock.thread.take()
    };
    if let Some(thread) = thread {
        let _ = thread.join();
    }
}

fn run() {
    let (mutex, change) = &*CLOCK;
    let mut clock = lock(mutex);
    while !clock.configs.is_empty() {
        for config in &clock.configs {
            config.schedule(TICK);
        }
        for worker in &clock.workers {
            worker.schedule();
        }
        clock = change.wait_timeout(clock, PERIOD).unwrap_or_else(PoisonError::into_inner).0;
    }
}
