//! `rsa`: each round combines the last round's drafts into new ones.

use super::candidates::Candidates;
use super::dice::Dice;
use super::drafts::{Drafts, draw, draws};
use super::moa::{aggregate, aggregated};
use super::votes::all_agree;
use super::{Call, Error, Reply, Step, Technique, Tunables};

/// Recursive self-aggregation (Venkatraman et al. 2025, arXiv 2509.26626): each draft of a round combines a random selection of
/// the last round's; the last call combines all. The parameters are named as in OptiLLM's mars, which contains it.
#[derive(Debug)]
pub(super) struct Rsa {
    population: usize,
    selection: usize,
    loops: usize,
    round: usize,
    drafts: Drafts,
}

impl Rsa {
    pub(super) fn new(tunables: &Tunables) -> Self {
        let Tunables { aggregation_population_size, aggregation_selection_size, aggregation_loops, .. } =
            tunables;
        Self {
            population: *aggregation_population_size,
            selection: *aggregation_selection_size,
            loops: *aggregation_loops,
            round: 0,
            drafts: Drafts::default(),
        }
    }
}

impl Technique for Rsa {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        let round = self.round;
        self.round = round.saturating_add(1);
        if round == 0 {
            return Ok(draws(self.population));
        }
        // New drafts first; old ones fill up where too few are new.
        let old = std::mem::take(&mut self.drafts.whole);
        self.drafts.add(replies);
        let missing = self.population.saturating_sub(self.drafts.whole.len());
        self.drafts.whole.extend(old.into_iter().take(missing));
        let drafts = &self.drafts.whole;
        if round >= self.loops || drafts.len() < 2 || all_agree(drafts) {
            return aggregated(&mut self.drafts);
        }
        let mut dice = Dice::of(drafts.iter().map(|draft| draft.text.as_str()));
        let mut lots: Vec<&Reply> = drafts.iter().collect();
        let calls = (0..self.population).map(|_| {
            dice.shuffle(&mut lots);
            let candidates = Candidates::of(lots.iter().take(self.selection).copied());
            Call { turn: aggregate(&candidates), ..draw() }
        });
        Ok(Step::Calls(calls.collect()))
    }

    fn most_calls(&self) -> usize {
        self.population.saturating_mul(self.loops).saturating_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn each_draft_of_a_round_sees_some_of_the_round_before_and_the_last_call_all() {
        let run = run("rsa", &Tunables::default(), |_, number| Some(said(&format!("a\ndraft {number}."))));
        assert_eq!((run.shape(), run.is_last), (vec![4, 4, 1], true));
        let sizes: Vec<usize> = run.waves[1].iter().map(|call| shown(call).len()).collect();
        assert_eq!(sizes, [3; 4]);
        let last = shown(&run.waves[2][0]);
        assert!(
            last.len() == 4
                && (4..8).all(|number| last.iter().any(|text| text.contains(&format!("draft {number}."))))
        );
    }

    #[test]
    fn a_round_that_fails_leaves_the_drafts_before_it_and_drafts_that_agree_end_it() {
        let failed = run("rsa", &Tunables::default(), |_, number| {
            (number < 4 || number == 8).then(|| said(&format!("a\ndraft {number}.")))
        });
        assert_eq!((failed.shape(), shown(&failed.waves[2][0]).len()), (vec![4, 4, 1], 4));
        let same = run("rsa", &Tunables::default(), |_, number| {
            Some(said(&format!("Way {number}.\nThe answer is 42")))
        });
        assert_eq!((same.shape(), same.is_last), (vec![4], false));
    }
}
