//! Regions and the hosts that serve them.

use std::fmt;

use url::{Position, Url};

use crate::arn::Arn;

/// A partition (AWS General Reference, "Amazon Bedrock endpoints and quotas"; suffixes as in the SDKs' `partitions.json`).
struct Partition {
    /// Its name in ARNs.
    name: &'static str,
    /// Prefix of its regions' names.
    prefix: &'static str,
    dns_suffix: &'static str,
    dual_stack_suffix: &'static str,
}

/// The partitions that are recognised by their regions' names; every other region is in [`COMMERCIAL`].
const PARTITIONS: [Partition; 7] = [
    Partition {
        name: "aws-cn",
        prefix: "cn-",
        dns_suffix: "amazonaws.com.cn",
        dual_stack_suffix: "api.amazonwebservices.com.cn",
    },
    Partition {
        name: "aws-us-gov",
        prefix: "us-gov-",
        dns_suffix: "amazonaws.com",
        dual_stack_suffix: "api.aws",
    },
    Partition {
        name: "aws-eusc",
        prefix: "eusc-",
        dns_suffix: "amazonaws.eu",
        dual_stack_suffix: "api.amazonwebservices.eu",
    },
    Partition {
        name: "aws-iso",
        prefix: "us-iso-",
        dns_suffix: "c2s.ic.gov",
        dual_stack_suffix: "api.aws.ic.gov",
    },
    Partition {
        name: "aws-iso-b",
        prefix: "us-isob-",
        dns_suffix: "sc2s.sgov.gov",
        dual_stack_suffix: "api.aws.scloud",
    },
    Partition {
        name: "aws-iso-e",
        prefix: "eu-isoe-",
        dns_suffix: "cloud.adc-e.uk",
        dual_stack_suffix: "api.cloud-aws.adc-e.uk",
    },
    Partition {
        name: "aws-iso-f",
        prefix: "us-isof-",
        dns_suffix: "csp.hci.ic.gov",
        dual_stack_suffix: "api.aws.hci.ic.gov",
    },
];

const COMMERCIAL: Partition =
    Partition { name: "aws", prefix: "", dns_suffix: "amazonaws.com", dual_stack_suffix: "api.aws" };

/// The longest region name accepted; AWS's own have at most 16 characters.
const MAX_REGION: usize = 32;

/// The name of an AWS region, such as `us-east-1`, known to be safe as a part of a host name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Accepts a name in the form of a region: lower-case letters, digits and hyphens (RFC 1123's host labels).
    ///
    /// It need not be a region known to AWS today, so that new ones work.
    ///
    /// # Errors
    ///
    /// The name has another form.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidRegion> {
        let name = name.into();
        if is_region(&name) { Ok(Self(name)) } else { Err(InvalidRegion(())) }
    }

    /// The region in an ARN; `None` where `arn` is not an ARN, or has no region.
    pub fn of_arn(arn: &str) -> Option<Self> {
        Self::new(Arn::parse(arn)?.region).ok()
    }

    /// The name as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host that runs models: `bedrock-runtime.us-east-1.amazonaws.com` (AWS General Reference, "Amazon
    /// Bedrock endpoints and quotas").
    pub fn runtime_host(&self, variant: Variant) -> String {
        self.host("bedrock-runtime", variant)
    }

    /// The host that only speaks OpenAI's API: `bedrock-mantle.us-east-1.api.aws` (OpenAI SDK for Python, `providers.bedrock`).
    /// No other variant of it is documented.
    pub fn mantle_host(&self) -> String {
        self.host("bedrock-mantle", Variant { fips: false, dual_stack: true })
    }

    /// The host of the control plane, which lists models: `bedrock.us-east-1.amazonaws.com` (same source).
    pub fn control_host(&self, variant: Variant) -> String {
        self.host("bedrock", variant)
    }

    /// The host of AWS STS: `sts.us-east-1.amazonaws.com` (AWS General Reference, "AWS Security Token Service endpoints and
    /// quotas").
    pub fn sts_host(&self) -> String {
        self.host("sts", Variant::default())
    }

    fn host(&self, service: &str, Variant { fips, dual_stack }: Variant) -> String {
        let Self(region) = self;
        let partition = self.partition();
        let fips = if fips { "-fips" } else { "" };
        let suffix = if dual_stack { partition.dual_stack_suffix } else { partition.dns_suffix };
        format!("{service}{fips}.{region}.{suffix}")
    }

    /// The region's partition, as in ARNs: `aws`, `aws-cn`, …
    pub fn partition_name(&self) -> &'static str {
        self.partition().name
    }

    fn partition(&self) -> &'static Partition {
        PARTITIONS.iter().find(|partition| self.0.starts_with(partition.prefix)).unwrap_or(&COMMERCIAL)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A variant of a region's endpoint (AWS SDKs and Tools Reference Guide, "Dual-stack and FIPS endpoints"). The default is the
/// plain one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// With FIPS 140 validated cryptography.
    pub fips: bool,
    /// Reachable over IPv6 as well.
    pub dual_stack: bool,
}

/// The text does not have the form of a region's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRegion(());

impl fmt::Display for InvalidRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not the name of an AWS region: 1 to {MAX_REGION} of a-z, 0-9 and inner hyphens")
    }
}

