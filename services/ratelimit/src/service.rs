//! Envoy's rate limit protocol: converts descriptors to demands, and states of limits to a response.

use crate::budgets::{Budgets, Demand, Hits, Standing};
use crate::limits::{Kind, Window};
use envoy_types::pb::envoy::extensions::common::ratelimit::v3::RateLimitDescriptor;
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_response::rate_limit::Unit;
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_response::{
    Code, DescriptorStatus, RateLimit,
};
use envoy_types::pb::envoy::service::ratelimit::v3::rate_limit_service_server::RateLimitService;
use envoy_types::pb::envoy::service::ratelimit::v3::{RateLimitRequest, RateLimitResponse};
use envoy_types::pb::google::protobuf::Duration;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// The descriptor's entry with the limit's name.
const LIMIT: &str = "limit";

/// The service that Envoy calls.
pub struct Service {
    /// The budgets of all callers and teams.
    pub budgets: Arc<Budgets>,
}

#[tonic::async_trait]
impl RateLimitService for Service {
    async fn should_rate_limit(
        &self,
        request: Request<RateLimitRequest>,
    ) -> Result<Response<RateLimitResponse>, Status> {
        answer(&self.budgets, request.get_ref()).map(Response::new)
    }
}

/// Answers a request. An error means a wrong configuration: Envoy then acts by `failure_mode_deny`, and counts it.
fn answer(budgets: &Budgets, request: &RateLimitRequest) -> Result<RateLimitResponse, Status> {
    if !budgets.is_of(&request.domain) {
        return Err(Status::invalid_argument("the file of limits is for another domain"));
    }
    let demands: Vec<_> = request
        .descriptors
        .iter()
        .map(|found| demand(found, request.hits_addend))
        .collect::<Result<_, _>>()?;
    let standings = budgets.decide(&demands).map_err(|failure| Status::internal(failure.to_string()))?;
    let is_over = standings.iter().flatten().any(|standing| standing.over);
    Ok(RateLimitResponse {
        overall_code: code(is_over),
        statuses: standings.iter().map(|standing| status(standing.as_ref())).collect(),
        ..Default::default()
    })
}

/// The demand of a descriptor, whose entries are `limit`, and `caller` or `team`. `None` where the name is empty.
fn demand(descriptor: &RateLimitDescriptor, hits_of_all: u32) -> Result<Option<Demand>, Status> {
    let unknown = || {
        let keys: Vec<_> = descriptor.entries.iter().map(|entry| entry.key.as_str()).collect();
        Status::invalid_argument(format!(
            "a descriptor has to have `{LIMIT}`, and `caller` or `team`; this one has {keys:?}"
        ))
    };
    let (mut limit, mut who) = (None, None);
    for entry in &descriptor.entries {
        match entry.key.as_str() {
            LIMIT => limit = Some(entry.value.clone()),
            key => {
                let kind = [Kind::Caller, Kind::Team].into_iter().find(|kind| kind.key() == key);
                who = Some((kind.ok_or_else(unknown)?, entry.value.clone()));
            }
        }
    }
    let (Some(limit), Some((kind, who))) = (limit, who) else { return Err(unknown()) };
    let hits = match (&descriptor.hits_addend, hits_of_all) {
        (Some(hits), _) if hits.value == 0 => Hits::Ask,
        (Some(hits), _) => Hits::Used(hits.value),
        (None, 0 | 1) => Hits::One,
        (None, hits) => Hits::Used(hits.into()),
    };
    Ok((!who.is_empty()).then_some(Demand { kind, who, limit, hits }))
}

fn status(standing: Option<&Standing>) -> DescriptorStatus {
    let Some(standing) = standing else {
        return DescriptorStatus { code: code(false), ..Default::default() };
    };
    let capped = |hits: u64| u32::try_from(hits).unwrap_or(u32::MAX);
    let unit = match standing.allowed.window {
        Window::Minute => Unit::Minute,
        Window::Day => Unit::Day,
        Window::Month => Unit::Month,
    };
    DescriptorStatus {
        code: code(standing.over),
        current_limit: Some(RateLimit {
            name: standing.allowed.name.to_owned(),
            requests_per_unit: capped(standing.allowed.hits),
            unit: unit.into(),
        }),
        limit_remaining: capped(standing.remaining),
        // At least a second, so that a client is not told to retry at once.
        duration_until_reset: Some(Duration {
            seconds: i64::try_from(standing.reset.as_secs().max(1)).unwrap_or(i64::MAX),
            nanos: 0,
        }),
        ..Default::default()
    }
}

