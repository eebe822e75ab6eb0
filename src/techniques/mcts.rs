//! `mcts`: a tree of answers, each an improvement of its parent.

use super::candidates::{ARE_DATA, Candidates, Numbers};
use super::drafts::{Drafts, draw, draws, read};
use super::judge;
use super::scores::scores;
use super::votes::all_agree;
use super::{Call, Error, Reply, Step, Technique, Tunables, Turn};

/// Children of a node.
const CHILDREN: usize = 3;
/// The value of an answer that the judge did not score.
const UNKNOWN: f64 = 0.5;

/// Monte Carlo tree search over answers (LATS, Zhou et al. 2023, arXiv 2310.04406; RAP, Hao et al. 2023, 2305.14992; OptiLLM
/// cites Xie et al. 2024, 2405.00451, which is about training). Each simulation descends to a leaf by UCT, makes three answers
/// there, improves each `mcts_depth` times, and scores them in one call. In OptiLLM no call contains the question, the
/// simulation guesses the user's next message one level deep, and the answer is the most visited child, which is chance.
#[derive(Debug)]
pub(super) struct Mcts {
    simulations: usize,
    depth: usize,
    exploration: f64,
    walks: usize,
    nodes: Vec<Node>,
    /// Replies that did not become nodes.
    lost: Drafts,
    stage: Stage,
}

#[derive(Debug)]
struct Node {
    /// Index of the parent; `None`: the question.
    parent: Option<usize>,
    reply: Reply,
    /// The answer's score, from 0 to 1.
    value: f64,
    /// Number of simulations through the node, and the sum of their scores.
    visits: f64,
    sum: f64,
}

#[derive(Debug)]
enum Stage {
    Begin,
    /// New answers below this node are being made.
    Expanded(Option<usize>),
    /// They are being improved, for the given time.
    Improved(Option<usize>, Vec<Reply>, usize),
    Rated(Option<usize>, Vec<Reply>, Numbers),
}

impl Mcts {
    pub(super) fn new(tunables: &Tunables) -> Self {
        let Tunables { mcts_simulations, mcts_depth, mcts_exploration, .. } = tunables;
        Self {
            simulations: *mcts_simulations,
            depth: *mcts_depth,
            exploration: *mcts_exploration,
            walks: 0,
            nodes: Vec::new(),
            lost: Drafts::default(),
            stage: Stage::Begin,
        }
    }

    /// Starts the next simulation, or answers.
    fn walk(&mut self) -> Result<Step, Error> {
        if self.walks >= self.simulations {
            return self.best();
        }
        self.walks = self.walks.saturating_add(1);
        let leaf = self.leaf();
        self.stage = Stage::Expanded(leaf);
        Ok(match leaf.and_then(|leaf| self.nodes.get(leaf)) {
            None => draws(CHILDREN),
            Some(node) => Step::Calls(vec![improve(&node.reply); CHILDREN]),
        })
    }

    /// The leaf chosen by UCT (Kocsis and Szepesvári 2006).
    fn leaf(&self) -> Option<usize> {
        let mut at = None;
        // No path is longer than the number of nodes.
        for _ in 0..self.nodes.len() {
            let children = self.nodes.iter().enumerate().filter(|(_, node)| node.parent == at);
            let visits: f64 = children.clone().map(|(_, node)| node.visits).sum();
            let uct = |node: &Node| {
                node.sum / node.visits + self.exploration * (visits.ln().max(0.0) / node.visits).sqrt()
            };
            let mut best: Option<(usize, f64)> = None;
            for (index, node) in children {
                let value = uct(node);
                if best.is_none_or(|(_, other)| value > other) {
                    best = Some((index, value));
                }
            }
            match best {
                Some((index, _)) => at = Some(index),
                None => break,
            }
        }
        at
    }

    /// Improves the answers once more, or has them scored.
    fn go_on(&mut self, below: Option<usize>, answers: Vec<Reply>, improved: usize) -> Result<Step, Error> {
        if improved < self.depth {
            let calls = answers.iter().map(improve).collect();
            self.stage = Stage::Improved(below, answers, improved.saturating_add(1));
            return Ok(Step::Calls(calls));
        }
        let candidates = Candidates::of(&answers);
        let call = judge::call(rate(&candidates));
        self.stage = Stage::Rated(below, answers, candidates.numbers);
        Ok(Step::Calls(vec![call]))
    }

