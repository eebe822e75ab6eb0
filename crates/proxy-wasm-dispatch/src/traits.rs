//! What a filter implements. Names and signatures are the SDK's; what is called from here is in [`hostcalls`](crate::hostcalls).

use crate::types::Action;

/// Whatever makes calls.
pub trait Context {
    /// The response of a call that this context made, by the token that the call gave: how many headers, how many bytes, how
    /// many trailers. No headers: nobody answered.
    fn on_http_call_response(
        &mut self,
        _token_id: u32,
        _num_headers: usize,
        _body_size: usize,
        _num_trailers: usize,
    ) {
    }

    /// It is over: the last that is called. To be `true`; it cannot be put off.
    fn on_done(&mut self) -> bool {
        true
    }
}

/// A plugin of one worker. Its clones are one: see [`set_root_context`](crate::set_root_context).
pub trait RootContext: Context {
    /// There is a configuration, of so many bytes; false refuses it.
    fn on_configure(&mut self, _plugin_configuration_size: usize) -> bool {
        true
    }

    /// The period is over that was set by [`set_tick_period`](crate::hostcalls::set_tick_period).
    fn on_tick(&mut self) {}

    /// A stream begins. Without a context, everything of it goes on.
    fn create_http_context(&self, _context_id: u32) -> Option<Box<dyn HttpContext>> {
        None
    }
}

/// A stream. Sizes are bytes: of a body, what is there of it.
pub trait HttpContext: Context {
    /// Another context has [woken](crate::wake) it.
    fn on_wake(&mut self) {}

    /// The request's headers are there; `end_of_stream`: and no body follows.
    fn on_http_request_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// A piece of its body, after what is held.
    fn on_http_request_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// Its trailers, which end the body.
    fn on_http_request_trailers(&mut self, _num_trailers: usize) -> Action {
        Action::Continue
    }

    /// The response's headers are there; `end_of_stream`: and no body follows.
    fn on_http_response_headers(&mut self, _num_headers: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// A piece of its body, after what is held.
    fn on_http_response_body(&mut self, _body_size: usize, _end_of_stream: bool) -> Action {
        Action::Continue
    }

    /// Its trailers, which end the body.
    fn on_http_response_trailers(&mut self, _num_trailers: usize) -> Action {
        Action::Continue
    }

    /// It has ended, whichever way; Envoy's access loggers see what is set here. Called once, before
    /// [`on_done`](Context::on_done).
    fn on_log(&mut self) {}
}