fn code(is_over: bool) -> i32 {
    if is_over { Code::OverLimit } else { Code::Ok }.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use envoy_types::pb::envoy::extensions::common::ratelimit::v3::rate_limit_descriptor::Entry;
    use envoy_types::pb::google::protobuf::UInt64Value;

    const FILE: &str = "
domain: bedrock
callers: {'*': {requests_per_minute: 2, tokens_per_minute: 300, cost_per_month: 1000000}}
";

    fn budgets() -> Budgets {
        Budgets::new(Limits::parse(FILE).unwrap())
    }

    fn descriptor(entries: &[(&str, &str)], hits: Option<u64>) -> RateLimitDescriptor {
        RateLimitDescriptor {
            entries: entries
                .iter()
                .map(|(key, value)| Entry { key: (*key).to_owned(), value: (*value).to_owned() })
                .collect(),
            hits_addend: hits.map(|value| UInt64Value { value }),
            ..Default::default()
        }
    }

    fn request(descriptors: Vec<RateLimitDescriptor>) -> RateLimitRequest {
        RateLimitRequest { domain: "bedrock".to_owned(), descriptors, ..Default::default() }
    }

    #[test]
    fn no_hits_ask_and_hits_charge() {
        let budgets = budgets();
        let ask = |hits| {
            let entries = [("limit", "tokens_per_minute"), ("caller", "web")];
            answer(&budgets, &request(vec![descriptor(&entries, Some(hits))])).unwrap()
        };
        assert_eq!(ask(0).overall_code, code(false));
        assert_eq!(ask(300).statuses[0].limit_remaining, 0);
        let over = ask(0);
        assert_eq!(over.overall_code, code(true));
        let status = &over.statuses[0];
        let limit = status.current_limit.clone().unwrap();
        assert_eq!(
            (limit.name.as_str(), limit.requests_per_unit, limit.unit()),
            ("tokens_per_minute", 300, Unit::Minute)
        );
        assert!((1..=60).contains(&status.duration_until_reset.unwrap().seconds));
    }

    #[test]
    fn a_descriptor_without_hits_is_one_request() {
        let budgets = budgets();
        let one = || {
            let entries = [("caller", "web"), ("limit", "requests_per_minute")];
            answer(&budgets, &request(vec![descriptor(&entries, None)])).unwrap().overall_code
        };
        assert_eq!([one(), one(), one()], [code(false), code(false), code(true)]);
    }

    #[test]
    fn a_limit_too_large_for_the_protocol_is_told_as_the_largest() {
        let entries = [("limit", "cost_per_month"), ("caller", "web")];
        let found = answer(&budgets(), &request(vec![descriptor(&entries, Some(7))])).unwrap();
        assert_eq!(found.statuses[0].current_limit.clone().unwrap().requests_per_unit, u32::MAX);
        assert_eq!(found.statuses[0].limit_remaining, u32::MAX);
    }

    #[test]
    fn who_has_no_limit_and_who_has_no_name_passes() {
        for entries in [
            [("limit", "tokens_per_day"), ("caller", "web")],
            [("limit", "tokens_per_minute"), ("caller", "")],
        ] {
            let found = answer(&budgets(), &request(vec![descriptor(&entries, Some(1000))])).unwrap();
            assert_eq!((found.overall_code, found.statuses[0].current_limit.is_none()), (code(false), true));
        }
    }

    #[test]
    fn what_is_not_of_the_file_is_an_error_that_envoy_counts() {
        let unknown = [("limit", "tokens_per_minute"), ("user", "web")];
        for request in [
            RateLimitRequest { domain: "other".to_owned(), ..Default::default() },
            request(vec![descriptor(&unknown, None)]),
            request(vec![descriptor(&[("caller", "web")], None)]),
            request(vec![descriptor(&[], None)]),
        ] {
            assert_eq!(answer(&budgets(), &request).unwrap_err().code(), tonic::Code::InvalidArgument);
        }
    }
}
