//! Restores reasoning that the client did not send back with its tool calls.

use crate::translate::conversation::{Call, Content, Message, Speaker};
use crate::translate::thoughts::{self, Recall};

/// Restores the kept reasoning. An answer is a run of the assistant's messages; its reasoning is put at its beginning,
/// completely or not at all.
pub(super) fn put_back(messages: &mut [Message<'_>], model: &str, recall: &dyn Recall) {
    let mut wanted: Vec<(usize, String)> = Vec::new();
    let mut at = 0_usize;
    for run in messages.chunk_by(|one, next| one.speaker == next.speaker) {
        if let Some(call) = unreasoned(run) {
            wanted.push((at, call.to_owned()));
        }
        at = at.saturating_add(run.len());
    }
    if wanted.is_empty() {
        return;
    }
    let calls: Vec<&str> = wanted.iter().map(|(_, call)| call.as_str()).collect();
    let found = recall.recall(model, &calls);
    for ((at, _), kept) in wanted.iter().zip(found) {
        if let (Some(kept), Some(message)) = (kept, messages.get_mut(*at)) {
            let blocks = thoughts::blocks(&kept).into_iter().map(Content::Reasoning);
            message.content.splice(0..0, blocks);
        }
    }
}

/// The first tool call of an answer that has calls and no reasoning.
fn unreasoned<'m>(run: &'m [Message<'_>]) -> Option<&'m str> {
    let content = || {
        run.iter()
            .filter(|message| message.speaker == Speaker::Assistant)
            .flat_map(|message| &message.content)
    };
    if content().any(|content| matches!(content, Content::Reasoning(_))) {
        return None;
    }
    content().find_map(|content| match content {
        Content::Call(Call { id, .. }) => id.as_deref(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::bedrock::converse::{Input, Reasoning};
    use crate::translate::conversation::{Conversation, Effort, Thinking};
    use crate::translate::fit::family::capabilities;
    use crate::translate::fit::{Target, fit};
    use crate::wire;

    const CLAUDE_4: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

    /// Keeps reasoning for calls whose ids begin with `known`, and notes the lookups.
    #[derive(Debug, Default)]
    struct Kept(RefCell<Vec<String>>);

    impl Recall for Kept {
        fn recall(&self, model: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>> {
            self.0.borrow_mut().extend(calls.iter().map(|call| (*call).to_owned()));
            let reasoning = format!(r#"[{{"reasoningText":{{"text":"of {model}","signature":"s"}}}}]"#);
            let kept = |call: &&str| call.starts_with("known").then(|| reasoning.clone().into_bytes());
            calls.iter().map(kept).collect()
        }
    }

    fn said(speaker: Speaker, content: Vec<Content<'static>>) -> Message<'static> {
        Message { speaker, content }
    }

    fn text() -> Content<'static> {
        Content::Text("text".into())
    }

    fn call(id: &'static str) -> Content<'static> {
        Content::Call(Call { id: Some(id.into()), name: "f".into(), input: Input::Empty })
    }

    fn run(model: &str, conversation: Conversation<'_>) -> (serde_json::Value, Vec<String>, bool) {
        let kept = Kept::default();
        let recall = Some((&kept as &dyn Recall, model));
        let target = Target {
            capabilities: capabilities(model),
            schema_depth: 100,
            betas: &[],
            tokens: Default::default(),
            recall,
        };
        let fitted = fit(conversation, target).unwrap();
        let body = serde_json::from_str(&wire::to_string(&fitted.request)).unwrap();
        (body, kept.0.take(), fitted.undo.keeps_thoughts())
    }

    fn asked(messages: Vec<Message<'static>>) -> Conversation<'static> {
        Conversation { messages, effort: Some(Effort::Low), ..Conversation::default() }
    }

    fn blocks(body: &serde_json::Value, turn: usize) -> Vec<String> {
        let content = body["messages"][turn]["content"].as_array().unwrap();
        content.iter().flat_map(|block| block.as_object().unwrap().keys().cloned()).collect()
    }

    #[test]
    fn each_answer_without_its_reasoning_begins_with_what_is_known_of_it() {
        let reasoning =
            || Content::Reasoning(Reasoning::ReasoningText { text: "own".into(), signature: "own".into() });
        let (body, wanted, keeps) = run(
            CLAUDE_4,
            asked(vec![
                said(Speaker::User, vec![text()]),
                // One answer in two messages.
                said(Speaker::Assistant, vec![text()]),
                said(Speaker::Assistant, vec![call("known-1"), call("known-2")]),
                said(Speaker::User, vec![text()]),
                said(Speaker::Assistant, vec![reasoning(), call("known-3")]),
                said(Speaker::User, vec![text()]),
                said(Speaker::Assistant, vec![text()]),
                said(Speaker::User, vec![text()]),
                said(Speaker::Assistant, vec![call("4")]),
                said(Speaker::User, vec![text()]),
                said(Speaker::Assistant, vec![call("known-5")]),
                said(Speaker::User, vec![text()]),
            ]),
        );
        assert_eq!(wanted, ["known-1", "4", "known-5"]);
        assert_eq!(blocks(&body, 1), ["reasoningContent", "text", "toolUse", "toolUse"]);
        assert_eq!(blocks(&body, 3), ["reasoningContent", "toolUse"]);
        assert_eq!(body["messages"][3]["content"][0]["reasoningContent"]["reasoningText"]["text"], "own");
        assert_eq!(blocks(&body, 5), ["text"]);
        assert_eq!(blocks(&body, 7), ["toolUse"]);
        assert_eq!(blocks(&body, 9), ["reasoningContent", "toolUse"]);
        let first = &body["messages"][1]["content"][0]["reasoningContent"]["reasoningText"];
        assert_eq!(first["text"], format!("of {CLAUDE_4}"));
        assert_eq!(body["additionalModelRequestFields"]["thinking"]["type"], "enabled");
        assert!(keeps);
    }

    #[test]
    fn nothing_is_asked_for_or_kept_where_the_model_does_not_think() {
        let called =
            || vec![said(Speaker::User, vec![text()]), said(Speaker::Assistant, vec![call("known")])];
        let unasked = || Conversation { messages: called(), ..Conversation::default() };
        let none = || Conversation { effort: Some(Effort::None), ..unasked() };
        let disabled = || Conversation { thinking: Some(Thinking::Disabled), ..asked(called()) };
        for (model, conversation) in [
            ("amazon.nova-2-lite-v1:0", asked(called())),
            ("openai.gpt-oss-120b-1:0", asked(called())),
            ("anthropic.claude-3-haiku-20240307-v1:0", asked(called())),
            (CLAUDE_4, unasked()),
            (CLAUDE_4, none()),
            (CLAUDE_4, disabled()),
            ("anthropic.claude-opus-4-8", none()),
            ("anthropic.claude-opus-4-8", disabled()),
        ] {
            let (_, wanted, keeps) = run(model, conversation);
            assert!(wanted.is_empty() && !keeps, "{model}");
        }
        // The newest models think by default.
        let (body, _, keeps) = run("anthropic.claude-opus-4-8", unasked());
        assert_eq!(blocks(&body, 1), ["reasoningContent", "toolUse"]);
        assert!(keeps);
    }
}
