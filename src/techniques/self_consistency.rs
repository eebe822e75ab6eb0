//! `self_consistency`: the answer to which most ways of thinking come.

use super::Tunables;
use super::voting::Voting;

/// Self-consistency (Wang et al. 2022, arXiv 2203.11171), stopped early (Adaptive-Consistency, Aggarwal et al. 2023, 2305.11860). The
/// vote is on extracted answers: OptiLLM clusters whole texts by likeness, where "the answer is 41" and "… 42" are one.
pub(super) fn new(tunables: &Tunables) -> Voting {
    Voting::new(tunables.num_samples)
}
