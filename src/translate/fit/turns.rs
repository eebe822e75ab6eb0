//! Converts messages into turns: they alternate, begin with the user's, and every tool call has its result in the next turn.

use crate::bedrock::converse::{
    Block, CachePoint, GuardContent, GuardText, Message, Reasoning, ResultBlock, ResultStatus, Role,
    SystemBlock, ToolResult, ToolUse,
};
use crate::translate::conversation::{self, CallName, CallResult, Content, Speaker};
use crate::translate::numbered::Numbered;
use crate::wire::{self, Str};

use super::documents::Documents;
use super::tool_ids::ToolIds;
use super::turn::{GO_ON, Turn, push_turn, user};
use super::waiting::{Call, Waiting};
use super::{Fitting, Refused, cache, guarded, media, reasoning};

/// Precedes the result of a failed call, where results have no `status`.
const FAILED: &str = "The call failed:";

/// The turns and system prompt of a conversation.
#[derive(Debug)]
pub(super) struct Turns<'a> {
    pub(super) messages: Vec<Message<'a>>,
    pub(super) system: Vec<SystemBlock<'a>>,
    /// The documents that may be cited and were renamed: the name at Bedrock and the client's.
    pub(super) documents: Vec<(String, String)>,
    /// Valid names of the tools that the history calls, each once.
    pub(super) called: Vec<String>,
    /// The same names, for lookups.
    pub(super) is_called: Numbered<'static>,
}

struct Builder<'a, 'r, 'o> {
    fitting: &'r mut Fitting<'a, 'o>,
    documents: Documents,
    ids: ToolIds,
    system: Vec<SystemBlock<'a>>,
    done: Vec<Turn<'a>>,
    /// The current turn; `None` before the first.
    current: Option<Turn<'a>>,
    /// Tool calls of the assistant's last turn without a result so far.
    waiting: Waiting,
    called: Vec<String>,
    known: Numbered<'static>,
}

/// Converts messages. `prefill` says whether a turn of the assistant's may be the last.
pub(super) fn turns<'a>(
    messages: Vec<conversation::Message<'a>>,
    prefill: bool,
    fitting: &mut Fitting<'a, '_>,
) -> Result<Turns<'a>, Refused> {
    let mut builder = Builder {
        ids: ToolIds::new(fitting.capabilities.tool_ids),
        fitting,
        documents: Documents::default(),
        system: Vec::new(),
        done: Vec::new(),
        current: None,
        waiting: Waiting::default(),
        called: Vec::new(),
        known: Numbered::default(),
    };
    for conversation::Message { speaker, content } in messages {
        for content in content {
            builder.content(speaker, content);
        }
    }
    builder.finish(prefill)
}

impl<'a> Builder<'a, '_, '_> {
    fn content(&mut self, speaker: Speaker, content: Content<'a>) {
        let block = match content {
            Content::Text(text) => match speaker {
                Speaker::System => return self.instruction(text),
                Speaker::User | Speaker::Assistant => Block::Text(text),
            },
            Content::Image(image) => Block::Image(image),
            Content::Document(document) => Block::Document(self.documents.block(document, self.fitting)),
            Content::Video(video) => Block::Video(video),
            Content::Audio(audio) => match media::audio(audio, self.fitting) {
                Some(audio) => Block::Audio(audio),
                None => return,
            },
            Content::Guarded(guarded) => match guarded::block(guarded, speaker, self.fitting) {
                Block::Text(text) if speaker == Speaker::System => return self.instruction(text),
                Block::GuardContent(guarded) if speaker == Speaker::System => {
                    return self.guarded_instruction(guarded);
                }
                block => block,
            },
            Content::Reasoning(reasoning) => return self.reasoning(reasoning),
            Content::Call(call) => return self.call(call),
            Content::Result(result) => return self.result(result),
            Content::CachePoint(point) => return self.point(point),
        };
        let role = if speaker == Speaker::Assistant { Role::Assistant } else { Role::User };
        self.turn(role).blocks.push(block);
    }

    /// Adds a cache point after the last block; without any before it, it would cache nothing.
    fn point(&mut self, point: CachePoint) {
        let Some(point) = cache::point(point, self.fitting.capabilities, &mut self.fitting.notes) else {
            return;
        };
        match &mut self.current {
            Some(turn) if turn.last.is_empty() => turn.blocks.push(Block::CachePoint(point)),
            Some(turn) => turn.last.push(Block::CachePoint(point)),
            None if matches!(
                self.system.last(),
                Some(SystemBlock::Text(_) | SystemBlock::GuardContent(_))
            ) =>
            {
                self.system.push(SystemBlock::CachePoint(point));
            }
            None => {}
        }
    }

