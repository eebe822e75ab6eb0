//! Messages become turns: they alternate, begin with the user's, and every call in them is answered in the next.

use std::fmt::Display;

use crate::bedrock::converse::{
    Block, CachePoint, Input, Message, Reasoning, ResultBlock, ResultStatus, Role, SystemBlock, ToolResult,
    ToolUse,
};
use crate::openai::Error;
use crate::openai::chat::{self, CustomCall, FunctionCall, ToolCall};
use crate::translate::data_url;
use crate::translate::family::{Capabilities, Reasoning as Means};
use crate::translate::notes::Notes;
use crate::wire::{self, List, Raw, Str, is_within_depth};

use super::cache;
use super::content::{self, Contents, Piece};
use super::numbered::Numbered;
use super::thoughts::Thoughts;
use super::tool_ids::ToolIds;
use super::tool_names::ToolNames;
use super::tool_specs::CUSTOM_INPUT;
use super::turn::{Turn, push_turn, user};
use super::waiting::{Call, Waiting};

/// Said for the user where Bedrock wants a turn of theirs and there is none.
const GO_ON: &str = "Continue.";

/// A conversation as Bedrock takes it.
#[derive(Debug)]
pub(super) struct Turns<'a> {
    pub(super) messages: Vec<Message<'a>>,
    pub(super) system: Vec<SystemBlock<'a>>,
    /// The tools that the history calls, by their legal names, each once.
    pub(super) called: Vec<String>,
    /// The same, to look them up.
    pub(super) is_called: Numbered<'static>,
}

struct Builder<'a, 'r, 'o> {
    capabilities: &'r Capabilities,
    names: &'r mut ToolNames<'a>,
    notes: &'r mut Notes<'o>,
    contents: Contents,
    ids: ToolIds,
    system: Vec<SystemBlock<'a>>,
    done: Vec<Turn<'a>>,
    /// The turn under way; none before the first.
    current: Option<Turn<'a>>,
    /// Calls of the last assistant's turn, until they are answered.
    waiting: Waiting,
    called: Vec<String>,
    known: Numbered<'static>,
}

/// Translates the conversation. `prefill` says whether a last turn of the assistant's may stay the last.
pub(super) fn turns<'a>(
    messages: Vec<chat::Message<'a>>,
    prefill: bool,
    capabilities: &Capabilities,
    names: &mut ToolNames<'a>,
    notes: &mut Notes<'_>,
) -> Result<Turns<'a>, Error> {
    let limit = notes.limits().messages;
    if messages.len() > limit {
        let message = format!("'messages' has {} entries; the limit is {limit}.", messages.len());
        return Err(Error::invalid(message).param("messages"));
    }
    let mut builder = Builder {
        capabilities,
        names,
        notes,
        contents: Contents::default(),
        ids: ToolIds::new(capabilities.tool_ids),
        system: Vec::new(),
        done: Vec::new(),
        current: None,
        waiting: Waiting::default(),
        called: Vec::new(),
        known: Numbered::default(),
    };
    for (index, message) in messages.into_iter().enumerate() {
        builder.message(message, &format_args!("messages[{index}]"))?;
    }
    builder.finish(prefill)
}

