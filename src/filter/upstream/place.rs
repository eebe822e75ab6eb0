//! The endpoint to which Envoy has connected an attempt, from Envoy's properties.

use proxy_wasm::types::LogLevel;

use crate::aws::endpoint::Region;
use crate::filter::host;
use crate::gateway::targets::Place;

/// Namespace of the filter's metadata on endpoints.
const NAMESPACE: &str = "bedrock";

/// Reads the endpoint of this attempt; the cluster only where targets are distinguished by it. An invalid region is left out
/// and logged.
pub(super) fn read(with_cluster: bool) -> Place {
    let cluster = if with_cluster { text(host::property(&["xds", "cluster_name"])) } else { None };
    let mut place = Place { cluster, ..Place::default() };
    let metadata = host::property_map(&["xds", "upstream_host_metadata", "filter_metadata", NAMESPACE]);
    for (name, value) in metadata.unwrap_or_default().iter() {
        let value = text(Some(value.to_vec())).filter(|value| !value.is_empty());
        match name {
            b"target" => place.target = value,
            b"host" => place.host = value,
            b"region" => {
                place.region = value.and_then(|region| {
                    let region = Region::new(region).ok();
                    if region.is_none() {
                        host::log(LogLevel::Error, || {
                            "an endpoint's metadata bedrock.region is no region".to_owned()
                        });
                    }
                    region
                });
            }
            _ => {}
        }
    }
    place
}

fn text(bytes: Option<Vec<u8>>) -> Option<String> {
    String::from_utf8(bytes?).ok()
}
