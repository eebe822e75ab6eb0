//! Reasoning that a model writes into its text, between tags.

use crate::translate::fit::family::ThoughtsInText;

use super::markers::{Place, find, split};

/// The opening and the closing tag.
type Tags = (&'static str, &'static str);

const THINK: Tags = ("<think>", "</think>");
const THINKING: Tags = ("<thinking>", "</thinking>");

/// Most white space before an opening tag that is held, bytes.
const BLANK: usize = 256;

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Text.
    Text(String),
    /// Reasoning.
    Thought(String),
    /// A thought is complete.
    Over,
}

/// Separates reasoning from text that comes in parts. Thoughts stand at the beginning of a block, one after another; tags
/// elsewhere are text.
#[derive(Debug)]
pub(super) struct Thoughts {
    tags: Tags,
    /// The answer begins within a thought, because the model's template has the opening tag.
    is_begun: bool,
    at: At,
    /// Text that may be a tag, once more has come.
    held: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// At the beginning of a block, or after a thought: white space there is dropped.
    Beginning { behind: bool },
    /// Within a thought, of which something may have come.
    Thought { begun: bool },
    /// Within text.
    Text,
}

impl Thoughts {
    /// `None`: the model writes no thoughts.
    pub(super) fn new(written: ThoughtsInText) -> Option<Self> {
        let (tags, is_begun) = match written {
            ThoughtsInText::No => return None,
            ThoughtsInText::Think => (THINK, false),
            ThoughtsInText::Thinking => (THINKING, false),
            ThoughtsInText::Begun => (THINK, true),
        };
        let at = if is_begun { At::Thought { begun: false } } else { At::Beginning { behind: false } };
        Some(Self { tags, is_begun, at, held: String::new() })
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.held.capacity()
    }

    /// The model has sent reasoning apart from its text, so the text does not begin within a thought.
    pub(super) fn are_apart(&mut self) {
        if std::mem::take(&mut self.is_begun) && self.at == (At::Thought { begun: false }) {
            self.at = At::Beginning { behind: false };
        }
    }

    /// Takes the next part of a block.
    pub(super) fn piece(&mut self, piece: &str) -> Vec<Said> {
        let mut said = Vec::new();
        let mut whole = std::mem::take(&mut self.held);
        let text = if whole.is_empty() {
            piece
        } else {
            whole.push_str(piece);
            &whole
        };
        let mut rest = text;
        while !rest.is_empty() {
            rest = match self.at {
                At::Beginning { behind } => self.beginning(rest, behind),
                At::Thought { begun } => self.thought(rest, begun, &mut said),
                At::Text => {
                    said.push(Said::Text(rest.to_owned()));
                    ""
                }
            };
        }
        said
    }

    /// The block is complete.
    pub(super) fn end(&mut self) -> Vec<Said> {
        let held = std::mem::take(&mut self.held);
        let at = std::mem::replace(&mut self.at, At::Beginning { behind: false });
        let mut said = Vec::new();
        match at {
            At::Thought { begun } => {
                if !held.is_empty() {
                    said.push(Said::Thought(held));
                    said.push(Said::Over);
                } else if begun {
                    said.push(Said::Over);
                }
            }
            At::Beginning { .. } | At::Text if !held.is_empty() => said.push(Said::Text(held)),
            At::Beginning { .. } | At::Text => {}
        }
        said
    }

