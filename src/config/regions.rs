//! `regions`: the regions that clients may choose by an ARN.

use crate::gateway::models::Models;
use crate::gateway::regions::Regions;
use crate::gateway::targets::Target;

use super::values::{error, item};
use super::{Error, Upstream, file, models};

/// The written list, or else all regions that the configuration uses: its own, those of its targets, and those that the
/// geographies of their inference profiles cover.
pub(super) fn regions_of(
    written: Option<&[String]>,
    written_models: &[file::Target],
    models: &Models,
    upstream: &Upstream,
) -> Result<Regions, Error> {
    let mut regions = Regions::default();
    match written {
        Some(written) => {
            for (index, region) in written.iter().enumerate() {
                let reason =
                    "not a region's name, such as 'eu-west-1', nor the beginning of one with '*' behind it";
                regions.allow(region).map_err(|_| error(item("regions", index), reason))?;
            }
            check(&regions, models::targets(written_models, models), upstream)?;
        }
        None => {
            regions.allow_region(&upstream.region);
            for region in models.targets().filter_map(|target| target.region.as_ref()) {
                regions.allow_region(region);
            }
            // With a fixed endpoint, requests for another region would not reach it.
            if upstream.host.is_none() {
                for id in models.targets().map(|target| target.id.as_str()).chain(models.stand_in_ids()) {
                    regions.allow_geography(id);
                }
            }
        }
    }
    Ok(regions)
}

/// Checks the configuration itself against a written list.
fn check<'m>(
    regions: &Regions,
    targets: impl Iterator<Item = (String, &'m Target)>,
    Upstream { region, .. }: &Upstream,
) -> Result<(), Error> {
    let named = targets.filter_map(|(at, target)| Some((at, target.region.as_ref()?)));
    for (at, region) in std::iter::once(("region".to_owned(), region)).chain(named) {
        if !regions.allows(region.as_str()) {
            return Err(error(at, "the region is not one of 'regions'"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::aws::endpoint::Region;
    use crate::config::{Config, Error};
    use crate::gateway::targets::{Place, Target};
    use crate::openai::Endpoint;

    fn load(more: &str) -> Result<Config, Error> {
        let text = format!(
            r#"{{"api_keys":[{{"name":"a","key":"k"}}],"credentials":{{"bearer_token":"t"}},"region":"eu-west-1"{more}}}"#
        );
        Config::load(text.as_bytes(), |_| None)
    }

    /// The outcome for a client that names a profile by its ARN in that region.
    fn ask(config: &Config, region: &str) -> Result<String, (u16, Option<&'static str>)> {
        let arn = format!("arn:aws:bedrock:{region}:123456789012:inference-profile/x.y");
        let chat = config.models.resolve(Some(&arn), Endpoint::ChatCompletions);
        for told in [config.models.resolve(Some(&arn), Endpoint::Embeddings), config.models.native(&arn)] {
            assert_eq!(told.is_ok(), chat.is_ok(), "every route says the same");
        }
        let resolved = chat.map_err(|error| (error.status, error.code))?;
        let target = resolved.targets.first().unwrap();
        Ok(config.upstream.destination(target, &Default::default()).unwrap().host.into_owned())
    }

    const REFUSED: Result<String, (u16, Option<&str>)> = Err((403, Some("region_not_allowed")));

    #[test]
    fn an_arn_may_name_what_the_configuration_names_and_no_other_region() {
        let config = load("").unwrap();
        assert_eq!(ask(&config, "eu-west-1"), Ok("bedrock-runtime.eu-west-1.amazonaws.com".to_owned()));
        for region in ["us-east-1", "eu-central-1", "evil-region-1"] {
            assert_eq!(ask(&config, region), REFUSED, "{region}");
        }
        let targets =
            r#","models":[{"name":"x","targets":[{"model":"a.b","region":"us-west-2"},{"model":"jp.a.b"}]}]"#;
        let config = load(targets).unwrap();
        for region in ["eu-west-1", "us-west-2", "ap-northeast-1"] {
            assert!(ask(&config, region).is_ok(), "{region}");
        }
        assert_eq!(ask(&config, "us-west-1"), REFUSED);
    }

    #[test]
    fn with_an_endpoint_a_geography_names_no_region() {
        let models = r#","models":[{"name":"x","model":"eu.a.b"}]"#;
        assert!(ask(&load(models).unwrap(), "eu-central-1").is_ok());
        let config = load(&format!(r#"{models},"endpoint":"https://vpce.example""#)).unwrap();
        assert_eq!(ask(&config, "eu-central-1"), REFUSED);
        assert_eq!(ask(&config, "eu-west-1"), Ok("vpce.example".to_owned()));
    }

    #[test]
    fn what_is_written_holds_and_nothing_beside_it() {
        let config =
            load(r#","regions":["eu-*","us-east-1"],"models":[{"name":"x","model":"jp.a.b"}]"#).unwrap();
        for region in ["eu-west-1", "eu-north-1", "us-east-1"] {
            assert!(ask(&config, region).is_ok(), "{region}");
        }
        for region in ["us-east-2", "ap-northeast-1"] {
            assert_eq!(ask(&config, region), REFUSED, "{region}");
        }
        // An endpoint's metadata cannot choose another region either.
        let place = |region: &str| Place { region: Some(Region::new(region).unwrap()), ..Place::default() };
        let target = Target::of_id("a.b");
        assert!(config.upstream.destination(&target, &place("eu-north-1")).is_some());
        assert!(config.upstream.destination(&target, &place("us-west-2")).is_none());
    }

    #[test]
    fn a_model_of_the_configurations_is_called_where_its_arn_says() {
        let arn = "arn:aws:bedrock:sa-east-1:123456789012:inference-profile/x.y";
        let config = load(&format!(r#","models":[{{"name":"x","model":"{arn}"}}]"#)).unwrap();
        assert!(ask(&config, "sa-east-1").is_ok() && config.models.native("x").is_ok());
    }

    #[test]
    fn a_list_that_leaves_out_what_is_configured_is_refused() {
        for (more, path) in [
            (r#","regions":["us-east-1"]"#, "region"),
            (r#","regions":["eu-west-1","US"]"#, "regions[1]"),
            (r#","regions":["*"]"#, "regions[0]"),
            (
                r#","regions":["eu-west-1"],"models":[{"name":"x","model":"a.b","region":"us-east-1"}]"#,
                "models[0]",
            ),
            (
                r#","regions":["eu-west-1"],"models":[{"name":"x","targets":[{"model":"a.b","region":"us-east-1"}]}]"#,
                "models[0].targets[0]",
            ),
            (r#","regions":[]"#, "region"),
            (r#","regions":null"#, "regions"),
            (
                r#","models":[{"name":"x","model":"arn:aws:bedrock:cn-north-1:123456789012:inference-profile/x.y"}]"#,
                "models[0].model",
            ),
        ] {
            assert_eq!(load(more).unwrap_err().path, path, "{more}");
        }
    }
}
