//! Finds the context that a callback is for: a root context per plugin and a stream context per HTTP stream, by the ids that
//! Envoy assigns (proxy-wasm ABI 0.2.1).
//!
//! A stream context is taken out of the table while its callback runs; a root context's callback runs on a clone. Envoy may
//! make further callbacks from within a host call. Those for other contexts run at once. If a stream ends while its own
//! callback runs, `on_log` and `on_done` follow once that callback has returned. The table is never borrowed while a callback
//! runs.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::ids::Ids;
use crate::traits::{Context, HttpContext, RootContext};
use crate::types::Action;

/// Clones a plugin's root context. All clones share one state.
type Root = Rc<dyn Fn() -> Box<dyn RootContext>>;

#[derive(Default)]
struct Contexts {
    /// Root contexts by id. There are few: one per plugin, and those of a configuration that Envoy is retiring.
    roots: Vec<(u32, Root)>,
    streams: HashMap<u32, Slot, Ids>,
    /// The context that made each HTTP call under way, by the call's token. Envoy delivers every response to the root context.
    callouts: HashMap<u32, u32, Ids>,
}

enum Slot {
    Idle(Box<dyn HttpContext>),
    /// A callback of this stream is running. The flags say whether Envoy has meanwhile reported its end (`on_log`) and its
    /// deletion (`on_delete`).
    Busy {
        has_ended: bool,
        is_over: bool,
    },
}

/// Makes a plugin's root context from its id.
type NewRoot = Box<dyn Fn(u32) -> Root>;

thread_local! {
    static NEW_ROOT: OnceCell<NewRoot> = const { OnceCell::new() };
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
    /// Id of the context whose callback is running.
    static ACTIVE: Cell<u32> = const { Cell::new(0) };
}

/// Sets the constructor of root contexts. Only the first call counts: a module is initialised once.
pub(crate) fn set_root_context(new_root: NewRoot) {
    NEW_ROOT.with(|cell| {
        let _ = cell.set(new_root);
    });
}

/// Creates a context: a root context where `root` is 0, else a stream context of that root.
pub(crate) fn on_create_context(id: u32, root: u32) {
    if root == 0 {
        if let Some(new) = NEW_ROOT.with(|cell| cell.get().map(|new_root| new_root(id))) {
            CONTEXTS.with_borrow_mut(|contexts| contexts.roots.push((id, new)));
        }
        return;
    }
    if let Some(stream) = clone_of(root).and_then(|root| root.create_http_context(id)) {
        CONTEXTS.with_borrow_mut(|contexts| contexts.streams.insert(id, Slot::Idle(stream)));
    }
}

/// Runs a callback on a root context; `None` where the id is unknown.
pub(crate) fn with_root<T>(id: u32, act: impl FnOnce(&mut dyn RootContext) -> T) -> Option<T> {
    let mut root = clone_of(id)?;
    Some(as_active(id, || act(&mut *root)))
}

fn clone_of(id: u32) -> Option<Box<dyn RootContext>> {
    let root = CONTEXTS.with_borrow(|contexts| {
        let (_, root) = contexts.roots.iter().find(|(own, _)| *own == id)?;
        Some(Rc::clone(root))
    })?;
    Some(root())
}

/// Runs a callback on a stream context. If the stream is unknown or a callback of it is running already, the answer is
/// `Continue`.
pub(crate) fn with_http(id: u32, act: impl FnOnce(&mut dyn HttpContext) -> Action) -> Action {
    let Some(mut stream) = take(id) else { return Action::Continue };
    let action = as_active(id, || act(&mut *stream));
    put_back(id, stream);
    action
}

/// Delivers the response of an HTTP call to the stream that made it, else to the plugin `root`. `activate` makes host calls
/// refer to that context's headers and bodies.
pub(crate) fn on_http_call_response(
    root: u32,
    token: u32,
    activate: impl FnOnce(u32),
    act: impl FnOnce(&mut dyn Context),
) {
    let Some(maker) = CONTEXTS.with_borrow_mut(|contexts| contexts.callouts.remove(&token)) else { return };
    if maker == root {
        with_root(root, |root| act(root));
        return;
    }
    activate(maker);
    with_http(maker, |stream| {
        act(stream);
        Action::Continue
    });
}

