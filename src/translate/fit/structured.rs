//! The form of the answer: JSON by Bedrock's own means, or as the input of a tool that the model is made to call.

use std::borrow::Cow;

use crate::bedrock::converse::{self, OutputConfig, Structure, TextFormat};
use crate::translate::conversation::{Answer, Written};
use crate::wire::{self, Members, Raw, Str};

use super::Fitting;
use super::constrained::Constrained;
use super::notes::Field;
use super::root_union::is_union;
use super::schema_object::members;

/// How the answer gets its form.
#[derive(Debug)]
pub(super) enum Form<'a> {
    /// It is text.
    Text,
    /// By `outputConfig`.
    Native(OutputConfig<'a>),
    /// By words: a JSON object. Told to call a tool with a schema of any object, Claude calls the tool with an empty one.
    Words {
        /// Of the object.
        schema: Option<Raw<'a>>,
    },
    /// By a tool whose input is the answer.
    Tool {
        /// Of the answer.
        schema: Raw<'a>,
        /// What the client says of it.
        description: Option<Str<'a>>,
    },
}

/// The form that is asked for, by the means that the family has.
pub(super) fn form<'a>(answer: Answer<'a>, fitting: &mut Fitting<'a, '_>) -> Form<'a> {
    let capabilities = fitting.capabilities;
    let form = match answer {
        Answer::Text => return Form::Text,
        Answer::Object => return Form::Words { schema: None },
        // Bedrock holds models to closed schemas only, which is what OpenAI's `strict` demands as well.
        Answer::Schema { schema, name, description, strict } => {
            let held_to =
                if strict && capabilities.structured_output { fitting.held_to(schema) } else { None };
            match held_to {
                Some(schema) => {
                    let structure = Structure::JsonSchema { schema, name, description };
                    Form::Native(OutputConfig::TextFormat {
                        text_format: TextFormat::JsonSchema { structure },
                    })
                }
                None => Form::Tool { schema, description },
            }
        }
    };
    match form {
        Form::Tool { schema, .. } if !capabilities.tools => {
            fitting.notes.unsupported(Field::Answer);
            Form::Words { schema: Some(schema) }
        }
        form => form,
    }
}

impl Fitting<'_, '_> {
    /// The schema that the model is held to; `None` where there is no way to.
    fn held_to<'a>(&mut self, schema: Raw<'a>) -> Option<Cow<'a, str>> {
        let root = members(schema).ok()?;
        // What Claude refuses at the root of a tool's schema is not tried here.
        if root.iter().any(|(name, _)| is_union(name)) {
            return None;
        }
        match self.constraints.answer(schema, &self.following) {
            Constrained::AsItIs => Some(Cow::Borrowed(schema.get())),
            Constrained::Mended { schema, changed } => {
                for keyword in changed {
                    self.notes.dropped(Field::AnswerMember(keyword));
                }
                Some(Cow::Owned(schema.get().to_owned()))
            }
            Constrained::Loose => None,
        }
    }
}

/// Sets the client's own `outputConfig`, beside the form of the answer where that is set.
pub(super) fn beside<'a>(
    body: &mut converse::Request<'a>,
    written: Option<Written<'a>>,
    fitting: &mut Fitting<'a, '_>,
) {
    let Some(Written { raw, mut members }) = written else { return };
    body.output_config = Some(match body.output_config.take() {
        Some(OutputConfig::TextFormat { text_format }) => {
            if members.iter().any(|(name, _)| *name == "textFormat") {
                fitting.notes.dropped(Field::Answer);
                OutputConfig::Raw(raw)
            } else {
                let text_format = wire::raw_of(&text_format);
                members.push(("textFormat".into(), &text_format));
                OutputConfig::Mended(wire::raw_of(&Members(members)))
            }
        }
        _ => OutputConfig::Raw(raw),
    });
}
