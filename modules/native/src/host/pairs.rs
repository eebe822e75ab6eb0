//! Maps of headers in proxy-wasm's form: how many (`u32`), for each the lengths of name and value, then each name and value with a zero
//! behind it.

use crate::abi::{Given, GivenHeader, GotHeader};

const NUMBER: usize = size_of::<u32>();

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(NUMBER)?)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// The names and values of a map; of what is none, as many as can be read.
pub(crate) fn read(bytes: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let count = number(bytes, 0).unwrap_or_default();
    let mut lengths = NUMBER;
    let mut texts = count.saturating_mul(2 * NUMBER).saturating_add(NUMBER);
    let mut text = move || {
        let length = number(bytes, lengths)?;
        let text = bytes.get(texts..texts.checked_add(length)?)?;
        lengths = lengths.checked_add(NUMBER)?;
        texts = texts.checked_add(length)?.checked_add(1)?;
        Some(text)
    };
    (0..count).map_while(move |_| Some((text()?, text()?)))
}

/// A header for Envoy.
pub(crate) fn given((name, value): (&[u8], &[u8])) -> GivenHeader {
    GivenHeader { name: Given::new(name), value: Given::new(value) }
}

/// How long a map of these is.
pub(crate) fn size(headers: &[GotHeader]) -> usize {
    let texts = headers.iter().map(|header| header.name.len() + header.value.len());
    NUMBER + headers.len() * (2 * NUMBER + 2) + texts.sum::<usize>()
}

/// Writes a map of what Envoy has just given.
pub(crate) fn write(headers: &[GotHeader]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size(headers));
    let number = |bytes: &mut Vec<u8>, number: usize| {
        bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    };
    number(&mut bytes, headers.len());
    for header in headers {
        number(&mut bytes, header.name.len());
        number(&mut bytes, header.value.len());
    }
    for header in headers {
        for text in [header.name, header.value] {
            // SAFETY: Envoy has given it in this callback, and nothing was changed since.
            bytes.extend_from_slice(unsafe { text.bytes() });
            bytes.push(0);
        }
    }
    bytes
}

/// The same of names and values of our own.
pub(crate) fn of(all: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    bytes.extend_from_slice(&number(all.len()));
    for (name, value) in all {
        bytes.extend_from_slice(&number(name.len()));
        bytes.extend_from_slice(&number(value.len()));
    }
    for (name, value) in all {
        for text in [name, value] {
            bytes.extend_from_slice(text);
            bytes.push(0);
        }
    }
    bytes
}
