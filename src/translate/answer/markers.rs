//! Finds markers in a text that comes in parts.

use memchr::memchr_iter;

/// The position of the first marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At this byte; index of the marker.
    At(usize, usize),
    /// May begin at this byte: the text ends within a possible marker.
    Maybe(usize),
    /// None.
    Nowhere,
}

/// Finds the first of several markers, each of which begins with `<`.
pub(super) fn find(text: &str, markers: &[&str]) -> Place {
    for at in memchr_iter(b'<', text.as_bytes()) {
        let rest = text.get(at..).unwrap_or_default();
        if let Some(which) = markers.iter().position(|marker| rest.starts_with(marker)) {
            return Place::At(at, which);
        }
        if markers.iter().any(|marker| marker.starts_with(rest)) {
            return Place::Maybe(at);
        }
    }
    Place::Nowhere
}

/// Splits a text at a byte.
pub(super) fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_found_whole_or_in_its_beginning() {
        let markers = ["<think>", "<thinking>"];
        assert_eq!(find("a <b> <think>", &markers), Place::At(6, 0));
        assert_eq!(find("<thinking>", &markers), Place::At(0, 1));
        assert_eq!(find("a<thin", &markers), Place::Maybe(1));
        assert_eq!(find("a<", &markers), Place::Maybe(1));
        assert_eq!(find("a<tea", &markers), Place::Nowhere);
    }
}
