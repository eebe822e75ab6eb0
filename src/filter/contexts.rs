//! Who Envoy's callbacks are for: a context per plugin, and one per request, attempt or image, by the ids that Envoy gives
//! them (proxy-wasm ABI 0.2.1).
//!
//! A context is taken out of the table while it works. Envoy may call in the middle of that: other contexts are served as
//! always, and what it says of this one (that it is over) is done once it has finished.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use super::ids::Ids;

/// What becomes of what a callback was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(super) enum Action {
    /// It goes on.
    Continue = 0,
    /// It is held.
    Pause = 1,
}

/// A request, an attempt, or an image.
pub(super) trait Stream {
    fn on_request_headers(&mut self, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// `size` is how much of the body is there, bytes.
    fn on_request_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    fn on_request_trailers(&mut self) -> Action {
        Action::Continue
    }

    fn on_response_headers(&mut self, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    fn on_response_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    fn on_response_trailers(&mut self) -> Action {
        Action::Continue
    }

    /// The answer of a call that it made: how many headers, how many bytes.
    fn on_call_response(&mut self, _call: u32, _headers: usize, _size: usize) {}

    /// It is over.
    fn on_done(&mut self) {}
}

/// A plugin of one worker. Its callbacks may come within each other, so none has it to itself.
pub(super) trait Plugin {
    fn on_configure(&self) -> bool;
    fn on_tick(&self);
    fn on_call_response(&self, call: u32, headers: usize, size: usize);
    fn stream(&self) -> Option<Box<dyn Stream>>;
}

#[derive(Default)]
struct Contexts {
    /// A few: a plugin of each role, and those of a configuration that is on its way out.
    plugins: Vec<(u32, Rc<dyn Plugin>)>,
    streams: HashMap<u32, Slot, Ids>,
    /// Whose the calls under way are. Envoy answers all of them to the plugin.
    calls: HashMap<u32, u32, Ids>,
}

enum Slot {
    Idle(Box<dyn Stream>),
    /// It is at work, and has been said to be over meanwhile or not.
    Busy {
        is_over: bool,
    },
}

thread_local! {
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
    /// Whoever is at work.
    static ACTIVE: Cell<u32> = const { Cell::new(0) };
}

/// A context begins: a plugin's own where it has no root.
pub(super) fn create(id: u32, root: u32, plugin: impl FnOnce() -> Rc<dyn Plugin>) {
    if root == 0 {
        let plugin = plugin();
        CONTEXTS.with_borrow_mut(|contexts| contexts.plugins.push((id, plugin)));
        return;
    }
    if let Some(stream) = self::plugin(root).and_then(|plugin| plugin.stream()) {
        CONTEXTS.with_borrow_mut(|contexts| contexts.streams.insert(id, Slot::Idle(stream)));
    }
}

/// Lets a plugin do something; `None` where there is none.
pub(super) fn with_plugin<T>(id: u32, act: impl FnOnce(&dyn Plugin) -> T) -> Option<T> {
    let plugin = plugin(id)?;
    Some(as_active(id, || act(&*plugin)))
}

fn plugin(id: u32) -> Option<Rc<dyn Plugin>> {
    CONTEXTS.with_borrow(|contexts| {
        let (_, plugin) = contexts.plugins.iter().find(|(own, _)| *own == id)?;
        Some(Rc::clone(plugin))
    })
}

/// Lets a stream do something. One that is not there, or at work already, lets everything go on.
pub(super) fn with_stream(id: u32, act: impl FnOnce(&mut dyn Stream) -> Action) -> Action {
    let Some(mut stream) = take(id) else { return Action::Continue };
    let action = as_active(id, || act(&mut *stream));
    put_back(id, stream);
    action
}

/// The answer of a call: for the stream that made it, else for the plugin `root`. `activate` tells Envoy whose headers
/// and bodies are asked for then.
pub(super) fn answer(root: u32, call: u32, activate: impl FnOnce(u32), headers: usize, size: usize) {
    let Some(maker) = CONTEXTS.with_borrow_mut(|contexts| contexts.calls.remove(&call)) else { return };
    if maker == root {
        with_plugin(root, |plugin| plugin.on_call_response(call, headers, size));
        return;
    }
    activate(maker);
    with_stream(maker, |stream| {
        stream.on_call_response(call, headers, size);
        Action::Continue
    });
}

/// Whoever is at work has made a call.
pub(super) fn called(call: u32) {
    let maker = ACTIVE.get();
    CONTEXTS.with_borrow_mut(|contexts| contexts.calls.insert(call, maker));
}

/// A context is over.
pub(super) fn delete(id: u32) {
    let plugin = CONTEXTS.with_borrow_mut(|contexts| {
        contexts.calls.retain(|_, maker| *maker != id);
        take_plugin(&mut contexts.plugins, id)
    });
    drop(plugin);
    if let Some(stream) = take(id) {
        return end(id, stream);
    }
    CONTEXTS.with_borrow_mut(|contexts| {
        if let Some(Slot::Busy { is_over }) = contexts.streams.get_mut(&id) {
            *is_over = true;
        }
    });
}

/// Whatever removes from within a list may panic.
fn take_plugin(plugins: &mut Vec<(u32, Rc<dyn Plugin>)>, id: u32) -> Option<Rc<dyn Plugin>> {
    plugins.iter().find(|(own, _)| *own == id)?;
    let (mut gone, kept): (Vec<_>, Vec<_>) =
        std::mem::take(plugins).into_iter().partition(|(own, _)| *own == id);
    *plugins = kept;
    gone.pop().map(|(_, plugin)| plugin)
}

/// Lets a stream do the last it has to do.
fn end(id: u32, mut stream: Box<dyn Stream>) {
    as_active(id, || stream.on_done());
    CONTEXTS.with_borrow_mut(|contexts| contexts.streams.remove(&id));
}

/// Takes a stream to work with, where it is not at work already.
fn take(id: u32) -> Option<Box<dyn Stream>> {
    CONTEXTS.with_borrow_mut(|contexts| {
        let slot = contexts.streams.get_mut(&id)?;
        match std::mem::replace(slot, Slot::Busy { is_over: false }) {
            Slot::Idle(stream) => Some(stream),
            busy @ Slot::Busy { .. } => {
                *slot = busy;
                None
            }
        }
    })
}

fn put_back(id: u32, stream: Box<dyn Stream>) {
    let left = CONTEXTS.with_borrow_mut(|contexts| match contexts.streams.get_mut(&id) {
        Some(slot @ Slot::Busy { is_over: false }) => {
            *slot = Slot::Idle(stream);
            None
        }
        _ => Some(stream),
    });
    if let Some(stream) = left {
        end(id, stream);
    }
}

fn as_active<T>(id: u32, act: impl FnOnce() -> T) -> T {
    let before = ACTIVE.replace(id);
    let result = act();
    ACTIVE.set(before);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    type Log = Rc<RefCell<Vec<String>>>;

    struct Fake(Log);

    impl Plugin for Fake {
        fn on_configure(&self) -> bool {
            true
        }

        fn on_tick(&self) {
            called(70);
        }

        fn on_call_response(&self, call: u32, _headers: usize, _size: usize) {
            self.0.borrow_mut().push(format!("plugin: answer {call}"));
        }

        fn stream(&self) -> Option<Box<dyn Stream>> {
            Some(Box::new(FakeStream(Rc::clone(&self.0))))
        }
    }

    struct FakeStream(Log);

    impl FakeStream {
        fn log(&self, what: &str) {
            self.0.borrow_mut().push(format!("{}: {what}", ACTIVE.get()));
        }
    }

    impl Stream for FakeStream {
        /// What Envoy does when a call of ours ends the stream: 3 is this one, 4 another.
        fn on_request_headers(&mut self, _end_of_stream: bool) -> Action {
            self.log("headers");
            delete(3);
            assert_eq!(
                with_stream(3, |_| Action::Pause),
                Action::Continue,
                "a stream at work is not called again"
            );
            with_stream(4, |stream| stream.on_request_body(0, true));
            self.log("headers end");
            Action::Pause
        }

        fn on_request_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
            self.log("body");
            called(71);
            Action::Continue
        }

        fn on_call_response(&mut self, call: u32, _headers: usize, _size: usize) {
            self.log(&format!("answer {call}"));
        }

        fn on_done(&mut self) {
            self.log("done");
        }
    }

    impl Drop for FakeStream {
        fn drop(&mut self) {
            self.log("dropped");
        }
    }

    fn begun() -> Log {
        let log = Log::default();
        let fake = Rc::clone(&log);
        create(1, 0, || Rc::new(Fake(fake)));
        for id in [3, 4] {
            create(id, 1, || Rc::new(Fake(Log::default())));
        }
        log
    }

    fn lines(log: &Log) -> Vec<String> {
        log.borrow().clone()
    }

    #[test]
    fn a_stream_that_envoy_ends_while_it_works_ends_after_its_work() {
        let log = begun();
        assert_eq!(with_stream(3, |stream| stream.on_request_headers(false)), Action::Pause);
        assert_eq!(
            lines(&log),
            ["3: headers", "4: body", "3: headers end", "3: done", "0: dropped"],
            "and another one is served meanwhile"
        );
        assert_eq!(with_stream(3, |_| Action::Pause), Action::Continue, "it is gone");
    }

    #[test]
    fn an_answer_goes_to_whoever_made_the_call() {
        let log = begun();
        with_stream(4, |stream| stream.on_request_body(0, true));
        with_plugin(1, |plugin| plugin.on_tick());
        let activated = Cell::new(0);
        for call in [70, 71, 72] {
            answer(1, call, |id| activated.set(id), 1, 0);
        }
        assert_eq!(lines(&log), ["4: body", "plugin: answer 70", "4: answer 71"]);
        assert_eq!(activated.get(), 4);
    }

    #[test]
    fn an_answer_for_a_stream_that_is_gone_is_nobodys() {
        let log = begun();
        with_stream(4, |stream| stream.on_request_body(0, true));
        delete(4);
        answer(1, 71, |_| {}, 1, 0);
        assert_eq!(lines(&log), ["4: body", "4: done", "0: dropped"]);
        CONTEXTS.with_borrow(|contexts| assert!(contexts.calls.is_empty()));
    }
}
