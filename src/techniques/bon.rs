//! `bon`, `best_of_n`: the best of some drafts.

use super::Tunables;
use super::selection::Selection;

/// Best of n (Cobbe et al. 2021, arXiv 2110.14168, by a trained verifier; Zheng et al. 2023, 2306.05685, by a model). OptiLLM has each
/// draft scored on its own, where "8/10" counts 0; comparing shows where the errors are (Zhao et al. 2025, 2502.01839) and is one call.
pub(super) fn new(tunables: &Tunables) -> Selection {
    let Tunables { best_of_n, comparison_temperature, include_reasoning, .. } = tunables;
    Selection::new(*best_of_n, *comparison_temperature, *include_reasoning)
}
