//! The layout of one shelf: its entries in sequence, the oldest first.
//!
//! ```text
//! key, 32 bytes │ kept at, seconds since 1970, 8 │ length, 4 │ reasoning      numbers are little-endian
//! ```

/// The key of an entry.
pub(super) type Key = [u8; 32];

/// Size of a shelf, and lifetime of its entries.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) seconds: u64,
}

struct Entry<'b> {
    key: &'b Key,
    kept_at: u64,
    reasoning: &'b [u8],
    /// The entry as serialised.
    whole: &'b [u8],
}

impl Entry<'_> {
    /// Whether it is still valid. An entry from further in the future than the lifetime was written before the clock was set
    /// back.
    fn is_good(&self, now: u64, seconds: u64) -> bool {
        self.kept_at.abs_diff(now) < seconds
    }
}

/// The entries; a malformed one ends the list.
fn entries(mut bytes: &[u8]) -> impl Iterator<Item = Entry<'_>> {
    std::iter::from_fn(move || {
        let (key, rest) = bytes.split_first_chunk()?;
        let (kept_at, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (reasoning, rest) = rest.split_at_checked(length)?;
        let whole = bytes.get(..bytes.len().saturating_sub(rest.len()))?;
        bytes = rest;
        Some(Entry { key, kept_at: u64::from_le_bytes(*kept_at), reasoning, whole })
    })
}

/// The valid entries: key, each once, and reasoning.
pub(super) fn good(bytes: &[u8], now: u64, seconds: u64) -> impl Iterator<Item = (&Key, &[u8])> {
    let good = entries(bytes).filter(move |entry| entry.is_good(now, seconds));
    good.map(|entry| (entry.key, entry.reasoning))
}

/// The shelf with one more entry, which replaces any with its key. Expired entries are dropped, then the oldest, until it fits.
/// `None` where the entry alone does not fit.
pub(super) fn with(bytes: &[u8], key: &Key, reasoning: &[u8], now: u64, limits: Limits) -> Option<Vec<u8>> {
    let length = u32::try_from(reasoning.len()).ok()?.to_le_bytes();
    let entry = [&key[..], &now.to_le_bytes(), &length, reasoning].concat();
    let room = limits.bytes.checked_sub(entry.len())?;
    let mut kept: Vec<Entry<'_>> =
        entries(bytes).filter(|entry| entry.key != key && entry.is_good(now, limits.seconds)).collect();
    // From the newest back, as many as fit.
    let mut used = 0_usize;
    let fitting = kept.iter().rev().take_while(|entry| {
        used = used.saturating_add(entry.whole.len());
        used <= room
    });
    let surplus = kept.len().saturating_sub(fitting.count());
    kept.drain(..surplus);
    let mut shelf: Vec<&[u8]> = kept.iter().map(|entry| entry.whole).collect();
    shelf.push(&entry);
    Some(shelf.concat())
}

/// The shelf without expired entries; `None` where none has expired.
pub(super) fn swept(bytes: &[u8], now: u64, seconds: u64) -> Option<Vec<u8>> {
    let good: Vec<&[u8]> =
        entries(bytes).filter(|entry| entry.is_good(now, seconds)).map(|entry| entry.whole).collect();
    let good = good.concat();
    (good.len() < bytes.len()).then_some(good)
}
