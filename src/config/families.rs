//! `families`: properties of models by id pattern, so that new models need no new filter.

use crate::translate::fit::family::{Configured, Pattern};

use super::Error;
use super::file;
use super::model_options::capabilities_of;
use super::values::{error, error_in, inside, item, missing};

/// Reads the families. `like` and absent members come from the built-in table.
pub(super) fn families_of(written: &[file::Family]) -> Result<Vec<Configured>, Error> {
    let mut families: Vec<Configured> = Vec::with_capacity(written.len());
    for (at, file::Family { pattern, capabilities }) in written.iter().enumerate() {
        let at = &item("families", at);
        let pattern = pattern.as_ref().ok_or_else(|| error(at, missing("pattern")))?;
        let pattern = Pattern::read(pattern).map_err(|reason| error_in(at, "pattern", reason))?;
        if families.iter().any(|other| other.pattern == pattern) {
            return Err(error_in(at, "pattern", "must not be another family's"));
        }
        let written = capabilities.as_ref().ok_or_else(|| error(at, missing("capabilities")))?;
        let (like, capabilities) =
            capabilities_of(&pattern.begins, written, &[], &inside(at, "capabilities"))?;
        families.push(Configured { pattern, like, capabilities });
    }
    Ok(families)
}
