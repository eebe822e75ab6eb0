//! Expressions of techniques: `a&b` runs one after the other, `a|b` side by side. `&` binds closer.

use std::fmt;

use super::choose::MEMBER;
use super::combine::{Beside, Then};
use super::{KNOWN, Technique, Tunables, known};
use crate::openai::Error;
use crate::texts::cut;

/// Most techniques of one request.
const MOST: usize = 16;
/// Names for no technique (OptiLLM's).
const NONE: &[&str] = &["none", "auto"];

/// An expression: alternatives side by side, each a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression(Vec<Vec<Operand>>);

/// A technique in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// One of this gateway's, by its name in the table.
    Ours(&'static str),
    /// One of another server's.
    Elsewhere(String),
}

impl Operand {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Ours(name) => name,
            Self::Elsewhere(name) => name,
        }
    }

    /// The technique with this name; `elsewhere` are the names of another server's.
    pub fn of(name: &str, elsewhere: &[String]) -> Option<Self> {
        let other = elsewhere.iter().find(|other| other.eq_ignore_ascii_case(name));
        let other = other.map(|other| Self::Elsewhere(other.clone()));
        other.or_else(|| known(name).map(|known| Self::Ours(known.name)))
    }
}

impl Expression {
    /// Parses an expression, ignoring case; `None`: no technique. `elsewhere` are the names of another server's.
    ///
    /// # Errors
    /// 400 for an unknown technique, an empty name, too many techniques, or a mix of this gateway's and another server's.
    pub fn read(written: &str, elsewhere: &[String]) -> Result<Option<Self>, Error> {
        let is_none = |name: &str| NONE.iter().any(|none| none.eq_ignore_ascii_case(name));
        if is_none(written.trim()) {
            return Ok(None);
        }
        let count = written.bytes().filter(|byte| b"&|".contains(byte)).count();
        if count >= MOST {
            return Err(Error::invalid(format!("A request may name {MOST} techniques at most.")).code(WRONG));
        }
        let operand = |name: &str| {
            let name = name.trim();
            if name.is_empty() {
                let message = format!("A technique has no name in '{}'.", cut(written));
                return Err(Error::invalid(message).code(WRONG));
            }
            if is_none(name) {
                return Err(Error::invalid(format!("'{name}' goes with no other technique.")).code(WRONG));
            }
            let unknown = || {
                let ours = KNOWN.iter().map(|known| known.name);
                let all: Vec<&str> = ours.chain(elsewhere.iter().map(String::as_str)).collect();
                let message = format!("There is no technique '{}'; there are {}.", cut(name), all.join(", "));
                Error::invalid_param(MEMBER, message).code(UNKNOWN)
            };
            Operand::of(name, elsewhere).ok_or_else(unknown)
        };
        let beside: Result<Vec<Vec<Operand>>, Error> =
            written.split('|').map(|then| then.split('&').map(operand).collect()).collect();
        let this = Self(beside?);
        let others = this.operands().filter(|operand| matches!(operand, Operand::Elsewhere(_))).count();
        if others > 0 && others < this.operands().count() {
            let message =
                format!("'{this}' names techniques of this gateway and of another server together.");
            return Err(Error::invalid(message).code(WRONG));
        }
        Ok(Some(this))
    }

    /// The techniques in their written order.
    pub fn operands(&self) -> impl Iterator<Item = &Operand> {
        self.0.iter().flatten()
    }

    /// Whether the techniques are another server's.
    pub fn is_elsewhere(&self) -> bool {
        self.operands().any(|operand| matches!(operand, Operand::Elsewhere(_)))
    }

    /// Whether any of them reads this parameter. Parameters of another server's techniques are unknown.
    pub fn reads(&self, tunable: &str) -> bool {
        self.operands().any(|operand| match operand {
            Operand::Ours(name) => known(name).is_some_and(|known| known.tunables.contains(&tunable)),
            Operand::Elsewhere(_) => false,
        })
    }

