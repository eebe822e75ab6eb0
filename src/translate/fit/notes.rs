//! Notes about changes made for the model. Fronts report them to the client under their API's names.

/// A change to something that the client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Dropped or changed; the answer is useful without it.
    Dropped(Field),
    /// Dropped; the client may not want an answer without it.
    Unsupported(Field),
}

/// The part of a conversation that a note is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The limit on tokens.
    MaxTokens,
    /// The temperature.
    Temperature,
    /// Nucleus sampling.
    TopP,
    /// `top_k`.
    TopK,
    /// Stop sequences.
    Stop,
    /// Tools.
    Tools,
    /// The tool choice.
    ToolChoice,
    /// At most one call at a time.
    SingleCall,
    /// Strict arguments.
    Strict,
    /// A keyword of a tool's schema.
    SchemaMember(String),
    /// A keyword of the answer's schema.
    AnswerMember(String),
    /// The format of the answer.
    Answer,
    /// The effort of reasoning.
    Effort,
    /// Reasoning in Anthropic's terms.
    Thinking,
    /// The budget of reasoning in Anthropic's terms.
    ThinkingBudget,
    /// Reasoning of an earlier answer.
    Replay,
    /// Web search.
    WebSearch,
    /// Audio.
    Audio,
    /// Citations of a document.
    Citations,
    /// Context of a document.
    DocumentContext,
    /// Content marked for the guardrail.
    GuardContent,
    /// Cache points in the system prompt and messages.
    CachePoint,
    /// Their lifetime of an hour: five minutes are sent.
    CacheHour,
    /// Cache points after tools.
    ToolCachePoint,
    /// Cache points requested by a switch.
    Caching,
    /// All of Anthropic's beta features.
    Betas,
    /// One beta feature of Anthropic's.
    Beta(String),
}

/// Most notes of kinds that may be any number: members of schemas and names of features.
const MOST: usize = 64;

/// The notes of one request, each once.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn dropped(&mut self, field: Field) {
        if matches!(field, Field::SchemaMember(_) | Field::AnswerMember(_) | Field::Beta(_))
            && self.0.len() >= MOST
        {
            return;
        }
        self.note(Note::Dropped(field));
    }

    pub(super) fn dropped_if(&mut self, given: bool, field: Field) {
        if given {
            self.dropped(field);
        }
    }

    pub(super) fn unsupported(&mut self, field: Field) {
        self.note(Note::Unsupported(field));
    }

    pub(super) fn into_vec(self) -> Vec<Note> {
        self.0
    }

    fn note(&mut self, note: Note) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}
