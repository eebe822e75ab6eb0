//! Numbers that go on as they are written.

use super::{Error, Read, Reader, Write, Writer};

/// A number and how it is written: nobody has to write it anew, and nothing of it is lost on the way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<'a> {
    /// As JSON has it.
    written: &'a str,
    /// What it is.
    pub value: f64,
}

impl Number<'static> {
    /// 1.
    pub const ONE: Self = Self { written: "1", value: 1.0 };
}

impl<'a> Read<'a> for Number<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let written = reader.number("a number")?;
        let value: f64 = written.parse().map_err(|_| Error::new("expected a number"))?;
        // What is out of range is read as infinite.
        if value.is_finite() {
            Ok(Self { written, value })
        } else {
            Err(Error::new("the number is out of range"))
        }
    }
}

impl<'a, 'b: 'a> Write<'a> for Number<'b> {
    fn write(&self, out: &mut Writer<'a>) {
        out.borrowed(self.written);
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
        assert!(from_str::<Number<'_>>("1e999").is_err());
    }
}
