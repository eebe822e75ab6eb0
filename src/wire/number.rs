//! Numbers that keep their written form.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Raw;
use super::forms::unexpected;

/// A number with its written form, so that no digit is lost.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    /// The JSON text; `None`: 1.
    written: Option<Raw<'a>>,
    /// Its value; never infinite.
    pub value: f64,
}

impl Number<'static> {
    /// 1.
    pub const ONE: Self = Self { written: None, value: 1.0 };
}

impl<'de: 'a, 'a> Deserialize<'de> for Number<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(deserializer)?;
        let first = raw.get().as_bytes().first();
        if !matches!(first, Some(b'-' | b'0'..=b'9')) {
            return Err(unexpected(first, &"a number"));
        }
        // Rust parses every JSON number; one that is out of range becomes infinite.
        match raw.get().parse() {
            Ok(value) if f64::is_finite(value) => Ok(Self { written: Some(raw), value }),
            _ => Err(D::Error::custom("the number is out of range")),
        }
    }
}

impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.written {
            Some(raw) => raw.serialize(serializer),
            None => serializer.serialize_u64(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{from_str, to_string};
    use super::*;

    #[test]
    fn a_number_is_written_as_it_was_read() {
        for written in ["0.70", "1", "-1.5e-7", "1E3"] {
            let number: Number<'_> = from_str(written).unwrap();
            assert_eq!(to_string(&number), written);
            assert_eq!(number.value, written.parse::<f64>().unwrap());
        }
        assert_eq!(to_string(&Number::ONE), "1");
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for (written, reason) in [
            ("1e999", "the number is out of range"),
            ("\"1\"", "expected a number, not a string"),
            ("true", "expected a number, not a boolean"),
            ("null", "expected a number, not null"),
            ("[1]", "expected a number, not a list"),
        ] {
            assert_eq!(from_str::<Number<'_>>(written).unwrap_err().reason(), reason, "{written}");
        }
    }
}
