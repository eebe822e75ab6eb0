//! The format of the answer: JSON by Bedrock's structured outputs, or as the arguments of a tool that the model is forced to
//! call.

use std::borrow::Cow;

use crate::bedrock::converse::{self, OutputConfig, Structure, TextFormat};
use crate::translate::conversation::{Answer, Written};
use crate::wire::{self, Members, Raw, Str};

use super::Fitting;
use super::constrained::Constrained;
use super::notes::Field;
use super::root_union::is_union;
use super::schema_object::members;

/// How the answer gets its format.
#[derive(Debug)]
pub(super) enum Form<'a> {
    /// Plain text.
    Text,
    /// By `outputConfig`.
    Native(OutputConfig<'a>),
    /// By an instruction in the prompt, for a JSON object. (Forced to call a tool whose schema is any object, Claude calls it
    /// with an empty one.)
    Words {
        /// The schema of the object.
        schema: Option<Raw<'a>>,
    },
    /// By a tool whose arguments are the answer.
    Tool {
        /// The schema of the answer.
        schema: Raw<'a>,
        /// The client's description of it.
        description: Option<Str<'a>>,
    },
}

/// The requested format, by the means that the family has.
pub(super) fn form<'a>(answer: Answer<'a>, fitting: &mut Fitting<'a, '_>) -> Form<'a> {
    let capabilities = fitting.capabilities;
    let form = match answer {
        Answer::Text => return Form::Text,
        Answer::Object => return Form::Words { schema: None },
        // Bedrock's structured outputs require closed schemas, as OpenAI's `strict` does.
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
    /// The schema to constrain the model by; `None` where that is not possible.
    fn held_to<'a>(&mut self, schema: Raw<'a>) -> Option<Cow<'a, str>> {
        let root = members(schema).ok()?;
        // A schema that Claude refuses at the root of a tool is not tried here.
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

/// Sets the client's own `outputConfig`, together with the answer's format where there is one.
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
