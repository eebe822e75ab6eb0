//! The output of a response: a list of items, of which several may be open at once.

use crate::openai::responses::event::Events;

use super::item::{Item, Kind, Status};
use super::reply::Asked;

/// The items of a response.
#[derive(Debug)]
pub(super) struct Output {
    /// Bedrock's id of the request.
    pub(super) request: String,
    /// JSON of the completed items, in the order in which all items began; empty for open ones.
    done: Vec<Vec<u8>>,
    /// The open items. At most one is a message.
    open: Vec<Item>,
}

impl Output {
    pub(super) fn new(request: &str) -> Self {
        Self { request: request.to_owned(), done: Vec::new(), open: Vec::new() }
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let done = self.done.iter().map(|item| size_of::<Vec<u8>>().saturating_add(item.capacity()));
        done.chain(self.open.iter().map(Item::held)).fold(self.request.capacity(), usize::saturating_add)
    }

    /// JSON of the items; empty for open ones.
    pub(super) fn done(&self) -> &[Vec<u8>] {
        &self.done
    }

    /// Begins an item, and ends those whose blocks are complete.
    pub(super) fn begin(
        &mut self,
        block: u32,
        kind: Kind,
        asked: &Asked,
        events: &mut Events<'_>,
    ) -> Option<&mut Item> {
        if matches!(kind, Kind::Message { .. }) {
            // Text is added to the newest item.
            let messages = self.open.iter_mut().filter(|item| matches!(item.kind, Kind::Message { .. }));
            messages.for_each(|item| item.is_whole = true);
        }
        let done = &mut self.done;
        self.open.retain(|item| {
            if item.is_whole {
                put(done, item, Status::Completed, asked, events);
            }
            !item.is_whole
        });
        let item = Item::begin(done.len(), block, kind, &self.request, events);
        done.push(Vec::new());
        self.open.push(item);
        self.open.last_mut()
    }

    /// The message for text of a block: the block's own, or the newest item. `start` is the number of characters before it.
    pub(super) fn message(
        &mut self,
        block: u32,
        start: usize,
        asked: &Asked,
        events: &mut Events<'_>,
    ) -> Option<&mut Item> {
        let newest = self.done.len().saturating_sub(1);
        let is_its = |item: &Item| {
            matches!(item.kind, Kind::Message { .. }) && (item.block == block || item.index == newest)
        };
        match self.open.iter().position(is_its) {
            Some(at) => {
                let item = self.open.get_mut(at)?;
                item.block = block;
                item.is_whole = false;
                Some(item)
            }
            None => self.begin(block, Kind::Message { start }, asked, events),
        }
    }

    /// The item of a thought, which begins if it is not there.
    pub(super) fn thought(
        &mut self,
        block: u32,
        thought: u32,
        asked: &Asked,
        events: &mut Events<'_>,
    ) -> Option<&mut Item> {
        let is_it = |item: &Item| matches!(item.kind, Kind::Thought { number, .. } if number == thought);
        if let Some(at) = self.open.iter().position(is_it) {
            return self.open.get_mut(at);
        }
        let summary = asked.summary;
        let kind = Kind::Thought { number: thought, summary, signature: None, redacted: None };
        self.begin(block, kind, asked, events)
    }

    /// The item of a call.
    pub(super) fn call(&mut self, call: u32) -> Option<&mut Item> {
        self.open.iter_mut().find(|item| matches!(item.kind, Kind::Call { number, .. } if number == call))
    }

    /// Sets the arguments of the search in a block.
    pub(super) fn searched(&mut self, block: u32, what: &str) {
        let of_block = self.open.iter_mut().filter(|item| item.block == block);
        for item in of_block {
            if let Kind::Search { arguments } = &mut item.kind {
                what.clone_into(arguments);
            }
        }
    }

    /// A block is complete.
    pub(super) fn ends(&mut self, block: u32) {
        let items = self.open.iter_mut().filter(|item| item.block == block);
        items.for_each(|item| item.is_whole = true);
    }

    /// Ends all items; the newest may be incomplete.
    pub(super) fn end(&mut self, is_cut: bool, asked: &Asked, events: &mut Events<'_>) {
        let newest = self.done.len().saturating_sub(1);
        for item in std::mem::take(&mut self.open) {
            let status = if is_cut && item.index == newest { Status::Incomplete } else { Status::Completed };
            put(&mut self.done, &item, status, asked, events);
        }
    }
}

/// Stores a completed item at its index.
fn put(done: &mut [Vec<u8>], item: &Item, status: Status, asked: &Asked, events: &mut Events<'_>) {
    let json = item.end(status, &asked.thinker, events);
    if let Some(place) = done.get_mut(item.index) {
        *place = json;
    }
}
