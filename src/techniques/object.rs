//! The members of a body by position, for writing it with changes.

use std::ops::Range;

use super::edit::{Edit, edited, place};
use crate::openai::{self, Error};
use crate::wire::{self, Members, Raw};

/// Bytes reserved for additions.
const BESIDE: usize = 256;

/// The positions of a body's members. The text itself is not held.
#[derive(Debug)]
pub(super) struct Object(Vec<Member>);

/// A known member, or a run of unknown ones.
#[derive(Debug)]
pub(super) struct Member {
    /// Empty for unknown ones.
    name: &'static str,
    /// Range of name and value, without the commas around.
    place: Range<usize>,
    /// Whether the member is repeated later.
    is_old: bool,
}

impl Object {
    /// Finds the members of a body. `known` returns the static name of a known member, else an empty one; `found` gets its
    /// value. Of repeated members the last counts.
    ///
    /// # Errors
    /// 400 where the body is not an object.
    pub(super) fn read<'a>(
        body: &'a [u8],
        known: impl Fn(&str) -> &'static str,
        mut found: impl FnMut(&'static str, Raw<'a>),
    ) -> Result<Self, Error> {
        let Members(read) = openai::parse::<Members<'_, Raw<'_>>>(body)?;
        let mut members: Vec<Member> = Vec::new();
        // Index of the last member of each name.
        let mut newest: Vec<(&str, usize)> = Vec::new();
        let mut behind = body.iter().position(|byte| *byte == b'{').map_or(0, |at| at.saturating_add(1));
        for (name, value) in read {
            let at = place(body, value);
            let between = body.get(behind..at.start).unwrap_or_default();
            let is_between = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
            let start = between.iter().take_while(|byte| is_between(byte)).count().saturating_add(behind);
            behind = at.end;
            let name = known(&name);
            match members.last_mut() {
                Some(last) if name.is_empty() && last.name.is_empty() => last.place.end = at.end,
                _ => members.push(Member { name, place: start..at.end, is_old: false }),
            }
            if name.is_empty() {
                continue;
            }
            let here = members.len().saturating_sub(1);
            match newest.iter_mut().find(|(known, _)| *known == name) {
                Some((_, newest)) => {
                    if let Some(old) = members.get_mut(std::mem::replace(newest, here)) {
                        old.is_old = true;
                    }
                }
                None => newest.push((name, here)),
            }
            found(name, value);
        }
        members.shrink_to_fit();
        Ok(Self(members))
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.0.capacity().saturating_mul(size_of::<Member>())
    }

    /// Writes the body without the removed members, with edits in the rest, and with further members, given by name and JSON.
    pub(super) fn written(
        &self,
        body: &[u8],
        gone: impl Fn(&str) -> bool,
        edits: &[Edit],
        more: &[(&str, String)],
    ) -> Vec<u8> {
        let lengths = edits.iter().map(Edit::len).chain(more.iter().map(|(_, value)| value.len()));
        let room = lengths.fold(body.len().saturating_add(BESIDE), usize::saturating_add);
        let mut out = Vec::with_capacity(room);
        out.push(b'{');
        for Member { name, place, is_old } in &self.0 {
            if *is_old || gone(name) {
                continue;
            }
            comma(&mut out);
            let first = edits.partition_point(|edit| edit.at.start < place.start);
            let edits = edits.get(first..).unwrap_or_default();
            let last = edits.partition_point(|edit| edit.at.end <= place.end);
            edited(body, place, edits.get(..last).unwrap_or_default(), &mut out);
        }
        for (name, value) in more {
            comma(&mut out);
            wire::append(&mut out, name);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
        out
    }
}

fn comma(out: &mut Vec<u8>) {
    if out.len() > 1 {
        out.push(b',');
    }
}
