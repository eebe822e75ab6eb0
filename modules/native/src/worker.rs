//! The contexts of one thread, by the ids that the filter knows them by, and which of them is at work. A thread stands for a VM.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::ptr;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use proxy_wasm_dispatch::entry;

use crate::abi::{self, Envoys};
use crate::config::Config;
use crate::later::{self, Later};
use crate::ticks::{self, Handle};

/// A root context: a configuration on this thread.
pub(crate) struct Root {
    pub(crate) id: u32,
    pub(crate) config: Arc<Config>,
    /// Whether it is to tick.
    pub(crate) ticks: Cell<bool>,
}

/// One direction of a stream.
#[derive(Default)]
pub(crate) struct Direction {
    /// A piece of the body has just come.
    pub(crate) receives: Cell<bool>,
    /// What came before is held.
    pub(crate) holds: Cell<bool>,
}

/// An answer of the filter's own. Envoy would not show it to the filter that gives it, which makes its record of it.
pub(crate) struct Own {
    /// `:status` among them.
    pub(crate) headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
}

/// A stream's context.
pub(crate) struct Stream {
    pub(crate) id: u32,
    pub(crate) root: Rc<Root>,
    pub(crate) request: Direction,
    pub(crate) response: Direction,
    /// It has been answered by the filter.
    pub(crate) is_answered: Cell<bool>,
    /// The filter's own answer, while it passes by the filter.
    pub(crate) answer: RefCell<Option<Own>>,
    /// What the gateway role hands over to the attempts of its request.
    pub(crate) handoff: RefCell<Vec<u8>>,
    /// Of an attempt: the stream of the gateway role whose request it is.
    pub(crate) request_of: RefCell<Weak<Stream>>,
    /// Of the gateway role: the attempts of its request.
    pub(crate) attempts: RefCell<Vec<Weak<Stream>>>,
    /// Envoy gives nothing of it any more.
    pub(crate) is_ending: Cell<bool>,
    /// An answer of somebody else's has come.
    pub(crate) has_response: Cell<bool>,
    /// Headers were changed by which Envoy chooses the route.
    pub(crate) is_rerouted: Cell<bool>,
    /// Calls under way: Envoy's ids and the filter's.
    pub(crate) calls: RefCell<Vec<(u64, u32)>>,
    /// Answers that have to wait until Envoy is through with its own work.
    pub(crate) waiting: RefCell<Vec<Later>>,
    envoys: Cell<Envoys>,
}

impl Stream {
    /// Envoy's own; `None` once the stream is over.
    pub(crate) fn envoys(&self) -> Option<Envoys> {
        Some(self.envoys.get()).filter(|envoys| !envoys.is_null())
    }

    /// It is over.
    pub(crate) fn end(&self) {
        self.envoys.set(ptr::null_mut());
    }

    /// Whether it is of the gateway role, whose headers choose the route.
    pub(crate) fn is_gateways(&self) -> bool {
        self.root.config.role == b"gateway"
    }
}

/// The context whose callback is under way on this thread.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) root: Rc<Root>,
    /// `None`: the root context itself.
    pub(crate) stream: Option<Rc<Stream>>,
    /// A stream by which a root context reaches Envoy on a worker.
    pub(crate) by: Option<Rc<Stream>>,
}

thread_local! {
    static ROOTS: RefCell<Vec<Rc<Root>>> = const { RefCell::new(Vec::new()) };
    static STREAMS: RefCell<HashMap<u32, Rc<Stream>>> = RefCell::default();
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    /// How many callbacks are under way, each within the one before.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// The number of the last context or call.
    static LAST: Cell<u32> = const { Cell::new(0) };
    /// What other threads have of this one; none of the main thread.
    static HANDLE: OnceCell<Arc<Handle>> = const { OnceCell::new() };
    static IS_MAIN: Cell<bool> = const { Cell::new(false) };
}

