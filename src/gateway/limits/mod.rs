//! Limits of callers: how much a key, an identity or a team may use, counted by this proxy over all its workers.
//!
//! The caller's own limits and the team's both apply, each as a [`Budget`] whose [`State`](state::State) is in the shared data
//! of the VMs. When a request arrives, an estimate is [reserved](ledger::ask), so that concurrent requests cannot all pass;
//! when it ends, the difference to its real usage is returned or charged ([`settle`](ledger::settle)). Windows are fixed: a
//! minute begins with the first request after the previous one ended, days and months are UTC's.

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

/// The limits of one holder; `None` means no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Maximum of each [`Measure`] in each [`Span`]; money in millionths.
    pub most: Vec<(Measure, Span, u64)>,
    /// Most concurrent requests.
    pub parallel: Option<u32>,
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests.
    Requests,
    /// Tokens, input and output together.
    Tokens,
    /// Input tokens, those of prompt caches included.
    Input,
    /// Output tokens.
    Output,
    /// Money, in millionths of the currency.
    Cost,
}

/// The window in which it is counted.
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
    /// All windows, in the order of their storage.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Day, Self::Month];
}

/// Names of the limits in the configuration and in metrics; the one on concurrent requests is `parallel`.
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

/// The used part of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Use {
    /// The limit's name in the configuration.
    pub limit: &'static str,
    /// Used and reserved, in per cent; 100 or more where nothing is left.
    pub percent: u64,
}

/// A limit's name in the configuration; `None`: the one on concurrent requests.
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
    /// Whether there is no limit.
    pub fn is_empty(&self) -> bool {
        self.most.is_empty() && self.parallel.is_none()
    }

    /// Whether an estimate is needed, because tokens or money are limited.
    pub fn count_tokens(&self) -> bool {
        self.most.iter().any(|(measure, ..)| *measure != Measure::Requests)
    }

    /// Whether money is limited.
    pub fn count_cost(&self) -> bool {
        self.most.iter().any(|(measure, ..)| *measure == Measure::Cost)
    }
}

/// Limits and their holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Who is limited.
    pub holder: Holder,
    /// The limits.
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
    /// Key of the budget's state in the shared data.
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
