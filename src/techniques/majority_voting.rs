//! `majority_voting`: more votes than `self_consistency`.

use super::Tunables;
use super::voting::Voting;

/// Wang et al. 2022, arXiv 2203.11171. "42." and "42 apples" count as one answer; OptiLLM counts them as two.
pub(super) fn new(tunables: &Tunables) -> Voting {
    Voting::new(tunables.k)
}
