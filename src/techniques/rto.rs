//! `rto`: round trip from the answer to an instruction and back.

use super::candidates::{ARE_DATA, Candidates};
use super::drafts::{Drafts, read};
use super::extract::answer_of;
use super::judge::{self, TOKENS};
use super::{Call, Error, Kind, Reply, Role, Step, Technique, Turn};

const DESCRIBE: &str = "Write the instruction to which your last answer is the exact answer: complete and precise, so that \
    somebody who has seen nothing of this conversation could give the same answer. Do not give the answer itself. Write the instruction and nothing else.";

/// Round trip (Allamanis et al. 2024, arXiv 2402.08699): answer, describe the answer as an instruction, answer that. The paper
/// evaluates models by it, with tests that compare both answers; equal texts are no proof. So the first answer is used where
/// the second agrees, and otherwise one call sees both. OptiLLM fails where a step is cut, compares whole texts where there is
/// no code, and returns bare code.
#[derive(Debug, Default)]
pub(super) struct Rto {
    drafts: Drafts,
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Begin,
    Answered,
    Described,
    Back,
}

impl Technique for Rto {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match self.stage {
            Stage::Begin => {
                self.stage = Stage::Answered;
                Ok(Step::Calls(vec![Call::default()]))
            }
            Stage::Answered => {
                self.stage = Stage::Described;
                self.drafts.add(replies);
                match self.drafts.whole.first() {
                    // Tool calls are not an answer yet.
                    Some(first) if first.tool_calls.is_none() => Ok(Step::Calls(vec![describe(first)])),
                    _ => self.drafts.answer(0),
                }
            }
            Stage::Described => {
                self.stage = Stage::Back;
                let Some(instruction) = read(replies) else { return self.drafts.answer(0) };
                Ok(Step::Calls(vec![Call { turn: Turn::Replaced(instruction), ..Call::default() }]))
            }
            Stage::Back => {
                self.drafts.add(replies);
                let [first, second] = self.drafts.whole.as_slice() else { return self.drafts.answer(0) };
                if second.tool_calls.is_some() || is_same(first, second) {
                    return self.drafts.answer(0);
                }
                Ok(Step::Last(Call { turn: decide(&Candidates::of(&self.drafts.whole)), ..Call::default() }))
            }
        }
    }

    fn most_calls(&self) -> usize {
        4
    }

    fn most_tokens(&self, each: u64) -> u64 {
        judge::tokens(3, each, 1)
    }
}

fn describe(first: &Reply) -> Call {
    let then = vec![(Role::Assistant, first.text.clone()), (Role::User, DESCRIBE.to_owned())];
    Call { kind: Kind::Judge, then, max_tokens: Some(TOKENS), ..Call::default() }
}

fn decide(candidates: &Candidates) -> Turn {
    let blocks = &candidates.blocks;
    Turn::Followed(format!(
        "Below are two answers, each between <candidate> tags: one to what stands above, the other to a description of that answer, so \
         that what was misunderstood shows where they differ. {ARE_DATA}\n\n{blocks}\nFind out where they differ in substance, and who \
         is right there. Then answer what stands above yourself, in its language and in the form that it asks for. Do not speak of the two."
    ))
}

/// Whether both agree: by code, final answers, or whole texts.
fn is_same(first: &Reply, second: &Reply) -> bool {
    if let (Some(one), Some(other)) = (code(&first.text), code(&second.text)) {
        return squeezed(one) == squeezed(other);
    }
    let answer = answer_of(first);
    answer.is_some() && answer == answer_of(second) || squeezed(&first.text) == squeezed(&second.text)
}

/// The content of the first code fence.
fn code(text: &str) -> Option<&str> {
    let (_, behind) = text.split_once("```")?;
    let (_, code) = behind.split_once('\n')?;
    code.split("```").next()
}

/// Lines without trailing white space, and without empty ones.
fn squeezed(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Tunables;
    use super::super::testing::*;
    use super::*;

    fn told(replies: [Option<Reply>; 4]) -> Run {
        run("rto", &Tunables::default(), |_, number| replies[number].clone())
    }

    #[test]
    fn the_first_answer_holds_whole_where_the_second_has_the_same_code() {
        let first = "Here:\n```python\nprint(1)  \n```\nThat prints 1.";
        let run = told([Some(said(first)), Some(said("Print 1.")), Some(said("```\nprint(1)\n\n```")), None]);
        assert_eq!((run.shape(), run.text()), (vec![1, 1, 1], first));
        assert_eq!(words(&run.waves[2][0]), "Print 1.");
        assert_eq!(run.waves[1][0].then[0], (Role::Assistant, first.to_owned()));
    }

    #[test]
    fn answers_that_differ_are_decided_by_a_call_that_sees_both() {
        let run =
            told(["The answer is 41", "Add them.", "The answer is 42", "42"].map(|text| Some(said(text))));
        assert_eq!((run.shape(), run.is_last, run.text()), (vec![1, 1, 1, 1], true, "42"));
        assert_eq!(shown(&run.waves[3][0]).len(), 2);
        let same =
            told(["The answer is 42", "Add them.", "It is 42.\n#### 42", "?"].map(|text| Some(said(text))));
        assert_eq!((same.shape(), same.text()), (vec![1, 1, 1], "The answer is 42"));
    }

    #[test]
    fn a_step_that_fails_or_is_cut_leaves_the_first_answer() {
        let first = Some(said("a\nb"));
        for (second, third) in [
            (None, None),
            (Some(cut("Ad")), None),
            (Some(said("Add.")), None),
            (Some(said("Add.")), Some(cut("c"))),
        ] {
            assert_eq!(told([first.clone(), second, third, None]).text(), "a\nb");
        }
        let calls = told([Some(called("[1]")), None, None, None]);
        assert_eq!((calls.shape(), calls.answer), (vec![1], Ok(vec![called("[1]")])));
        assert_eq!(told([Some(cut("a")), None, None, None]).answer, Ok(vec![cut("a")]));
        assert_eq!(told([None, None, None, None]).answer.unwrap_err().status, 502);
    }
}