impl<'a> Builder<'a, '_, '_> {
    fn message(&mut self, message: chat::Message<'a>, place: &dyn Display) -> Result<(), Error> {
        let chat::Message {
            role,
            content,
            name,
            refusal,
            tool_calls,
            function_call,
            tool_call_id,
            reasoning_content,
            signature,
            thinking_blocks,
            audio,
            annotations,
            is_error,
            status,
            cache_control,
            unknown,
        } = message;
        self.notes.unknown("messages[].", unknown)?;
        self.notes.ignore_if(audio.is_some(), "messages[].audio");
        self.notes.ignore_if(annotations.is_some_and(|list| list.get() != "[]"), "messages[].annotations");
        let role = role.ok_or_else(|| Error::missing(&format!("{place}.role")))?;
        let content_place = format_args!("{place}.content");
        if matches!(&*role, "system" | "developer" | "user") && content.is_none() {
            return Err(Error::missing(&content_place.to_string()));
        }
        let pieces = self.contents.pieces(content, &content_place, self.capabilities, self.notes)?;
        let point = cache::point(cache_control, cache::CONTROL, self.capabilities, self.notes)?;
        if &*role != "function" {
            self.notes.ignore_if(name.is_some(), "messages[].name");
        }
        if &*role != "assistant" {
            self.notes.ignore_if(refusal.is_some(), "messages[].refusal");
            self.notes.ignore_if(tool_calls.is_some(), "messages[].tool_calls");
            self.notes.ignore_if(function_call.is_some(), "messages[].function_call");
            self.notes.ignore_if(reasoning_content.is_some(), "messages[].reasoning_content");
            self.notes.ignore_if(signature.is_some(), "messages[].signature");
            self.notes.ignore_if(thinking_blocks.is_some(), "messages[].thinking_blocks");
        }
        if !matches!(&*role, "tool" | "function") {
            self.notes.ignore_if(tool_call_id.is_some(), "messages[].tool_call_id");
            self.notes.ignore_if(is_error.is_some(), "messages[].is_error");
            self.notes.ignore_if(status.is_some(), "messages[].status");
        }
        match &*role {
            "system" | "developer" => self.instructions(pieces, &content_place)?,
            "user" => self.add(Role::User, pieces, &content_place)?,
            "assistant" => {
                let reasoning = Thoughts { reasoning_content, signature, thinking_blocks };
                self.assistant(pieces, refusal, reasoning, &content_place)?;
                self.calls(tool_calls, function_call, place)?;
            }
            "tool" | "function" => {
                let failed = is_error == Some(true) || status.is_some_and(|status| &**status == "error");
                let call = match (&*role, &tool_call_id, &name) {
                    (_, Some(id), _) => self.waiting.take_by_client_id(id),
                    ("function", None, Some(name)) => self.waiting.take_by_name(name),
                    ("function", None, None) => return Err(Error::missing(&format!("{place}.name"))),
                    _ => return Err(Error::missing(&format!("{place}.tool_call_id"))),
                };
                self.result(call, pieces, failed, &content_place)?;
            }
            role => {
                let role: String = role.chars().take(64).collect();
                let message = format!(
                    "'{place}.role' is '{role}'; it must be system, developer, user, assistant, tool or function."
                );
                return Err(Error::invalid(message).param(format!("{place}.role")));
            }
        }
        if let Some(point) = point {
            self.point(point);
        }
        Ok(())
    }

    /// Puts a cache point behind what was added last; with nothing before it, it would cache nothing.
    fn point(&mut self, point: CachePoint) {
        match &mut self.current {
            Some(turn) if turn.last.is_empty() => turn.blocks.push(Block::CachePoint(point)),
            Some(turn) => turn.last.push(Block::CachePoint(point)),
            None if matches!(self.system.last(), Some(SystemBlock::Text(_))) => {
                self.system.push(SystemBlock::CachePoint(point));
            }
            None => {}
        }
    }

