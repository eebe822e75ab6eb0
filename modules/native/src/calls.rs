//! Calls of root contexts to clusters. Envoy makes them for a stream or for a configuration, and for that on the main thread alone. So
//! a worker's root context has the main thread make its calls, and gets their answers from there.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use proxy_wasm_dispatch::entry;

use crate::abi::{self, Given};
use crate::config::Config;
use crate::host::pairs;
use crate::ticks::{Handle, lock};
use crate::worker::{self, Current, Stream};

/// The event by which the main thread makes the calls that wait.
pub(crate) const CALLS: u64 = 1;

/// A call that a worker wants to be made.
pub(crate) struct Call {
    from: Arc<Handle>,
    token: u32,
    root: u32,
    cluster: Vec<u8>,
    headers: Vec<u8>,
    body: Vec<u8>,
    timeout: u32,
}

/// An answer: headers in proxy-wasm's form, none where nobody answered, and a body.
pub(crate) struct Answer {
    pub(crate) root: u32,
    pub(crate) token: u32,
    pub(crate) response: Response,
}

/// What came back.
#[derive(Default)]
pub(crate) struct Response {
    pub(crate) headers: Vec<u8>,
    pub(crate) count: usize,
    pub(crate) body: Vec<u8>,
}

/// Who made a call.
enum Maker {
    /// The root context of the main thread, by its id.
    Main { root: u32, token: u32 },
    /// One of a worker's.
    Worker { from: Arc<Handle>, root: u32, token: u32 },
}

thread_local! {
    /// Calls of configurations under way, on the main thread, by configuration and by Envoy's id.
    static MAKERS: RefCell<HashMap<(u64, u64), Maker>> = RefCell::default();
    /// The response that has just come.
    static RESPONSE: RefCell<Response> = RefCell::default();
}

/// Makes a call for the root context whose callback is under way: its token, or Envoy's result where it is not made.
pub(crate) fn make(
    root: &worker::Root,
    cluster: &[u8],
    headers: &[u8],
    body: &[u8],
    timeout: u32,
) -> Result<u32, u32> {
    let token = worker::number();
    let Some(from) = worker::handle() else {
        send(&root.config, cluster, headers, body, timeout, Maker::Main { root: root.id, token })?;
        return Ok(token);
    };
    let (cluster, headers, body) = (cluster.to_vec(), headers.to_vec(), body.to_vec());
    let call = Call { from, token, root: root.id, cluster, headers, body, timeout };
    lock(&root.config.calls).push(call);
    root.config.schedule(CALLS);
    Ok(token)
}

/// Makes the calls that workers want to be made, on the main thread.
pub(crate) fn make_all(config: &Arc<Config>) {
    let calls = std::mem::take(&mut *lock(&config.calls));
    for Call { from, token, root, cluster, headers, body, timeout } in calls {
        let maker = Maker::Worker { from: Arc::clone(&from), root, token };
        if send(config, &cluster, &headers, &body, timeout, maker).is_err() {
            give(&from, Answer { root, token, response: Response::default() });
        }
    }
}

fn send(
    config: &Config,
    cluster: &[u8],
    headers: &[u8],
    body: &[u8],
    timeout: u32,
    maker: Maker,
) -> Result<(), u32> {
    let mut headers: Vec<_> = pairs::read(headers).map(pairs::given).collect();
    let mut call = 0;
    // SAFETY: this is the main thread, whose configuration is not gone; all that is pointed to lives through the call.
    let result = unsafe {
        abi::envoy_dynamic_module_callback_http_filter_config_http_callout(
            config.envoys(),
            &raw mut call,
            Given::new(cluster),
            headers.as_mut_ptr(),
            headers.len(),
            Given::new(body),
            timeout.into(),
        )
    };
    if result != abi::SUCCESS {
        return Err(result);
    }
    MAKERS.with_borrow_mut(|makers| makers.insert((config.number, call), maker));
    Ok(())
}

/// The response to a configuration's call has come, on the main thread.
pub(crate) fn came(config: &Config, call: u64, response: Response) {
    match MAKERS.with_borrow_mut(|makers| makers.remove(&(config.number, call))) {
        Some(Maker::Main { root, token }) => answered(Answer { root, token, response }, None),
        Some(Maker::Worker { from, root, token }) => give(&from, Answer { root, token, response }),
        None => {}
    }
}

fn give(worker: &Handle, answer: Answer) {
    lock(&worker.answers).push(answer);
    worker.schedule();
}

/// Gives a root context of this thread the answer to its call.
pub(crate) fn answered(answer: Answer, by: Option<&Rc<Stream>>) {
    let Some(root) = worker::root_of(answer.root) else { return };
    let current = Current { root, stream: None, by: by.cloned() };
    worker::within(current, || respond(answer.root, answer.token, answer.response));
}

/// Gives the context that made a call its response; to be called within a callback of that context.
pub(crate) fn respond(root: u32, token: u32, response: Response) {
    let (count, size) = (response.count, response.body.len());
    let before = RESPONSE.replace(response);
    entry::proxy_on_http_call_response(root, token, count, size, 0);
    RESPONSE.set(before);
}

/// Looks at the response that has just come.
pub(crate) fn with_response<T>(look: impl FnOnce(&Response) -> T) -> T {
    RESPONSE.with_borrow(look)
}
