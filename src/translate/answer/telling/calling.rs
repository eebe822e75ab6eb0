//! Tool calls: the client's, the one whose arguments are the answer, and those that Bedrock runs.

use crate::openai::Error;
use crate::translate::errors::no_answer;
use crate::wire::{self, Str, object};

use super::super::context::{Call, Context};
use super::super::event::{Event, Front};
use super::super::held::{Speech, check_blocks, hold};
use super::{Open, Telling};

impl Telling {
    /// A tool call begins; `name` is the tool's name at Bedrock.
    ///
    /// # Errors
    /// 502 where too many calls are open.
    pub(in crate::translate::answer) fn call<'a>(
        &mut self,
        block: u32,
        id: Str<'a>,
        name: Str<'a>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let call = self.calls;
        if context.one_call && call > 0 {
            return self.unheard(block);
        }
        check_blocks(self.open.len())?;
        let open = match context.called(name) {
            Call::Answer => {
                self.speech = Speech::Unwanted;
                Open::Answer { begun: false }
            }
            Call::Own => {
                front.event(Event::Searches { block });
                Open::Search { arguments: String::new() }
            }
            Call::Tool { name, is_custom } => {
                self.calls = call.saturating_add(1);
                if let Some(gathering) = &mut self.gathering {
                    gathering.call(&id);
                }
                self.tell(Event::Call { block, call, id, name, is_custom }, front);
                if is_custom {
                    Open::Custom { call, arguments: String::new() }
                } else {
                    Open::Function { call, begun: false }
                }
            }
        };
        self.open.push((block, open));
        Ok(())
    }

    /// A call of a tool that Bedrock runs begins.
    ///
    /// # Errors
    /// 502 where too many calls are open.
    pub(in crate::translate::answer) fn of_server<'a>(
        &mut self,
        block: u32,
        name: Option<Str<'a>>,
        context: &'a Context,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        match name {
            Some(name) if context.is_search(&name) => self.call(block, Str::default(), name, context, front),
            _ => self.unheard(block),
        }
    }

    /// A call begins that is not passed on to the client.
    fn unheard(&mut self, block: u32) -> Result<(), Error> {
        check_blocks(self.open.len())?;
        self.open.push((block, Open::Unheard));
        Ok(())
    }

    /// A part of a call's arguments.
    ///
    /// # Errors
    /// 502 where no call is open in the block, or the limit on held bytes is exceeded.
    pub(in crate::translate::answer) fn arguments<'a>(
        &mut self,
        block: u32,
        piece: Str<'a>,
        front: &mut dyn Front<'a>,
    ) -> Result<(), Error> {
        let Some((_, open)) = self.open.iter_mut().find(|(index, _)| *index == block) else {
            return Err(no_answer("Bedrock's stream has arguments of a call that never began."));
        };
        let event = match open {
            Open::Function { call, begun } => {
                *begun = true;
                Event::Arguments { block, call: *call, piece }
            }
            Open::Custom { arguments, .. } | Open::Search { arguments } => {
                return hold(arguments, &piece, self.limit);
            }
            Open::Answer { begun } => {
                *begun = true;
                self.count(&piece);
                Event::Text { block, text: piece }
            }
            Open::Unheard => return Ok(()),
        };
        self.tell(event, front);
        Ok(())
    }

    /// A call is complete. Without arguments it gets an empty object.
    pub(super) fn close<'a>(&mut self, block: u32, front: &mut dyn Front<'a>) {
        let Some(at) = self.open.iter().position(|(index, _)| *index == block) else { return };
        let (_, open) = self.open.swap_remove(at);
        let rest = match open {
            Open::Function { begun: true, .. } | Open::Answer { begun: true } | Open::Unheard => return,
            Open::Function { call, begun: false } => Event::Arguments { block, call, piece: "{}".into() },
            Open::Answer { begun: false } => Event::Text { block, text: "{}".into() },
            Open::Search { arguments } => {
                return front.event(Event::Searched { block, arguments: arguments.into() });
            }
            Open::Custom { call, arguments } => {
                Event::FreeText { block, call, text: free_text(arguments).into() }
            }
        };
        self.tell(rest, front);
    }
}

object! {
    /// The arguments of a custom tool.
    struct CustomArguments<'a> {
        input: Str<'a>,
    }
}

/// The input in a custom tool's arguments; the arguments themselves where they have another form.
fn free_text(arguments: String) -> String {
    match wire::from_str::<CustomArguments<'_>>(&arguments) {
        Ok(CustomArguments { input: Some(input), .. }) => input.into_cow().into_owned(),
        Ok(CustomArguments { input: None, unknown }) if unknown.is_empty() => String::new(),
        _ => arguments,
    }
}