impl std::error::Error for InvalidRegion {}

/// The `host` header for an endpoint `http(s)://host[:port]`: lower case, without the scheme's default port. `None` where the
/// URL has anything else, such as a path or a user name, or is invalid.
pub fn host_of(endpoint: &str) -> Option<String> {
    host_and_path_of(endpoint).filter(|(_, path)| path == "/").map(|(host, _)| host)
}

/// The `host` header and the `:path` for `http(s)://host[:port][/path][?query]`; `None` where the URL has a user name or a
/// fragment, or is invalid.
pub fn host_and_path_of(url: &str) -> Option<(String, String)> {
    let url = Url::parse(url).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    let part = |range: std::ops::Range<Position>| url[range].to_owned();
    is_plain.then(|| {
        (part(Position::BeforeHost..Position::AfterPort), part(Position::BeforePath..Position::AfterQuery))
    })
}

fn is_region(name: &str) -> bool {
    (1..=MAX_REGION).contains(&name.len())
        && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(name: &str) -> Region {
        Region::new(name).unwrap()
    }

    #[test]
    fn every_partition_has_its_own_suffix() {
        for (name, host) in [
            ("us-east-1", "bedrock-runtime.us-east-1.amazonaws.com"),
            ("eu-central-1", "bedrock-runtime.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "bedrock-runtime.us-gov-west-1.amazonaws.com"),
            ("cn-northwest-1", "bedrock-runtime.cn-northwest-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "bedrock-runtime.eusc-de-east-1.amazonaws.eu"),
            ("us-iso-east-1", "bedrock-runtime.us-iso-east-1.c2s.ic.gov"),
            ("us-isob-east-1", "bedrock-runtime.us-isob-east-1.sc2s.sgov.gov"),
            ("eu-isoe-west-1", "bedrock-runtime.eu-isoe-west-1.cloud.adc-e.uk"),
            ("us-isof-south-1", "bedrock-runtime.us-isof-south-1.csp.hci.ic.gov"),
        ] {
            assert_eq!(region(name).runtime_host(Variant::default()), host);
        }
    }

    #[test]
    fn variants_change_service_and_suffix() {
        let host = |fips, dual_stack| region("us-west-2").runtime_host(Variant { fips, dual_stack });

        assert_eq!(host(true, false), "bedrock-runtime-fips.us-west-2.amazonaws.com");
        assert_eq!(host(false, true), "bedrock-runtime.us-west-2.api.aws");
        assert_eq!(host(true, true), "bedrock-runtime-fips.us-west-2.api.aws");
    }

    #[test]
    fn the_control_plane_has_a_host_of_its_own() {
        assert_eq!(
            region("cn-north-1").control_host(Variant { fips: false, dual_stack: true }),
            "bedrock.cn-north-1.api.amazonwebservices.com.cn"
        );
    }

    #[test]
    fn a_region_cannot_smuggle_a_host() {
        for name in
            ["", "US-EAST-1", "us.east", "evil.com/", "us-east-1#", "a b", "a\n", "é", "-a", "a-", "a_b"]
        {
            assert_eq!(Region::new(name), Err(InvalidRegion(())), "{name:?}");
        }
        assert!(Region::new("a".repeat(MAX_REGION)).is_ok());
        assert!(Region::new("a".repeat(MAX_REGION + 1)).is_err());
    }

    #[test]
    fn an_endpoint_is_a_host_and_at_most_a_port() {
        for (endpoint, host) in [
            ("https://Example.com:443/", "example.com"),
            ("https://example.com:80", "example.com:80"),
            ("http://example.com:80", "example.com"),
            ("http://127.0.0.1:9100", "127.0.0.1:9100"),
            ("http://[FD00:ec2:0::23]/", "[fd00:ec2::23]"),
        ] {
            assert_eq!(host_of(endpoint).as_deref(), Some(host), "{endpoint}");
        }
        for endpoint in [
            "",
            "example.com",
            "https://",
            "ftp://example.com",
            "https://example.com/v1",
            "https://example.com//",
            "https://example.com?a",
            "https://example.com/#a",
            "https://user@example.com",
            "https://:secret@example.com",
            "https://example.com:x",
            "https://example.com:65536",
            "https://[::1",
            "https://a b",
        ] {
            assert_eq!(host_of(endpoint), None, "{endpoint}");
        }
    }

    #[test]
    fn the_fourth_field_of_an_arn_is_its_region() {
        let profile = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc";
        let model = "arn:aws-cn:bedrock:cn-north-1::foundation-model/amazon.nova-pro-v1:0";

        assert_eq!(Region::of_arn(profile), Some(region("eu-west-1")));
        assert_eq!(Region::of_arn(model), Some(region("cn-north-1")));
    }

    #[test]
    fn what_is_no_regional_arn_has_no_region() {
        for text in [
            "",
            "arn",
            "us.amazon.nova-pro-v1:0",
            "arn:aws:iam::123456789012:role/x",
            "arn:aws:bedrock:us-east-1",
            "arn:aws:bedrock:us-east-1:123456789012",
            "arn:aws:bedrock:evil.com/:123456789012:prompt/x",
        ] {
            assert_eq!(Region::of_arn(text), None, "{text:?}");
        }
    }
}
