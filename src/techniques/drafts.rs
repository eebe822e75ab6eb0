//! Drafts: replies that may become the answer, or are shown to a judge.

use super::{Call, Error, Reply, Step};

/// Temperature of drafts that should differ: 1 is accepted by every model, even those without that parameter.
const TEMPERATURE: f64 = 1.0;

/// A call for one of several drafts.
pub(super) fn draw() -> Call {
    Call { temperature: Some(TEMPERATURE), ..Call::default() }
}

/// A step of `count` such calls.
pub(super) fn draws(count: usize) -> Step {
    Step::Calls(vec![draw(); count])
}

/// The drafts so far.
#[derive(Debug, Default)]
pub(super) struct Drafts {
    /// Complete drafts with content, in the order of their calls.
    pub(super) whole: Vec<Reply>,
    cut: Option<Reply>,
    refused: Option<Reply>,
    failures: usize,
    empties: usize,
}

impl Drafts {
    /// Adds replies; failed, empty, cut and refused ones are set aside.
    pub(super) fn add(&mut self, replies: impl IntoIterator<Item = Option<Reply>>) {
        for reply in replies {
            let Some(reply) = reply else {
                self.failures = self.failures.saturating_add(1);
                continue;
            };
            match reply.finish_reason.as_str() {
                "length" => _ = self.cut.get_or_insert(reply),
                "content_filter" => _ = self.refused.get_or_insert(reply),
                _ if is_said(&reply) => self.whole.push(reply),
                _ => self.empties = self.empties.saturating_add(1),
            }
        }
    }

    /// The step where no draft is complete: the answer is a cut or refused one with its `finish_reason`, as a single call would
    /// have given.
    ///
    /// # Errors
    /// 502 where there is no such reply either.
    pub(super) fn none_left(&mut self) -> Result<Step, Error> {
        if let Some(reply) = self.cut.take().or_else(|| self.refused.take()) {
            return Ok(Step::Answer(vec![reply]));
        }
        let Self { failures, empties, .. } = self;
        let message = format!("No draft came to an answer: {failures} failed, {empties} empty.");
        Err(Error::new(502, message).code("technique_failed"))
    }

    /// Answers with the draft at this index, or the first if there is none.
    ///
    /// # Errors
    /// As [`Self::none_left`].
    pub(super) fn answer(&mut self, index: usize) -> Result<Step, Error> {
        let index = if index < self.whole.len() { index } else { 0 };
        if self.whole.is_empty() {
            return self.none_left();
        }
        Ok(Step::Answer(vec![self.whole.swap_remove(index)]))
    }
}

/// Whether a reply has text or tool calls.
fn is_said(reply: &Reply) -> bool {
    reply.tool_calls.is_some() || !reply.text.trim().is_empty()
}

/// The text of the first reply, read by the technique only: `None` where the call failed, or the reply is cut, refused or
/// empty.
pub(super) fn read(replies: Vec<Option<Reply>>) -> Option<String> {
    whole_text(replies.into_iter().next()?)
}

/// The text of a reply, if it is complete.
pub(super) fn whole_text(reply: Option<Reply>) -> Option<String> {
    let Reply { text, finish_reason, .. } = reply?;
    let is_whole = !matches!(finish_reason.as_str(), "length" | "content_filter");
    (is_whole && !text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{cut, refused, said};
    use super::*;

    #[test]
    fn drafts_that_failed_are_empty_cut_or_refused_are_done_without() {
        let mut drafts = Drafts::default();
        drafts.add([None, Some(said(" \n")), Some(cut("a")), Some(refused("b")), Some(said("c"))]);
        assert_eq!(drafts.whole, [said("c")]);
        assert_eq!(drafts.answer(7), Ok(Step::Answer(vec![said("c")])));
    }

    #[test]
    fn where_none_is_whole_the_first_that_was_cut_or_else_refused_is_the_answer_as_it_came() {
        let mut drafts = Drafts::default();
        drafts.add([Some(refused("b")), Some(cut("a")), Some(cut("c"))]);
        assert_eq!(drafts.answer(0), Ok(Step::Answer(vec![cut("a")])));
        assert_eq!(drafts.none_left(), Ok(Step::Answer(vec![refused("b")])));
    }

    #[test]
    fn where_all_failed_or_are_empty_the_error_says_so() {
        let mut drafts = Drafts::default();
        drafts.add([None, None, Some(said(""))]);
        let error = drafts.answer(0).unwrap_err();
        assert_eq!(
            (error.status, error.message.as_ref()),
            (502, "No draft came to an answer: 2 failed, 1 empty.")
        );
    }
}
