//! Tool calls of the assistant's last turn that have no result yet.

use std::collections::VecDeque;

use crate::translate::numbered::Numbered;

/// A tool call without a result.
#[derive(Debug)]
pub(super) struct Call {
    /// The client's id; empty where it has none.
    pub(super) client_id: String,
    /// The tool, by the client's name.
    pub(super) name: String,
    /// The id at Bedrock.
    pub(super) id: String,
}

/// The calls in order, with constant-time lookup by id and by tool.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    calls: Vec<Option<Call>>,
    by_client_id: Places,
    by_name: Places,
}

impl Waiting {
    /// Adds a call.
    pub(super) fn push(&mut self, call: Call) {
        let at = self.calls.len();
        self.by_client_id.push(&call.client_id, at);
        self.by_name.push(&call.name, at);
        self.calls.push(Some(call));
    }

    /// Takes the first call with this id of the client's.
    pub(super) fn take_by_client_id(&mut self, id: &str) -> Option<Call> {
        take(&mut self.calls, self.by_client_id.get_mut(id)?)
    }

    /// Takes the first call of the tool `name`.
    pub(super) fn take_by_name(&mut self, name: &str) -> Option<Call> {
        take(&mut self.calls, self.by_name.get_mut(name)?)
    }

    /// Takes all remaining calls.
    pub(super) fn take_all(&mut self) -> Vec<Call> {
        std::mem::take(self).calls.into_iter().flatten().collect()
    }
}

/// Positions of the calls with a name.
#[derive(Debug, Default)]
struct Places {
    names: Numbered<'static>,
    /// By the name's number.
    places: Vec<VecDeque<usize>>,
}

impl Places {
    fn push(&mut self, name: &str, at: usize) {
        let (number, is_new) = self.names.number(name.to_owned().into());
        if is_new {
            self.places.push(VecDeque::new());
        }
        if let Some(places) = self.places.get_mut(number) {
            places.push_back(at);
        }
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut VecDeque<usize>> {
        self.places.get_mut(self.names.get(name)?)
    }
}

/// Takes the first remaining call: the other index may have taken some.
fn take(calls: &mut [Option<Call>], places: &mut VecDeque<usize>) -> Option<Call> {
    while let Some(at) = places.pop_front() {
        if let Some(call) = calls.get_mut(at).and_then(Option::take) {
            return Some(call);
        }
    }
    None
}
