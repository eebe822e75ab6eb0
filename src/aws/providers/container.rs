//! ECS and EKS Pod Identity: one call (Amazon ECS Developer Guide, "Task IAM role"; Amazon EKS User Guide, "EKS Pod
//! Identity").

use super::Call;
use crate::aws::source::Container;

pub(super) fn call(from: &Container, token: Option<&str>) -> Call {
    let call = Call::get(&from.cluster, &from.host, &from.path).header("accept", "application/json");
    match token {
        // The token is the header's whole value, without a scheme.
        Some(token) => call.header("authorization", token),
        None => call,
    }
}
