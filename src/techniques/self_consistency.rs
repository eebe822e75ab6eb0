//! `self_consistency`: the answer that most drafts agree on.

use super::Tunables;
use super::voting::Voting;

/// Self-consistency (Wang et al. 2022, arXiv 2203.11171), stopped early (Adaptive-Consistency, Aggarwal et al. 2023,
/// 2305.11860). Votes are counted on extracted answers; OptiLLM clusters whole texts by similarity, where "the answer is 41"
/// and "… 42" are the same.
pub(super) fn new(tunables: &Tunables) -> Voting {
    Voting::new(tunables.num_samples)
}
