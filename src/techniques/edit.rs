//! Edits of a text by position.

use std::ops::Range;

use crate::wire::Raw;

/// A replacement at a position.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) at: Range<usize>,
    pub(super) pieces: Vec<Piece>,
}

/// A part of the result.
#[derive(Debug)]
pub(super) enum Piece {
    /// New text.
    Own(String),
    /// A range of the body.
    Same(Range<usize>),
}

impl Edit {
    /// Replaces the range `at`.
    pub(super) fn new(at: Range<usize>, text: String) -> Self {
        Self { at, pieces: vec![Piece::Own(text)] }
    }

    pub(super) fn len(&self) -> usize {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Own(text) => text.len(),
            Piece::Same(place) => place.len(),
        });
        lengths.fold(0, usize::saturating_add)
    }
}

/// The position of a value in the text that it borrows from.
pub(super) fn place(body: &[u8], value: Raw<'_>) -> Range<usize> {
    let start = value.get().as_ptr().addr().saturating_sub(body.as_ptr().addr());
    start..start.saturating_add(value.get().len())
}

/// Writes a range of the body with these edits applied.
pub(super) fn edited(body: &[u8], place: &Range<usize>, edits: &[Edit], out: &mut Vec<u8>) {
    let mut at = place.start;
    for Edit { at: Range { start, end }, pieces } in edits {
        out.extend_from_slice(body.get(at..*start).unwrap_or_default());
        for piece in pieces {
            out.extend_from_slice(match piece {
                Piece::Own(text) => text.as_bytes(),
                Piece::Same(place) => body.get(place.clone()).unwrap_or_default(),
            });
        }
        at = *end;
    }
    out.extend_from_slice(body.get(at..place.end).unwrap_or_default());
}