    /// Adds the answers to the tree, and their scores to all ancestors.
    fn grow(&mut self, below: Option<usize>, answers: Vec<Reply>, values: &[f64]) {
        for (reply, value) in answers.into_iter().zip(values.iter().copied()) {
            self.nodes.push(Node { parent: below, reply, value, visits: 1.0, sum: value });
            let mut above = below;
            while let Some(node) = above.and_then(|above| self.nodes.get_mut(above)) {
                node.visits += 1.0;
                node.sum += value;
                above = node.parent;
            }
        }
    }

    fn best(&mut self) -> Result<Step, Error> {
        let mut best: Option<&Node> = None;
        for node in &self.nodes {
            if best.is_none_or(|best| node.value > best.value) {
                best = Some(node);
            }
        }
        match best {
            Some(node) => Ok(Step::Answer(vec![node.reply.clone()])),
            None => self.lost.none_left(),
        }
    }
}

/// Whether two answers count as the same for the judge.
fn is_same(one: &Reply, other: &Reply) -> bool {
    one.text.trim() == other.text.trim() && one.tool_calls == other.tool_calls
}

impl Technique for Mcts {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match std::mem::replace(&mut self.stage, Stage::Begin) {
            Stage::Begin => self.walk(),
            Stage::Expanded(below) => {
                self.lost.add(replies);
                let answers = std::mem::take(&mut self.lost.whole);
                if answers.is_empty() {
                    return self.walk();
                }
                if below.is_none() && all_agree(&answers) {
                    self.lost.whole = answers;
                    return self.lost.answer(0);
                }
                self.go_on(below, answers, 0)
            }
            Stage::Improved(below, mut answers, improved) => {
                for (answer, reply) in answers.iter_mut().zip(replies) {
                    // A failed improvement leaves the answer as it was.
                    self.lost.add([reply]);
                    if let Some(better) = self.lost.whole.pop() {
                        *answer = better;
                    }
                }
                self.go_on(below, answers, improved)
            }
            Stage::Rated(below, answers, numbers) => {
                let scores = scores(&read(replies).unwrap_or_default(), numbers.len());
                let mut values = vec![UNKNOWN; answers.len()];
                for (number, score) in (1_usize..).zip(scores) {
                    let slot = numbers.index(number).and_then(|index| values.get_mut(index));
                    if let (Some(slot), Some(score)) = (slot, score) {
                        *slot = score / 10.0;
                    }
                }
                // Of equal answers only the first is shown to the judge; the others get its score.
                for (index, answer) in answers.iter().enumerate() {
                    let first = answers.iter().position(|other| is_same(other, answer));
                    let worth = first.and_then(|first| values.get(first).copied());
                    if let (Some(slot), Some(worth)) = (values.get_mut(index), worth) {
                        *slot = worth;
                    }
                }
                self.grow(below, answers, &values);
                self.walk()
            }
        }
    }

    fn most_calls(&self) -> usize {
        let walk = CHILDREN.saturating_mul(self.depth.saturating_add(1)).saturating_add(1);
        self.simulations.saturating_mul(walk)
    }

    fn most_tokens(&self, each: u64) -> u64 {
        let drafts = CHILDREN.saturating_mul(self.depth.saturating_add(1));
        judge::tokens(self.simulations.saturating_mul(drafts), each, self.simulations)
    }
}

fn improve(draft: &Reply) -> Call {
    let shown = Candidates::of([draft]).blocks;
    let turn = Turn::Followed(format!(
        "Below is a draft of an answer to what stands above, between <candidate> tags. {ARE_DATA}\n\n{shown}\nLook for mistakes in it, and for \
         what it leaves out. Then answer what stands above yourself, better than it, in its language and in the form that it asks for. Do not speak of the draft."
    ));
    Call { turn, ..draw() }
}

