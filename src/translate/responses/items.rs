//! Reads the items of the input into messages.

use std::fmt::Display;

use crate::bedrock::converse::{Input, ResultBlock};
use crate::openai::responses::request::{Item, Part};
use crate::openai::{Error, member};
use crate::translate::conversation::{Call, CallName, CallResult, Content, Message, Speaker};
use crate::translate::front::arguments;
use crate::translate::front::tools::{CUSTOM_INPUT, named};
use crate::translate::front::{cache, guarded, results};
use crate::translate::notes::Notes;
use crate::wire::{OneOrMany, Raw, Str};

use super::own::{self, Own};
use super::tools::{Declared, full_name};
use super::{parts, sealed};

/// The state of reading an input.
pub(super) struct Reading<'a, 'n, 'o> {
    /// The model whose reasoning is accepted: Bedrock's id without a profile's prefix.
    pub(super) model: &'n str,
    pub(super) messages: Vec<Message<'a>>,
    pub(super) declared: Declared<'a>,
    pub(super) cache: cache::Names,
    pub(super) notes: &'n mut Notes<'o>,
}

impl<'a> Reading<'a, '_, '_> {
    /// Reads an input.
    ///
    /// # Errors
    /// 400 with the path of the wrong member.
    pub(super) fn input(&mut self, input: OneOrMany<'a, Item<'a>>) -> Result<(), Error> {
        let items = match input {
            OneOrMany::One(text) => {
                let content = if text.is_blank() { Vec::new() } else { vec![Content::Text(text)] };
                self.messages.push(Message { speaker: Speaker::User, content });
                return Ok(());
            }
            OneOrMany::Many(items) => items,
        };
        let limit = self.notes.limits().messages;
        if items.len() > limit {
            let message = format!("'input' has {} entries; the limit is {limit}.", items.len());
            return Err(Error::invalid(message).param("input"));
        }
        self.messages.reserve(items.len());
        for (index, item) in items.into_iter().enumerate() {
            self.item(item, &format_args!("input[{index}]"))?;
        }
        Ok(())
    }

    fn say(&mut self, speaker: Speaker, content: Content<'a>) {
        self.messages.push(Message { speaker, content: vec![content] });
    }

    fn item(&mut self, mut item: Item<'a>, place: &dyn Display) -> Result<(), Error> {
        let kind = match item.kind.take() {
            Some(kind) => kind,
            None if item.role.is_none() && item.id.is_some() => "item_reference".into(),
            None => "message".into(),
        };
        if !self.of_kind(&kind, &mut item, place)? {
            self.notes.ignore(&format!("input[].{}", &*kind));
            return Ok(());
        }
        self.name_left(item)
    }

    /// Notes the members of an item of a known type that were not read.
    fn name_left(&mut self, item: Item<'a>) -> Result<(), Error> {
        // An item's id and status have no meaning here.
        let Item { kind: _, id: _, status: _, role, content, call_id, name, namespace, .. } = &item;
        let Item { arguments, input, output, action, operation, summary, encrypted_content, .. } = &item;
        let Item { tools, phase, caller, max_output_length, .. } = &item;
        for (is_left, member) in [
            (role.is_some(), "input[].role"),
            (content.is_some(), "input[].content"),
            (call_id.is_some(), "input[].call_id"),
            (name.is_some(), "input[].name"),
            (namespace.is_some(), "input[].namespace"),
            (arguments.is_some(), "input[].arguments"),
            (input.is_some(), "input[].input"),
            (output.is_some(), "input[].output"),
            (action.is_some(), "input[].action"),
            (operation.is_some(), "input[].operation"),
            (summary.is_some(), "input[].summary"),
            (encrypted_content.is_some(), "input[].encrypted_content"),
            (tools.is_some(), "input[].tools"),
            (phase.is_some(), "input[].phase"),
            (caller.is_some(), "input[].caller"),
            (max_output_length.is_some(), "input[].max_output_length"),
        ] {
            self.notes.ignore_if(is_left, member);
        }
        self.notes.unknown("input[].", item.unknown)
    }

