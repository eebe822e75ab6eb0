//! Reasoning that a model writes into its text between marks, `<think>…</think>` at the beginning of an answer.

/// Most white space before a mark, bytes.
const SPACE: usize = 1 << 10;

/// The marks of one kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Before reasoning.
    pub open: &'static str,
    /// Behind reasoning.
    pub close: &'static str,
}

/// `<think>`, of most that write their reasoning so.
pub const THINK: Marks = Marks { open: "<think>", close: "</think>" };
/// `<thinking>`, of Amazon Nova's first generation.
pub const THINKING: Marks = Marks { open: "<thinking>", close: "</thinking>" };

/// Parts a text while it comes in pieces. What is held is no longer than a mark, and white space around it.
#[derive(Debug)]
pub(crate) struct InlineReasoning {
    marks: Marks,
    place: Place,
    held: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Reasoning may begin.
    Before,
    Reasoning,
    /// Reasoning has been; of what follows, the white space goes, and more reasoning may begin.
    Behind,
    Text,
}

/// What a piece brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parted {
    pub(crate) reasoning: String,
    pub(crate) text: String,
}

impl InlineReasoning {
    pub(crate) fn new(marks: Marks) -> Self {
        Self { marks, place: Place::Before, held: String::new() }
    }

    /// Memory that is held, bytes.
    pub(crate) fn held(&self) -> usize {
        self.held.capacity()
    }

    /// Parts the next piece.
    pub(crate) fn piece(&mut self, piece: &str) -> Parted {
        let mut parted = Parted::default();
        if self.place == Place::Text {
            parted.text.push_str(piece);
            return parted;
        }
        let mut whole = std::mem::take(&mut self.held);
        whole.push_str(piece);
        let mut rest = whole.as_str();
        while let Some(after) = self.step(rest, &mut parted) {
            rest = after;
        }
        if self.place == Place::Text {
            parted.text.push_str(rest);
        } else {
            rest.clone_into(&mut self.held);
        }
        parted
    }

    /// What is left when the text is over.
    pub(crate) fn end(&mut self) -> Parted {
        let held = std::mem::take(&mut self.held);
        let place = std::mem::replace(&mut self.place, Place::Text);
        match place {
            Place::Reasoning => Parted { reasoning: held, text: String::new() },
            Place::Behind => Parted { reasoning: String::new(), text: held.trim_start().to_owned() },
            Place::Before | Place::Text => Parted { reasoning: String::new(), text: held },
        }
    }

    /// Goes on by one mark, or as far as there is: what then is left of `text`, or nothing where no more can be told of it.
    fn step<'t>(&mut self, text: &'t str, parted: &mut Parted) -> Option<&'t str> {
        let Marks { open, close } = self.marks;
        match self.place {
            Place::Before | Place::Behind => {
                let begun = text.trim_start();
                if let Some(rest) = begun.strip_prefix(open) {
                    self.place = Place::Reasoning;
                    return Some(rest);
                }
                if open.starts_with(begun) && text.len() <= SPACE {
                    return None;
                }
                let is_behind = self.place == Place::Behind;
                self.place = Place::Text;
                Some(if is_behind { begun } else { text })
            }
            Place::Reasoning => {
                if let Some((reasoning, rest)) = text.split_once(close) {
                    parted.reasoning.push_str(reasoning);
                    self.place = Place::Behind;
                    return Some(rest);
                }
                let given = text.len().saturating_sub(begun_at_end(text, close));
                let (given, rest) = text.split_at_checked(given).filter(|(given, _)| !given.is_empty())?;
                parted.reasoning.push_str(given);
                Some(rest)
            }
            Place::Text => None,
        }
    }
}

/// How many bytes at the end of `text` may be the beginning of `mark`.
fn begun_at_end(text: &str, mark: &str) -> usize {
    (1..mark.len()).rev().find(|length| text.ends_with(mark.get(..*length).unwrap_or(mark))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole text, cut at each character, and in single characters.
    #[track_caller]
    fn check(text: &str, reasoning: &str, rest: &str) {
        let parted = |pieces: &[&str]| {
            let mut inline = InlineReasoning::new(THINK);
            let mut all = Parted::default();
            let parts = pieces.iter().map(|piece| inline.piece(piece)).collect::<Vec<_>>();
            for part in parts.into_iter().chain([inline.end()]) {
                all.reasoning += &part.reasoning;
                all.text += &part.text;
            }
            assert_eq!(inline.place, Place::Text);
            all
        };
        let expected = Parted { reasoning: reasoning.to_owned(), text: rest.to_owned() };
        for at in (0..=text.len()).filter(|at| text.is_char_boundary(*at)) {
            assert_eq!(parted(&[&text[..at], &text[at..]]), expected, "cut at {at}");
        }
        let characters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(parted(&characters.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn what_stands_between_the_marks_at_the_beginning_is_reasoning() {
        check("<think>Why? </thin é</think>\n\nSo.", "Why? </thin é", "So.");
        check("\n <think>a</think><think>b</think>c", "ab", "c");
        check("<think></think>c", "", "c");
    }

    #[test]
    fn marks_later_on_and_other_ones_are_text() {
        check("Use <think>x</think>.", "", "Use <think>x</think>.");
        check("  <thinking>x", "", "  <thinking>x");
        check("<th", "", "<th");
        check("", "", "");
        check("<think>a</think>b<think>c</think>", "a", "b<think>c</think>");
    }

    #[test]
    fn reasoning_that_is_cut_is_reasoning() {
        check("<think>a</thi", "a</thi", "");
    }

    #[test]
    fn white_space_is_not_held_for_ever() {
        let mut inline = InlineReasoning::new(THINK);
        let text = inline.piece(&" ".repeat(SPACE + 1)).text;
        assert_eq!((text.len(), inline.held()), (SPACE + 1, 0));
    }
}