    /// Instructions before the first turn are the system's; later ones stay in their place, so that the prefix
    /// before them stays cached.
    fn instructions(&mut self, pieces: Vec<Piece<'a>>, place: &dyn Display) -> Result<(), Error> {
        for piece in pieces {
            match piece {
                Piece::Block(Block::Text(text)) if self.current.is_none() && self.capabilities.system => {
                    self.system.push(SystemBlock::Text(text));
                }
                Piece::Block(Block::Text(text)) => {
                    let note = format!("<operator_note>\n{}\n</operator_note>", &*text);
                    self.turn(Role::User).blocks.push(Block::Text(note.into()));
                }
                Piece::CachePoint(point) => self.point(point),
                Piece::Block(_) | Piece::Reasoning(_) => {
                    let message = format!("'{place}' may hold only text in this role.");
                    return Err(Error::invalid(message).param(place.to_string()));
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, role: Role, pieces: Vec<Piece<'a>>, place: &dyn Display) -> Result<(), Error> {
        for piece in pieces {
            match piece {
                Piece::Block(block) => {
                    if role == Role::Assistant && !matches!(block, Block::Text(_)) {
                        let message = format!("'{place}' may hold only text in this role.");
                        return Err(Error::invalid(message).param(place.to_string()));
                    }
                    self.turn(role).blocks.push(block);
                }
                Piece::CachePoint(point) => self.point(point),
                Piece::Reasoning(reasoning) if role == Role::Assistant => self.reasoning(reasoning),
                Piece::Reasoning(_) => {
                    let message = format!("'{place}' may not hold reasoning in this role.");
                    return Err(Error::invalid(message).param(place.to_string()));
                }
            }
        }
        Ok(())
    }

    fn assistant(
        &mut self,
        pieces: Vec<Piece<'a>>,
        refusal: Option<Box<Str<'a>>>,
        thoughts: Thoughts<'a>,
        place: &dyn Display,
    ) -> Result<(), Error> {
        for reasoning in thoughts.into_blocks(self.notes)? {
            self.reasoning(reasoning);
        }
        self.add(Role::Assistant, pieces, place)?;
        if let Some(refusal) = refusal.filter(|text| !text.is_blank()) {
            self.turn(Role::Assistant).blocks.push(Block::Text(*refusal));
        }
        Ok(())
    }

    /// Reasoning goes back to families that check its signature; blank text nowhere.
    fn reasoning(&mut self, reasoning: Reasoning<'a>) {
        let is_whole = match &reasoning {
            Reasoning::ReasoningText { text, .. } if text.is_blank() => return,
            Reasoning::ReasoningText { signature, .. } => !signature.is_empty(),
            Reasoning::RedactedContent(data) => data_url::is_base64(data),
        };
        if is_whole && matches!(self.capabilities.reasoning, Means::Budget | Means::Adaptive(_)) {
            self.turn(Role::Assistant).first.push(Block::ReasoningContent(reasoning));
        } else {
            self.notes.ignore("messages[].reasoning_content");
        }
    }

    fn calls(
        &mut self,
        tool_calls: Option<Box<List<ToolCall<'a>>>>,
        function_call: Option<Box<FunctionCall<'a>>>,
        place: &dyn Display,
    ) -> Result<(), Error> {
        for (index, call) in tool_calls.map(|calls| *calls).into_iter().flatten().enumerate() {
            let ToolCall { id, kind, function, custom, index: _, cache_control, unknown } = call;
            let place = format_args!("{place}.tool_calls[{index}]");
            self.notes.unknown("messages[].tool_calls[].", unknown)?;
            let point = cache::point(cache_control, cache::CONTROL, self.capabilities, self.notes)?;
            match (function, custom) {
                (Some(function), custom) => {
                    self.notes.ignore_if(custom.is_some(), "messages[].tool_calls[].custom");
                    self.call(id, *function, &format_args!("{place}.function"))?;
                }
                (None, Some(custom)) => {
                    let CustomCall { name, input, unknown } = *custom;
                    self.notes.unknown("messages[].tool_calls[].custom.", unknown)?;
                    let name = name.ok_or_else(|| Error::missing(&format!("{place}.custom.name")))?;
                    let input = input.unwrap_or_default();
                    self.push_call(id, &name, Input::Wrapped(CUSTOM_INPUT, input));
                }
                (None, None) => {
                    let kind = kind.as_deref().filter(|kind| *kind == "custom").unwrap_or("function");
                    return Err(Error::missing(&format!("{place}.{kind}")));
                }
            }
            if let Some(point) = point {
                self.point(point);
            }
        }
        if let Some(function) = function_call {
            self.call(None, *function, &format_args!("{place}.function_call"))?;
        }
        Ok(())
    }

    fn call(
        &mut self,
        id: Option<Str<'a>>,
        function: FunctionCall<'a>,
        place: &dyn Display,
    ) -> Result<(), Error> {
        let FunctionCall { name, arguments, unknown } = function;
        self.notes.unknown("messages[].tool_calls[].function.", unknown)?;
        let name =
            name.filter(|name| !name.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.name")))?;
        let input = arguments.map_or(Input::Empty, |text| self.input(text));
        self.push_call(id, &name, input);
        Ok(())
    }

    /// Arguments: a JSON object as it is, nothing as an empty one, anything else wrapped so that nothing is lost.
    fn input(&self, arguments: Str<'a>) -> Input<'a> {
        if arguments.is_blank() {
            return Input::Empty;
        }
        let is_object = arguments.trim_start().starts_with('{');
        let limit = self.notes.limits().json_depth;
        match wire::from_str::<Raw<'_>>(&arguments) {
            Ok(object) if is_object && is_within_depth(object.get(), limit) => Input::Raw(object.to_owned()),
            _ => Input::Wrapped("arguments", arguments),
        }
    }

    fn push_call(&mut self, client_id: Option<Str<'a>>, name: &str, input: Input<'a>) {
        let legal = self.names.legal(name);
        if !self.capabilities.tools {
            let text = wire::to_string(&input);
            self.turn(Role::Assistant).blocks.push(Block::Text(format!("Called {legal} with {text}").into()));
            return;
        }
        if self.known.add(legal.clone().into_owned().into()) {
            self.called.push(legal.clone().into_owned());
        }
        let id = self.ids.assign(client_id.as_deref());
        let turn = self.turn(Role::Assistant);
        turn.last.push(Block::ToolUse(ToolUse { tool_use_id: id.clone().into(), name: legal, input }));
        let client_id = client_id.map(|id| id.into_cow().into_owned()).unwrap_or_default();
        self.waiting.push(Call { client_id, name: name.to_owned(), id });
    }

    /// The result of a call; of no call, it is text.
    fn result(
        &mut self,
        call: Option<Call>,
        pieces: Vec<Piece<'a>>,
        failed: bool,
        place: &dyn Display,
    ) -> Result<(), Error> {
        let mut points = Vec::new();
        for piece in &pieces {
            if let Piece::CachePoint(point) = piece {
                points.push(*point);
            }
        }
        let content = content::result_blocks(pieces, place)?;
        let turn = self.turn(Role::User);
        match call {
            Some(Call { id, .. }) => {
                let status = failed.then_some(ResultStatus::Error);
                turn.first.push(Block::ToolResult(ToolResult { tool_use_id: id.into(), content, status }));
            }
            None => {
                for block in content {
                    turn.blocks.push(match block {
                        ResultBlock::Text(text) => Block::Text(format!("Tool result: {}", &*text).into()),
                        ResultBlock::Image(image) => Block::Image(image),
                        ResultBlock::Document(document) => Block::Document(document),
                        ResultBlock::Video(video) => Block::Video(video),
                    });
                }
            }
        }
        turn.blocks.extend(points.into_iter().map(Block::CachePoint));
        Ok(())
    }

    /// The turn to add to: the one under way, or a new one where that is the other's.
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

    /// A call that nobody answered is answered with an error, so that Bedrock takes the turn.
    fn answer_waiting(&mut self) {
        let waiting = self.waiting.take_all();
        if waiting.is_empty() {
            return;
        }
        let turn = self.turn(Role::User);
        turn.first.extend(waiting.into_iter().map(|Call { id, .. }| {
            let content = vec![ResultBlock::Text("(no result was given for this call)".into())];
            Block::ToolResult(ToolResult {
                tool_use_id: id.into(),
                content,
                status: Some(ResultStatus::Error),
            })
        }));
    }

    fn finish(mut self, prefill: bool) -> Result<Turns<'a>, Error> {
        self.answer_waiting();
        let Self { capabilities, mut system, done, current, called, known, .. } = self;
        let mut messages = Vec::with_capacity(done.len().saturating_add(2));
        for turn in done.into_iter().chain(current) {
            push_turn(&mut messages, turn, capabilities);
        }
        if messages.is_empty() {
            // Instructions alone are what the user says.
            let content: Vec<_> = system
                .drain(..)
                .map(|block| match block {
                    SystemBlock::Text(text) => Block::Text(text),
                    SystemBlock::CachePoint(point) => Block::CachePoint(point),
                })
                .collect();
            if !content.iter().any(|block| matches!(block, Block::Text(_))) {
                return Err(Error::invalid_param("messages", "'messages' holds nothing to answer."));
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
        Ok(Turns { messages, system, called, is_called: known })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::Limits;
    use crate::translate::family::capabilities;
    use crate::translate::notes::Unsupported;

    fn run(model: &str, messages: &str) -> serde_json::Value {
        let messages: Vec<chat::Message<'_>> = wire::from_str(messages).unwrap();
        let limits = Limits::default();
        let mut notes = Notes::new(Unsupported::Refuse, &limits);
        let mut names = ToolNames::default();
        let family = capabilities(model);
        let turns = turns(messages, family.prefill, family, &mut names, &mut notes).unwrap();
        serde_json::from_str(&wire::to_string(&turns.messages)).unwrap()
    }

    #[test]
    fn a_missing_result_is_filled_with_an_error() {
        let turns = run(
            "anthropic.claude-3-haiku",
            r#"[{"role":"user","content":"go"},
                {"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":""}},
                                                  {"id":"b","function":{"name":"g","arguments":"[1]"}}]},
                {"role":"tool","tool_call_id":"b","content":""}]"#,
        );
        assert_eq!(
            turns[1]["content"],
            serde_json::json!([
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}},
                {"toolUse": {"toolUseId": "b", "name": "g", "input": {"arguments": "[1]"}}}
            ])
        );
        assert_eq!(turns[2]["content"][0]["toolResult"]["toolUseId"], "b");
        assert_eq!(turns[2]["content"][0]["toolResult"]["content"][0]["text"], "(no output)");
        assert_eq!(turns[2]["content"][1]["toolResult"]["toolUseId"], "a");
        assert_eq!(turns[2]["content"][1]["toolResult"]["status"], "error");
    }

    #[test]
    fn a_final_assistant_turn_is_a_prefill_only_where_the_family_takes_one() {
        let messages = r#"[{"role":"user","content":"hi"},{"role":"assistant","content":"I say: "}]"#;
        assert_eq!(run("anthropic.claude-3-haiku", messages)[1]["content"][0]["text"], "I say:");
        assert_eq!(run("meta.llama3-3-70b-instruct-v1:0", messages)[2]["content"][0]["text"], GO_ON);
    }
}