    /// Reads an item of this type; false for an unknown type.
    fn of_kind(&mut self, kind: &str, item: &mut Item<'a>, place: &dyn Display) -> Result<bool, Error> {
        match kind {
            "message" => self.message(item, place)?,
            "function_call" => {
                let name = called(item, place)?;
                let text =
                    item.arguments.take().map(|raw| member::<Str<'a>>(*raw, &format!("{place}.arguments")));
                let input = text.transpose()?.map_or(Input::Empty, |text| arguments::input(text, self.notes));
                let id = Some(call_id(item, place)?);
                self.say(Speaker::Assistant, Content::Call(Call { id, name, input }));
            }
            "custom_tool_call" => {
                let name = called(item, place)?;
                let text = item.input.take().map(|text| *text).unwrap_or_default();
                let input = Input::Wrapped(CUSTOM_INPUT, text);
                let id = Some(call_id(item, place)?);
                self.say(Speaker::Assistant, Content::Call(Call { id, name, input }));
            }
            "function_call_output" | "custom_tool_call_output" => {
                // Without a name the output belongs to the call with its id.
                let name = if item.name.is_some() { Some(called(item, place)?) } else { None };
                let call = match name {
                    Some(name) if item.call_id.is_none() => CallName::Tool(name),
                    _ => CallName::Id(call_id(item, place)?),
                };
                self.output(item, call, place)?;
            }
            "reasoning" => self.reasoning(item),
            "additional_tools" => {
                item.role = None;
                if let Some(list) = item.tools.take() {
                    self.declared.read(*list, &format!("{place}.tools"), self.notes)?;
                }
            }
            "item_reference" => {
                let message =
                    "This gateway keeps no items; send the item itself in the place of a reference to it.";
                return Err(Error::invalid_param(place.to_string(), message).code("unsupported_parameter"));
            }
            "compaction" => {
                let message =
                    "What OpenAI has made shorter only OpenAI can read; send the items that it stands for.";
                return Err(Error::invalid_param(place.to_string(), message).code("unsupported_parameter"));
            }
            kind => {
                for own in own::ALL {
                    if own.call == kind {
                        self.own_call(own, item, place)?;
                        return Ok(true);
                    }
                    if own.output == kind {
                        self.own_output(item, place)?;
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn message(&mut self, item: &mut Item<'a>, place: &dyn Display) -> Result<(), Error> {
        let role = item.role.take().ok_or_else(|| Error::missing(&format!("{place}.role")))?;
        let at = format_args!("{place}.content");
        let said = item.content.take().ok_or_else(|| Error::missing(&at.to_string()))?;
        let mut content = Vec::new();
        parts::read(said, &at, &mut content, &mut self.cache, self.notes)?;
        let speaker = match &*role {
            "system" | "developer" => Speaker::System,
            "user" => Speaker::User,
            "assistant" => Speaker::Assistant,
            role => {
                let role: String = role.chars().take(64).collect();
                let message =
                    format!("'{place}.role' is '{role}'; it must be system, developer, user or assistant.");
                return Err(Error::invalid(message).param(format!("{place}.role")));
            }
        };
        let is_text = |content: &Content<'_>| content.is_text() || matches!(content, Content::CachePoint(_));
        if speaker != Speaker::User && !content.iter().all(is_text) {
            let message = format!("'{at}' may hold only text in this role.");
            return Err(Error::invalid(message).param(at.to_string()));
        }
        self.messages.push(Message { speaker, content });
        Ok(())
    }

    /// The output of a function or a custom tool.
    fn output(&mut self, item: &mut Item<'a>, call: CallName<'a>, place: &dyn Display) -> Result<(), Error> {
        let at = format!("{place}.output");
        let raw = *item.output.take().ok_or_else(|| Error::missing(&at))?;
        let mut given = Vec::new();
        let output: OneOrMany<'a, Part<'a>> = member(raw, &at)?;
        parts::read(output, &at, &mut given, &mut self.cache, self.notes)?;
        let given = guarded::unmarked(given, parts::PARTS, self.notes);
        let (content, points) = results::result(given, &at)?;
        let failed = matches!(item.status.as_deref().map(|status| &**status), Some("failed"));
        let result = Content::Result(CallResult { call, content, failed });
        let points = points.into_iter().map(Content::CachePoint);
        let content = [result].into_iter().chain(points).collect();
        self.messages.push(Message { speaker: Speaker::User, content });
        Ok(())
    }

    /// A reasoning item: accepted as the gateway's response gave it, else dropped.
    fn reasoning(&mut self, item: &mut Item<'a>) {
        // The encrypted content includes the readable text.
        (item.summary, item.content) = (None, None);
        let Some(sealed) = item.encrypted_content.take() else {
            // Without its signature the model would refuse the reasoning.
            return self.notes.ignore("input[].reasoning");
        };
        match sealed::open(&sealed, self.model) {
            Some(thought) => self.say(Speaker::Assistant, Content::Reasoning(thought)),
            None => self.notes.ignore("input[].encrypted_content"),
        }
    }

    /// A call of a tool that the client runs.
    fn own_call(&mut self, own: &Own, item: &mut Item<'a>, place: &dyn Display) -> Result<(), Error> {
        let at = || format!("{place}.{}", own.member);
        let todo = if own.member == "action" { item.action.take() } else { item.operation.take() };
        let todo: Raw<'a> = *todo.ok_or_else(|| Error::missing(&at()))?;
        if !todo.get().starts_with('{') {
            let message = format!("Invalid value for '{}': expected an object.", at());
            return Err(Error::invalid(message).param(at()));
        }
        self.notes.check_depth(todo, at)?;
        let id = Some(call_id(item, place)?);
        let call = Call { id, name: own.tool.into(), input: Input::Raw(todo.to_owned()) };
        self.say(Speaker::Assistant, Content::Call(call));
        Ok(())
    }

    /// The output of such a tool: text, or JSON in its written form.
    fn own_output(&mut self, item: &mut Item<'a>, place: &dyn Display) -> Result<(), Error> {
        let id = call_id(item, place)?;
        let failed = matches!(item.status.as_deref().map(|status| &**status), Some("failed"));
        let text: Str<'a> = match item.output.take() {
            Some(raw) if raw.get().starts_with('"') => member(*raw, &format!("{place}.output"))?,
            Some(raw) => raw.get().into(),
            None => Str::default(),
        };
        let content = if text.is_blank() { Vec::new() } else { vec![ResultBlock::Text(text)] };
        self.say(Speaker::User, Content::Result(CallResult { call: CallName::Id(id), content, failed }));
        Ok(())
    }
}

/// The conversation's name of the tool that an item calls.
fn called<'a>(item: &mut Item<'a>, place: &dyn Display) -> Result<Str<'a>, Error> {
    let name = named(item.name.take().map(|name| *name), place)?;
    Ok(full_name(item.namespace.take().as_deref().map(|namespace| &**namespace), name))
}

/// The id that a call and its output share; the output of `local_shell` has it in `id`.
fn call_id<'a>(item: &mut Item<'a>, place: &dyn Display) -> Result<Str<'a>, Error> {
    let id = item.call_id.take().or_else(|| item.id.take()).map(|id| *id);
    id.filter(|id| !id.is_empty()).ok_or_else(|| Error::missing(&format!("{place}.call_id")))
}
