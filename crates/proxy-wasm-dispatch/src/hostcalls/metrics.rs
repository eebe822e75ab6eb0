//! Envoy's statistics. A metric is known by its name: whoever defines it once more gets the one that is there, under another id.

use super::imports;
use crate::types::{MetricType, Status};

/// Defines a metric and gives its id, which is good for this VM.
///
/// # Errors
/// The host's status.
pub fn define_metric(metric_type: MetricType, name: &str) -> Result<u32, Status> {
    let mut id = 0;
    // SAFETY: pointer and length are of one live string, the id's is to a live `u32`.
    Status::check(unsafe {
        imports::proxy_define_metric(metric_type as u32, name.as_ptr(), name.len(), &raw mut id)
    })?;
    Ok(id)
}

/// Adds to a counter, or adds to or takes from a gauge.
///
/// # Errors
/// The host's status.
pub fn increment_metric(id: u32, offset: i64) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_increment_metric(id, offset) })
}

/// Puts a value into a histogram, or in the place of a gauge's.
///
/// # Errors
/// The host's status.
pub fn record_metric(id: u32, value: u64) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_record_metric(id, value) })
}