/// Records that the context whose callback is running has made an HTTP call.
pub(crate) fn register_callout(token: u32) {
    let maker = ACTIVE.get();
    CONTEXTS.with_borrow_mut(|contexts| contexts.callouts.insert(token, maker));
}

/// A stream has ended. If a callback of it is running, `on_log` follows after that callback.
pub(crate) fn on_log(id: u32) {
    if let Some(mut stream) = take(id) {
        as_active(id, || stream.on_log());
        return put_back(id, stream);
    }
    CONTEXTS.with_borrow_mut(|contexts| {
        if let Some(Slot::Busy { has_ended, .. }) = contexts.streams.get_mut(&id) {
            *has_ended = true;
        }
    });
}

/// Envoy deletes a context.
pub(crate) fn on_delete(id: u32) {
    let root = CONTEXTS.with_borrow_mut(|contexts| {
        // A deleted stream's entries in `callouts` stay until the responses come, which are then dropped: tokens are never
        // reused, and looking for them would mean a walk over the calls of all streams.
        take_root(&mut contexts.roots, id)
    });
    if let Some(root) = root {
        as_active(id, || root().on_done());
        return;
    }
    if let Some(stream) = take(id) {
        return end(id, stream);
    }
    CONTEXTS.with_borrow_mut(|contexts| {
        if let Some(Slot::Busy { is_over, .. }) = contexts.streams.get_mut(&id) {
            *is_over = true;
        }
    });
}

/// Written without `Vec::remove`, which may panic.
fn take_root(roots: &mut Vec<(u32, Root)>, id: u32) -> Option<Root> {
    roots.iter().find(|(own, _)| *own == id)?;
    let (mut gone, kept): (Vec<_>, Vec<_>) =
        std::mem::take(roots).into_iter().partition(|(own, _)| *own == id);
    *roots = kept;
    gone.pop().map(|(_, root)| root)
}

/// Runs a stream's last callbacks.
fn end(id: u32, mut stream: Box<dyn HttpContext>) {
    as_active(id, || stream.on_done());
    CONTEXTS.with_borrow_mut(|contexts| contexts.streams.remove(&id));
}

/// Takes a stream context out of the table to run a callback on it; `None` where one is running already.
fn take(id: u32) -> Option<Box<dyn HttpContext>> {
    CONTEXTS.with_borrow_mut(|contexts| {
        let slot = contexts.streams.get_mut(&id)?;
        match std::mem::replace(slot, Slot::Busy { has_ended: false, is_over: false }) {
            Slot::Idle(stream) => Some(stream),
            busy @ Slot::Busy { .. } => {
                *slot = busy;
                None
            }
        }
    })
}

fn put_back(id: u32, mut stream: Box<dyn HttpContext>) {
    if has_ended(id) {
        as_active(id, || stream.on_log());
    }
    let left = CONTEXTS.with_borrow_mut(|contexts| match contexts.streams.get_mut(&id) {
        Some(slot @ Slot::Busy { is_over: false, .. }) => {
            *slot = Slot::Idle(stream);
            None
        }
        _ => Some(stream),
    });
    if let Some(stream) = left {
        end(id, stream);
    }
}

/// Whether Envoy has reported the end of this stream, whose callback is running; resets that flag.
fn has_ended(id: u32) -> bool {
    CONTEXTS.with_borrow_mut(|contexts| match contexts.streams.get_mut(&id) {
        Some(Slot::Busy { has_ended, .. }) => std::mem::take(has_ended),
        _ => false,
    })
}

fn as_active<T>(id: u32, act: impl FnOnce() -> T) -> T {
    let before = ACTIVE.replace(id);
    let result = act();
    ACTIVE.set(before);
    result
}

#[cfg(test)]
mod tests;
