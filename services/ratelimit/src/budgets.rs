//! The use of each limit, in limitador's counters.

use crate::limits::{Allowed, Kind, Limits, Window};
use limitador::RateLimiter;
use limitador::errors::LimitadorError;
use limitador::limit::{Context, Expression, Limit, Namespace, ParseError};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The variable of a limit that holds the name of its caller or team.
const WHO: &str = "who";
/// Most counters: far more than callers and teams have limits.
const COUNTERS: u64 = 1_000_000;

/// The request of one descriptor on one limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Whether it is a caller's or a team's limit.
    pub kind: Kind,
    /// The name of the caller or team.
    pub who: String,
    /// The limit's name.
    pub limit: String,
    /// The amount.
    pub hits: Hits,
}

/// An amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hits {
    /// Only ask whether any is left; nothing is charged.
    Ask,
    /// One request, charged if all descriptors of the request are within their limits.
    One,
    /// An amount that has been used, charged in any case.
    Used(u64),
}

/// The state of a limit after a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The limit.
    pub allowed: Allowed,
    /// Whether the request exceeds it.
    pub over: bool,
    /// Hits left.
    pub remaining: u64,
    /// Time until the window ends.
    pub reset: Duration,
}

/// Why a limit could not be checked. None of these is known to occur.
#[derive(Debug)]
pub enum Failure {
    /// An error of limitador's.
    Counters(LimitadorError),
    /// A limit's variable is invalid.
    Variable(ParseError),
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counters(error) => error.fmt(to),
            Self::Variable(error) => error.fmt(to),
        }
    }
}

/// All limits and their use.
pub struct Budgets {
    state: Mutex<State>,
}

struct State {
    limits: Limits,
    counters: RateLimiter,
}

impl Budgets {
    /// With nothing used.
    pub fn new(limits: Limits) -> Self {
        Self { state: Mutex::new(State { limits, counters: RateLimiter::new(COUNTERS) }) }
    }

    /// Replaces the limits; counters are kept.
    pub fn replace(&self, limits: Limits) {
        self.locked(|state| state.limits = limits);
    }

    /// Whether the limits are for this domain of Envoy's filter.
    pub fn is_of(&self, domain: &str) -> bool {
        self.locked(|state| state.limits.domain == domain)
    }

    /// Answers the descriptors of one request, in order; `None` where there is no limit. Requests are handled one at a time, so
    /// that concurrent ones cannot exceed a limit together.
    pub fn decide(&self, demands: &[Option<Demand>]) -> Result<Vec<Option<Standing>>, Failure> {
        self.locked(|state| state.decide(demands))
    }

    fn locked<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        // A panic while the lock was held cannot have left a change half made.
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A demand with its limit.
struct Case<'a> {
    demand: &'a Demand,
    allowed: Allowed,
    namespace: Namespace,
}

impl State {
    fn decide(&self, demands: &[Option<Demand>]) -> Result<Vec<Option<Standing>>, Failure> {
        let mut standings = Vec::with_capacity(demands.len());
        let mut charged = Vec::new();
        let mut is_over = false;
        for demand in demands {
            let case = demand.as_ref().and_then(|demand| self.case(demand));
            let standing = case.as_ref().map(|case| self.standing(case)).transpose()?;
            is_over |= standing.as_ref().is_some_and(|standing: &Standing| standing.over);
            charged.extend(case.map(|case| (standings.len(), case)));
            standings.push(standing);
        }
        for (at, case) in charged {
            let hits = match case.demand.hits {
                Hits::Ask => 0,
                Hits::One if is_over => 0,
                Hits::One => 1,
                Hits::Used(hits) => hits,
            };
            if hits == 0 {
                continue;
            }
            self.counters
                .update_counters(&case.namespace, &context(&case.demand.who), hits)
                .map_err(Failure::Counters)?;
            if let Some(Some(standing)) = standings.get_mut(at) {
                standing.remaining = standing.remaining.saturating_sub(hits);
            }
        }
        Ok(standings)
    }

    /// The limit of a demand, if there is one; its counters are created by the first demand.
    fn case<'a>(&self, demand: &'a Demand) -> Option<Case<'a>> {
        let allowed = self.limits.of(demand.kind, &demand.who, &demand.limit)?.clone();
        let namespace = Namespace::from(format!("{} {}", demand.kind.key(), allowed.name));
        Some(Case { demand, allowed, namespace })
    }

    fn standing(&self, case: &Case<'_>) -> Result<Standing, Failure> {
        let allowed = &case.allowed;
        self.ensure(&case.namespace, allowed.window)?;
        let context = context(&case.demand.who);
        let found = self.counters.is_rate_limited(&case.namespace, &context, 0).map_err(Failure::Counters)?;
        let counter = found.counters.first();
        // Limitador's counter has the largest possible limit; the real one is in the file.
        let used = u64::MAX - counter.and_then(limitador::counter::Counter::remaining).unwrap_or(u64::MAX);
        let reset = counter.and_then(limitador::counter::Counter::expires_in);
        let wanted = match case.demand.hits {
            Hits::Ask | Hits::One => 1,
            Hits::Used(hits) => hits,
        };
        Ok(Standing {
            over: used.saturating_add(wanted) > allowed.hits,
            remaining: allowed.hits.saturating_sub(used),
            reset: reset.unwrap_or(Duration::from_secs(allowed.window.seconds())),
            allowed: allowed.clone(),
        })
    }

    /// Defines one limit of limitador's per namespace, which counts for each name separately.
    fn ensure(&self, namespace: &Namespace, window: Window) -> Result<(), Failure> {
        if self.counters.get_limits(namespace).is_empty() {
            let who = Expression::parse(WHO).map_err(Failure::Variable)?;
            self.counters.add_limit(Limit::new(namespace.clone(), u64::MAX, window.seconds(), [], [who]));
        }
        Ok(())
    }
}

