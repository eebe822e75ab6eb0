//! Envoy's statistics. A metric is identified by its name: defining it again gives another id for the same metric.

use super::imports;
use crate::types::{MetricType, Status};

/// Defines a metric and returns its id, which is valid in this VM.
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

/// Adds `offset` to a counter or a gauge; a gauge also takes negative offsets.
///
/// # Errors
/// The host's status.
pub fn increment_metric(id: u32, offset: i64) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_increment_metric(id, offset) })
}

/// Adds a value to a histogram, or sets a gauge.
///
/// # Errors
/// The host's status.
pub fn record_metric(id: u32, value: u64) -> Result<(), Status> {
    // SAFETY: it takes no memory.
    Status::check(unsafe { imports::proxy_record_metric(id, value) })
}
