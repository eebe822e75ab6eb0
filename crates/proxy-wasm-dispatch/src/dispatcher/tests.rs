//! Envoy makes callbacks in the middle of a callback, from within host calls.

use super::*;

type Log = Rc<RefCell<Vec<String>>>;

#[derive(Clone)]
struct FakeRoot(Log);

impl FakeRoot {
    fn log(&self, what: &str) {
        self.0.borrow_mut().push(format!("root {}: {what}", ACTIVE.get()));
    }
}

impl Context for FakeRoot {
    fn on_http_call_response(&mut self, token: u32, _headers: usize, _size: usize, _trailers: usize) {
        self.log(&format!("response {token}"));
    }

    fn on_done(&mut self) -> bool {
        self.log("done");
        true
    }
}

impl RootContext for FakeRoot {
    fn on_tick(&mut self) {
        self.log("tick");
        register_callout(70);
    }

    /// Plays an Envoy that answers a call at once, and one whose call comes back through a filter of the same VM.
    fn on_configure(&mut self, _size: usize) -> bool {
        register_callout(72);
        on_http_call_response(1, 72, |_| {}, |context| context.on_http_call_response(72, 0, 0, 0));
        on_create_context(9, 1);
        with_http(9, |stream| stream.on_http_request_body(0, true));
        self.log("configured");
        true
    }

    fn create_http_context(&self, _id: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(FakeStream(Rc::clone(&self.0))))
    }
}

struct FakeStream(Log);

impl FakeStream {
    fn log(&self, what: &str) {
        self.0.borrow_mut().push(format!("{}: {what}", ACTIVE.get()));
    }
}

impl Context for FakeStream {
    fn on_http_call_response(&mut self, token: u32, _headers: usize, _size: usize, _trailers: usize) {
        self.log(&format!("response {token}"));
    }

    fn on_done(&mut self) -> bool {
        self.log("done");
        true
    }
}

impl HttpContext for FakeStream {
    /// Plays an Envoy that ends a stream within a host call: stream 3 is the calling one, 4 another.
    fn on_http_request_headers(&mut self, _headers: usize, _end_of_stream: bool) -> Action {
        self.log("headers");
        on_log(3);
        on_delete(3);
        assert_eq!(with_http(3, |_| Action::Pause), Action::Continue, "a stream at work is not called again");
        with_http(4, |stream| stream.on_http_request_body(0, true));
        self.log("headers end");
        Action::Pause
    }

    fn on_http_request_body(&mut self, _size: usize, _end_of_stream: bool) -> Action {
        self.log("body");
        register_callout(71);
        Action::Continue
    }

    fn on_log(&mut self) {
        self.log("logged");
    }
}

impl Drop for FakeStream {
    fn drop(&mut self) {
        self.log("dropped");
    }
}

fn begun() -> Log {
    let log = Log::default();
    let root = FakeRoot(Rc::clone(&log));
    set_root_context(Box::new(move |_| {
        let root = root.clone();
        Rc::new(move || Box::new(root.clone()))
    }));
    on_create_context(1, 0);
    for id in [3, 4] {
        on_create_context(id, 1);
    }
    log
}

fn answered(token: u32) -> u32 {
    let activated = Cell::new(0);
    on_http_call_response(
        1,
        token,
        |id| activated.set(id),
        |context| context.on_http_call_response(token, 1, 0, 0),
    );
    activated.get()
}

fn lines(log: &Log) -> Vec<String> {
    log.borrow().clone()
}

#[test]
fn a_stream_that_envoy_ends_while_it_works_ends_after_its_work() {
    let log = begun();
    assert_eq!(with_http(3, |stream| stream.on_http_request_headers(0, false)), Action::Pause);
    assert_eq!(
        lines(&log),
        ["3: headers", "4: body", "3: headers end", "3: logged", "3: done", "0: dropped"],
        "and another one is served meanwhile"
    );
    assert_eq!(with_http(3, |_| Action::Pause), Action::Continue, "it is gone");
}

#[test]
fn a_plugin_at_work_is_called_again_and_gets_streams() {
    let log = begun();
    assert_eq!(with_root(1, |root| root.on_configure(0)), Some(true));
    assert_eq!(lines(&log), ["root 1: response 72", "9: body", "root 1: configured"]);
}

#[test]
fn a_plugin_that_is_over_is_told_and_not_called_again() {
    let log = begun();
    on_delete(1);
    assert_eq!(with_root(1, |_| ()), None);
    assert_eq!(lines(&log), ["root 1: done"]);
}

#[test]
fn a_response_goes_to_whoever_made_the_call() {
    let log = begun();
    with_http(4, |stream| stream.on_http_request_body(0, true));
    with_root(1, |root| root.on_tick());
    assert_eq!([70, 71, 72].map(answered), [0, 4, 0]);
    assert_eq!(lines(&log), ["4: body", "root 1: tick", "root 1: response 70", "4: response 71"]);
}

#[test]
fn a_response_for_a_stream_that_is_gone_is_nobodys() {
    let log = begun();
    with_http(4, |stream| stream.on_http_request_body(0, true));
    on_delete(4);
    answered(71);
    assert_eq!(lines(&log), ["4: body", "4: done", "0: dropped"]);
    CONTEXTS.with_borrow(|contexts| assert!(contexts.callouts.is_empty()));
}

#[test]
fn a_stream_is_told_that_it_has_ended_and_then_that_it_is_over() {
    let log = begun();
    on_log(4);
    on_log(5);
    on_delete(4);
    assert_eq!(lines(&log), ["4: logged", "4: done", "0: dropped"]);
}