    /// Handles the beginning of a block, and returns the rest; holds what is undecided.
    fn beginning<'t>(&mut self, text: &'t str, behind: bool) -> &'t str {
        let said = text.trim_start();
        let (first, _) = self.tags;
        if let Some(thought) = said.strip_prefix(first) {
            self.at = At::Thought { begun: false };
            return thought;
        }
        if first.starts_with(said) && (behind || text.len() <= BLANK) {
            self.held.push_str(if behind { said } else { text });
            return "";
        }
        self.at = At::Text;
        if behind { said } else { text }
    }

    /// Handles a thought, and returns the rest.
    fn thought<'t>(&mut self, text: &'t str, begun: bool, said: &mut Vec<Said>) -> &'t str {
        let text = if begun { text } else { text.trim_start() };
        let (_, last) = self.tags;
        let (end, rest) = match find(text, &[last]) {
            Place::At(at, _) => (at, at.checked_add(last.len())),
            Place::Maybe(at) => (at, None),
            Place::Nowhere => (text.len(), None),
        };
        let (thought, behind) = split(text, end);
        let begun = begun || !thought.is_empty();
        if !thought.is_empty() {
            said.push(Said::Thought(thought.to_owned()));
        }
        match rest {
            Some(rest) => {
                if begun {
                    said.push(Said::Over);
                }
                self.at = At::Beginning { behind: true };
                split(text, rest).1
            }
            None => {
                self.held.push_str(behind);
                self.at = At::Thought { begun };
                ""
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text and thoughts of a block that comes in these parts.
    fn told(written: ThoughtsInText, pieces: &[&str]) -> (String, Vec<String>) {
        let mut thoughts = Thoughts::new(written).unwrap();
        let mut said: Vec<_> = pieces.iter().flat_map(|piece| thoughts.piece(piece)).collect();
        assert!(thoughts.held() <= 2 * (BLANK + 16));
        said.extend(thoughts.end());
        let (mut text, mut all, mut now) = (String::new(), Vec::new(), String::new());
        for said in said {
            match said {
                Said::Text(piece) => text += &piece,
                Said::Thought(piece) => now += &piece,
                Said::Over => all.push(std::mem::take(&mut now)),
            }
        }
        assert_eq!(now, "", "a thought that never ends");
        (text, all)
    }

    /// Checks the block whole, cut in two at every place, and character by character.
    #[track_caller]
    fn check(written: ThoughtsInText, block: &str, text: &str, thoughts: &[&str]) {
        let expected = (text.to_owned(), thoughts.iter().map(|thought| (*thought).to_owned()).collect());
        for at in (0..=block.len()).filter(|at| block.is_char_boundary(*at)) {
            let (one, other) = block.split_at(at);
            assert_eq!(told(written, &[one, other]), expected, "cut at {at}");
        }
        let letters: Vec<_> = block.split_inclusive(|_| true).collect();
        assert_eq!(told(written, &letters), expected, "letter by letter");
    }

    #[test]
    fn a_thought_at_the_beginning_is_reasoning() {
        use ThoughtsInText::{Think, Thinking};
        check(Think, "<think>\nI é <b> think.\n</think>\n\nIt is.", "It is.", &["I é <b> think.\n"]);
        check(Thinking, " \n<thinking>a</thinking> <thinking>b</thinking>c", "c", &["a", "b"]);
        check(Think, "<think>\n\n</think>\n\nIt is.", "It is.", &[]);
    }

    #[test]
    fn tags_elsewhere_are_text() {
        use ThoughtsInText::Think;
        for text in
            ["It <think>is</think>.", "<thinks>", "<thin", "</think>a", " <", "  \n", "", "<thinking>a"]
        {
            check(Think, text, text, &[]);
        }
        check(Think, "<think>a</think>b <think>c</think>", "b <think>c</think>", &["a"]);
        let blank = " ".repeat(BLANK * 2);
        check(Think, &blank, &blank, &[]);
    }

    #[test]
    fn a_thought_that_is_cut_off_stays_one() {
        use ThoughtsInText::Think;
        check(Think, "<think>I think </thi", "", &["I think </thi"]);
        check(Think, "<think>I think", "", &["I think"]);
        check(Think, "<think>", "", &[]);
    }

    #[test]
    fn a_thought_that_the_template_begins_ends_by_its_tag() {
        use ThoughtsInText::Begun;
        check(Begun, "I think.</think>\nIt is.", "It is.", &["I think."]);
        check(Begun, "I think", "", &["I think"]);
        let mut apart = Thoughts::new(Begun).unwrap();
        apart.are_apart();
        assert_eq!(apart.piece("It is."), [Said::Text("It is.".to_owned())]);
    }
}