    /// Adds an instruction: before the first turn to the system prompt, later in its place, so that the prefix before it stays
    /// cached.
    fn instruction(&mut self, text: Str<'a>) {
        if self.current.is_none() && self.fitting.capabilities.system {
            self.system.push(SystemBlock::Text(text));
        } else {
            self.turn(Role::User).blocks.push(Block::Text(operator_note(&text)));
        }
    }

    /// Adds an instruction for the guardrail to check.
    fn guarded_instruction(&mut self, guarded: GuardContent<'a>) {
        let guarded = match guarded {
            guarded if self.current.is_none() && self.fitting.capabilities.system => {
                return self.system.push(SystemBlock::GuardContent(guarded));
            }
            GuardContent::Text(GuardText { text, qualifiers }) => {
                GuardContent::Text(GuardText { text: operator_note(&text), qualifiers })
            }
            image @ GuardContent::Image(_) => image,
        };
        self.turn(Role::User).blocks.push(Block::GuardContent(guarded));
    }

    fn reasoning(&mut self, reasoning: Reasoning<'a>) {
        if let Some(reasoning) =
            reasoning::replayed(reasoning, self.fitting.capabilities, &mut self.fitting.notes)
        {
            self.turn(Role::Assistant).first.push(Block::ReasoningContent(reasoning));
        }
    }

    fn call(&mut self, call: conversation::Call<'a>) {
        let conversation::Call { id, name, input } = call;
        let legal = self.fitting.names.legal(&name);
        if !self.fitting.capabilities.tools {
            let text = wire::to_string(&input);
            self.turn(Role::Assistant).blocks.push(Block::Text(format!("Called {legal} with {text}").into()));
            return;
        }
        if self.known.add(legal.clone().into_owned().into()) {
            self.called.push(legal.clone().into_owned());
        }
        let tool_use_id = self.ids.assign(id.as_deref());
        let turn = self.turn(Role::Assistant);
        turn.last.push(Block::ToolUse(ToolUse {
            tool_use_id: tool_use_id.clone().into(),
            name: legal,
            input,
        }));
        let client_id = id.map(|id| id.into_cow().into_owned()).unwrap_or_default();
        self.waiting.push(Call { client_id, name: name.into_cow().into_owned(), id: tool_use_id });
    }

    /// Adds a tool result; as text where its call is unknown.
    fn result(&mut self, result: CallResult<'a>) {
        let CallResult { call, mut content, failed } = result;
        let call = match call {
            CallName::Id(id) => self.waiting.take_by_client_id(&id),
            CallName::Tool(name) => self.waiting.take_by_name(&name),
        };
        for block in &mut content {
            if let ResultBlock::Document(document) = block {
                self.documents.of_result(document, self.fitting);
            }
        }
        if content.is_empty() {
            content.push(ResultBlock::Text("(no output)".into()));
        }
        let capabilities = self.fitting.capabilities;
        let turn = self.turn(Role::User);
        match call {
            Some(Call { id, .. }) => {
                let takes_status = capabilities.result_status;
                let status = (failed && takes_status).then_some(ResultStatus::Error);
                turn.blocks.extend(media::taken_out(&mut content, capabilities));
                if failed && !takes_status {
                    content.insert(0, ResultBlock::Text(FAILED.into()));
                }
                turn.first.push(Block::ToolResult(ToolResult { tool_use_id: id.into(), content, status }));
            }
            None => turn.blocks.extend(content.into_iter().map(|block| match block {
                ResultBlock::Text(text) => Block::Text(format!("Tool result: {}", &*text).into()),
                other => media::alone(other),
            })),
        }
    }

