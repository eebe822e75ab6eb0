//! `rstar`: different ways to the answer, each checked by continuing its first half independently.

use super::candidates::{ARE_DATA, Candidates, Numbers, block};
use super::drafts::{Drafts, draw, whole_text};
use super::extract::{answer_of, final_answer};
use super::judge::{self, By};
use super::selection::chosen;
use super::votes::count;
use super::{Call, Error, Reply, Step, Technique, Tunables, Turn};

/// The paper's actions, each as an instruction for the whole answer. `{depth}` is the most parts that a question is divided
/// into.
const ACTIONS: [&str; 5] = [
    "Think step by step, and check each step before you go on.",
    "Answer in as few steps as it takes.",
    "Take the question apart into at most {depth} smaller ones, answer each, and put the answers together.",
    "Answer, then answer the part of it that you are least sure of once more by another way, and correct what was wrong.",
    "Say the question again in your own words, with all that is given and what is asked for, and answer that.",
];
const END: &str =
    "Give the answer that is asked for. Where it is short and definite, end with the line: The answer is …";

/// Mutual reasoning (Qi et al. 2024, arXiv 2408.06195), designed for two small models: rollouts by different actions; then the
/// first rollout of each answer is cut in half and continued, and an answer that comes again counts double. OptiLLM returns
/// only a number, or "Unable to determine a valid answer", compares words, and loses the client's system text. Here the answer
/// is a whole draft of any kind.
#[derive(Debug)]
pub(super) struct Rstar {
    rollouts: usize,
    depth: usize,
    exploration: f64,
    /// The actions of all rollouts so far.
    begun: Vec<usize>,
    /// The actions of the drafts.
    actions: Vec<usize>,
    drafts: Drafts,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Rollouts(usize),
    /// Indexes of the drafts that are being continued.
    Checked(Vec<usize>),
    Judged(Numbers),
}

impl Rstar {
    pub(super) fn new(tunables: &Tunables) -> Self {
        let Tunables { rstar_max_depth, rstar_num_rollouts, rstar_c, .. } = tunables;
        Self {
            rollouts: *rstar_num_rollouts,
            depth: *rstar_max_depth,
            exploration: *rstar_c,
            begun: Vec::new(),
            actions: Vec::new(),
            drafts: Drafts::default(),
            stage: Stage::Rollouts(0),
        }
    }

    /// The next rollouts, as many in parallel as there are actions: first each action once, then by UCT.
    fn roll(&mut self) -> Step {
        let more = self.rollouts.saturating_sub(self.begun.len()).min(ACTIONS.len());
        let values = self.values();
        let mut calls = Vec::new();
        for _ in 0..more {
            let action = self.action(&values);
            self.begun.push(action);
            let way = ACTIONS.get(action).copied().unwrap_or_default();
            let way = way.replace("{depth}", &self.depth.to_string());
            calls.push(Call { turn: Turn::Followed(format!("{way} {END}")), ..draw() });
        }
        self.stage = Stage::Rollouts(more);
        Step::Calls(calls)
    }

    /// For each action, the share of its drafts that agree with the majority.
    fn values(&self) -> [f64; ACTIONS.len()] {
        let mut values = [0.0; ACTIONS.len()];
        let leader = count(&self.drafts.whole)
            .and_then(|votes| self.drafts.whole.get(votes.leader))
            .and_then(answer_of);
        for (draft, action) in self.drafts.whole.iter().zip(&self.actions) {
            if let (true, Some(value)) =
                (leader.is_some() && answer_of(draft) == leader, values.get_mut(*action))
            {
                *value += 1.0;
            }
        }
        values
    }

    fn action(&self, values: &[f64]) -> usize {
        let all = count_of(self.begun.len()).max(1.0).ln();
        let mut best = (0, f64::MIN);
        for (action, value) in values.iter().enumerate() {
            let tried = count_of(self.begun.iter().filter(|begun| **begun == action).count());
            let uct = if tried == 0.0 {
                f64::INFINITY
            } else {
                value / tried + self.exploration * (all / tried).sqrt()
            };
            if uct > best.1 {
                best = (action, uct);
            }
        }
        best.0
    }

    /// All rollouts have come: decides whether and how answers are checked.
    fn check(&mut self) -> Result<Step, Error> {
        let drafts = &self.drafts.whole;
        let answers: Vec<Option<String>> = drafts.iter().map(answer_of).collect();
        if answers.iter().flatten().count().saturating_mul(2) < drafts.len() {
            let candidates = Candidates::of(drafts);
            if candidates.numbers.len() < 2 {
                return self.drafts.answer(0);
            }
            let call = judge::choice(&candidates, By::Comparison, true);
            self.stage = Stage::Judged(candidates.numbers);
            return Ok(Step::Calls(vec![call]));
        }
        let mut firsts: Vec<usize> = Vec::new();
        for (index, answer) in answers.iter().enumerate() {
            let is_new = answer.is_some() && !answers.iter().take(index).any(|other| other == answer);
            let is_text = drafts.get(index).is_some_and(|draft| draft.tool_calls.is_none());
            if is_new && is_text {
                firsts.push(index);
            }
        }
        firsts.truncate(ACTIONS.len());
        if firsts.len() < 2 {
            return self.elect(&[]);
        }
        let calls = firsts.iter().filter_map(|index| Some(carry_on(&drafts.get(*index)?.text))).collect();
        self.stage = Stage::Checked(firsts);
        Ok(Step::Calls(calls))
    }

