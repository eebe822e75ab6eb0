//! Thoughts that a model writes into its text, between tags: they are reasoning.

use crate::translate::fit::family::ThoughtsInText;

use super::markers::{Place, find, split};

/// Tags before and behind a thought.
type Tags = (&'static str, &'static str);

const THINK: Tags = ("<think>", "</think>");
const THINKING: Tags = ("<thinking>", "</thinking>");

/// Most white space before a first tag that is held, bytes.
const BLANK: usize = 256;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is said.
    Text(String),
    /// It is thought.
    Thought(String),
    /// A thought is over.
    Over,
}

/// Tells thoughts from text while it comes in pieces. They stand at the beginning of a block, one behind another; tags anywhere
/// else are text.
#[derive(Debug)]
pub(super) struct Thoughts {
    tags: Tags,
    /// The answer begins within a thought, whose first tag is the model's template's.
    is_begun: bool,
    at: At,
    /// What may be a tag, when more has come.
    held: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The beginning of a block, or behind a thought: what is blank there says nothing.
    Beginning { behind: bool },
    /// Within a thought, of which something may have come.
    Thought { begun: bool },
    /// Within what is said.
    Text,
}

impl Thoughts {
    /// `None`: the model writes none.
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

    /// Memory that is held, bytes.
    pub(super) fn held(&self) -> usize {
        self.held.capacity()
    }

    /// The model has given reasoning apart from its text: then the text begins within no thought.
    pub(super) fn are_apart(&mut self) {
        if std::mem::take(&mut self.is_begun) && self.at == (At::Thought { begun: false }) {
            self.at = At::Beginning { behind: false };
        }
    }

    /// The next piece of a block.
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

    /// The block is whole.
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

    /// What is left after a beginning was judged; what cannot be judged yet is held.
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

    /// What is left behind a thought.
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

    /// What is said and thought in a block that comes in these pieces.
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

    /// The same whole, in two pieces however cut, and letter by letter.
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
