//! What has to be undone in a reply: names of tools that were changed, and an answer that is the input of a tool.

/// What makes a reply the client's again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// The tools whose names were changed: the name that Bedrock knows, and the client's.
    renamed: Vec<(String, String)>,
    /// The tool whose input is the answer itself, by the name that Bedrock knows.
    answer_tool: Option<String>,
}

/// What a call in a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called<'a> {
    /// Its input is the answer.
    Answer,
    /// A tool of the client's, by the client's name.
    Tool(&'a str),
}

impl Undo {
    pub(super) fn new(renamed: Vec<(String, String)>, answer_tool: Option<String>) -> Self {
        Self { renamed, answer_tool }
    }

    /// Whether the answer may be the input of a tool.
    pub fn has_answer_tool(&self) -> bool {
        self.answer_tool.is_some()
    }

    /// What is held, bytes.
    pub fn held(&self) -> usize {
        let renamed = self.renamed.iter().map(|(legal, original)| {
            size_of::<(String, String)>().saturating_add(legal.capacity()).saturating_add(original.capacity())
        });
        let answer = self.answer_tool.as_ref().map_or(0, String::capacity);
        renamed.fold(answer, usize::saturating_add)
    }

    /// What a call of the tool that Bedrock knows by this name is.
    pub fn called<'a>(&'a self, name: &'a str) -> Called<'a> {
        if self.answer_tool.as_deref() == Some(name) {
            return Called::Answer;
        }
        let renamed = self.renamed.iter().find(|(legal, _)| legal == name);
        Called::Tool(renamed.map_or(name, |(_, original)| original))
    }
}
