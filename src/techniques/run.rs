//! Runs a technique for a chat: gives the bodies of its calls in order, and takes their replies. The calls are made elsewhere.

use std::collections::VecDeque;

use serde::Serialize;

use super::reply::Read;
use super::{Call, Kind, Parted, Question, Reply, Step, Technique};
use crate::openai::Error;
use crate::openai::completion::Usage;
use crate::translate::usage::add;
use crate::wire::{self, Members, Raw};

/// Most steps: a technique that exceeds them is faulty.
const STEPS: usize = 1_000;

/// A technique running for one chat.
#[derive(Debug)]
pub struct Run {
    technique: Box<dyn Technique>,
    question: Question,
    /// The client's chat.
    body: Vec<u8>,
    /// The calls of this step.
    calls: Vec<Call>,
    waiting: VecDeque<usize>,
    /// The replies to them, and how many are missing.
    replies: Vec<Option<Reply>>,
    missing: usize,
    /// Whether the step has a single call whose reply is the answer.
    is_last: bool,
    /// Number of calls so far, and their usage.
    made: usize,
    usage: Usage,
    /// Bytes of the replies that the technique has got, all of which it may hold.
    given: usize,
    steps: usize,
    head: Head,
}

/// Members of the answer beside its choices.
#[derive(Debug, Default)]
struct Head {
    id: String,
    created: u64,
    model: String,
}

/// The state after a step.
#[derive(Debug, PartialEq)]
pub enum Outcome {
    /// Calls are to be made or under way.
    Pending,
    /// The reply to this body is the answer. The flag says whether its text has thoughts between tags, which become reasoning.
    Last(Vec<u8>, bool),
    /// The answer, a chat completion.
    Answer(Vec<u8>),
}

impl Run {
    /// Begins. `flows` says whether a model's reply (`None`: the client's model) can be streamed.
    ///
    /// # Errors
    /// An error of the technique's.
    pub fn begin(
        technique: Box<dyn Technique>,
        question: Question,
        body: Vec<u8>,
        flows: &dyn Fn(Option<&str>) -> bool,
    ) -> Result<(Self, Outcome), Error> {
        let mut this = Self {
            technique,
            question,
            body,
            calls: Vec::new(),
            waiting: VecDeque::new(),
            replies: Vec::new(),
            missing: 0,
            is_last: false,
            made: 0,
            usage: Usage::default(),
            given: 0,
            steps: 0,
            head: Head::default(),
        };
        let outcome = this.step(flows)?;
        Ok((this, outcome))
    }

    /// The next call: its index in the step, and its body.
    ///
    /// # Errors
    /// 400 where the chat is malformed.
    pub fn call(&mut self) -> Result<Option<(usize, Vec<u8>)>, Error> {
        let Some(place) = self.waiting.pop_front() else { return Ok(None) };
        let Some(call) = self.calls.get(place) else { return Ok(None) };
        let body = self.question.body(&self.body, call, false)?;
        self.made = self.made.saturating_add(1);
        Ok(Some((place, body)))
    }

    /// Takes the reply to the call at an index: a chat completion; `None` where the call failed.
    ///
    /// # Errors
    /// An error of the technique's: 502 where too few replies are left.
    pub fn came(
        &mut self,
        place: usize,
        body: Option<&[u8]>,
        flows: &dyn Fn(Option<&str>) -> bool,
    ) -> Result<Outcome, Error> {
        if let (Some(Read { reply, usage, id, created, model }), Some(call)) =
            (body.and_then(Reply::read), self.calls.get(place))
        {
            add(&mut self.usage, &usage);
            // Such a reply may be the answer, so its id and model are the answer's.
            if call.kind == Kind::Draw && (self.head.id.is_empty() || self.is_last) {
                self.head = Head { id, created, model };
            }
            let reply = if call.parted { parted(reply) } else { reply };
            self.given = self.given.saturating_add(reply.held());
            if let Some(slot) = self.replies.get_mut(place) {
                *slot = Some(reply);
            }
        }
        self.missing = self.missing.saturating_sub(1);
        if self.missing > 0 { Ok(Outcome::Pending) } else { self.step(flows) }
    }

    /// Continues with the replies to a step.
    fn step(&mut self, flows: &dyn Fn(Option<&str>) -> bool) -> Result<Outcome, Error> {
        let mut replies = std::mem::take(&mut self.replies);
        self.calls.clear();
        if self.is_last {
            let reply = replies.pop().flatten().ok_or_else(failed)?;
            return Ok(Outcome::Answer(self.answer(&[reply])));
        }
        self.steps = self.steps.saturating_add(1);
        match self.technique.next(replies)? {
            Step::Calls(calls) if !calls.is_empty() && self.steps < STEPS => {
                self.ask(calls);
                Ok(Outcome::Pending)
            }
            Step::Calls(_) => Err(failed()),
            Step::Last(call) if flows(call.model.as_deref()) => {
                self.made = self.made.saturating_add(1);
                Ok(Outcome::Last(self.question.body(&self.body, &call, true)?, call.parted))
            }
            Step::Last(call) => {
                self.is_last = true;
                self.ask(vec![call]);
                Ok(Outcome::Pending)
            }
            Step::Answer(replies) => Ok(Outcome::Answer(self.answer(&replies))),
        }
    }

