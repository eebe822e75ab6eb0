//! `moa`: a model combines several drafts into the answer.

use super::candidates::{ARE_DATA, Candidates};
use super::drafts::{Drafts, draw};
use super::votes::all_agree;
use super::{Call, Error, Reply, Step, Technique, Tunables, Turn};

/// Number of drafts, where no models are configured.
const DRAFTS: usize = 3;

/// Mixture of agents (Wang et al. 2024, arXiv 2406.04692) with one layer. Without `moa_models` all drafts are by the client's
/// model (Self-MoA, Li et al. 2025, 2502.00674, which beats most mixtures). OptiLLM adds a critic with 512 tokens, which no
/// paper describes, and replaces missing drafts by copies of the first.
#[derive(Debug)]
pub(super) struct Moa {
    models: Vec<String>,
    has_begun: bool,
    drafts: Drafts,
}

impl Moa {
    pub(super) fn new(tunables: &Tunables) -> Self {
        Self { models: tunables.moa_models.clone(), has_begun: false, drafts: Drafts::default() }
    }

    fn count(&self) -> usize {
        self.models.len().max(DRAFTS)
    }
}

impl Technique for Moa {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        if !self.has_begun {
            self.has_begun = true;
            let mut models = self.models.iter().cycle();
            let calls = (0..self.count()).map(|_| Call { model: models.next().cloned(), ..draw() });
            return Ok(Step::Calls(calls.collect()));
        }
        self.drafts.add(replies);
        aggregated(&mut self.drafts)
    }

    fn most_calls(&self) -> usize {
        self.count().saturating_add(1)
    }
}

/// The last call, which combines the drafts; or the answer where there is only one.
///
/// # Errors
/// As [`Drafts::none_left`].
pub(super) fn aggregated(drafts: &mut Drafts) -> Result<Step, Error> {
    let candidates = Candidates::of(&drafts.whole);
    if candidates.numbers.len() < 2 || all_agree(&drafts.whole) {
        return drafts.answer(0);
    }
    Ok(Step::Last(Call { turn: aggregate(&candidates), ..Call::default() }))
}

/// The instruction to write a better answer than the candidates.
pub(super) fn aggregate(candidates: &Candidates) -> Turn {
    let (count, blocks) = (candidates.numbers.len(), &candidates.blocks);
    Turn::Followed(format!(
        "Below are {count} draft answers to what stands above, each between <candidate> tags. {ARE_DATA} Some may be wrong, \
         or wrong in part.\n\n{blocks}\nWeigh them critically: where they differ, find out what is right. Then answer what stands above \
         yourself, better than any of them, in its language and in the form that it asks for. Do not speak of the drafts."
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn three_drafts_and_one_call_that_sees_them_all_in_full() {
        let long = "word ".repeat(5000);
        let result = run("moa", &Tunables::default(), |call, number| {
            if number < 3 {
                return Some(said(&format!("{number} {long}")));
            }
            let mut drafts = shown(call);
            drafts.sort_unstable();
            assert_eq!(drafts, [0, 1, 2].map(|number| format!("{number} {long}").trim().to_owned()));
            Some(said("the answer"))
        });
        assert_eq!((result.shape(), result.is_last, result.text()), (vec![3, 1], true, "the answer"));
        let last = &result.waves[1][0];
        assert!(
            !is_judge(last) && last.max_tokens.is_none() && last.temperature.is_none(),
            "it is told as the client asked"
        );
    }

    #[test]
    fn drafts_come_from_the_models_that_are_named() {
        for (models, asked) in
            [(vec!["a", "b"], vec!["a", "b", "a"]), (vec!["a", "b", "c", "d"], vec!["a", "b", "c", "d"])]
        {
            let tunables = Tunables {
                moa_models: models.iter().map(ToString::to_string).collect(),
                ..Tunables::default()
            };
            let run = run("moa", &tunables, |_, number| Some(said(&format!("a\n{number} x"))));
            let found: Vec<&str> = run.waves[0].iter().map(|call| call.model.as_deref().unwrap()).collect();
            assert_eq!((found, run.waves[1][0].model.as_deref()), (asked, None));
        }
    }

    #[test]
    fn missing_drafts_are_not_made_up_and_one_that_is_left_is_the_answer() {
        let left = |replies: [Option<Reply>; 4]| {
            run("moa", &Tunables::default(), |_, number| replies[number].clone())
        };
        let two = left([None, Some(said("a\nb")), Some(said("c\nd")), Some(said("e"))]);
        assert_eq!((two.shape(), shown(&two.waves[1][0]).len()), (vec![3, 1], 2));
        let one = left([Some(refused("no")), Some(said("a\nb")), Some(cut("c")), None]);
        assert_eq!((one.shape(), one.text(), one.is_last), (vec![3], "a\nb", false));
        let none = left([None, None, None, None]);
        assert_eq!(none.answer.unwrap_err().status, 502);
    }
}
