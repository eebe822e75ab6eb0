//! What has to be undone in a reply: names of tools and documents that were changed, an answer that is the input of a tool, and calls
//! of a tool of the model's own.

use super::family::{CallsInText, ThoughtsInText};
use super::json_object::JsonObject;
use super::tool_config::SEARCH;

/// What makes a reply the client's again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// The tools whose names were changed: the name that Bedrock knows, and the client's.
    renamed: Vec<(String, String)>,
    /// The same of documents that may be cited.
    documents: Box<[(String, String)]>,
    /// The model may look up the web by a tool of its own.
    searches: bool,
    means: Means,
    /// Reasoning before calls is kept, as the client may not send it back.
    keeps_thoughts: bool,
    written: Written,
}

/// What the model writes into its text and is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Thoughts.
    pub thoughts: ThoughtsInText,
    /// Calls; none where there are no tools.
    pub calls: CallsInText,
}

/// The means by which the answer gets its form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Means {
    /// It has none to speak of, or one of Bedrock's own.
    #[default]
    Text,
    /// A tool, whose input is the answer itself, by the name that Bedrock knows.
    Tool(String),
    /// Words, to which the model answers with a JSON object; whether that is begun for the model.
    Words { is_begun: bool },
}

/// What a call in a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called<'a> {
    /// Its input is the answer.
    Answer,
    /// A tool of the client's that the client calls so.
    Renamed(&'a str),
    /// A tool of the model's own, which Bedrock runs.
    Own,
    /// A tool of the client's, of the same name.
    AsItIs,
}

impl Undo {
    pub(super) fn new(renamed: Vec<(String, String)>, means: Means, keeps_thoughts: bool) -> Self {
        Self { renamed, means, keeps_thoughts, ..Self::default() }
    }

    /// Of a request with these documents.
    pub(super) fn documents(self, documents: Vec<(String, String)>) -> Self {
        Self { documents: documents.into(), ..self }
    }

    /// Of a request by which the model may look up the web, or may not.
    pub(super) fn searches(self, searches: bool) -> Self {
        Self { searches, ..self }
    }

    /// The client's file name of a document that Bedrock knows by this name, where it is another.
    pub fn document(&self, name: &str) -> Option<&str> {
        self.documents.iter().find(|(legal, _)| legal == name).map(|(_, original)| original.as_str())
    }

    /// Of a model that writes this into its text.
    pub(super) fn reads(self, written: Written) -> Self {
        Self { written, ..self }
    }

    /// What the model writes into its text and is none.
    pub fn written(&self) -> Written {
        self.written
    }

    /// Whether the answer may be the input of a tool.
    pub fn has_answer_tool(&self) -> bool {
        matches!(self.means, Means::Tool(_))
    }

    /// Whether reasoning before calls is to be kept.
    pub fn keeps_thoughts(&self) -> bool {
        self.keeps_thoughts
    }

    /// What finds the answer in a text that may have more in it; `None`: the text is the answer.
    pub fn json_object(&self) -> Option<JsonObject> {
        match self.means {
            Means::Words { is_begun } => Some(JsonObject::new(is_begun)),
            Means::Text | Means::Tool(_) => None,
        }
    }

    /// What is held, bytes.
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

    /// What a call of the tool that Bedrock knows by this name is.
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
