//! The regions that a client may choose by an ARN, which also decides the host that is called.

use std::collections::BTreeSet;

use crate::arn::Arn;
use crate::aws::endpoint::{InvalidRegion, Region};
use crate::bedrock::model_id::geography;
use crate::openai::Error;
use crate::texts::fits;

/// The regions that ARNs of clients may name. None is allowed by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regions {
    names: BTreeSet<String>,
    /// Allowed prefixes of other regions' names.
    beginnings: BTreeSet<String>,
}

/// The regions that an inference profile's geography covers, by name or by prefix with `*` (Amazon Bedrock User Guide,
/// "Supported Regions and models for inference profiles"). `global` lists none.
const GEOGRAPHIES: &[(&str, &[&str])] = &[
    ("us", &["us-east-*", "us-west-*"]),
    ("us-gov", &["us-gov-*"]),
    ("eu", &["eu-central-*", "eu-north-*", "eu-south-*", "eu-west-*"]),
    ("apac", &["ap-*"]),
    ("jp", &["ap-northeast-1", "ap-northeast-3"]),
    ("in", &["ap-south-1", "ap-south-2"]),
    ("au", &["ap-southeast-2", "ap-southeast-4"]),
    ("ca", &["ca-*"]),
    ("uk", &["eu-west-2"]),
    ("me", &["me-*"]),
    ("af", &["af-*"]),
    ("sa", &["sa-*"]),
    ("mx", &["mx-*"]),
    ("il", &["il-*"]),
];

impl Regions {
    /// Allows a region by its name, or all with a prefix: `eu-west-1`, `eu-*`.
    ///
    /// # Errors
    /// The text is neither.
    pub fn allow(&mut self, written: &str) -> Result<(), InvalidRegion> {
        match written.strip_suffix('*') {
            Some(beginning) => {
                // A bare `*` is refused: every prefix must be one of a region's name.
                Region::new(beginning.strip_suffix('-').unwrap_or(beginning))?;
                self.beginnings.insert(beginning.to_owned());
            }
            None => {
                Region::new(written)?;
                self.names.insert(written.to_owned());
            }
        }
        Ok(())
    }

    /// Allows a region.
    pub fn allow_region(&mut self, region: &Region) {
        self.names.insert(region.as_str().to_owned());
    }

    /// Allows the regions that the geography of an inference profile's id covers; none for other ids.
    pub fn allow_geography(&mut self, id: &str) {
        let covered = geography(id).and_then(|id| GEOGRAPHIES.iter().find(|(known, _)| *known == id));
        for region in covered.iter().flat_map(|(_, regions)| regions.iter()) {
            // All texts of the table are valid.
            let _ = self.allow(region);
        }
    }

    /// Whether a region is allowed.
    pub fn allows(&self, region: &str) -> bool {
        self.names.contains(region)
            || self.beginnings.iter().any(|beginning| region.starts_with(beginning.as_str()))
    }

    /// Refuses an ARN whose region is not allowed, or contradicts its partition. Ids that are not ARNs have no region.
    ///
    /// # Errors
    /// 403 `region_not_allowed`; 400 where the region is not in the ARN's partition.
    pub fn check(&self, id: &str) -> Result<(), Error> {
        if !id.starts_with("arn:") {
            return Ok(());
        }
        let arn = Arn::parse(id).ok_or_else(no_arn)?;
        let region = Region::new(arn.region).map_err(|_| no_arn())?;
        if arn.partition != region.partition_name() {
            return Err(no_arn());
        }
        if self.allows(region.as_str()) {
            return Ok(());
        }
        let message = format!("Models in the region '{region}' may not be called through this gateway.");
        Err(Error::new(403, message).param("model").code("region_not_allowed"))
    }
}

/// Whether an inference profile of a geography can be called in a region. `global` profiles can in all commercial regions.
pub fn covers(geography: &str, region: &str) -> bool {
    if geography == "global" {
        return !region.is_empty() && !region.starts_with("us-gov-") && !region.starts_with("cn-");
    }
    let covered = GEOGRAPHIES.iter().find(|(known, _)| *known == geography);
    covered.into_iter().flat_map(|(_, regions)| regions.iter()).any(|known| fits(known, region))
}

/// The 400 for an ARN that does not name something that Bedrock runs.
pub fn no_arn() -> Error {
    Error::invalid_param(
        "model",
        "The model's ARN is not one of a model or an inference profile of Bedrock's.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(allowed: &[&str]) -> Regions {
        let mut regions = Regions::default();
        for region in allowed {
            regions.allow(region).unwrap();
        }
        regions
    }

    fn arn(partition: &str, region: &str) -> String {
        format!("arn:{partition}:bedrock:{region}:123456789012:inference-profile/x.y")
    }

    #[test]
    fn an_arn_of_another_region_or_partition_is_refused() {
        let regions = regions(&["us-east-1", "eu-*"]);
        let check = |partition, region| {
            regions.check(&arn(partition, region)).map_err(|error| (error.status, error.code))
        };
        assert_eq!(check("aws", "us-east-1"), Ok(()));
        assert_eq!(check("aws", "eu-west-3"), Ok(()));
        for (partition, region) in [
            ("aws", "us-east-2"),
            ("aws", "evil-region-1"),
            ("aws-iso", "us-iso-east-1"),
            ("aws-cn", "cn-north-1"),
        ] {
            assert_eq!(
                check(partition, region),
                Err((403, Some("region_not_allowed"))),
                "{partition} {region}"
            );
        }
        for (partition, region) in [("aws-cn", "us-east-1"), ("aws-iso", "us-east-1"), ("aws", "cn-north-1")]
        {
            assert_eq!(check(partition, region), Err((400, None)), "{partition} {region}");
        }
        assert_eq!(regions.check("us.amazon.nova-lite-v1:0"), Ok(()));
    }

    #[test]
    fn a_profiles_geography_names_regions_of_its_own_partition_only() {
        let mut regions = Regions::default();
        for id in ["us.a.b", "eu.a.b", "jp.a.b", "global.a.b", "a.b"] {
            regions.allow_geography(id);
        }
        for region in ["us-east-2", "us-west-1", "eu-central-2", "eu-north-1", "ap-northeast-3"] {
            assert!(regions.allows(region), "{region}");
        }
        for region in
            ["us-gov-west-1", "us-iso-east-1", "eu-isoe-west-1", "eusc-de-east-1", "ap-south-1", "sa-east-1"]
        {
            assert!(!regions.allows(region), "{region}");
        }
    }

    #[test]
    fn what_could_be_no_region_is_no_rule() {
        for written in ["", "*", "US-EAST-1", "us east 1", "eu-*-1", "-*", "--*"] {
            assert!(Regions::default().allow(written).is_err(), "{written:?}");
        }
    }
}
