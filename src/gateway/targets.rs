//! Chooses the target of an attempt by the endpoint that Envoy has connected it to.

use crate::aws::endpoint::Region;

/// The API that a target's endpoint speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Bedrock's Converse: chats are translated.
    #[default]
    Converse,
    /// OpenAI's API at bedrock-runtime: chats are sent on untranslated.
    OpenAi,
    /// OpenAI's API at bedrock-mantle, a service of its own; chats are sent on untranslated.
    Mantle,
}

impl Backend {
    /// Whether chats are sent on untranslated.
    pub fn speaks_openai(self) -> bool {
        self != Self::Converse
    }
}

/// The id of a target that is a guardrail without a model.
pub const GUARDRAIL: &str = "guardrail";

/// Something that can answer for a model: a model of Bedrock's, in one region, under one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The name in its endpoints' metadata; `None`: it is identified by region and cluster.
    pub name: Option<String>,
    /// Bedrock's id of the model: a model id, an inference profile's id, or an ARN.
    pub id: String,
    /// The Envoy cluster of its endpoints; `None`: any.
    pub cluster: Option<String>,
    /// The region that requests are signed for; `None`: that of the endpoint's metadata, else the configuration's.
    pub region: Option<Region>,
    /// The host that is sent and signed; `None`: that of the endpoint's metadata, else the region's.
    pub host: Option<String>,
    /// The API that its endpoint speaks.
    pub backend: Backend,
    /// Index of the account that signs.
    pub account: usize,
}

impl Target {
    /// A target for a bare model id, at any endpoint; an ARN also sets the region.
    pub fn of_id(id: &str) -> Self {
        Self {
            name: None,
            id: id.to_owned(),
            cluster: None,
            region: Region::of_arn(id),
            host: None,
            backend: Backend::default(),
            account: 0,
        }
    }

    /// Bedrock's id of the model; `None` for a guardrail.
    pub fn model(&self) -> Option<&str> {
        Some(self.id.as_str()).filter(|id| *id != GUARDRAIL)
    }

    /// Whether the endpoint at `place` names this target.
    fn is_meant_at(&self, place: &Place) -> bool {
        self.name.is_some() && self.name == place.target
    }

    /// Whether an attempt at `place` may use this target although the endpoint does not name it.
    fn may_stand_at(&self, place: &Place) -> bool {
        fn agree<T: PartialEq>(ours: Option<&T>, theirs: Option<&T>) -> bool {
            ours.zip(theirs).is_none_or(|(ours, theirs)| ours == theirs)
        }
        self.name.is_none()
            && agree(self.region.as_ref(), place.region.as_ref())
            && agree(self.cluster.as_ref(), place.cluster.as_ref())
    }
}

/// The endpoint that Envoy has connected an attempt to: its cluster, and its metadata under `bedrock`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The cluster's name.
    pub cluster: Option<String>,
    /// `target`: the name of a target.
    pub target: Option<String>,
    /// `region`: its region.
    pub region: Option<Region>,
    /// `host`: its host name.
    pub host: Option<String>,
}

/// The target for an attempt at `place`: the one that the endpoint names, else the first unnamed one whose region and cluster
/// agree. `None`: nothing may be sent there.
pub fn at<'t>(targets: impl IntoIterator<Item = &'t Target> + Clone, place: &Place) -> Option<&'t Target> {
    let meant = targets.clone().into_iter().find(|target| target.is_meant_at(place));
    meant.or_else(|| targets.into_iter().find(|target| target.may_stand_at(place)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(id: &str, name: Option<&str>, region: Option<&str>, cluster: Option<&str>) -> Target {
        Target {
            name: name.map(Into::into),
            region: region.map(|region| Region::new(region).unwrap()),
            cluster: cluster.map(Into::into),
            ..Target::of_id(id)
        }
    }

    fn place(name: Option<&str>, region: Option<&str>, cluster: Option<&str>) -> Place {
        Place {
            cluster: cluster.map(Into::into),
            target: name.map(Into::into),
            region: region.map(|region| Region::new(region).unwrap()),
            host: None,
        }
    }

    fn chosen(targets: &[Target], place: &Place) -> Option<String> {
        at(targets, place).map(|target| target.id.clone())
    }

    #[test]
    fn a_region_and_a_cluster_choose_the_first_target_that_agrees() {
        let targets = [
            target("east", None, Some("us-east-1"), None),
            target("west", None, Some("us-west-2"), None),
            target("batch", None, None, Some("batch")),
        ];
        for (region, cluster, id) in [
            (Some("us-east-1"), None, Some("east")),
            (Some("us-west-2"), Some("bedrock"), Some("west")),
            (Some("eu-west-1"), Some("batch"), Some("batch")),
            (Some("eu-west-1"), Some("bedrock"), None),
            (None, None, Some("east")),
        ] {
            assert_eq!(
                chosen(&targets, &place(None, region, cluster)).as_deref(),
                id,
                "{region:?} {cluster:?}"
            );
        }
    }

    #[test]
    fn a_target_with_a_name_stands_only_where_it_is_named() {
        let targets = [
            target("first", None, Some("us-east-1"), None),
            target("spare", Some("spare"), Some("us-east-1"), None),
        ];
        assert_eq!(chosen(&targets, &place(None, Some("us-east-1"), None)).as_deref(), Some("first"));
        assert_eq!(
            chosen(&targets, &place(Some("spare"), Some("us-east-1"), None)).as_deref(),
            Some("spare")
        );
        // An endpoint that names another model's target only tells its region to this model.
        assert_eq!(
            chosen(&targets, &place(Some("other"), Some("us-east-1"), None)).as_deref(),
            Some("first")
        );
        assert_eq!(chosen(&targets, &place(Some("other"), Some("us-west-2"), None)), None);
    }

    #[test]
    fn an_arn_stands_in_its_own_region_only() {
        let arn = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc";
        let targets = [Target::of_id(arn)];
        assert_eq!(chosen(&targets, &place(None, Some("eu-west-1"), None)).as_deref(), Some(arn));
        assert_eq!(chosen(&targets, &place(None, Some("us-east-1"), None)), None);
    }
}