fn context(who: &str) -> Context<'static> {
    Context::from(HashMap::from([(WHO.to_owned(), who.to_owned())]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const FILE: &str = "
domain: bedrock
callers:
  '*': {requests_per_minute: 3, tokens_per_minute: 300, tokens_per_day: 1000}
  vip: {tokens_per_minute: 100000}
teams:
  search: {tokens_per_minute: 500}
";

    fn budgets() -> Budgets {
        Budgets::new(Limits::parse(FILE).unwrap())
    }

    fn demand(kind: Kind, who: &str, limit: &str, hits: Hits) -> Option<Demand> {
        Some(Demand { kind, who: who.to_owned(), limit: limit.to_owned(), hits })
    }

    fn tokens(budgets: &Budgets, who: &str, hits: Hits) -> (bool, u64) {
        let found = budgets.decide(&[demand(Kind::Caller, who, "tokens_per_minute", hits)]).unwrap();
        let standing = found[0].clone().unwrap();
        (standing.over, standing.remaining)
    }

    #[test]
    fn asking_costs_nothing_and_passes_until_all_is_used() {
        let budgets = budgets();
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (false, 300));
        assert_eq!(tokens(&budgets, "web", Hits::Used(137)), (false, 163));
        assert_eq!(tokens(&budgets, "web", Hits::Used(137)), (false, 26));
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (false, 26));
        // A request that begins while something is left may use more than that.
        assert_eq!(tokens(&budgets, "web", Hits::Used(137)), (true, 0));
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (true, 0));
    }

    #[test]
    fn all_that_is_allowed_may_be_used_and_then_nothing() {
        let budgets = budgets();
        assert_eq!(tokens(&budgets, "web", Hits::Used(300)), (false, 0));
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (true, 0));
    }

    #[test]
    fn one_who_is_over_takes_nothing_from_another() {
        let budgets = budgets();
        tokens(&budgets, "web", Hits::Used(1000));
        assert_eq!(tokens(&budgets, "batch", Hits::Ask), (false, 300));
        assert_eq!(tokens(&budgets, "vip", Hits::Ask), (false, 100_000));
        let team = demand(Kind::Team, "web", "tokens_per_minute", Hits::Ask);
        assert_eq!(budgets.decide(&[team]).unwrap(), [None]);
    }

    #[test]
    fn a_request_is_charged_where_it_is_let_in() {
        let budgets = budgets();
        let request = || {
            let found = budgets.decide(&[
                demand(Kind::Caller, "web", "requests_per_minute", Hits::One),
                demand(Kind::Caller, "web", "tokens_per_minute", Hits::Ask),
            ]);
            found
                .unwrap()
                .into_iter()
                .map(|standing| standing.map(|s| (s.over, s.remaining)))
                .collect::<Vec<_>>()
        };
        assert_eq!(request(), [Some((false, 2)), Some((false, 300))]);
        tokens(&budgets, "web", Hits::Used(300));
        assert_eq!(request(), [Some((false, 2)), Some((true, 0))]);
        assert_eq!(request(), [Some((false, 2)), Some((true, 0))]);
    }

    #[test]
    fn so_many_requests_pass_as_are_allowed() {
        let budgets = budgets();
        let one = || {
            let found =
                budgets.decide(&[demand(Kind::Caller, "web", "requests_per_minute", Hits::One)]).unwrap();
            found[0].as_ref().unwrap().over
        };
        assert_eq!([one(), one(), one(), one(), one()], [false, false, false, true, true]);
    }

    #[test]
    fn of_many_at_once_no_more_pass_than_are_allowed() {
        let budgets = budgets();
        let passed = std::thread::scope(|scope| {
            let one = || {
                let demands = [demand(Kind::Caller, "web", "requests_per_minute", Hits::One)];
                !budgets.decide(&demands).unwrap()[0].as_ref().unwrap().over
            };
            let all: Vec<_> = (0..20).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
        });
        assert_eq!(passed, 3);
    }

    #[test]
    fn windows_of_one_name_are_counted_apart() {
        let budgets = budgets();
        tokens(&budgets, "web", Hits::Used(200));
        let day = demand(Kind::Caller, "web", "tokens_per_day", Hits::Used(200));
        let standing = budgets.decide(&[day]).unwrap()[0].clone().unwrap();
        assert_eq!((standing.over, standing.remaining, standing.allowed.window), (false, 800, Window::Day));
        assert!(standing.reset > Duration::from_secs(86_000), "{:?}", standing.reset);
    }

    #[test]
    fn what_is_used_stays_used_when_the_limits_change() {
        let budgets = budgets();
        tokens(&budgets, "web", Hits::Used(250));
        budgets.replace(Limits::parse(&FILE.replace("300", "400")).unwrap());
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (false, 150));
        budgets.replace(Limits::parse(&FILE.replace("300", "200")).unwrap());
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (true, 0));
        // Also for a name that gets a limit of its own later.
        budgets.replace(Limits::parse(&FILE.replace("vip", "web")).unwrap());
        assert_eq!(tokens(&budgets, "web", Hits::Ask), (false, 99_750));
    }

    #[test]
    fn no_limit_is_asked_where_none_is_written() {
        let budgets = budgets();
        assert_eq!(
            budgets.decide(&[None, demand(Kind::Team, "others", "tokens_per_minute", Hits::One)]).unwrap(),
            [None, None]
        );
    }
}
