//! A caller's budgets in the shared data, changed by compare-and-swap.

use super::slots::Slots;
use super::state::{Left, Over, Reservation, State};
use super::{Amount, Budget, Use};

/// How often a write is tried while others change the record. A change takes microseconds, and at most one per worker competes.
const TRIES: usize = 50;

/// The shared data of the VMs of one Envoy.
pub trait Store {
    /// The value of a key, and its version.
    ///
    /// # Errors
    /// The data cannot be read.
    fn read(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Failed>;

    /// Writes a value over that version; `None`: over no value. False where another worker was faster.
    ///
    /// # Errors
    /// The data cannot be written.
    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> Result<bool, Failed>;

    /// Reports a value that cannot be parsed, and is replaced by an empty one.
    fn unreadable(&self, key: &str);
}

/// The shared data is not available, or others keep changing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It would exceed a limit of the budget at this index.
    Over(usize, Over),
    /// The budgets could not be read, so the client has to retry.
    Failed,
}

/// The amount reserved of each budget, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken(Vec<Reservation>);

/// Reserves a request's amount in all budgets, or in none. `left` gets what is left of each per-minute limit, whether the
/// request is let in or not.
///
/// # Errors
/// A budget has not enough left, or the shared data is not available.
pub fn ask(
    store: &dyn Store,
    budgets: &[Budget],
    asked: &Amount,
    slots: &mut Slots,
    now: u64,
    left: &mut dyn FnMut(Left),
) -> Result<Taken, Refused> {
    let mut taken = Taken::default();
    for (place, budget) in budgets.iter().enumerate() {
        match ask_one(store, budget, asked, slots, now, left) {
            Ok(reservation) => taken.0.push(reservation),
            Err(refused) => {
                // A reservation that cannot be returned ends with its window.
                let _ = settle(store, budgets, &taken, &Amount::default(), slots, now);
                return Err(match refused {
                    Some(over) => Refused::Over(place, over),
                    None => Refused::Failed,
                });
            }
        }
    }
    Ok(taken)
}

/// Reserves in one budget; `None`: the shared data is not available.
fn ask_one(
    store: &dyn Store,
    Budget { holder, limits }: &Budget,
    asked: &Amount,
    slots: &mut Slots,
    now: u64,
    left: &mut dyn FnMut(Left),
) -> Result<Reservation, Option<Over>> {
    let key = holder.key();
    let open = slots.of(&key);
    let mut result = Err(None);
    let mut after = None;
    change(store, &key, &mut |state| {
        result = state.ask(limits, asked, open, now).map_err(Some);
        after = Some(state.clone());
        result.is_ok()
    })
    .map_err(|Failed| None)?;
    after.iter().flat_map(|state| state.left(limits, now)).for_each(left);
    if result.is_ok() && limits.parallel.is_some() {
        slots.take(&key);
    }
    result
}

/// Replaces a request's reservation by what it has used, and frees its slots.
///
/// # Errors
/// Some budget could not be written: its reservation stays until the window ends.
pub fn settle(
    store: &dyn Store,
    budgets: &[Budget],
    taken: &Taken,
    real: &Amount,
    slots: &mut Slots,
    now: u64,
) -> Result<(), Failed> {
    let mut result = Ok(());
    for (Budget { holder, limits }, reservation) in budgets.iter().zip(&taken.0) {
        let key = holder.key();
        if limits.parallel.is_some() {
            slots.release(&key);
        } else if !limits.count_tokens() && real.requests > 0 {
            // Nothing to change.
            continue;
        }
        let open = limits.parallel.map(|_| slots.of(&key));
        let settled = change(store, &key, &mut |state| {
            state.settle(reservation, real, now);
            if let Some(open) = open {
                state.lease(open, now);
            }
            true
        });
        result = result.and(settled);
    }
    result
}

/// Charges an amount without a reservation: that of a call which is part of a request that was let in.
///
/// # Errors
/// Some budget could not be written.
pub fn charge(store: &dyn Store, budgets: &[Budget], real: &Amount, now: u64) -> Result<(), Failed> {
    let mut result = Ok(());
    for budget in budgets.iter().filter(|budget| budget.limits.count_tokens()) {
        let charged = change(store, &budget.holder.key(), &mut |state| {
            state.settle(&Reservation::default(), real, now);
            true
        });
        result = result.and(charged);
    }
    result
}

/// Renews the slots of this worker's open requests, and frees those that could not be freed before.
///
/// # Errors
/// Some budget could not be written; the next renewal is soon.
pub fn renew(store: &dyn Store, slots: &Slots, now: u64) -> Result<(), Failed> {
    let mut result = Ok(());
    for key in slots.keys() {
        let renewed = change(store, &key, &mut |state| {
            state.lease(slots.of(&key), now);
            true
        });
        result = result.and(renewed);
    }
    result
}

/// The used part of each limit of a budget; empty where it is unused so far, or the shared data is not available.
pub fn uses(store: &dyn Store, Budget { holder, limits }: &Budget, now: u64) -> Vec<Use> {
    let read = store.read(&holder.key()).ok().flatten();
    let state = read.and_then(|(bytes, _)| State::from_bytes(&bytes));
    state.map(|state| state.uses(limits, now)).unwrap_or_default()
}

/// Changes one record by compare-and-swap. `next` changes the state and returns whether to write it.
fn change(store: &dyn Store, key: &str, next: &mut dyn FnMut(&mut State) -> bool) -> Result<(), Failed> {
    for _ in 0..TRIES {
        let (bytes, version) = store.read(key)?.unzip();
        let mut state = match bytes.as_deref().map(State::from_bytes) {
            Some(Some(state)) => state,
            Some(None) => {
                store.unreadable(key);
                State::default()
            }
            None => State::default(),
        };
        if !next(&mut state) || store.write(key, &state.to_bytes(), version)? {
            return Ok(());
        }
    }
    Err(Failed)
}