/// Another number, for a context or a call.
pub(crate) fn number() -> u32 {
    let number = LAST.get().wrapping_add(1).max(1);
    LAST.set(number);
    number
}

/// Says that this is the thread on which Envoy loads configurations.
pub(crate) fn is_main_thread() {
    IS_MAIN.set(true);
}

/// What other threads have of this one; `None` of the main thread.
pub(crate) fn handle() -> Option<Arc<Handle>> {
    if IS_MAIN.get() {
        return None;
    }
    Some(HANDLE.with(|handle| Arc::clone(handle.get_or_init(Arc::default))))
}

/// The root context of a configuration on this thread, made where there is none; `None` where the filter refuses the configuration.
pub(crate) fn root(config: &Arc<Config>) -> Option<Rc<Root>> {
    let find = |roots: &Vec<Rc<Root>>| roots.iter().find(|root| root.config.number == config.number).cloned();
    if let Some(root) = ROOTS.with_borrow(find) {
        return Some(root);
    }
    if ROOTS.with_borrow(Vec::is_empty) {
        // Once for each thread, as once for each VM.
        bedrock_filter::filter::_initialize();
    }
    forget_roots();
    let root = Rc::new(Root { id: number(), config: Arc::clone(config), ticks: Cell::new(false) });
    let current = Current { root: Rc::clone(&root), stream: None, by: None };
    let is_good = within(current, || {
        entry::proxy_on_context_create(root.id, 0);
        entry::proxy_on_configure(root.id, config.text.len())
    });
    if !is_good {
        delete_root(&root);
        return None;
    }
    ROOTS.with_borrow_mut(|roots| roots.push(Rc::clone(&root)));
    Some(root)
}

/// Gives up root contexts whose configuration is gone.
pub(crate) fn forget_roots() {
    let is_over = |root: &mut Rc<Root>| root.config.is_over.load(Ordering::Relaxed);
    let over: Vec<_> = ROOTS.with_borrow_mut(|roots| roots.extract_if(.., is_over).collect());
    for root in over {
        delete_root(&root);
    }
}

fn delete_root(root: &Rc<Root>) {
    let current = Current { root: Rc::clone(root), stream: None, by: None };
    within(current, || entry::proxy_on_delete(root.id));
}

/// All root contexts of this thread that are to tick.
pub(crate) fn ticking_roots() -> Vec<Rc<Root>> {
    ROOTS.with_borrow(|roots| roots.iter().filter(|root| root.ticks.get()).cloned().collect())
}

/// A stream begins.
pub(crate) fn begin(root: &Rc<Root>, envoys: Envoys) -> Rc<Stream> {
    let stream = Rc::new(Stream {
        id: number(),
        root: Rc::clone(root),
        request: Direction::default(),
        response: Direction::default(),
        is_answered: Cell::new(false),
        answer: RefCell::default(),
        handoff: RefCell::default(),
        request_of: RefCell::default(),
        attempts: RefCell::default(),
        is_ending: Cell::new(false),
        has_response: Cell::new(false),
        is_rerouted: Cell::new(false),
        calls: RefCell::default(),
        waiting: RefCell::default(),
        envoys: Cell::new(envoys),
    });
    STREAMS.with_borrow_mut(|streams| streams.insert(stream.id, Rc::clone(&stream)));
    within_stream(&stream, || entry::proxy_on_context_create(stream.id, root.id));
    ticks::begin(&stream);
    stream
}

/// A request is complete, and its attempts with it. Envoy ends them once the gateway role's stream is over, by which they put back the
/// request's headers.
pub(crate) fn end_attempts(stream: &Stream) {
    for attempt in stream.attempts.take().iter().filter_map(Weak::upgrade) {
        if !attempt.is_ending.replace(true) {
            within_stream(&attempt, || entry::proxy_on_delete(attempt.id));
        }
    }
}

