//! Which of a model's targets an attempt goes to: the one that stands where Envoy has connected it.

use crate::aws::endpoint::Region;

/// What a target's endpoint speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// Bedrock's Converse: chats are translated.
    #[default]
    Converse,
    /// OpenAI's API at bedrock-runtime: chats go on as they are.
    OpenAi,
    /// OpenAI's API at bedrock-mantle, a service of its own: the same.
    Mantle,
}

impl Backend {
    /// True where chats go on as they are.
    pub fn speaks_openai(self) -> bool {
        self != Self::Converse
    }
}

/// What stands for a model's id where a guardrail is asked.
pub const GUARDRAIL: &str = "guardrail";

/// Something that can answer for a model: one of Bedrock's models, in one region, for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What the metadata of its endpoints calls it; `None`: it is told by region and cluster.
    pub name: Option<String>,
    /// What Bedrock calls the model: a model id, an inference profile's id, or an ARN.
    pub id: String,
    /// The Envoy cluster that serves it; `None`: any.
    pub cluster: Option<String>,
    /// The region that is signed for; `None`: that of the endpoint's metadata, else the configuration's.
    pub region: Option<Region>,
    /// The host that is sent and signed; `None`: the endpoint's, else the region's.
    pub host: Option<String>,
    /// What its endpoint speaks.
    pub backend: Backend,
    /// As whom, by its place among the configuration's accounts.
    pub account: usize,
}

impl Target {
    /// A model by its id alone, wherever it may be; an ARN tells its region.
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

    /// What Bedrock calls the model; `None` where none answers, but a guardrail.
    pub fn model(&self) -> Option<&str> {
        Some(self.id.as_str()).filter(|id| *id != GUARDRAIL)
    }

    /// Whether it is the one that the endpoint at `place` is meant for.
    fn is_meant_at(&self, place: &Place) -> bool {
        self.name.is_some() && self.name == place.target
    }

    /// Whether an attempt at `place` may go to this target without being meant for it.
    fn may_stand_at(&self, place: &Place) -> bool {
        fn agree<T: PartialEq>(ours: Option<&T>, theirs: Option<&T>) -> bool {
            ours.zip(theirs).is_none_or(|(ours, theirs)| ours == theirs)
        }
        self.name.is_none()
            && agree(self.region.as_ref(), place.region.as_ref())
            && agree(self.cluster.as_ref(), place.cluster.as_ref())
    }
}

/// Where Envoy has connected an attempt: the cluster, and what the endpoint's metadata says under `bedrock`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The cluster's name.
    pub cluster: Option<String>,
    /// `target`: which target this is.
    pub target: Option<String>,
    /// `region`: which region this is.
    pub region: Option<Region>,
    /// `host`: what it is called.
    pub host: Option<String>,
}

/// The target that stands at `place`: the one that the endpoint is meant for, else the first without a name whose region
/// and cluster agree. With none, nothing may be sent there.
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
        // An endpoint that is meant for another model's target is an endpoint of its region to this one.
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