    /// The turn to add to: the current one, or a new one where that has the other role.
    fn turn(&mut self, role: Role) -> &mut Turn<'a> {
        if self.current.as_ref().is_some_and(|turn| turn.role != role) {
            if role == Role::Assistant {
                self.answer_waiting();
            }
            self.done.extend(self.current.take());
        }
        self.current.get_or_insert_with(|| Turn {
            role,
            first: Vec::new(),
            blocks: Vec::new(),
            last: Vec::new(),
        })
    }

    /// Adds an error result to each call without one, because Bedrock requires results.
    fn answer_waiting(&mut self) {
        let waiting = self.waiting.take_all();
        if waiting.is_empty() {
            return;
        }
        let status = self.fitting.capabilities.result_status.then_some(ResultStatus::Error);
        let turn = self.turn(Role::User);
        turn.first.extend(waiting.into_iter().map(|Call { id, .. }| {
            let content = vec![ResultBlock::Text("(no result was given for this call)".into())];
            Block::ToolResult(ToolResult { tool_use_id: id.into(), content, status })
        }));
    }

    fn finish(mut self, prefill: bool) -> Result<Turns<'a>, Refused> {
        self.answer_waiting();
        let Self { fitting, documents, mut system, done, current, called, known, .. } = self;
        let mut messages = Vec::with_capacity(done.len().saturating_add(2));
        for turn in done.into_iter().chain(current) {
            push_turn(&mut messages, turn, fitting.capabilities, &mut fitting.notes);
        }
        if messages.is_empty() {
            // A conversation of instructions only is sent as the user's.
            let content: Vec<_> = system
                .drain(..)
                .map(|block| match block {
                    SystemBlock::Text(text) => Block::Text(text),
                    SystemBlock::CachePoint(point) => Block::CachePoint(point),
                    SystemBlock::GuardContent(guarded) => Block::GuardContent(guarded),
                })
                .collect();
            if !content.iter().any(|block| matches!(block, Block::Text(_) | Block::GuardContent(_))) {
                return Err(Refused::Empty);
            }
            messages.push(Message { role: Role::User, content });
        }
        if messages.first().is_some_and(|first| first.role == Role::Assistant) {
            messages.insert(0, user(GO_ON));
        }
        if let Some(last) = messages.last_mut().filter(|last| last.role == Role::Assistant) {
            if prefill && let Some(Block::Text(text)) = last.content.last_mut() {
                let end = text.trim_end().len();
                if end < text.len() {
                    *text = text.get(..end).unwrap_or_default().to_owned().into();
                }
            } else {
                messages.push(user(GO_ON));
            }
        }
        Ok(Turns { messages, system, documents: documents.into_cited(), called, is_called: known })
    }
}

/// A later instruction, as text within the user's turn.
fn operator_note<'a>(text: &str) -> Str<'a> {
    format!("<operator_note>\n{text}\n</operator_note>").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::converse::Input;
    use crate::translate::conversation::{Conversation, Message as Said};
    use crate::translate::fit::family::capabilities;
    use crate::translate::fit::{Target, fit};

    fn run(model: &str, messages: Vec<Said<'_>>) -> serde_json::Value {
        let conversation = Conversation { messages, ..Conversation::default() };
        let target = Target {
            capabilities: capabilities(model),
            schema_depth: 100,
            betas: &[],
            tokens: Default::default(),
            recall: None,
        };
        let fitted = fit(conversation, target).unwrap();
        serde_json::from_str(&wire::to_string(&fitted.request.messages)).unwrap()
    }

    fn said(speaker: Speaker, text: &str) -> Said<'_> {
        Said { speaker, content: vec![Content::Text(text.into())] }
    }

    #[test]
    fn a_missing_result_is_filled_with_an_error() {
        let call = |id: &'static str, name: &'static str| {
            Content::Call(conversation::Call { id: Some(id.into()), name: name.into(), input: Input::Empty })
        };
        let result = CallResult { call: CallName::Id("b".into()), content: Vec::new(), failed: false };
        let turns = run(
            "anthropic.claude-3-haiku",
            vec![
                said(Speaker::User, "go"),
                Said { speaker: Speaker::Assistant, content: vec![call("a", "f"), call("b", "g")] },
                Said { speaker: Speaker::User, content: vec![Content::Result(result)] },
            ],
        );
        assert_eq!(
            turns[1]["content"],
            serde_json::json!([
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}},
                {"toolUse": {"toolUseId": "b", "name": "g", "input": {}}}
            ])
        );
        assert_eq!(turns[2]["content"][0]["toolResult"]["toolUseId"], "b");
        assert_eq!(turns[2]["content"][0]["toolResult"]["content"][0]["text"], "(no output)");
        assert_eq!(turns[2]["content"][1]["toolResult"]["toolUseId"], "a");
        assert_eq!(turns[2]["content"][1]["toolResult"]["status"], "error");
    }

    #[test]
    fn a_final_assistant_turn_is_a_prefill_only_where_the_family_takes_one() {
        let messages = || vec![said(Speaker::User, "hi"), said(Speaker::Assistant, "I say: ")];
        assert_eq!(run("anthropic.claude-3-haiku", messages())[1]["content"][0]["text"], "I say:");
        assert_eq!(run("meta.llama3-3-70b-instruct-v1:0", messages())[2]["content"][0]["text"], GO_ON);
    }
}