    fn ask(&mut self, calls: Vec<Call>) {
        self.missing = calls.len();
        self.waiting = (0..calls.len()).collect();
        self.replies.resize(calls.len(), None);
        self.calls = calls;
    }

    /// The members that shape the client's answer.
    pub fn wants(&self) -> super::question::Wants {
        self.question.wants
    }

    /// Number of calls made, including the last.
    pub fn made(&self) -> usize {
        self.made
    }

    /// Usage so far.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let calls = self.calls.iter().map(Call::held);
        let parts = [self.body.capacity(), self.question.held(), self.given];
        calls.chain(parts).fold(0, usize::saturating_add)
    }

    /// The answer with these choices.
    fn answer(&self, replies: &[Reply]) -> Vec<u8> {
        #[derive(Serialize)]
        struct Completion<'a> {
            id: &'a str,
            object: &'static str,
            created: u64,
            model: &'a str,
            choices: Vec<Box<serde_json::value::RawValue>>,
            usage: &'a Usage,
        }
        let Head { id, created, model } = &self.head;
        let choices = replies.iter().enumerate().map(|(index, reply)| choice(index, reply)).collect();
        let object = "chat.completion";
        wire::to_vec(&Completion { id, object, created: *created, model, choices, usage: &self.usage })
    }
}

/// A choice with its index: the original JSON, if it is unchanged.
fn choice(index: usize, reply: &Reply) -> Box<serde_json::value::RawValue> {
    #[derive(Serialize)]
    struct Choice<'a> {
        index: usize,
        message: Message<'a>,
        logprobs: (),
        finish_reason: &'a str,
    }
    #[derive(Serialize)]
    struct Message<'a> {
        role: &'static str,
        content: Option<&'a str>,
        refusal: (),
        #[serde(skip_serializing_if = "Option::is_none")]
        reasoning_content: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tool_calls: Option<Raw<'a>>,
    }
    let Reply { text, tool_calls, reasoning, finish_reason, choice } = reply;
    let came = choice.as_ref().and_then(|choice| wire::from_str::<Members<'_, Raw<'_>>>(choice).ok());
    if let Some(Members(mut members)) = came {
        let place = wire::raw_of(&index);
        members.retain(|(name, _)| name != "index");
        members.insert(0, ("index".into(), &*place));
        return wire::raw_of(&Members(members));
    }
    let tool_calls = tool_calls.as_ref().and_then(|calls| wire::from_str::<Raw<'_>>(calls).ok());
    let content = Some(text.as_str()).filter(|text| !text.is_empty() || tool_calls.is_none());
    let message = Message {
        role: "assistant",
        content,
        refusal: (),
        reasoning_content: reasoning.as_deref(),
        tool_calls,
    };
    let finish_reason = if finish_reason.is_empty() { "stop" } else { finish_reason };
    wire::raw_of(&Choice { index, message, logprobs: (), finish_reason })
}

/// A reply whose text contains thoughts.
fn parted(reply: Reply) -> Reply {
    let (thoughts, text) = Parted::whole(&reply.text);
    if text == reply.text && thoughts.is_none() {
        return reply;
    }
    let reasoning = match (reply.reasoning, thoughts) {
        (Some(before), Some(thoughts)) => Some([before, "\n".to_owned(), thoughts].concat()),
        (before, thoughts) => before.or(thoughts),
    };
    Reply { text, reasoning, choice: None, ..reply }
}

