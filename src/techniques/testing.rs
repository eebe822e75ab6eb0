//! A scripted model, and what a technique makes of it.

use super::{Call, Error, Kind, Reply, Step, Tunables, Turn, known};

/// A whole reply.
pub(super) fn said(text: &str) -> Reply {
    ended(text, "stop")
}

/// A reply that reached its limit of tokens.
pub(super) fn cut(text: &str) -> Reply {
    ended(text, "length")
}

/// A reply that a filter ended.
pub(super) fn refused(text: &str) -> Reply {
    ended(text, "content_filter")
}

/// A reply that calls tools.
pub(super) fn called(calls: &str) -> Reply {
    Reply { tool_calls: Some(calls.into()), ..ended("", "tool_calls") }
}

fn ended(text: &str, reason: &str) -> Reply {
    Reply { text: text.into(), finish_reason: reason.into(), ..Reply::default() }
}

/// What a technique did.
#[derive(Debug)]
pub(super) struct Run {
    /// Its calls, by steps: those of one step are made side by side.
    pub(super) waves: Vec<Vec<Call>>,
    /// Whether the answer is the reply to the last of them.
    pub(super) is_last: bool,
    /// The answer: where it is a call's, what the model says to that.
    pub(super) answer: Result<Vec<Reply>, Error>,
}

impl Run {
    /// Calls of each step.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.waves.iter().map(Vec::len).collect()
    }

    /// The text of the one answer.
    pub(super) fn text(&self) -> &str {
        match self.answer.as_deref() {
            Ok([reply]) => &reply.text,
            other => panic!("{other:?}"),
        }
    }
}

/// Runs the technique to its end, with a model that is asked call by call; the number of calls before counts from 0.
pub(super) fn run(
    name: &str,
    tunables: &Tunables,
    mut model: impl FnMut(&Call, usize) -> Option<Reply>,
) -> Run {
    let mut technique = known(name).unwrap().make(tunables);
    let (mut waves, mut replies, mut made) = (Vec::new(), Vec::new(), 0);
    let (is_last, answer) = loop {
        let (calls, is_last) = match technique.next(replies) {
            Ok(Step::Calls(calls)) => (calls, false),
            Ok(Step::Last(call)) => (vec![call], true),
            Ok(Step::Answer(choices)) => break (false, Ok(choices)),
            Err(error) => break (false, Err(error)),
        };
        assert!(!calls.is_empty(), "a step without calls");
        replies = calls
            .iter()
            .map(|call| {
                made += 1;
                model(call, made - 1)
            })
            .collect();
        assert!(made <= technique.most_calls(), "{name}: {made} calls");
        waves.push(calls);
        if is_last {
            break (
                true,
                replies
                    .remove(0)
                    .ok_or_else(|| Error::new(502, "the last call failed"))
                    .map(|reply| vec![reply]),
            );
        }
    };
    Run { waves, is_last, answer }
}

/// What a call says behind or instead of the question; empty where it says nothing.
pub(super) fn words(call: &Call) -> &str {
    match &call.turn {
        Turn::AsItIs => "",
        Turn::Followed(text) | Turn::Repeated(text) | Turn::Replaced(text) => text,
    }
}

/// True where the reply is only read here.
pub(super) fn is_judge(call: &Call) -> bool {
    call.kind == Kind::Judge
}

/// The candidates of a prompt as they can be told apart by its tags, by number.
pub(super) fn shown(call: &Call) -> Vec<String> {
    words(call)
        .split("<candidate number=\"")
        .skip(1)
        .map(|part| part.split_once(">\n").unwrap().1.split("\n</candidate>").next().unwrap().to_owned())
        .collect()
}

/// The number of the candidate in which this stands.
pub(super) fn number_of(call: &Call, needle: &str) -> usize {
    shown(call).iter().position(|text| text.contains(needle)).unwrap() + 1
}
