//! Separates thoughts from the answer by the tags that the model was asked to write, as the text comes in parts.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Reasoning.
    Thought(String),
    /// Text of the answer.
    Answer(String),
}

/// Reads a text in parts. The answer is the content of `<output>`, closed or not, and text outside of tags before it; the rest
/// is thoughts. A text whose answer would be empty is the answer itself.
#[derive(Debug, Default)]
pub struct Parted {
    place: Place,
    /// Text that may be the beginning of a tag.
    held: String,
    /// White space that belongs to the answer only if more of it follows.
    space: String,
    thoughts: String,
    has_answer: bool,
    out: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Thinking,
    /// Within this many `<output>` elements: HTML has an element of that name, too.
    Output(usize),
    Behind,
}

const TAGS: [&str; 4] = ["<thinking>", "</thinking>", "<output>", "</output>"];

impl Parted {
    /// Takes the next part of the text; returns what is decided.
    pub fn push(&mut self, text: &str) -> Vec<Piece> {
        self.held.push_str(text);
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_str();
        while let Some((before, from)) = rest.find('<').and_then(|place| rest.split_at_checked(place)) {
            self.told(before);
            if let Some(tag) = TAGS.into_iter().find(|tag| from.starts_with(tag)) {
                self.tag(tag);
                rest = from.strip_prefix(tag).unwrap_or_default();
            } else if TAGS.into_iter().any(|tag| tag.starts_with(from)) {
                self.held = from.to_owned();
                rest = "";
            } else {
                self.told("<");
                rest = from.strip_prefix('<').unwrap_or_default();
            }
        }
        self.told(rest);
        std::mem::take(&mut self.out)
    }

    /// Returns what is left at the end of the text.
    pub fn end(&mut self) -> Vec<Piece> {
        let held = std::mem::take(&mut self.held);
        self.told(&held);
        if !self.has_answer && !self.thoughts.is_empty() {
            self.out.push(Piece::Answer(std::mem::take(&mut self.thoughts)));
        }
        std::mem::take(&mut self.out)
    }

    /// Whether some of the answer has been returned.
    pub fn has_answered(&self) -> bool {
        self.has_answer
    }

    /// Bytes held.
    pub fn held(&self) -> usize {
        let parts = [&self.held, &self.space, &self.thoughts];
        parts.into_iter().map(String::capacity).fold(0, usize::saturating_add)
    }

    /// The thoughts and the answer of a whole text; `None` where there are no thoughts.
    pub fn whole(text: &str) -> (Option<String>, String) {
        let mut parted = Self::default();
        let mut pieces = parted.push(text);
        pieces.extend(parted.end());
        let (mut thoughts, mut answer) = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Thought(text) => thoughts.push_str(&text),
                Piece::Answer(text) => answer.push_str(&text),
            }
        }
        (Some(thoughts).filter(|thoughts| !thoughts.trim().is_empty() && *thoughts != answer), answer)
    }

    fn tag(&mut self, tag: &str) {
        self.place = match (self.place, tag) {
            (Place::Outside, "<thinking>") => Place::Thinking,
            (Place::Thinking, "</thinking>") => Place::Outside,
            (Place::Outside | Place::Thinking, "<output>") => Place::Output(0),
            (Place::Output(0), "</output>") => Place::Behind,
            (Place::Output(depth), "</output>") => {
                self.told(tag);
                Place::Output(depth.saturating_sub(1))
            }
            (Place::Output(depth), "<output>") => {
                self.told(tag);
                Place::Output(depth.saturating_add(1))
            }
            (place, _) => {
                self.told(tag);
                place
            }
        };
        if self.place == Place::Behind || self.place == Place::Output(0) && !self.has_answer {
            self.space.clear();
        }
    }

    fn told(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let is_answer = matches!(self.place, Place::Outside | Place::Output(_));
        if !is_answer {
            if !self.has_answer {
                self.thoughts.push_str(text);
            }
            match self.out.last_mut() {
                Some(Piece::Thought(last)) => last.push_str(text),
                _ => self.out.push(Piece::Thought(text.to_owned())),
            }
            return;
        }
        let text = if self.has_answer { text } else { text.trim_start() };
        let trimmed = text.trim_end();
        if !trimmed.is_empty() {
            let space = std::mem::take(&mut self.space);
            self.has_answer = true;
            match self.out.last_mut() {
                Some(Piece::Answer(last)) => last.extend([space.as_str(), trimmed]),
                _ => self.out.push(Piece::Answer([space.as_str(), trimmed].concat())),
            }
        }
        self.space.push_str(text.get(trimmed.len()..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result for a text that comes in parts of `size` characters.
    fn in_parts(text: &str, size: usize) -> (String, String) {
        let mut parted = Parted::default();
        let characters: Vec<char> = text.chars().collect();
        let mut pieces: Vec<Piece> =
            characters.chunks(size).flat_map(|part| parted.push(&part.iter().collect::<String>())).collect();
        pieces.extend(parted.end());
        let mut both = (String::new(), String::new());
        for piece in pieces {
            match piece {
                Piece::Thought(text) => both.0.push_str(&text),
                Piece::Answer(text) => both.1.push_str(&text),
            }
        }
        both
    }

    #[test]
    fn the_answer_is_what_stands_in_the_tags_of_the_output_however_it_comes() {
        for (text, thoughts, answer) in [
            (
                "<thinking>a <reflection>b</reflection></thinking>\n<output>\n4 < 5\n</output>",
                Some("a <reflection>b</reflection>"),
                "4 < 5",
            ),
            ("<thinking>a</thinking><output>not closed", Some("a"), "not closed"),
            ("<thinking>a</thinking>\n\n42", Some("a"), "42"),
            ("no tags at all", None, "no tags at all"),
            ("<output>x</output> behind", Some(" behind"), "x"),
            ("<thinking>a<output>b", Some("a"), "b"),
            ("<output><output>1</output> of html</output>", None, "<output>1</output> of html"),
            ("<output>the tag <thinking> is text</output>", None, "the tag <thinking> is text"),
            ("</output></thinking>", None, "</output></thinking>"),
            ("a <out", None, "a <out"),
            ("", None, ""),
            ("<output></output>", None, ""),
        ] {
            assert_eq!(Parted::whole(text), (thoughts.map(str::to_owned), answer.to_owned()), "{text}");
            for size in 1..12 {
                let (told, answered) = in_parts(text, size);
                assert_eq!(
                    (told.as_str(), answered.as_str()),
                    (thoughts.unwrap_or_default(), answer),
                    "{text} {size}"
                );
            }
        }
    }

    #[test]
    fn a_text_of_thoughts_alone_is_its_own_answer() {
        assert_eq!(Parted::whole("<thinking>42"), (None, "42".into()));
        assert_eq!(in_parts("<thinking>42", 3), ("42".into(), "42".into()));
    }

    #[test]
    fn the_answer_is_told_as_it_comes() {
        let mut parted = Parted::default();
        assert_eq!(parted.push("<thinking>a"), [Piece::Thought("a".into())]);
        assert_eq!(parted.push("</thinking><out"), []);
        assert_eq!(parted.push("put>b "), [Piece::Answer("b".into())]);
        assert_eq!(parted.push("c"), [Piece::Answer(" c".into())]);
        assert_eq!(parted.end(), []);
    }
}
