//! Serialises numbers and strings for the shared data of the workers.

use std::time::Duration;

/// Bytes being written.
#[derive(Default)]
pub(super) struct Packed(Vec<u8>);

impl Packed {
    #[inline(never)]
    pub(super) fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    pub(super) fn moment(&mut self, moment: Duration) {
        self.number(moment.as_secs());
        self.number(moment.subsec_nanos().into());
    }

    #[inline(never)]
    pub(super) fn text(&mut self, text: &str) {
        self.number(u64::try_from(text.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Bytes being read. A method returns `None` where the bytes are not what was expected.
pub(super) struct Unpacked<'a>(pub(super) &'a [u8]);

impl Unpacked<'_> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*number))
    }

    /// A boolean, stored as 0 or 1.
    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn moment(&mut self) -> Option<Duration> {
        let seconds = self.number()?;
        let nanoseconds = u32::try_from(self.number()?).ok().filter(|part| *part < 1_000_000_000)?;
        Some(Duration::new(seconds, nanoseconds))
    }

    pub(super) fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        std::str::from_utf8(text).ok().map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let mut out = Packed::default();
        let moment = Duration::new(u64::MAX, 999_999_999);
        out.number(u64::MAX);
        out.moment(moment);
        out.text("ä\0");
        out.text("");
        let bytes = out.finish();
        let mut read = Unpacked(&bytes);
        assert_eq!((read.number(), read.moment()), (Some(u64::MAX), Some(moment)));
        assert_eq!((read.text().as_deref(), read.text().as_deref()), (Some("ä\0"), Some("")));
        assert!(read.0.is_empty());
    }

    #[test]
    fn what_nobody_writes_is_nothing() {
        let of =
            |numbers: &[u64]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(Unpacked(&[0; 7]).number(), None);
        assert_eq!(Unpacked(&of(&[2])).flag(), None);
        assert_eq!(Unpacked(&of(&[u64::MAX, 1_000_000_000])).moment(), None);
        assert_eq!(Unpacked(&of(&[9, 0])).text(), None, "longer than what is there");
        assert_eq!(Unpacked(&of(&[u64::MAX, 0])).text(), None);
        assert_eq!(Unpacked(&of(&[8, 0xff])).text(), None, "no UTF-8");
    }
}