    /// The technique in its initial state, run `times` times; `None` for another server's.
    pub fn make(&self, tunables: &Tunables, times: usize) -> Option<Box<dyn Technique>> {
        let one = |operand: &Operand| match operand {
            Operand::Ours(name) => Some(known(name)?.make(tunables)),
            Operand::Elsewhere(_) => None,
        };
        let stages = |stages: &Vec<Operand>| -> Option<Box<dyn Technique>> {
            let stages: Option<Vec<_>> = stages.iter().map(one).collect();
            let mut stages = stages?;
            Some(if stages.len() == 1 { stages.pop()? } else { Box::new(Then::new(stages)) })
        };
        let all = std::iter::repeat_n(&self.0, times).flatten();
        let beside: Option<Vec<_>> = all.map(stages).collect();
        let mut beside = beside?;
        Some(if beside.len() == 1 { beside.pop()? } else { Box::new(Beside::new(beside)) })
    }
}

/// The code of errors.
pub(super) const WRONG: &str = "invalid_technique";
const UNKNOWN: &str = "technique_not_found";

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, then) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("|")?;
            }
            for (at, operand) in then.iter().enumerate() {
                if at > 0 {
                    f.write_str("&")?;
                }
                f.write_str(operand.name())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> Result<Option<String>, Option<&'static str>> {
        let elsewhere = ["z3".to_owned(), "memory".to_owned()];
        match Expression::read(written, &elsewhere) {
            Ok(read) => Ok(read.map(|read| read.to_string())),
            Err(error) => {
                assert_eq!(error.status, 400);
                Err(error.code)
            }
        }
    }

    #[test]
    fn names_are_read_in_any_case_and_with_space_around() {
        for (written, expected) in [
            ("re2", "re2"),
            (" RE2\n", "re2"),
            ("re2&cot_reflection", "re2&cot_reflection"),
            ("re2 | Cot_Reflection & re2", "re2|cot_reflection&re2"),
            ("Z3&memory", "z3&memory"),
        ] {
            assert_eq!(read(written), Ok(Some(expected.to_owned())), "{written}");
        }
        for none in ["none", " None ", "auto"] {
            assert_eq!(read(none), Ok(None));
        }
    }

    #[test]
    fn what_names_no_technique_is_refused() {
        for written in ["", " ", "&", "re2&", "|re2", "re2||re2", "re2&none", "none|re2", "re2&z3"] {
            assert_eq!(read(written), Err(Some(WRONG)), "{written}");
        }
        for written in ["foo", "re2&foo", "bon-voyage", "<optillm_approach>re2"] {
            assert_eq!(read(written), Err(Some(UNKNOWN)), "{written}");
        }
        let error = Expression::read("re2|foo", &["z3".to_owned()]).unwrap_err();
        assert!(
            error.message.starts_with("There is no technique 'foo'; there are re2, "),
            "{}",
            error.message
        );
        assert!(error.message.ends_with(", rstar, z3."), "{}", error.message);
        assert_eq!(error.param.as_deref(), Some(MEMBER));
    }

    #[test]
    fn a_thousand_techniques_are_refused_before_any_is_made() {
        assert_eq!(read(&"re2&".repeat(1_000)), Err(Some(WRONG)));
        assert_eq!(read(&["re2"; MOST].join("|")).map(|read| read.is_some()), Ok(true));
    }

    #[test]
    fn what_another_server_has_is_made_there() {
        let elsewhere = ["z3".to_owned()];
        let other = Expression::read("z3", &elsewhere).unwrap().unwrap();
        assert!(other.is_elsewhere() && other.make(&Tunables::default(), 1).is_none());
        let ours = Expression::read("re2|re2&re2", &elsewhere).unwrap().unwrap();
        assert!(!ours.is_elsewhere());
        assert_eq!(ours.make(&Tunables::default(), 2).unwrap().most_calls(), 6);
    }
}
