//! Undoes changes in a reply: renamed tools and documents, answers that are a tool's arguments, and calls of the model's own
//! tool.

use super::family::{CallsInText, ThoughtsInText};
use super::json_object::JsonObject;
use super::tool_config::SEARCH;

/// The changes that a reply has to undo.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// Renamed tools: the name at Bedrock, and the client's.
    renamed: Vec<(String, String)>,
    /// Renamed documents that may be cited: the name at Bedrock, and the client's.
    documents: Box<[(String, String)]>,
    /// The model may search the web with its own tool.
    searches: bool,
    means: Means,
    /// Reasoning before tool calls is to be kept, because the client may not send it back.
    keeps_thoughts: bool,
    written: Written,
}

/// What the model may write into its text besides the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Thoughts.
    pub thoughts: ThoughtsInText,
    /// Tool calls; none without tools.
    pub calls: CallsInText,
}

/// How the answer gets its format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Means {
    /// Plain text, or Bedrock's structured outputs.
    #[default]
    Text,
    /// By the arguments of this tool, by its name at Bedrock.
    Tool(String),
    /// By an instruction, so that the JSON object may have text around it; whether the answer was prefilled.
    Words { is_begun: bool },
}

/// The meaning of a tool call in a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called<'a> {
    /// Its arguments are the answer.
    Answer,
    /// A tool of the client's, by the client's name.
    Renamed(&'a str),
    /// A tool of the model's own, which Bedrock runs.
    Own,
    /// A tool of the client's that was not renamed.
    AsItIs,
}

impl Undo {
    pub(super) fn new(renamed: Vec<(String, String)>, means: Means, keeps_thoughts: bool) -> Self {
        Self { renamed, means, keeps_thoughts, ..Self::default() }
    }

    /// Sets the renamed documents.
    pub(super) fn documents(self, documents: Vec<(String, String)>) -> Self {
        Self { documents: documents.into(), ..self }
    }

    /// Sets whether the model may search the web.
    pub(super) fn searches(self, searches: bool) -> Self {
        Self { searches, ..self }
    }

    /// The client's file name of a renamed document, by its name at Bedrock.
    pub fn document(&self, name: &str) -> Option<&str> {
        self.documents.iter().find(|(legal, _)| legal == name).map(|(_, original)| original.as_str())
    }

    /// Sets what the model may write into its text besides the answer.
    pub(super) fn reads(self, written: Written) -> Self {
        Self { written, ..self }
    }

    /// What the model may write into its text besides the answer.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Whether the answer may be a tool's arguments.
    pub fn has_answer_tool(&self) -> bool {
        matches!(self.means, Means::Tool(_))
    }

    /// Whether reasoning before tool calls is to be kept.
    pub fn keeps_thoughts(&self) -> bool {
        self.keeps_thoughts
    }

    /// Finds the answer in text that may contain more; `None`: the whole text is the answer.
    pub fn json_object(&self) -> Option<JsonObject> {
        match self.means {
            Means::Words { is_begun } => Some(JsonObject::new(is_begun)),
            Means::Text | Means::Tool(_) => None,
        }
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let renamed = self.renamed.iter().chain(self.documents.iter()).map(|(legal, original)| {
            size_of::<(String, String)>().saturating_add(legal.capacity()).saturating_add(original.capacity())
        });
        let answer = match &self.means {
            Means::Tool(name) => name.capacity(),
            Means::Text | Means::Words { .. } => 0,
        };
        renamed.fold(answer, usize::saturating_add)
    }

    /// The meaning of a call of the tool of this name at Bedrock.
    pub fn called(&self, name: &str) -> Called<'_> {
        if matches!(&self.means, Means::Tool(tool) if tool == name) {
            return Called::Answer;
        }
        if self.searches && name == SEARCH.name {
            return Called::Own;
        }
        let renamed = self.renamed.iter().find(|(legal, _)| legal == name);
        renamed.map_or(Called::AsItIs, |(_, original)| Called::Renamed(original))
    }
}
