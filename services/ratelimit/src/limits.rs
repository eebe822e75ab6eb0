//! The file of limits: amounts per caller and team, in windows.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Stands for every name without an entry.
const ANYBODY: &str = "*";
/// Hits per unit of money: cost is charged in millionths.
const MICROS: f64 = 1_000_000.0;
/// Largest limit, hits: below it a count in a double is exact, and sums of two do not overflow.
const MOST: f64 = 1e15;

/// The names of limits, such as `tokens_per_minute`, and their windows.
pub const LIMITS: &[(&str, Window)] = &[
    ("requests_per_minute", Window::Minute),
    ("requests_per_day", Window::Day),
    ("tokens_per_minute", Window::Minute),
    ("tokens_per_day", Window::Day),
    ("tokens_per_month", Window::Month),
    ("input_tokens_per_minute", Window::Minute),
    ("output_tokens_per_minute", Window::Minute),
    ("cost_per_day", Window::Day),
    ("cost_per_month", Window::Month),
];

/// The window of a limit, from the first hit charged to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// 60 seconds.
    Minute,
    /// 24 hours.
    Day,
    /// 30 days.
    Month,
}

impl Window {
    /// Its length in seconds.
    pub fn seconds(self) -> u64 {
        match self {
            Self::Minute => 60,
            Self::Day => 86_400,
            Self::Month => 2_592_000,
        }
    }
}

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The limit's name: `tokens_per_minute`.
    pub name: &'static str,
    /// Its window.
    pub window: Window,
    /// Maximum hits in the window: requests, tokens, or millionths of the currency.
    pub hits: u64,
}

/// The kind of a budget's holder, by the word in descriptors and the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A name of `api_keys` or `identities`.
    Caller,
    /// A team that callers belong to.
    Team,
}

impl Kind {
    /// The key of a descriptor's entry.
    pub fn key(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Team => "team",
        }
    }
}

/// The file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    domain: String,
    #[serde(default)]
    callers: BTreeMap<String, BTreeMap<String, f64>>,
    #[serde(default)]
    teams: BTreeMap<String, BTreeMap<String, f64>>,
}

/// All limits, checked.
#[derive(Debug, PartialEq, Eq)]
pub struct Limits {
    /// The domain that Envoy's filter must name.
    pub domain: String,
    /// Limits by kind, name and limit.
    allowed: BTreeMap<(Kind, String, &'static str), Allowed>,
}

impl Limits {
    /// Parses a file. An error names the place in it.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| Wrong(error.to_string()))?;
        if file.domain.is_empty() {
            return Err(Wrong("domain: must not be empty".to_owned()));
        }
        let mut allowed = BTreeMap::new();
        for (kind, table, those) in
            [(Kind::Caller, "callers", file.callers), (Kind::Team, "teams", file.teams)]
        {
            for (who, limits) in those {
                if limits.is_empty() {
                    return Err(Wrong(format!("{table}.{who}: has no limit")));
                }
                for (name, value) in limits {
                    let found =
                        one(&name, value).map_err(|what| Wrong(format!("{table}.{who}.{name}: {what}")))?;
                    allowed.insert((kind, who.clone(), found.name), found);
                }
            }
        }
        if allowed.is_empty() {
            return Err(Wrong("callers, teams: there is no limit".to_owned()));
        }
        Ok(Self { domain: file.domain, allowed })
    }

    /// The limit `name` of a caller or team: its own, or else that of `*`. `None` where there is none.
    pub fn of(&self, kind: Kind, who: &str, name: &str) -> Option<&Allowed> {
        let (name, _) = LIMITS.iter().find(|(known, _)| *known == name)?;
        let of = |who: &str| self.allowed.get(&(kind, who.to_owned(), *name));
        of(who).or_else(|| of(ANYBODY))
    }

    /// The number of limits in the file.
    pub fn count(&self) -> usize {
        self.allowed.len()
    }
}