/// The error where there is no answer.
fn failed() -> Error {
    Error::new(502, "A call of the technique failed, and there is no answer without it.")
        .code("technique_failed")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug)]
    struct Told(VecDeque<Step>);

    impl Technique for Told {
        fn next(&mut self, replies: Vec<Option<Reply>>) -> Result<Step, Error> {
            let step = self.0.pop_front().ok_or_else(failed)?;
            Ok(match step {
                Step::Answer(_) => Step::Answer(replies.into_iter().flatten().collect()),
                step => step,
            })
        }

        fn most_calls(&self) -> usize {
            3
        }
    }

    const BODY: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"q"}]}"#;

    fn run(steps: impl IntoIterator<Item = Step>, flows: bool) -> (Run, Outcome) {
        let question = Question::read(BODY.as_bytes()).unwrap();
        let technique = Box::new(Told(steps.into_iter().collect()));
        Run::begin(technique, question, BODY.into(), &|_| flows).unwrap()
    }

    fn completion(text: &str) -> Vec<u8> {
        let choice =
            json!({"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"});
        let usage = json!({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3});
        json!({"id": format!("id of {text}"), "created": 7, "model": "m", "choices": [choice], "usage": usage})
            .to_string()
            .into_bytes()
    }

    fn answer(outcome: Outcome) -> Value {
        let Outcome::Answer(answer) = outcome else { panic!("{outcome:?}") };
        serde_json::from_slice(&answer).unwrap()
    }

    #[test]
    fn the_last_call_is_the_clients_own_and_streams() {
        let (mut run, outcome) = run([Step::Last(Call::default())], true);
        assert_eq!(outcome, Outcome::Last(BODY.into(), false));
        assert_eq!((run.made(), run.call()), (1, Ok(None)));
    }

    #[test]
    fn calls_are_given_in_their_order_and_their_replies_in_any() {
        let call = |temperature| Call { temperature: Some(temperature), ..Call::default() };
        let (mut run, outcome) = run([Step::Calls(vec![call(0.1), call(0.2)]), Step::Answer(vec![])], true);
        assert_eq!(outcome, Outcome::Pending);
        let calls: Vec<_> = std::iter::from_fn(|| run.call().unwrap()).collect();
        assert_eq!(calls.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [0, 1]);
        let body: Value = serde_json::from_slice(&calls[1].1).unwrap();
        assert_eq!((body["temperature"].as_f64(), body.get("stream")), (Some(0.2), None));

        assert_eq!(run.came(1, Some(&completion("b")), &|_| true), Ok(Outcome::Pending));
        let answer = answer(run.came(0, Some(&completion("a")), &|_| true).unwrap());
        let texts: Vec<_> = [0, 1].map(|at| answer["choices"][at]["message"]["content"].clone()).to_vec();
        assert_eq!(texts, ["a", "b"]);
        assert_eq!([0, 1].map(|at| answer["choices"][at]["index"].clone()), [0, 1]);
        assert_eq!(answer["usage"]["total_tokens"], 6);
        assert_eq!((answer["id"].as_str(), answer["created"].as_u64()), (Some("id of b"), Some(7)));
        assert_eq!(run.made(), 2);
    }

    #[test]
    fn a_call_that_failed_or_gave_no_completion_is_done_without() {
        let (mut run, _) = run([Step::Calls(vec![Call::default(); 3]), Step::Answer(vec![])], true);
        while run.call().unwrap().is_some() {}
        run.came(0, None, &|_| true).unwrap();
        run.came(1, Some(b"<html>"), &|_| true).unwrap();
        let answer = answer(run.came(2, Some(&completion("c")), &|_| true).unwrap());
        assert_eq!(answer["choices"].as_array().unwrap().len(), 1);
        assert_eq!(answer["choices"][0]["message"]["content"], "c");
    }

    #[test]
    fn a_last_call_that_cannot_flow_is_a_call_whose_reply_is_the_answer() {
        let (mut run, outcome) = run([Step::Last(Call { parted: true, ..Call::default() })], false);
        assert_eq!(outcome, Outcome::Pending);
        run.call().unwrap().unwrap();
        let reply = completion("<thinking>t</thinking><output>a</output>");
        let answer = answer(run.came(0, Some(&reply), &|_| false).unwrap());
        let expected = json!({"index": 0, "logprobs": null, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "a", "refusal": null, "reasoning_content": "t"}});
        assert_eq!(answer["choices"], json!([expected]));
    }

    #[test]
    fn a_large_chat_is_held_once_and_once_more_for_a_call() {
        let large = "x".repeat(1 << 20);
        let body =
            json!({"messages": [{"role": "user", "content": large}, {"role": "user", "content": "q"}]});
        let body = body.to_string().into_boxed_str().into_string().into_bytes();
        let length = body.len();
        let question = Question::read(&body).unwrap();
        let technique = Box::new(Told([Step::Calls(vec![Call::default(); 8])].into()));
        let (mut run, _) = Run::begin(technique, question, body, &|_| true).unwrap();
        while let Some((_, call)) = run.call().unwrap() {
            assert!(run.held() + call.capacity() <= 2 * length + (64 << 10));
        }
    }

    #[test]
    fn a_last_call_that_fails_is_an_error() {
        let (mut run, _) = run([Step::Last(Call::default())], false);
        run.call().unwrap().unwrap();
        assert_eq!(run.came(0, None, &|_| false).unwrap_err().status, 502);
    }

    #[test]
    fn a_technique_that_asks_for_nothing_is_an_error() {
        let question = Question::read(BODY.as_bytes()).unwrap();
        let technique = Box::new(Told([Step::Calls(Vec::new())].into()));
        assert!(Run::begin(technique, question, BODY.into(), &|_| true).is_err());
    }
}
