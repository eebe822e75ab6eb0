//! A caller's budgets together, in what the VMs share: each is changed by one at a time.

use super::slots::Slots;
use super::state::{Left, Over, Reservation, State};
use super::{Amount, Budget, Use};

/// How often a record is read anew that others keep changing. A change takes microseconds, and there are as many at a time as workers.
const TRIES: usize = 50;

/// What the VMs of one Envoy share.
pub trait Store {
    /// What is there under a name, and which version.
    ///
    /// # Errors
    /// Where that cannot be told.
    fn read(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Failed>;

    /// Writes in the place of that version, `None`: of nothing. False where another was faster.
    ///
    /// # Errors
    /// Where it cannot be written.
    fn write(&self, key: &str, bytes: &[u8], version: Option<u32>) -> Result<bool, Failed>;

    /// What is there cannot be read, and is begun anew.
    fn unreadable(&self, key: &str);
}

/// What is shared cannot be had, or others change it all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failed;

/// Why a request is not let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It would go above a limit of the budget at this place.
    Over(usize, Over),
    /// Nobody knows whether it would: it has to come again.
    Failed,
}

/// What was reserved of each budget, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken(Vec<Reservation>);

/// Reserves what a request asks of all budgets, or of none. `left` is told what is left of each limit by the minute, whether it is let in or
/// not.
///
/// # Errors
/// Where one of them has not enough, or none can be had.
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
                // What cannot be given back is over with its window.
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

/// `None`: it cannot be had.
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

/// Puts what a request came to in the place of what was taken for it, and frees its slots.
///
/// # Errors
/// Where it cannot be written for each: what was reserved stays so until its window is over.
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
            // Nothing has changed.
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

/// Charges what was not asked for: a call that is part of another request, which was let in with it.
///
/// # Errors
/// Where it cannot be written for each.
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

/// Renews the slots of this worker's open requests, and gives back what could not be given back before.
///
/// # Errors
/// Where one cannot be written: the next time is soon.
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

/// How much of each limit of a budget is used; nothing where nobody has asked yet, or it cannot be had.
pub fn uses(store: &dyn Store, Budget { holder, limits }: &Budget, now: u64) -> Vec<Use> {
    let read = store.read(&holder.key()).ok().flatten();
    let state = read.and_then(|(bytes, _)| State::from_bytes(&bytes));
    state.map(|state| state.uses(limits, now)).unwrap_or_default()
}

/// Changes one record, whoever else does. `next` is given what is there, and says whether to write what it made of it.
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