/// A stream is over.
pub(crate) fn end(stream: &Rc<Stream>) {
    if !stream.is_ending.replace(true) {
        within_stream(stream, || entry::proxy_on_delete(stream.id));
    }
    stream.end();
    STREAMS.with_borrow_mut(|streams| streams.remove(&stream.id));
    ticks::end(stream);
    // Envoy has given up its calls, and the filter would wait for them.
    for (_, call) in stream.calls.take() {
        within_stream(stream, || entry::proxy_on_http_call_response(stream.root.id, call, 0, 0, 0));
    }
}

/// The root context of this id.
pub(crate) fn root_of(id: u32) -> Option<Rc<Root>> {
    ROOTS.with_borrow(|roots| roots.iter().find(|root| root.id == id).cloned())
}

/// The stream of this id.
pub(crate) fn stream_of(id: u32) -> Option<Rc<Stream>> {
    STREAMS.with_borrow(|streams| streams.get(&id).cloned())
}

/// A configuration of the gateway role, where this thread has one.
pub(crate) fn gateways() -> Option<Arc<Config>> {
    let is_it =
        |root: &&Rc<Root>| root.config.role == b"gateway" && !root.config.is_over.load(Ordering::Relaxed);
    ROOTS.with_borrow(|roots| roots.iter().find(is_it).map(|root| Arc::clone(&root.config)))
}

/// Any stream of this thread.
pub(crate) fn any() -> Option<Rc<Stream>> {
    STREAMS.with_borrow(|streams| streams.values().next().cloned())
}

/// Lets a stream do something, and then what waits for that.
pub(crate) fn within_stream<T>(stream: &Rc<Stream>, act: impl FnOnce() -> T) -> T {
    let current = Current { root: Rc::clone(&stream.root), stream: Some(Rc::clone(stream)), by: None };
    within(current, act)
}

/// Lets a context do something, and then what waits for that.
pub(crate) fn within<T>(current: Current, act: impl FnOnce() -> T) -> T {
    let stream = current.stream.clone();
    let before = CURRENT.replace(Some(current));
    DEPTH.set(DEPTH.get().saturating_add(1));
    let result = act();
    DEPTH.set(DEPTH.get().saturating_sub(1));
    CURRENT.set(before);
    if let Some(stream) = stream {
        reroute(&stream);
    }
    if DEPTH.get() == 0 {
        later::run();
    }
    result
}

/// Has Envoy choose the route anew where headers were changed that choose it.
pub(crate) fn reroute(stream: &Stream) {
    if stream.is_rerouted.take()
        && let Some(envoys) = stream.envoys()
    {
        // SAFETY: the stream is not over, and is of a listener.
        unsafe { abi::envoy_dynamic_module_callback_http_clear_route_cache(envoys) }
    }
}

/// The context whose callback is under way on this thread; `None` outside of callbacks.
pub(crate) fn current() -> Option<Current> {
    CURRENT.with_borrow(Clone::clone)
}

/// The stream whose callback is under way; `None` where it is a root context's.
pub(crate) fn current_stream() -> Option<Rc<Stream>> {
    CURRENT.with_borrow(|current| current.as_ref()?.stream.clone())
}

/// Envoy's own of the stream whose callback is under way.
pub(crate) fn current_envoys() -> Option<Envoys> {
    CURRENT.with_borrow(|current| current.as_ref()?.stream.as_ref()?.envoys())
}

/// Makes the context with this number the current one, until the callback ends; false where there is none.
pub(crate) fn set_current(id: u32) -> bool {
    let stream = STREAMS.with_borrow(|streams| streams.get(&id).cloned());
    let root = match &stream {
        Some(stream) => Some(Rc::clone(&stream.root)),
        None => ROOTS.with_borrow(|roots| roots.iter().find(|root| root.id == id).cloned()),
    };
    let Some(root) = root else { return false };
    CURRENT.with_borrow_mut(|current| {
        let by = current.take().and_then(|current| current.by);
        *current = Some(Current { root, stream, by });
    });
    true
}
