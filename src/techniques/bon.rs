//! `bon`, `best_of_n`: the best of several drafts.

use super::Tunables;
use super::selection::Selection;

/// Best of n (Cobbe et al. 2021, arXiv 2110.14168, with a trained verifier; Zheng et al. 2023, 2306.05685, with a model as the
/// judge). OptiLLM scores each draft in a call of its own, and counts "8/10" as 0; a comparison shows where the errors are
/// (Zhao et al. 2025, 2502.01839) and takes one call.
pub(super) fn new(tunables: &Tunables) -> Selection {
    let Tunables { best_of_n, comparison_temperature, include_reasoning, .. } = tunables;
    Selection::new(*best_of_n, *comparison_temperature, *include_reasoning)
}
