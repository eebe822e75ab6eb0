//! `leap`: principles learnt from mistakes on the prompt's examples.

use serde::Deserialize;

use super::candidates::{ARE_DATA, block};
use super::drafts::{draw, read, whole_text};
use super::extract::final_answer;
use super::judge;
use super::normal::normalised;
use super::{Call, Error, Reply, Step, Technique, Turn};
use crate::wire;

/// Most examples that are used.
const EXAMPLES: usize = 4;

const EXTRACT: &str = "Do not answer what stands above. Does it hold worked examples: questions together with their right answers? \
    Write them down as a JSON list of objects with the texts \"question\" and \"answer\", and nothing else. The question that is to be answered is none of \
    them. Where there are no examples, write [].";

const SOLVE: &str = "Think step by step. End with the line: The answer is …";

/// Learning principles from mistakes (Zhang et al. 2024, arXiv 2402.05403). As in the paper, mistakes are sampled by letting
/// the model solve the examples; OptiLLM asks for wrong answers, and derives each principle in a call of its own. Without
/// examples or mistakes the question is asked unchanged.
#[derive(Debug, Default)]
pub(super) struct Leap {
    examples: Vec<Example>,
    stage: Stage,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Begin,
    Extracted,
    Tried,
    Learnt,
}

#[derive(Clone, Debug, Deserialize)]
struct Example {
    question: String,
    answer: String,
}

impl Technique for Leap {
    fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
        match self.stage {
            Stage::Begin => {
                self.stage = Stage::Extracted;
                Ok(Step::Calls(vec![judge::call(EXTRACT.to_owned())]))
            }
            Stage::Extracted => {
                self.stage = Stage::Tried;
                self.examples = read(replies).map(|text| examples(&text)).unwrap_or_default();
                if self.examples.is_empty() {
                    return Ok(Step::Last(Call::default()));
                }
                Ok(Step::Calls(self.examples.iter().map(attempt).collect()))
            }
            Stage::Tried => {
                self.stage = Stage::Learnt;
                let tried = self.examples.iter().zip(replies.into_iter().map(whole_text));
                let mistakes: Vec<String> = tried
                    .filter_map(|(example, text)| {
                        text.filter(|text| is_wrong(text, &example.answer)).map(|text| (example, text))
                    })
                    .zip(1..)
                    .map(|((Example { question, answer }, text), number)| {
                        block(
                            number,
                            &format!("Question: {question}\nWrong answer: {text}\nRight answer: {answer}"),
                        )
                    })
                    .collect();
                if mistakes.is_empty() {
                    return Ok(Step::Last(Call::default()));
                }
                Ok(Step::Calls(vec![learn(&mistakes.concat())]))
            }
            Stage::Learnt => Ok(Step::Last(match read(replies) {
                Some(principles) => Call { turn: heed(&principles), ..Call::default() },
                None => Call::default(),
            })),
        }
    }

    fn most_calls(&self) -> usize {
        EXAMPLES.saturating_add(3)
    }

    fn most_tokens(&self, each: u64) -> u64 {
        judge::tokens(1, each, EXAMPLES.saturating_add(2))
    }
}

/// The examples in a reply: the list in it, with any text around.
fn examples(text: &str) -> Vec<Example> {
    let list = text.find('[').zip(text.rfind(']')).and_then(|(start, end)| text.get(start..=end));
    let mut examples: Vec<Example> = list.and_then(|list| wire::from_str(list).ok()).unwrap_or_default();
    examples.retain(|Example { question, answer }| !question.trim().is_empty() && !answer.trim().is_empty());
    examples.truncate(EXAMPLES);
    examples
}

fn attempt(example: &Example) -> Call {
    let turn = Turn::Replaced(format!("{}\n\n{SOLVE}", example.question));
    Call { turn, temperature: draw().temperature, ..judge::call(String::new()) }
}

fn is_wrong(text: &str, answer: &str) -> bool {
    let right = final_answer(answer).unwrap_or_else(|| normalised(answer));
    final_answer(text).is_none_or(|found| found != right) && !text.contains(answer.trim())
}

fn learn(mistakes: &str) -> Call {
    let words = format!(
        "Below are mistakes at the examples above, each between <candidate> tags. {ARE_DATA}\n\n{mistakes}\nDo not answer what stands \
         above. Write down at most 8 short, general principles by which mistakes like these are avoided, a line each, and nothing else."
    );
    judge::call(words)
}

fn heed(principles: &str) -> Turn {
    Turn::Followed(format!(
        "Heed these principles where they help; they were learnt from the examples, and are no more than that:\n{}",
        block(1, principles)
    ))
}

#[cfg(test)]
mod tests {
    use super::super::Tunables;
    use super::super::testing::*;
    use super::*;

    const TWO: &str = "Here:\n```json\n[{\"question\":\"1+1\",\"answer\":\"2\"},{\"question\":\"2+2\",\"answer\":\"4\"}]\n```";

    fn told(replies: &[Option<Reply>]) -> Run {
        run("leap", &Tunables::default(), |_, number| replies[number].clone())
    }

    #[test]
    fn mistakes_are_sampled_and_principles_from_all_of_them_go_with_the_question() {
        let replies = [TWO, "The answer is 3", "So it is 4.\nThe answer is 4.", "Count twice.", "five"]
            .map(|text| Some(said(text)));
        let run = told(&replies);
        assert_eq!((run.shape(), run.is_last, run.text()), (vec![1, 2, 1, 1], true, "five"));
        assert_eq!(words(&run.waves[1][0]), format!("1+1\n\n{SOLVE}"));
        assert_eq!(
            shown(&run.waves[2][0]),
            ["Question: 1+1\nWrong answer: The answer is 3\nRight answer: 2"]
        );
        assert!(words(&run.waves[3][0]).contains("Count twice."));
    }

    #[test]
    fn without_examples_or_mistakes_the_question_is_asked_as_it_is() {
        for extracted in [
            None,
            Some(said("[]")),
            Some(said("none")),
            Some(said("[{\"question\":1}]")),
            Some(cut(TWO)),
            Some(said("][")),
        ] {
            let run = told(&[extracted, Some(said("a"))]);
            assert_eq!((run.shape(), &run.waves[1][0]), (vec![1, 1], &Call::default()));
        }
        let right = told(&[TWO, "The answer is 2", "It's 4.", "a"].map(|text| Some(said(text))));
        assert_eq!((right.shape(), &right.waves[2][0]), (vec![1, 2, 1], &Call::default()));
        let lost = told(&[Some(said(TWO)), Some(said("3")), None, None, Some(said("a"))]);
        assert_eq!((lost.shape(), &lost.waves[3][0]), (vec![1, 2, 1, 1], &Call::default()));
    }

    #[test]
    fn of_many_examples_four_are_tried() {
        let many = format!("[{}]", vec![r#"{"question":"1+1","answer":"2"}"#; 50].join(","));
        let run =
            run("leap", &Tunables::default(), |_, number| Some(said(if number == 0 { &many } else { "3" })));
        assert_eq!(run.shape(), [1, 4, 1, 1]);
    }
}
