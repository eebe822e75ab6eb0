//! Drafts that vote by their final answers: shared by `self_consistency` and `majority_voting`.

use super::candidates::{Candidates, Numbers};
use super::drafts::{Drafts, draws};
use super::judge::{self, By};
use super::selection::chosen;
use super::votes::count;
use super::{Call, Error, Reply, Step, Technique};

/// First makes as many drafts as a majority needs; if these agree, the rest cannot change the result and is not made. If fewer
/// than half of the drafts have a short answer, a judge chooses the most consistent draft instead.
#[derive(Debug)]
pub(super) struct Voting {
    samples: usize,
    drafts: Drafts,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Begin,
    First,
    Rest,
    Judged(Numbers),
}

impl Voting {
    pub(super) fn new(samples: usize) -> Self {
        Self { samples, drafts: Drafts::default(), stage: Stage::Begin }
    }

    /// The smallest number above half.
    fn majority(&self) -> usize {
        (self.samples / 2).saturating_add(1).min(self.samples)
    }

    fn elect(&mut self) -> Result<Step, Error> {
        let leader = count(&self.drafts.whole).map(|votes| votes.leader);
        self.drafts.answer(leader.unwrap_or_default())
    }
}

impl Technique for Voting {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match &self.stage {
            Stage::Begin if self.samples < 2 => Ok(Step::Last(Call::default())),
            Stage::Begin => {
                self.stage = Stage::First;
                Ok(draws(self.majority()))
            }
            Stage::First => {
                self.drafts.add(replies);
                let whole = &self.drafts.whole;
                let votes = count(whole);
                let cast = votes.map_or(0, |votes| votes.cast);
                if votes.is_some_and(|votes| votes.count >= self.majority()) {
                    return self.elect();
                }
                if cast.saturating_mul(2) < whole.len() {
                    let candidates = Candidates::of(whole);
                    if candidates.numbers.len() < 2 {
                        return self.drafts.answer(0);
                    }
                    let call = judge::choice(&candidates, By::Consensus, true);
                    self.stage = Stage::Judged(candidates.numbers);
                    return Ok(Step::Calls(vec![call]));
                }
                let rest = self.samples.saturating_sub(self.majority());
                if rest == 0 {
                    return self.elect();
                }
                self.stage = Stage::Rest;
                Ok(draws(rest))
            }
            Stage::Rest => {
                self.drafts.add(replies);
                self.elect()
            }
            Stage::Judged(numbers) => match chosen(numbers, replies) {
                Some(index) => self.drafts.answer(index),
                None => self.elect(),
            },
        }
    }

    fn most_calls(&self) -> usize {
        let judged = if self.samples > 1 { self.majority().saturating_add(1) } else { 1 };
        self.samples.max(judged)
    }

    fn most_tokens(&self, each: u64) -> u64 {
        let judged = judge::tokens(self.majority(), each, usize::from(self.samples > 1));
        judge::tokens(self.samples, each, 0).max(judged)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Tunables;
    use super::super::testing::*;
    use super::*;

    fn voted(drafts: &[Option<Reply>]) -> Run {
        run("self_consistency", &Tunables::default(), |_, number| drafts[number].clone())
    }

    fn texts<const N: usize>(drafts: [&str; N]) -> [Option<Reply>; N] {
        drafts.map(|text| Some(said(text)))
    }

    #[test]
    fn texts_that_differ_only_in_the_result_are_told_apart() {
        let long = |result: u8| {
            format!("We multiply six by seven, carefully, digit by digit. The answer is {result}")
        };
        let run = voted(&[41, 42, 42, 42, 42].map(|result| Some(said(&long(result)))));
        assert_eq!((run.shape(), run.text().to_owned()), (vec![3, 2], long(42)));
    }

    #[test]
    fn three_that_agree_are_enough_and_the_first_of_them_is_the_answer() {
        let run = voted(&texts(["So it is 42 apples.\n42", "The answer is 42.", "\\boxed{42}"]));
        assert_eq!((run.shape(), run.text()), (vec![3], "So it is 42 apples.\n42"));
    }

    #[test]
    fn eight_votes_need_five_that_agree() {
        let many = |right: usize| {
            run("majority_voting", &Tunables::default(), move |_, number| {
                Some(said(if number < right { "The answer is 42" } else { "The answer is 7" }))
            })
        };
        assert_eq!(many(5).shape(), [5]);
        assert_eq!(
            (many(4).shape(), many(4).text()),
            (vec![5, 3], "The answer is 42"),
            "the earlier of as many votes"
        );
        assert_eq!(many(3).text(), "The answer is 7");
        let one = Tunables { k: 1, ..Tunables::default() };
        assert_eq!(run("majority_voting", &one, |_, _| Some(said("a\nb"))).shape(), [1]);
    }

    #[test]
    fn drafts_that_fail_are_done_without_and_where_all_are_cut_the_answer_says_so() {
        let run = voted(&[None, Some(said("42")), Some(cut("4")), Some(said("41")), Some(said("42."))]);
        assert_eq!((run.shape(), run.text()), (vec![3, 2], "42"));
        let cut = voted(&[const { None }; 5].map(|_: Option<Reply>| Some(cut("no end"))));
        assert_eq!(cut.answer.unwrap()[0].finish_reason, "length");
        let failed = voted(&[const { None }; 5]);
        assert_eq!(failed.answer.unwrap_err().status, 502);
    }

    #[test]
    fn open_answers_are_judged_by_what_most_of_them_say() {
        let drafts = ["a poem\nof roses", "a tale\nof war", "a song\nof roses"];
        let result = run("self_consistency", &Tunables::default(), |call, number| {
            Some(said(&if is_judge(call) {
                format!("BEST CANDIDATE: {}", number_of(call, "song"))
            } else {
                drafts[number].into()
            }))
        });
        assert_eq!((result.shape(), result.text()), (vec![3, 1], drafts[2]));
        let nonsense = run("self_consistency", &Tunables::default(), |_, number| {
            Some(said(drafts.get(number).unwrap_or(&"?")))
        });
        assert_eq!(nonsense.text(), drafts[0]);
    }
}
