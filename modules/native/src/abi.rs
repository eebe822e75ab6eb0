//! What of Envoy's ABI for dynamic modules is used (`source/extensions/dynamic_modules/abi/abi.h`, Envoy 1.40), declared by hand:
//! types by the names of the header without their prefixes, functions as they are exported by Envoy.

use std::ffi::c_void;
use std::ptr;

/// The version that is told to Envoy, which logs a line where it is another than its own.
pub(crate) const VERSION: &std::ffi::CStr = c"v0.2.0";

/// A filter of Envoy's, or a filter's configuration: `http_filter_envoy_ptr`, `http_filter_config_envoy_ptr`.
pub(crate) type Envoys = *mut c_void;
/// `http_filter_scheduler_module_ptr`, `http_filter_config_scheduler_module_ptr`.
pub(crate) type Scheduler = *mut c_void;

/// Bytes of the module: `module_buffer`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Given {
    bytes: *const u8,
    length: usize,
}

impl Given {
    /// Nothing, which takes a header away.
    pub(crate) const NOTHING: Self = Self { bytes: ptr::null(), length: 0 };

    /// These bytes, for as long as they are there.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self { bytes: bytes.as_ptr(), length: bytes.len() }
    }
}

/// Bytes of Envoy: `envoy_buffer`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Got {
    bytes: *const u8,
    length: usize,
}

impl Got {
    /// To be filled by Envoy.
    pub(crate) const EMPTY: Self = Self { bytes: ptr::null(), length: 0 };

    /// The bytes.
    ///
    /// # Safety
    /// Envoy has filled it, and changes nothing of what it has given for as long as these are used.
    pub(crate) unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.bytes.is_null() {
            return &[];
        }
        // SAFETY: Envoy gives a pointer to so many bytes, which stay as the caller promises.
        unsafe { std::slice::from_raw_parts(self.bytes, self.length) }
    }

    /// How many they are.
    pub(crate) fn len(self) -> usize {
        self.length
    }
}

/// A header of Envoy: `envoy_http_header`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct GotHeader {
    pub(crate) name: Got,
    pub(crate) value: Got,
}

impl GotHeader {
    /// To be filled by Envoy.
    pub(crate) const EMPTY: Self = Self { name: Got::EMPTY, value: Got::EMPTY };
}

/// A header of the module: `module_http_header`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct GivenHeader {
    pub(crate) name: Given,
    pub(crate) value: Given,
}

/// `http_body_type`.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Body {
    ReceivedRequest = 0,
    BufferedRequest = 1,
    ReceivedResponse = 2,
    BufferedResponse = 3,
}

/// `on_http_filter_…_headers_status`, and for trailers: `Continue`.
pub(crate) const CONTINUE: u32 = 0;
/// The same: `StopIteration`; for bodies `StopIterationAndBuffer`.
pub(crate) const STOP: u32 = 1;
/// `on_http_filter_…_body_status`: `StopIterationNoBuffer`.
pub(crate) const STOP_WITHOUT_BODY: u32 = 3;

/// `metadata_source`: the host that was chosen.
pub(crate) const OF_HOST: u32 = 3;

/// `http_callout_init_result`: `Success`, `CannotCreateRequest`.
pub(crate) const SUCCESS: u32 = 0;
pub(crate) const CANNOT_CREATE_REQUEST: u32 = 4;

