//! Which context a callback is for: one per plugin, and one per stream, by the ids that Envoy gives them (proxy-wasm ABI
//! 0.2.1).
//!
//! A stream's context is taken out of the table while it works, and a plugin's works by a clone. Envoy may call in the middle
//! of that: other contexts are served as always, and what it says of this one (that it is over) is done once it has finished.
//! The table itself is never borrowed while a context works.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::ids::Ids;
use crate::traits::{Context, HttpContext, RootContext};
use crate::types::Action;

/// Makes clones of a plugin's context, which are all the same one.
type Root = Rc<dyn Fn() -> Box<dyn RootContext>>;

#[derive(Default)]
struct Contexts {
    /// A few: a plugin of each kind, and those of a configuration that is on its way out.
    roots: Vec<(u32, Root)>,
    streams: HashMap<u32, Slot, Ids>,
    /// Whose the calls under way are. Envoy gives all their responses to the plugin.
    callouts: HashMap<u32, u32, Ids>,
}

enum Slot {
    Idle(Box<dyn HttpContext>),
    /// It is at work, and has been said to have ended, and to be over, meanwhile or not.
    Busy {
        has_ended: bool,
        is_over: bool,
    },
}

/// What makes a plugin's context, by its id.
type NewRoot = Box<dyn Fn(u32) -> Root>;

thread_local! {
    static NEW_ROOT: OnceCell<NewRoot> = const { OnceCell::new() };
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
    /// Whoever is at work.
    static ACTIVE: Cell<u32> = const { Cell::new(0) };
}

/// Says what makes plugins' contexts. It counts once: a module begins once.
pub(crate) fn set_root_context(new_root: NewRoot) {
    NEW_ROOT.with(|cell| {
        let _ = cell.set(new_root);
    });
}

/// A context begins: a plugin's own where `root` is 0.
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

/// Lets a plugin do something; `None` where there is none.
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

/// Lets a stream do something. One that is not there, or at work already, lets everything go on.
pub(crate) fn with_http(id: u32, act: impl FnOnce(&mut dyn HttpContext) -> Action) -> Action {
    let Some(mut stream) = take(id) else { return Action::Continue };
    let action = as_active(id, || act(&mut *stream));
    put_back(id, stream);
    action
}

/// The response of a call: for the stream that made it, else for the plugin `root`. `activate` tells Envoy whose headers
/// and bodies are asked for then.
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

/// Whoever is at work has made a call.
pub(crate) fn register_callout(token: u32) {
    let maker = ACTIVE.get();
    CONTEXTS.with_borrow_mut(|contexts| contexts.callouts.insert(token, maker));
}

/// A stream has ended. One that is at work does after it what it has to do then.
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

/// A context is over.
pub(crate) fn on_delete(id: u32) {
    let root = CONTEXTS.with_borrow_mut(|contexts| {
        // A stream's calls stay until their responses come, which are nobody's then: no id comes a second time, and to look
        // for them would take as long as there are calls of all streams.
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

/// Whatever removes from within a list may panic.
fn take_root(roots: &mut Vec<(u32, Root)>, id: u32) -> Option<Root> {
    roots.iter().find(|(own, _)| *own == id)?;
    let (mut gone, kept): (Vec<_>, Vec<_>) =
        std::mem::take(roots).into_iter().partition(|(own, _)| *own == id);
    *roots = kept;
    gone.pop().map(|(_, root)| root)
}

/// Lets a stream do the last it has to do.
fn end(id: u32, mut stream: Box<dyn HttpContext>) {
    as_active(id, || stream.on_done());
    CONTEXTS.with_borrow_mut(|contexts| contexts.streams.remove(&id));
}

/// Takes a stream to work with, where it is not at work already.
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

/// Whether a stream that is at work has been said to have ended since that was last asked.
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
