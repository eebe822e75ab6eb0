//! The traits that a filter implements, with the SDK's names and signatures. Host calls are in [`hostcalls`](crate::hostcalls).

use crate::types::Action;

/// A context of either kind.
pub trait Context {
    /// The response of an HTTP call that this context made has come. `token_id` is what the call returned. Zero headers: there
    /// was no response.
    fn on_http_call_response(
        &mut self,
        _token_id: u32,
        _num_headers: usize,
        _body_size: usize,
        _num_trailers: usize,
    ) {
    }

    /// The context's last callback. It must return `true`: the end cannot be deferred.
    fn on_done(&mut self) -> bool {
        true
    }
}

/// A plugin on one worker. Its clones share one state: see [`set_root_context`](crate::set_root_context).
pub trait RootContext: Context {
    /// Configures the plugin; the configuration's size is in bytes. False refuses it.
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        true
    }

    /// The period set by [`set_tick_period`](crate::hostcalls::set_tick_period) is over.
    fn on_tick(&mut self) {}

    /// Creates the context of a new stream. Without one, the stream passes unfiltered.
    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        None
    }
}

/// An HTTP stream. Body sizes are bytes: all that Envoy holds of the body.
pub trait HttpContext: Context {
    /// Another context has [woken](crate::wake) this one.
    fn on_wake(&mut self) {}

    /// The request's headers have come; `end_of_stream`: there is no body.
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// A part of the request's body has come; Envoy appends it to what it holds.
    fn on_http_request_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// The request's trailers have come, which end its body.
    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        Action::Continue
    }

    /// The response's headers have come; `end_of_stream`: there is no body.
    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// A part of the response's body has come; Envoy appends it to what it holds.
    fn on_http_response_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// The response's trailers have come, which end its body.
    fn on_http_response_trailers(&mut self, _num_trailers: usize) -> Action {
        Action::Continue
    }

    /// The stream has ended, in whichever way. Properties set here are visible to Envoy's access loggers. Called once, before
    /// [`on_done`](Context::on_done).
    fn on_log(&mut self) {}
}