unsafe extern "C" {
    pub(crate) fn envoy_dynamic_module_callback_log(level: u32, message: Given);
    pub(crate) fn envoy_dynamic_module_callback_get_log_level() -> u32;

    pub(crate) fn envoy_dynamic_module_callback_http_get_headers_size(filter: Envoys, map: u32) -> usize;
    pub(crate) fn envoy_dynamic_module_callback_http_get_headers(
        filter: Envoys,
        map: u32,
        headers: *mut GotHeader,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_get_header(
        filter: Envoys,
        map: u32,
        name: Given,
        value: *mut Got,
        index: usize,
        count: *mut usize,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_set_header(
        filter: Envoys,
        map: u32,
        name: Given,
        value: Given,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_add_header(
        filter: Envoys,
        map: u32,
        name: Given,
        value: Given,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_send_response(
        filter: Envoys,
        status: u32,
        headers: *mut GivenHeader,
        count: usize,
        body: Given,
        details: Given,
    );

    pub(crate) fn envoy_dynamic_module_callback_http_get_body_size(filter: Envoys, body: Body) -> usize;
    pub(crate) fn envoy_dynamic_module_callback_http_get_body_chunks_size(
        filter: Envoys,
        body: Body,
    ) -> usize;
    pub(crate) fn envoy_dynamic_module_callback_http_get_body_chunks(
        filter: Envoys,
        body: Body,
        chunks: *mut Got,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_append_body(
        filter: Envoys,
        body: Body,
        bytes: Given,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_drain_body(
        filter: Envoys,
        body: Body,
        count: usize,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_received_buffered_request_body(filter: Envoys) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_received_buffered_response_body(filter: Envoys) -> bool;

    pub(crate) fn envoy_dynamic_module_callback_http_get_metadata_keys_count(
        filter: Envoys,
        source: u32,
        namespace: Given,
    ) -> usize;
    pub(crate) fn envoy_dynamic_module_callback_http_get_metadata_keys(
        filter: Envoys,
        source: u32,
        namespace: Given,
        keys: *mut Got,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_get_metadata_string(
        filter: Envoys,
        source: u32,
        namespace: Given,
        key: Given,
        value: *mut Got,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_set_dynamic_metadata_struct(
        filter: Envoys,
        namespace: Given,
        value: Given,
    );
    pub(crate) fn envoy_dynamic_module_callback_http_set_filter_state_bytes(
        filter: Envoys,
        key: Given,
        value: Given,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_get_filter_state_bytes(
        filter: Envoys,
        key: Given,
        value: *mut Got,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_get_attribute_string(
        filter: Envoys,
        attribute: u32,
        value: *mut Got,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_get_attribute_int(
        filter: Envoys,
        attribute: u32,
        value: *mut u64,
    ) -> bool;
    pub(crate) fn envoy_dynamic_module_callback_http_get_cluster_name(
        filter: Envoys,
        value: *mut Got,
    ) -> bool;

    pub(crate) fn envoy_dynamic_module_callback_http_filter_http_callout(
        filter: Envoys,
        call: *mut u64,
        cluster: Given,
        headers: *mut GivenHeader,
        count: usize,
        body: Given,
        timeout_milliseconds: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_http_callout(
        config: Envoys,
        call: *mut u64,
        cluster: Given,
        headers: *mut GivenHeader,
        count: usize,
        body: Given,
        timeout_milliseconds: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_continue_decoding(filter: Envoys);
    pub(crate) fn envoy_dynamic_module_callback_http_clear_route_cache(filter: Envoys);
    pub(crate) fn envoy_dynamic_module_callback_http_filter_reset_stream(
        filter: Envoys,
        reason: u32,
        details: Given,
    );

    pub(crate) fn envoy_dynamic_module_callback_http_filter_scheduler_new(filter: Envoys) -> Scheduler;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_scheduler_commit(
        scheduler: Scheduler,
        event: u64,
    );
    pub(crate) fn envoy_dynamic_module_callback_http_filter_scheduler_delete(scheduler: Scheduler);
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_scheduler_new(config: Envoys)
    -> Scheduler;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_scheduler_commit(
        scheduler: Scheduler,
        event: u64,
    );
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_scheduler_delete(scheduler: Scheduler);

    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_define_counter(
        config: Envoys,
        name: Given,
        labels: *mut Given,
        count: usize,
        id: *mut usize,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_define_gauge(
        config: Envoys,
        name: Given,
        labels: *mut Given,
        count: usize,
        id: *mut usize,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_define_histogram(
        config: Envoys,
        name: Given,
        labels: *mut Given,
        count: usize,
        id: *mut usize,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_increment_counter(
        filter: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_increment_gauge(
        filter: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_decrement_gauge(
        filter: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_set_gauge(
        filter: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_record_histogram_value(
        filter: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_increment_counter(
        config: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_increment_gauge(
        config: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_decrement_gauge(
        config: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_set_gauge(
        config: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
    pub(crate) fn envoy_dynamic_module_callback_http_filter_config_record_histogram_value(
        config: Envoys,
        id: usize,
        values: *mut Given,
        count: usize,
        amount: u64,
    ) -> u32;
}
