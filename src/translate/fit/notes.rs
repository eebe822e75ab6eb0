//! What was changed so that the model takes it. Fronts say it to their clients, each in its API's own words.

/// What became of something that the client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// It is not sent, or not as it was: the answer is of use without it.
    Dropped(Field),
    /// It is not sent, and the client may not want an answer without it.
    Unsupported(Field),
}

/// What of a conversation a note is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The limit on tokens.
    MaxTokens,
    /// The temperature.
    Temperature,
    /// Nucleus sampling.
    TopP,
    /// Sampling from the k likeliest.
    TopK,
    /// Where to stop.
    Stop,
    /// Tools.
    Tools,
    /// Whether and what the model must call.
    ToolChoice,
    /// One call at a time.
    SingleCall,
    /// Arguments exactly by the schema.
    Strict,
    /// A keyword of a tool's schema.
    SchemaMember(String),
    /// A keyword of the answer's schema.
    AnswerMember(String),
    /// The form of the answer.
    Answer,
    /// How hard to think.
    Effort,
    /// The same, in Anthropic's words.
    Thinking,
    /// The budget of thinking in Anthropic's words.
    ThinkingBudget,
    /// Reasoning of an earlier answer.
    Replay,
    /// Looking up the web.
    WebSearch,
    /// Sound.
    Audio,
    /// Places in a document that the answer names.
    Citations,
    /// What the model should know about a document.
    DocumentContext,
    /// What is marked for the guardrail.
    GuardContent,
    /// Cache points in instructions and messages.
    CachePoint,
    /// Their hour: five minutes are sent.
    CacheHour,
    /// Cache points behind tools.
    ToolCachePoint,
    /// Cache points that were asked for by a switch.
    Caching,
    /// Anthropic's beta features, all of them.
    Betas,
    /// One of them.
    Beta(String),
}

/// No more is noted of what may be any number, members of schemas and names of features.
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
