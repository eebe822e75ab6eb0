//! `genselect`: a reasoning model compares all drafts at once.

use super::Tunables;
use super::selection::Selection;

/// GenSelect (Moshkov et al. 2025, arXiv 2504.16891; Toshniwal et al. 2025, 2507.17797). Unlike OptiLLM's, equal drafts are
/// shown once, in an order that reveals nothing, and drafts that agree are not compared.
pub(super) fn new(tunables: &Tunables) -> Selection {
    let Tunables { num_candidates, comparison_temperature, include_reasoning, .. } = tunables;
    Selection::new(*num_candidates, *comparison_temperature, *include_reasoning)
}