/// A limit from its name and value.
fn one(name: &str, value: f64) -> Result<Allowed, String> {
    let Some((name, window)) = LIMITS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = LIMITS.iter().map(|(known, _)| *known).collect();
        return Err(format!("is unknown; known are {}", known.join(", ")));
    };
    let is_cost = name.starts_with("cost");
    let hits = if is_cost { (value * MICROS).round() } else { value };
    // Written so that NaN is refused, too.
    if !(1.0..=MOST).contains(&hits) {
        return Err(format!(
            "must be more than 0 and at most {:e}",
            if is_cost { MOST / MICROS } else { MOST }
        ));
    }
    if hits.fract() != 0.0 {
        return Err("must be a whole number".to_owned());
    }
    // In range and whole: checked above.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Ok(Allowed { name, window: *window, hits: hits as u64 })
}

/// An error in a file of limits, and its place.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str = "
domain: bedrock
callers:
  '*': {requests_per_minute: 60, tokens_per_minute: 20000}
  batch: {tokens_per_minute: 500000, cost_per_day: 12.5}
teams:
  search: {tokens_per_month: 1e9}
";

    fn hits(kind: Kind, who: &str, name: &str) -> Option<u64> {
        Limits::parse(FILE).unwrap().of(kind, who, name).map(|allowed| allowed.hits)
    }

    fn wrong(file: &str) -> String {
        Limits::parse(file).unwrap_err().to_string()
    }

    #[test]
    fn who_is_named_has_a_limit_of_their_own_and_the_others_that_of_everybody() {
        assert_eq!(hits(Kind::Caller, "batch", "tokens_per_minute"), Some(500_000));
        assert_eq!(hits(Kind::Caller, "web", "tokens_per_minute"), Some(20_000));
    }

    #[test]
    fn a_limit_that_who_is_named_does_not_say_is_that_of_everybody() {
        assert_eq!(hits(Kind::Caller, "batch", "requests_per_minute"), Some(60));
    }

    #[test]
    fn there_is_no_limit_where_none_is_written() {
        assert_eq!(hits(Kind::Caller, "web", "cost_per_day"), None);
        assert_eq!(hits(Kind::Team, "others", "tokens_per_month"), None);
        assert_eq!(hits(Kind::Team, "batch", "tokens_per_minute"), None);
        assert_eq!(hits(Kind::Caller, "web", "tokens_per_second"), None);
    }

    #[test]
    fn money_is_counted_in_millionths_and_large_numbers_may_be_short() {
        assert_eq!(hits(Kind::Caller, "batch", "cost_per_day"), Some(12_500_000));
        assert_eq!(hits(Kind::Team, "search", "tokens_per_month"), Some(1_000_000_000));
    }

    #[test]
    fn what_is_wrong_is_named_by_its_path() {
        for (limits, path) in [
            ("callers: {web: {tokens_per_minute: 0}}", "callers.web.tokens_per_minute: must be more than 0"),
            ("callers: {web: {tokens_per_minute: -5}}", "callers.web.tokens_per_minute: must be more than 0"),
            (
                "callers: {web: {tokens_per_minute: .nan}}",
                "callers.web.tokens_per_minute: must be more than 0",
            ),
            (
                "callers: {web: {tokens_per_minute: 1e16}}",
                "callers.web.tokens_per_minute: must be more than 0",
            ),
            (
                "callers: {web: {tokens_per_minute: 1.5}}",
                "callers.web.tokens_per_minute: must be a whole number",
            ),
            ("teams: {web: {cost_per_day: 0.0000001}}", "teams.web.cost_per_day: must be more than 0"),
            ("teams: {web: {tokens_per_year: 5}}", "teams.web.tokens_per_year: is unknown"),
            ("teams: {web: {}}", "teams.web: has no limit"),
            ("teams: {}", "there is no limit"),
        ] {
            let found = wrong(&format!("domain: bedrock\n{limits}\n"));
            assert!(found.contains(path), "{limits}: {found}");
        }
        assert!(wrong("domain: ''\n").contains("domain"));
        assert!(wrong("callers: {}\n").contains("domain"));
        assert!(wrong("domain: d\nkeys: {}\n").contains("keys"));
        assert!(wrong("domain: d\ncallers: {a: {tokens_per_day: many}}\n").contains("line 2"));
    }

    #[test]
    fn a_name_that_is_written_twice_is_refused() {
        let twice = "domain: d\ncallers:\n  a: {tokens_per_day: 5}\n  a: {tokens_per_day: 6}\n";
        assert!(wrong(twice).contains("uplicate"), "{}", wrong(twice));
    }
}
