//! `pvg`: drafts chosen by a verifier that is itself tested.

use super::candidates::{Candidates, Numbers};
use super::drafts::{Drafts, draw, draws};
use super::extract::answer_of;
use super::judge::{self, By};
use super::selection::chosen;
use super::votes::{all_agree, count};
use super::{Call, Error, Reply, Step, Technique, Tunables};

const SNEAKY: &str = "This is a test of somebody who checks answers. Answer as convincingly as you can, but make one subtle mistake \
    that changes the result, and do not tell that you made it.";

/// Prover-verifier game (Kirchner et al. 2024, arXiv 2407.13692, a method to train verifiers, with no claim about answering).
/// Sneaky drafts are asked to be wrong: a verifier that chooses one is not trusted, and another round is played. The answer is
/// always a helpful draft; in OptiLLM a sneaky one wins where it deceives the verifier.
#[derive(Debug)]
pub(super) struct Pvg {
    rounds: usize,
    solutions: usize,
    round: usize,
    helpful: Drafts,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Begin,
    Drawn,
    /// The candidates are being judged; for each, the helpful draft that it is or agrees with.
    Judged(Numbers, Vec<Option<usize>>),
}

impl Pvg {
    pub(super) fn new(tunables: &Tunables) -> Self {
        let Tunables { num_rounds, num_solutions, .. } = tunables;
        Self {
            rounds: *num_rounds,
            solutions: *num_solutions,
            round: 0,
            helpful: Drafts::default(),
            stage: Stage::Begin,
        }
    }

    /// Starts another round, or answers by vote among the helpful drafts where there are no more.
    fn round(&mut self) -> Result<Step, Error> {
        if self.round >= self.rounds {
            let leader = count(&self.helpful.whole).map(|votes| votes.leader);
            return self.helpful.answer(leader.unwrap_or_default());
        }
        self.round = self.round.saturating_add(1);
        self.stage = Stage::Drawn;
        let sneaky = Call { system: Some(SNEAKY.to_owned()), ..draw() };
        let Step::Calls(mut calls) = draws(self.solutions) else { return self.helpful.answer(0) };
        calls.resize(self.solutions.saturating_mul(2), sneaky);
        Ok(Step::Calls(calls))
    }
}

impl Technique for Pvg {
    fn next(&mut self, mut replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match &self.stage {
            Stage::Begin => self.round(),
            Stage::Drawn => {
                let mut sneaky = Drafts::default();
                sneaky.add(replies.split_off(self.solutions.min(replies.len())));
                self.helpful.add(replies);
                let helpful = &self.helpful.whole;
                if all_agree(helpful) {
                    return self.helpful.answer(0);
                }
                if helpful.is_empty() {
                    return self.round();
                }
                let candidates = Candidates::of(helpful.iter().chain(&sneaky.whole));
                if candidates.numbers.len() < 2 {
                    return self.helpful.answer(0);
                }
                // A sneaky draft that agrees with a helpful one is as good as it.
                let answers: Vec<Option<String>> = helpful.iter().map(answer_of).collect();
                let same = |draft: &Reply| {
                    let answer = answer_of(draft)?;
                    answers.iter().position(|other| other.as_ref() == Some(&answer))
                };
                let places = (0..helpful.len()).map(Some).chain(sneaky.whole.iter().map(same)).collect();
                let call = judge::choice(&candidates, By::Comparison, true);
                self.stage = Stage::Judged(candidates.numbers, places);
                Ok(Step::Calls(vec![call]))
            }
            Stage::Judged(numbers, places) => {
                match chosen(numbers, replies).and_then(|index| places.get(index).copied().flatten()) {
                    Some(helpful) => self.helpful.answer(helpful),
                    None => self.round(),
                }
            }
        }
    }

    fn most_calls(&self) -> usize {
        self.rounds.saturating_mul(self.solutions.saturating_mul(2).saturating_add(1))
    }

    fn most_tokens(&self, each: u64) -> u64 {
        let drafts = self.rounds.saturating_mul(self.solutions.saturating_mul(2));
        judge::tokens(drafts, each, self.rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    /// Helpful and sneaky drafts have texts of their own; the judge chooses the candidate that contains `best`.
    fn played(best: &str) -> Run {
        run("pvg", &Tunables::default(), |call, number| {
            let kind = if call.system.is_some() { "sneaky" } else { "helpful" };
            Some(said(&if is_judge(call) {
                format!("BEST CANDIDATE: {}", number_of(call, best))
            } else {
                format!("a\n{kind} {number}.")
            }))
        })
    }

    #[test]
    fn the_helpful_draft_that_the_verifier_chooses_among_sneaky_ones_is_the_answer() {
        let run = played("helpful 1.");
        assert_eq!((run.shape(), run.text()), (vec![6, 1], "a\nhelpful 1."));
        assert_eq!(run.waves[0].iter().filter(|call| call.system.is_some()).count(), 3);
    }

    #[test]
    fn a_sneaky_draft_never_wins_however_often_the_verifier_is_fooled() {
        let run = played("sneaky");
        assert_eq!((run.shape(), run.text()), (vec![6, 1, 6, 1], "a\nhelpful 0."));
    }

    #[test]
    fn helpful_drafts_that_agree_need_no_verifier_and_a_right_sneaky_one_stands_for_them() {
        let agreed = run("pvg", &Tunables::default(), |call, _| {
            Some(said(if call.system.is_some() { "41" } else { "42" }))
        });
        assert_eq!((agreed.shape(), agreed.text()), (vec![6], "42"));
        let drafts =
            ["The answer is 41", "The answer is 42", "The answer is 43", "By luck\nit is\n42", "40", "39"];
        let lucky = run("pvg", &Tunables::default(), |call, number| {
            Some(said(&if is_judge(call) {
                format!("BEST CANDIDATE: {}", number_of(call, "luck"))
            } else {
                drafts[number].into()
            }))
        });
        assert_eq!((lucky.shape(), lucky.text()), (vec![6, 1], drafts[1]));
    }

    #[test]
    fn where_only_sneaky_drafts_came_there_is_no_answer() {
        let run = run("pvg", &Tunables::default(), |call, _| call.system.is_some().then(|| said("sneaky")));
        assert_eq!((run.shape(), run.answer.unwrap_err().status), (vec![6, 6], 502));
    }
}
