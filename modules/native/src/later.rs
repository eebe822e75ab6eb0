//! What waits until a callback is over, as it does in a VM: Envoy goes on with a stream, answers it or ends it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use proxy_wasm_dispatch::entry;

use crate::abi::{self, Given};
use crate::host::pairs;
use crate::ticks;
use crate::worker::{self, Own, Stream, reroute};

/// What a stream waits for.
pub(crate) enum Later {
    /// Its request goes on.
    Continue,
    /// It is answered.
    Answer {
        status: u32,
        details: Vec<u8>,
        /// In proxy-wasm's form.
        headers: Vec<u8>,
        body: Vec<u8>,
    },
    /// It breaks off.
    Reset,
}

thread_local! {
    static LATER: RefCell<VecDeque<(Rc<Stream>, Later)>> = const { RefCell::new(VecDeque::new()) };
}

/// Has this be done once no callback is under way.
pub(crate) fn add(stream: Rc<Stream>, later: Later) {
    LATER.with_borrow_mut(|all| all.push_back((stream, later)));
}

/// Does all that waits. Envoy calls the filter in the middle of it, which may add to it.
pub(crate) fn run() {
    while let Some((stream, later)) = LATER.with_borrow_mut(VecDeque::pop_front) {
        // An answer ends the stream, and so its other calls. Where Envoy is just ending one of them itself, it does not survive that.
        let ends_calls = !matches!(later, Later::Continue) && !stream.calls.borrow().is_empty();
        if ends_calls {
            ticks::schedule(&stream, ticks::ANSWERS);
            stream.waiting.borrow_mut().push(later);
        } else {
            act(&stream, &later);
        }
    }
}

/// Gives the answers that had to wait until Envoy was through with its own work.
pub(crate) fn answer_waiting(stream: &Rc<Stream>) {
    for later in stream.waiting.take() {
        act(stream, &later);
    }
}

const STATUS: &[u8] = b":status";

/// Has the gateway role's own answer pass by it, as Envoy has those of VMs pass. Once another has come, Envoy sends it past all filters.
fn passed(stream: &Rc<Stream>, own: Own) -> Own {
    if !stream.is_gateways() || stream.has_response.get() {
        return own;
    }
    let count = own.headers.len();
    let has_body = !own.body.is_empty();
    stream.answer.replace(Some(own));
    worker::within_stream(stream, || {
        entry::proxy_on_response_headers(stream.id, count, !has_body);
        let size = stream.answer.borrow().as_ref().map_or(0, |own| own.body.len());
        if has_body {
            entry::proxy_on_response_body(stream.id, size, true);
        }
    });
    stream.answer.take().unwrap_or(Own { headers: Vec::new(), body: Vec::new() })
}

fn answer(stream: &Stream, own: Own, details: &[u8]) {
    let Some(envoys) = stream.envoys() else { return };
    let status = own.headers.iter().find(|(name, _)| name == STATUS);
    let status = status.and_then(|(_, value)| std::str::from_utf8(value).ok()?.parse().ok());
    let rest = own.headers.iter().filter(|(name, _)| name != STATUS);
    let mut headers: Vec<_> = rest.map(|(name, value)| pairs::given((name, value))).collect();
    // SAFETY: the stream is not over, and all that is pointed to lives through the call.
    unsafe {
        abi::envoy_dynamic_module_callback_http_send_response(
            envoys,
            status.unwrap_or(500),
            headers.as_mut_ptr(),
            headers.len(),
            Given::new(&own.body),
            Given::new(details),
        );
    }
}

fn act(stream: &Rc<Stream>, later: &Later) {
    reroute(stream);
    let Some(envoys) = stream.envoys() else { return };
    match later {
        // SAFETY: the stream is not over.
        Later::Continue => unsafe {
            abi::envoy_dynamic_module_callback_http_filter_continue_decoding(envoys);
        },
        Later::Answer { status, details, headers, body } => {
            let (name, value) = (STATUS.to_vec(), status.to_string().into_bytes());
            let others = pairs::read(headers).map(|(name, value)| (name.to_vec(), value.to_vec()));
            let own =
                Own { headers: [(name, value)].into_iter().chain(others).collect(), body: body.clone() };
            answer(stream, passed(stream, own), details);
        }
        // SAFETY: the stream is not over, and the text is static.
        Later::Reset => unsafe {
            abi::envoy_dynamic_module_callback_http_filter_reset_stream(
                envoys,
                0,
                Given::new(b"bedrock_reset"),
            );
        },
    }
}