    /// Answers by vote, where confirmed answers count double.
    fn elect(&mut self, again: &[String]) -> Result<Step, Error> {
        let answers: Vec<Option<String>> = self.drafts.whole.iter().map(answer_of).collect();
        let mut best = (0, 0_usize);
        for (index, answer) in answers.iter().enumerate() {
            let Some(said) = answer else { continue };
            let votes = answers.iter().filter(|other| *other == answer).count();
            let votes = votes.saturating_mul(if again.contains(said) { 2 } else { 1 });
            if votes > best.1 {
                best = (index, votes);
            }
        }
        self.drafts.answer(best.0)
    }
}

impl Technique for Rstar {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match &self.stage {
            Stage::Rollouts(asked) => {
                let first = self.begun.len().saturating_sub(*asked);
                for (reply, action) in replies.into_iter().zip(self.begun.iter().skip(first)) {
                    self.drafts.add([reply]);
                    self.actions.resize(self.drafts.whole.len(), *action);
                }
                if self.begun.len() < self.rollouts { Ok(self.roll()) } else { self.check() }
            }
            Stage::Checked(firsts) => {
                let answers = firsts.iter().filter_map(|index| answer_of(self.drafts.whole.get(*index)?));
                let texts = replies.into_iter().map(whole_text);
                let again: Vec<String> = answers
                    .zip(texts)
                    .filter(|(answer, text)| text.as_deref().and_then(final_answer).as_ref() == Some(answer))
                    .map(|(answer, _)| answer)
                    .collect();
                self.elect(&again)
            }
            Stage::Judged(numbers) => {
                let index = chosen(numbers, replies);
                self.drafts.answer(index.unwrap_or_default())
            }
        }
    }

    fn most_calls(&self) -> usize {
        self.rollouts.saturating_add(self.rollouts.min(ACTIONS.len()))
    }

    fn most_tokens(&self, each: u64) -> u64 {
        judge::tokens(self.rollouts, each, self.rollouts.min(ACTIONS.len()))
    }
}

/// A count as a floating-point number.
fn count_of(things: usize) -> f64 {
    u32::try_from(things).map_or(f64::MAX, f64::from)
}

/// The call that continues the first half of a draft, without the rest.
fn carry_on(text: &str) -> Call {
    let half = text.floor_char_boundary(text.len() / 2);
    let half = text.get(..half).unwrap_or_default();
    let half = half.rfind(char::is_whitespace).and_then(|end| half.get(..end)).unwrap_or_default();
    judge::call(format!(
        "Below is the beginning of an answer to what stands above, between <candidate> tags. {ARE_DATA}\n\n{}\nCarry it on from there to its \
         end. {END}",
        block(1, half)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn five_ways_that_agree_are_enough_and_the_answer_is_a_whole_draft_of_any_kind() {
        for answer in ["42", "Paris"] {
            let run = run("rstar", &Tunables::default(), |_, number| {
                Some(said(&format!("Way {number}.\nThe answer is {answer}.")))
            });
            assert_eq!(
                (run.shape(), run.text().to_owned()),
                (vec![5], format!("Way 0.\nThe answer is {answer}."))
            );
            let mut ways: Vec<&str> = run.waves[0].iter().map(words).collect();
            ways.dedup();
            assert_eq!(ways.len(), 5);
            assert!(ways[2].contains("at most 3 smaller ones"));
            assert!(
                run.waves[0].iter().all(|call| call.system.is_none()),
                "the client's system text is what it is"
            );
        }
    }

    #[test]
    fn answers_that_differ_are_carried_on_from_their_half_and_those_that_come_again_count_double() {
        let drafts = [42, 42, 41, 41, 40]
            .map(|result| format!("From {result} sides we look at it.\nThe answer is {result}"));
        let result = run("rstar", &Tunables::default(), |call, number| {
            Some(said(match drafts.get(number) {
                Some(draft) => draft,
                None if words(call).contains("41 sides") => "So the answer is 41.",
                None => "The answer is 7",
            }))
        });
        assert_eq!((result.shape(), result.text()), (vec![5, 3], drafts[2].as_str()));
        assert_eq!(shown(&result.waves[1][0]), ["From 42 sides we look"]);
    }

    #[test]
    fn open_answers_are_compared_and_missing_ones_done_without() {
        let result = run("rstar", &Tunables::default(), |call, number| {
            if is_judge(call) {
                return Some(said(&format!("BEST CANDIDATE: {}", number_of(call, "way 3"))));
            }
            (number > 1).then(|| said(&format!("a\nway {number}")))
        });
        assert_eq!((result.shape(), result.text()), (vec![5, 1], "a\nway 3"));
        let none = run("rstar", &Tunables::default(), |_, _| None);
        assert_eq!(none.answer.unwrap_err().status, 502);
    }

    #[test]
    fn further_rollouts_go_the_ways_that_agree() {
        let tunables = Tunables { rstar_num_rollouts: 10, rstar_c: 0.0, ..Tunables::default() };
        let run = run("rstar", &tunables, |call, number| {
            let result = if words(call).contains("own words") { 42 } else { number + 100 };
            Some(said(&format!("The answer is {}", if number == 1 { 42 } else { result })))
        });
        let second: Vec<&str> = run.waves[1].iter().map(words).collect();
        assert!(second[0].starts_with("Answer in as few steps"), "{second:?}");
        assert_eq!(run.waves[1].len(), 5);
    }
}
