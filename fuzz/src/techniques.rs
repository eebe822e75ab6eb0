//! Techniques, whatever the model says: they end within their calls, nothing that a draft says stands outside of its tags, and the same replies
//! come to the same.

use bedrock_filter::techniques::{Call, KNOWN, Kind, Reply, Step, Tunables, Turn};

use super::allocation::{Bound, bounded};
use super::random::Random;

const BOUND: Bound = Bound { per_byte: 600, any: 1 << 20 };
/// What replies are told apart by.
const END: char = '\u{1}';

/// The first bytes choose a technique, how much it does and what comes of its calls; the rest are the texts of the replies, again and again.
pub fn check(bytes: &[u8]) {
    let (choices, texts) = bytes.split_at(bytes.len().min(24));
    let texts = String::from_utf8_lossy(texts);
    let steps = || bounded("a technique", bytes.len(), BOUND, || walk(choices, &texts));
    assert_eq!(steps(), steps());
}

fn walk(choices: &[u8], texts: &str) -> Vec<Step> {
    let random = &mut Random::of(choices);
    let known = &KNOWN[random.below(KNOWN.len())];
    let mut tunables = Tunables::default();
    if random.once_in(4) {
        let name =
            random.pick(known.tunables.get(..).filter(|names| !names.is_empty()).unwrap_or(&Tunables::NAMES));
        // What it may not be leaves the default.
        _ = tunables.set(name, random.pick(&["1", "2", "3", "4", "0.5", "true", "[\"m\"]"]));
    }
    let mut texts = texts.split(END).cycle();
    let mut technique = known.make(&tunables);
    let most = technique.most_calls();
    let (mut made, mut replies, mut steps) = (0, Vec::new(), Vec::new());
    loop {
        let step = match technique.next(std::mem::take(&mut replies)) {
            Ok(step) => step,
            Err(error) => {
                assert_eq!(error.status, 502);
                return steps;
            }
        };
        match &step {
            Step::Calls(calls) => {
                assert!(!calls.is_empty());
                made += calls.len();
                calls.iter().for_each(judge);
                replies.extend(calls.iter().map(|_| reply(random, texts.next().unwrap_or_default())));
            }
            Step::Last(call) => {
                made += 1;
                judge(call);
                assert_eq!(call.kind, Kind::Draw, "a judge's reply is no answer");
            }
            Step::Answer(answer) => assert_eq!(answer.len(), 1),
        }
        assert!(made <= most, "{}: {made} calls, and {most} at most", known.name);
        let is_end = !matches!(step, Step::Calls(_));
        steps.push(step);
        if is_end {
            return steps;
        }
    }
}

fn judge(call: &Call) {
    assert!(call.kind == Kind::Draw || call.max_tokens.is_some());
    // What stands in the stead of the question is a question that the model wrote.
    if let Turn::Followed(words) = &call.turn {
        let (begun, ended) =
            (words.matches("<candidate number=\"").count(), words.matches("</candidate>").count());
        assert_eq!(begun, ended, "{words}");
    }
}

fn reply(random: &mut Random<'_>, text: &str) -> Option<Reply> {
    let reason =
        random.pick(&["stop", "stop", "stop", "stop", "length", "content_filter", "tool_calls", "failed"]);
    let calls = (reason == "tool_calls").then(|| text.to_owned());
    let text = if calls.is_some() { String::new() } else { text.to_owned() };
    (reason != "failed").then(|| Reply {
        text,
        tool_calls: calls,
        finish_reason: reason.to_owned(),
        ..Reply::default()
    })
}
