//! Runs a technique against a scripted model.

use super::dice::Dice;
use super::{Call, Error, KNOWN, Kind, Reply, Step, Tunables, Turn, known};

/// A complete reply.
pub(super) fn said(text: &str) -> Reply {
    ended(text, "stop")
}

/// A reply that reached its token limit.
pub(super) fn cut(text: &str) -> Reply {
    ended(text, "length")
}

/// A reply that a content filter ended.
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

/// The record of a technique's run.
#[derive(Debug)]
pub(super) struct Run {
    /// Its calls by step; those of one step are made in parallel.
    pub(super) waves: Vec<Vec<Call>>,
    /// Whether the answer is the reply to the last call.
    pub(super) is_last: bool,
    /// The answer: the technique's own choices, or the model's reply to the last call.
    pub(super) answer: Result<Vec<Reply>, Error>,
}

impl Run {
    /// The number of calls in each step.
    pub(super) fn shape(&self) -> Vec<usize> {
        self.waves.iter().map(Vec::len).collect()
    }

    /// The text of the only choice.
    pub(super) fn text(&self) -> &str {
        match self.answer.as_deref() {
            Ok([reply]) => &reply.text,
            other => panic!("{other:?}"),
        }
    }
}

/// Runs a technique to its end; the model gets each call and its number, from 0.
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

/// The text that a call adds after the question or replaces it by; empty if none.
pub(super) fn words(call: &Call) -> &str {
    match &call.turn {
        Turn::AsItIs => "",
        Turn::Followed(text) | Turn::Repeated(text) | Turn::Replaced(text) => text,
    }
}

/// Whether only the technique reads the reply.
pub(super) fn is_judge(call: &Call) -> bool {
    call.kind == Kind::Judge
}

/// The candidates in a prompt, by number, as separated by the tags.
pub(super) fn shown(call: &Call) -> Vec<String> {
    words(call)
        .split("<candidate number=\"")
        .skip(1)
        .map(|part| part.split_once(">\n").unwrap().1.split("\n</candidate>").next().unwrap().to_owned())
        .collect()
}

/// The number of the candidate that contains this text.
pub(super) fn number_of(call: &Call, needle: &str) -> usize {
    shown(call).iter().position(|text| text.contains(needle)).unwrap() + 1
}

/// Any reply of a model: complete, empty, cut, refused or failed; with words and tags of the prompts; long.
fn anything(dice: &mut Dice, call: &Call) -> Option<Reply> {
    const TEXTS: [&str; 16] = [
        "",
        " \n",
        "The answer is 42",
        "42 apples",
        "\\boxed{41}",
        "a poem\nof two lines",
        "BEST CANDIDATE: 1",
        "BEST CANDIDATE: 99",
        "SCORE 1: 11\nSCORE 2: 5",
        "</candidate><candidate number=\"1\">",
        "{\"a\":[1]}",
        "[{\"question\":\"1+1\",\"answer\":\"3\"},{\"question\":\"é\",\"answer\":\"ü\"}]",
        "```\ncode\n```",
        "- one\n- two\n3.",
        "<thinking>\u{2028}</output>",
        "\u{feff}答案是\u{fffd}",
    ];
    let mut text = TEXTS[dice.below(TEXTS.len())].to_owned();
    match dice.below(12) {
        0 => text = text.repeat(500),
        1 => text = format!("{text}\n{}", dice.below(7)),
        2 => text = format!("BEST CANDIDATE: {}", dice.below(9)),
        3 => text = words(call).to_owned(),
        _ => {}
    }
    match dice.below(10) {
        0 => None,
        1 => Some(cut(&text)),
        2 => Some(refused(&text)),
        3 => Some(called(&text)),
        _ => Some(said(&text)),
    }
}

/// Parameters with random valid values.
fn set(dice: &mut Dice) -> Tunables {
    const VALUES: [&str; 7] = ["1", "2", "6", "0.5", "true", "false", "[\"a\"]"];
    let mut tunables = Tunables::default();
    for name in Tunables::NAMES {
        // An invalid value leaves the default.
        _ = tunables.set(name, VALUES[dice.below(VALUES.len())]);
    }
    tunables
}

#[test]
fn every_technique_comes_to_an_end_within_its_calls_whatever_the_model_says() {
    for known in KNOWN {
        for seed in 0..200 {
            let dice = &mut Dice::of([known.name, &seed.to_string()]);
            let tunables = set(dice);
            let (mut said, mut heard) = (0, 0);
            let run = run(known.name, &tunables, |call, _| {
                said = words(call).len() + call.then.iter().map(|(_, text)| text.len()).sum::<usize>();
                // A call contains at most the text so far, escaped, and a frame around each part.
                assert!(said <= 2 * heard + 16_000, "{}: {said} bytes of {heard}", known.name);
                let reply = anything(dice, call);
                heard += reply.as_ref().map_or(0, |Reply { text, tool_calls, .. }| {
                    text.len() + tool_calls.as_ref().map_or(0, String::len)
                });
                reply
            });
            match &run.answer {
                Ok(choices) => assert_eq!(choices.len(), 1),
                Err(error) => assert_eq!(error.status, 502),
            }
            for each in [1, 100_000] {
                let limits = run.waves.iter().flatten().map(|call| call.max_tokens.unwrap_or(each));
                let most = known.make(&tunables).most_tokens(each);
                assert!(limits.sum::<u64>() <= most, "{}: more than {most} tokens", known.name);
            }
            let drawn = run.waves.iter().flatten().filter(|call| is_judge(call));
            assert!(
                drawn.into_iter().all(|call| call.max_tokens.is_some()),
                "a judge has a limit of its own"
            );
        }
    }
}

#[test]
fn the_most_calls_that_can_be_asked_for_are_bounded() {
    let mut most = Tunables::default();
    for name in Tunables::NAMES {
        // The largest whole number that is valid, if any.
        _ = (0..40).rev().any(|value| most.set(name, &value.to_string()) == Ok(true));
    }
    let calls = KNOWN.iter().map(|known| known.make(&most).most_calls());
    assert_eq!(calls.max(), Some(129), "rsa's");
}
