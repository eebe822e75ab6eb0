//! `fan_out`: how lists that are too long for one call are sent in parts.

use super::values::{error_in, positive};
use super::{Error, FanOut, file};

/// Default: concurrent calls of one request.
const PARALLEL: usize = 16;
/// Default: requests in parts on one worker.
const OPEN: usize = 32;

pub(super) fn fan_out_of(written: &file::FanOut) -> Result<FanOut, Error> {
    let file::FanOut { cluster, parallel, open } = written;
    if cluster.is_empty() {
        return Err(error_in("fan_out", "cluster", "must not be empty"));
    }
    Ok(FanOut {
        cluster: cluster.clone(),
        parallel: positive("fan_out", "parallel", parallel.unwrap_or(PARALLEL))?,
        open: positive("fan_out", "open", open.unwrap_or(OPEN))?,
    })
}