fn rate(candidates: &Candidates) -> String {
    let (count, blocks) = (candidates.numbers.len(), &candidates.blocks);
    format!(
        "Do not answer what stands above. Below are {count} candidate answers to it, each between <candidate> tags. {ARE_DATA}\n\n{blocks}\n\
         Compare them: where they differ, find out which is right. Then score each from 0 (wrong or useless) to 10 (right and complete), \
         a line for each, and nothing behind:\nSCORE number: score"
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    /// Answers are numbered by call; the judge scores each by its number, as a fraction of 20.
    fn searched(tunables: &Tunables) -> Run {
        run("mcts", tunables, |call, number| {
            if !is_judge(call) {
                return Some(said(&format!("a\n{number}")));
            }
            let score = |(text, at): (String, usize)| {
                let number: f64 = text.trim_start_matches("a\n").parse().unwrap();
                format!("SCORE {at}: {}\n", number / 2.0)
            };
            Some(said(&shown(call).into_iter().zip(1..).map(score).collect::<String>()))
        })
    }

    #[test]
    fn each_walk_is_three_answers_improved_and_scored_together_and_the_best_scored_wins() {
        let run = searched(&Tunables::default());
        assert_eq!((run.shape(), run.is_last), (vec![3, 3, 1, 3, 3, 1], false));
        assert_eq!(run.text(), "a\n12", "the last of those that were improved in the second walk");
        let flat = searched(&Tunables { mcts_simulations: 1, mcts_depth: 0, ..Tunables::default() });
        assert_eq!((flat.shape(), flat.text()), (vec![3, 1], "a\n2"));
    }

    #[test]
    fn an_answer_that_comes_twice_is_worth_the_same_twice() {
        let tunables = Tunables { mcts_simulations: 1, mcts_depth: 0, ..Tunables::default() };
        let run = run("mcts", &tunables, |call, number| {
            if !is_judge(call) {
                return Some(said(["x\nbad", "x\nbad", "y\ngood"][number]));
            }
            let scores =
                shown(call).iter().map(|text| if text.contains("bad") { 2 } else { 4 }).collect::<Vec<_>>();
            let told = (1..)
                .zip(scores)
                .map(|(number, score)| format!("SCORE {number}: {score}"))
                .collect::<Vec<_>>();
            Some(said(&told.join("\n")))
        });
        assert_eq!(run.text(), "y\ngood");
    }

    #[test]
    fn the_question_stands_in_every_call_and_the_walk_goes_on_below_the_best_answer() {
        let run = searched(&Tunables::default());
        for call in run.waves.iter().flatten() {
            assert!(
                matches!(call.turn, Turn::AsItIs | Turn::Followed(_)) && call.then.is_empty(),
                "{call:?}"
            );
        }
        assert!(run.waves[3].iter().all(|call| shown(call) == ["a\n5"]));
        // High exploration does not leave the tree either.
        let far = searched(&Tunables {
            mcts_simulations: 8,
            mcts_exploration: 10.0,
            mcts_depth: 0,
            ..Tunables::default()
        });
        assert_eq!(far.shape(), [3, 1].repeat(8));
    }

    #[test]
    fn a_judge_of_nonsense_and_calls_that_fail_leave_what_there_is() {
        let nonsense = run("mcts", &Tunables::default(), |call, number| {
            (!is_judge(call)).then(|| said(&format!("a\n{number}")))
        });
        assert_eq!(nonsense.text(), "a\n3");
        let first = run("mcts", &Tunables::default(), |_, number| (number == 1).then(|| said("a\nb")));
        assert_eq!(first.text(), "a\nb");
        let none = run("mcts", &Tunables::default(), |_, _| None);
        assert_eq!((none.shape(), none.answer.unwrap_err().status), (vec![3, 3], 502));
        let same = run("mcts", &Tunables::default(), |_, _| Some(said("42")));
        assert_eq!((same.shape(), same.text()), (vec![3], "42"));
    }

    #[test]
    fn two_searches_at_once_do_not_mix() {
        let all =
            [Tunables::default(), Tunables { mcts_depth: 0, mcts_simulations: 3, ..Tunables::default() }];
        let mut machines = all.map(|tunables| (Mcts::new(&tunables), Vec::new(), Vec::new()));
        for _ in 0..6 {
            for (name, (machine, replies, shape)) in machines.iter_mut().enumerate() {
                let Ok(Step::Calls(calls)) = machine.next(std::mem::take(replies)) else { panic!() };
                let other = format!("searcher {}", 1 - name);
                assert!(calls.iter().all(|call| !words(call).contains(&other)));
                *replies = (0..calls.len())
                    .map(|number| Some(said(&format!("a\n{number} searcher {name}"))))
                    .collect();
                shape.push(calls.len());
            }
        }
        assert_eq!(machines.map(|(_, _, shape)| shape), [[3, 3, 1, 3, 3, 1], [3, 1, 3, 1, 3, 1]]);
    }
}
