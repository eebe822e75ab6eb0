//! `plansearch`: observations, plans from different ones, and an answer by the best plan.

use super::candidates::{ARE_DATA, Candidates, block};
use super::drafts::{Drafts, draw, read};
use super::judge;
use super::{Call, Error, Reply, Step, Technique, Tunables, Turn};

/// Most observations that are used.
const MOST: usize = 16;

/// Plan search (Wang et al. 2024, arXiv 2409.03733): plans differ because each is made from other observations. The paper
/// builds a tree of them and selects by tests; here two plans are made in parallel, and the last call selects. OptiLLM follows
/// one branch, always asks for programs, and implements an error message where the plan is cut.
#[derive(Debug)]
pub(super) struct Plansearch {
    first: usize,
    derived: usize,
    stage: Stage,
    plans: Drafts,
}

#[derive(Debug)]
enum Stage {
    Begin,
    Observed,
    Planned,
}

impl Plansearch {
    pub(super) fn new(tunables: &Tunables) -> Self {
        let Tunables { num_initial_observations, num_derived_observations, .. } = tunables;
        Self {
            first: *num_initial_observations,
            derived: *num_derived_observations,
            stage: Stage::Begin,
            plans: Drafts::default(),
        }
    }
}

impl Technique for Plansearch {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match self.stage {
            Stage::Begin => {
                self.stage = Stage::Observed;
                Ok(Step::Calls(vec![judge::call(observe(self.first, self.derived))]))
            }
            Stage::Observed => {
                self.stage = Stage::Planned;
                let text = read(replies).unwrap_or_default();
                let observations = lines(&text);
                let half =
                    |from: usize| observations.iter().skip(from).step_by(2).copied().collect::<Vec<&str>>();
                let halves = [half(0), half(1)];
                Ok(Step::Calls(halves.iter().map(|observations| plan(observations)).collect()))
            }
            Stage::Planned => {
                self.plans.add(replies);
                let plans = Candidates::of(&self.plans.whole);
                Ok(Step::Last(if plans.numbers.len() == 0 {
                    Call::default()
                } else {
                    Call { turn: carry_out(&plans), ..Call::default() }
                }))
            }
        }
    }

    fn most_calls(&self) -> usize {
        4
    }

    fn most_tokens(&self, each: u64) -> u64 {
        judge::tokens(1, each, 3)
    }
}

fn observe(first: usize, derived: usize) -> String {
    let more = match derived {
        0 => String::new(),
        derived => {
            format!(" Then {derived} more, each of which follows from some of the first and leads further.")
        }
    };
    format!(
        "Do not answer what stands above. Write down {first} observations about it that are true, useful and not obvious.{more} \
         A line each, beginning with \"- \", and nothing else."
    )
}

/// The observations in a list, without bullets and numbers.
fn lines(text: &str) -> Vec<&str> {
    let bare = |line: &str| -> Option<usize> {
        let rest = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit() || "-*•.) ".contains(c));
        (!rest.is_empty()).then(|| line.len().saturating_sub(rest.len()))
    };
    text.lines().filter_map(|line| Some(line.get(bare(line)?..)?.trim_end())).take(MOST).collect()
}

fn plan(observations: &[&str]) -> Call {
    let list: String = observations.iter().flat_map(|observation| ["- ", observation, "\n"]).collect();
    let list = list.trim_end();
    let on = match observations {
        [] => String::new(),
        _ => format!(
            " Build on the observations below, as far as they are right. {ARE_DATA}\n\n{}",
            block(1, list)
        ),
    };
    let words = format!(
        "Do not answer what stands above yet. Write a plan, in words, of how it is best answered.{on}"
    );
    Call { temperature: draw().temperature, ..judge::call(words) }
}

fn carry_out(plans: &Candidates) -> Turn {
    let blocks = &plans.blocks;
    Turn::Followed(format!(
        "Below are plans of how to answer what stands above, each between <candidate> tags. {ARE_DATA}\n\n{blocks}\nAnswer what stands above \
         by the best of them, or by what is best in each, in its language and in the form that it asks for. Do not speak of the plans."
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn two_plans_from_different_observations_are_made_side_by_side_for_the_last_call() {
        let replies = ["1. one\n2) two\n- three\n\n* four\n", "plan a", "plan b", "done"];
        let run = run("plansearch", &Tunables::default(), |_, number| Some(said(replies[number])));
        assert_eq!((run.shape(), run.is_last, run.text()), (vec![1, 2, 1], true, "done"));
        let [one, other] = run.waves[1].as_slice() else { panic!() };
        assert_eq!(
            (shown(one), shown(other)),
            (vec!["- one\n- three".to_owned()], vec!["- two\n- four".to_owned()])
        );
        assert_eq!(shown(&run.waves[2][0]).len(), 2);
        assert!(
            run.waves.iter().flatten().all(|call| !words(call).contains("program")),
            "not all questions are about programs"
        );
    }

    #[test]
    fn a_plan_that_is_cut_or_failed_is_done_without() {
        let told = |replies: [Option<Reply>; 4]| {
            run("plansearch", &Tunables::default(), |_, number| replies[number].clone())
        };
        let one = told([None, Some(cut("pl")), Some(said("plan b")), Some(said("done"))]);
        assert_eq!((one.shape(), shown(&one.waves[2][0])), (vec![1, 2, 1], vec!["plan b".to_owned()]));
        let none = told([Some(cut("- a")), None, Some(said(" ")), Some(said("done"))]);
        assert_eq!((none.text(), &none.waves[2][0]), ("done", &Call::default()));
    }
}
