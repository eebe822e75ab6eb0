//! Ids of tool calls: valid for the family, distinct across turns, the same in a call and its result.

use super::family::ToolIds as Style;
use crate::translate::numbered::Numbered;

/// Longest id, characters (service model).
const LENGTH: usize = 64;

/// Assigns ids.
#[derive(Debug)]
pub(super) struct ToolIds {
    style: Style,
    used: Numbered<'static>,
    next: u32,
}

impl ToolIds {
    pub(super) fn new(style: Style) -> Self {
        Self { style, used: Numbered::default(), next: 0 }
    }

    /// The id for a call with the client's id `client`, kept where possible.
    pub(super) fn assign(&mut self, client: Option<&str>) -> String {
        let wanted = client.filter(|id| !id.is_empty()).and_then(|id| match self.style {
            Style::Usual => Some(legalised(id, "_.:-")),
            Style::Plain => Some(legalised(id, "_-")),
            Style::Nine => {
                (id.len() == 9 && id.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| id.to_owned())
            }
        });
        if let Some(id) = wanted.filter(|id| self.used.add(id.clone().into())) {
            return id;
        }
        loop {
            // Deterministic, so that a cached prefix stays the same.
            let id = format!("call{:05}", self.next);
            self.next = self.next.wrapping_add(1);
            if self.used.add(id.clone().into()) {
                return id;
            }
        }
    }
}

fn legalised(id: &str, marks: &str) -> String {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    id.chars().map(|c| if is_legal(c) { c } else { '_' }).take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_legal_and_distinct() {
        let mut ids = ToolIds::new(Style::Usual);
        assert_eq!(ids.assign(Some("call_1")), "call_1");
        assert_eq!(ids.assign(Some("call_1")), "call00000");
        assert_eq!(ids.assign(Some("a b/ü")), "a_b__");
        assert_eq!(ids.assign(Some(&"x".repeat(10_000))).len(), 64);
        assert_eq!(ids.assign(None), "call00001");
    }

    #[test]
    fn claude_gets_neither_dots_nor_colons() {
        let mut ids = ToolIds::new(Style::Plain);
        assert_eq!(ids.assign(Some("functions.f:0")), "functions_f_0");
        assert_eq!(ids.assign(Some("functions-f_0")), "functions-f_0");
    }

    #[test]
    fn mistral_gets_nine_characters() {
        let mut ids = ToolIds::new(Style::Nine);
        assert_eq!(ids.assign(Some("AbC123xyz")), "AbC123xyz");
        assert_eq!(ids.assign(Some("call_long_id")), "call00000");
    }
}
