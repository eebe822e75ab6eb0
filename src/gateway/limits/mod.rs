//! Limits of callers: how much a key, an identity or a team may ask, counted by this proxy over all its workers.
//!
//! A caller's own limits and the team's both hold, each as a [`Budget`] whose [`State`](state::State) is a record in what the VMs share.
//! At the request an estimate is [reserved](ledger::ask), at its end the difference to what it came to is given back or charged
//! ([`settle`](ledger::settle)): so those that come at once do not all pass. Windows are fixed: a minute begins with the first request after
//! the one before is over, days and months are those of UTC.

pub mod amount;
pub mod envoys;
pub mod estimate;
pub mod ledger;
pub mod mark;
pub mod slots;
pub mod state;
pub mod told;
mod windows;

pub use amount::Amount;

/// Most of everything that one holder may ask; `None` is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most of each [`Measure`] in each [`Span`], costs in millionths.
    pub most: Vec<(Measure, Span, u64)>,
    /// Most requests at once.
    pub parallel: Option<u32>,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests.
    Requests,
    /// Tokens, of input and output together.
    Tokens,
    /// Tokens that a model reads, of caches too.
    Input,
    /// Tokens that a model writes.
    Output,
    /// Money, in millionths.
    Cost,
}

/// For how long it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// 60 seconds from the first request on.
    Minute,
    /// A day of UTC.
    Day,
    /// A month of UTC.
    Month,
}

impl Span {
    /// All, in the order in which they are kept.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Day, Self::Month];
}

/// What limits are called in the configuration and in metrics; what is none of these is `parallel`.
pub const NAMES: [(&str, Measure, Span); 8] = [
    ("requests_per_minute", Measure::Requests, Span::Minute),
    ("tokens_per_minute", Measure::Tokens, Span::Minute),
    ("input_tokens_per_minute", Measure::Input, Span::Minute),
    ("output_tokens_per_minute", Measure::Output, Span::Minute),
    ("tokens_per_day", Measure::Tokens, Span::Day),
    ("tokens_per_month", Measure::Tokens, Span::Month),
    ("cost_per_day", Measure::Cost, Span::Day),
    ("cost_per_month", Measure::Cost, Span::Month),
];

/// How much of one limit is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// What the limit is called.
    pub limit: &'static str,
    /// How much is used and reserved of it, in per cent: 100 or more where nothing is left.
    pub percent: u64,
}

/// What a limit is called in the configuration; `None`: the one of requests at once.
pub fn name_of(limit: Option<(Measure, Span)>) -> &'static str {
    let named = NAMES.iter().find(|(_, measure, span)| limit == Some((*measure, *span)));
    named.map_or("parallel", |(name, ..)| name)
}

impl Use {
    fn of(limit: Option<(Measure, Span)>, used: u64, most: u64) -> Self {
        let percent = u128::from(used).saturating_mul(100).checked_div(most.into()).unwrap_or(0);
        Self { limit: name_of(limit), percent: u64::try_from(percent).unwrap_or(u64::MAX) }
    }
}

impl Limits {
    /// True where nothing is limited.
    pub fn is_empty(&self) -> bool {
        self.most.is_empty() && self.parallel.is_none()
    }

    /// True where an estimate is needed: tokens or money are limited.
    pub fn count_tokens(&self) -> bool {
        self.most.iter().any(|(measure, ..)| *measure != Measure::Requests)
    }

    /// True where money is limited.
    pub fn count_cost(&self) -> bool {
        self.most.iter().any(|(measure, ..)| *measure == Measure::Cost)
    }
}

/// Limits and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Whose.
    pub holder: Holder,
    /// How much.
    pub limits: Limits,
}

/// Who is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A caller, by the name that its keys and identities share.
    Caller(String),
    /// All callers of a team, by its name.
    Team(String),
}

impl Holder {
    /// The name of the record in what the VMs share.
    pub fn key(&self) -> String {
        let (kind, name) = match self {
            Self::Caller(name) => ("caller", name),
            Self::Team(name) => ("team", name),
        };
        ["bedrock-filter/limits/1/", kind, "/", name].concat()
    }
}

#[cfg(test)]
mod tests;
