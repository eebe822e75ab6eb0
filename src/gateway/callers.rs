//! Callers, and what each may call. A caller may have several keys, so that one can be exchanged for another.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::attribution::{Attribution, Called, is_made_of, no_profile, reach_of};
use super::keys::Hash;
use super::limits::{Budget, Holder};
use super::regions::Regions;
use super::targets::Target;
use crate::bedrock::reach::{Reach, reach};
use crate::openai::{Endpoint, Error};
use crate::texts::fits;
use crate::translate::Options;
use crate::translate::terms::Terms;

/// The endpoints to which a caller can be restricted, by their names in the configuration. `GET models` is open to all: it
/// lists what the caller may use.
pub const ENDPOINTS: &[&str] =
    &["chat", "completions", "embeddings", "moderations", "responses", "messages", NATIVE];

/// Bedrock's own routes.
pub const NATIVE: &str = "native";

/// An endpoint's name in that list. Counting tokens belongs to the endpoint that they are counted for.
pub fn name(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::ChatCompletions => "chat",
        Endpoint::Completions => "completions",
        Endpoint::Embeddings => "embeddings",
        Endpoint::Moderations => "moderations",
        Endpoint::Responses | Endpoint::InputTokens => "responses",
        Endpoint::Messages | Endpoint::MessageTokens => "messages",
    }
}

/// A caller, and its rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The caller's name, in logs and in `requestMetadata`.
    pub name: String,
    /// The caller's team.
    pub team: Option<String>,
    /// Distinguishes callers of the same name in earlier or later configurations: the hash of the first key.
    pub identity: Hash,
    /// The caller's rights.
    pub policy: Policy,
}

/// What a caller may call, and on which terms. `None` means no restriction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Models by their names in the configuration or Bedrock's ids; `*` at the end stands for any rest.
    pub models: Option<Vec<String>>,
    /// Endpoints, among [`ENDPOINTS`].
    pub endpoints: Option<Vec<String>>,
    /// Regions that requests may be signed for.
    pub regions: Option<Regions>,
    /// Geographies of inference profiles that may be used: `eu` of `eu.amazon.nova-pro-v1:0`, and `global`. A model called
    /// without a profile stays in its region.
    pub profiles: Option<BTreeSet<String>>,
    /// Terms that apply to all of the caller's requests.
    pub terms: Terms,
    /// Names of techniques; `*` stands for all.
    pub techniques: Option<Vec<String>>,
    /// To whom the requests are attributed.
    pub attribution: Rc<Attribution>,
    /// The caller's own limits and the team's. Both apply.
    pub budgets: Rc<[Budget]>,
}

impl Policy {
    /// Whether some rule must be checked at each attempt, in the upstream role.
    pub fn is_bound(&self) -> bool {
        let Attribution { labels: _, profiles, account } = &*self.attribution;
        self.regions.is_some()
            || self.profiles.is_some()
            || self.terms != Terms::default()
            || !profiles.is_empty()
            || account.is_some()
    }

    /// Whether money is limited.
    pub fn counts_cost(&self) -> bool {
        self.budgets.iter().any(|budget| budget.limits.count_cost())
    }

    /// Whether the rights depend on the model, or on where it is called.
    pub fn is_by_model(&self) -> bool {
        self.models.is_some()
            || self.regions.is_some()
            || self.profiles.is_some()
            || !self.attribution.profiles.is_empty()
    }
}

impl Caller {
    /// Refuses an endpoint, by its name in [`ENDPOINTS`], that the caller may not use.
    ///
    /// # Errors
    /// 403 `endpoint_not_allowed`.
    pub fn check_endpoint(&self, name: &str) -> Result<(), Error> {
        if self.policy.endpoints.as_ref().is_none_or(|allowed| allowed.iter().any(|known| known == name)) {
            return Ok(());
        }
        let message = format!("This API key may not use the endpoint '{name}'.");
        Err(Error::new(403, message).code("endpoint_not_allowed"))
    }

    /// Whether the caller may use a model: by its `name` in the configuration, or by all ids that Bedrock may be called with
    /// for it.
    pub fn may_use<'i>(&self, name: Option<&str>, ids: impl IntoIterator<Item = &'i str>) -> bool {
        let Some(models) = &self.policy.models else { return true };
        let any_fits = |name: &str| models.iter().any(|model| fits(model, name));
        let mut ids = ids.into_iter().peekable();
        name.is_some_and(any_fits) || (ids.peek().is_some() && ids.all(any_fits))
    }

    /// Whether the caller's requests may go to a model in a region; `None`: the region is not known yet. `known_as` is the id
    /// by which the tables know the model (for an application profile, whose id has no geography, that of the model behind it);
    /// `None` for a guardrail, which is called without a model.
    pub fn may_reach(&self, known_as: Option<&str>, region: Option<&str>) -> bool {
        self.may_go(known_as.map_or(Reach::Region, reach), region)
    }

    fn may_go(&self, reach: Reach<'_>, region: Option<&str>) -> bool {
        let Policy { regions, profiles, .. } = &self.policy;
        let is_in_geography = |profiles: &BTreeSet<String>| match reach {
            Reach::Region => true,
            Reach::Geography(geography) => profiles.contains(geography),
            Reach::Unknown => false,
        };
        regions.as_ref().zip(region).is_none_or(|(regions, region)| regions.allows(region))
            && profiles.as_ref().is_none_or(is_in_geography)
    }

    /// The caller's inference profile to call instead of the target's model in `region`; `None`: the caller has none for it, so
    /// the model's own id is called. A `region` of `None` is not known yet. Targets that speak OpenAI's API are not documented
    /// to take such profiles.
    ///
    /// # Errors
    /// 403 `region_not_allowed`, `no_profile`: the target is not for this caller.
    pub fn called<'c>(
        &'c self,
        target: &Target,
        region: Option<&str>,
        options: &Options,
    ) -> Result<Option<&'c str>, Error> {
        let known_as = target.model().map(|id| options.known_as(id));
        let own = match target.model().zip(known_as) {
            Some((id, known_as)) => self.policy.attribution.profile(&Called { id, known_as, region })?,
            None => None,
        };
        let Some((arn, profile)) = own else {
            let may_reach = self.may_reach(known_as, region);
            return if may_reach { Ok(None) } else { Err(Self::not_there(403)) };
        };
        let made_of = reach_of(options.known_as(arn), profile);
        if target.backend.speaks_openai() || !is_made_of(&options.discovered, arn, &target.id, made_of) {
            return Err(no_profile());
        }
        if self.may_go(made_of, region) { Ok(Some(arn)) } else { Err(Self::not_there(403)) }
    }

    /// The error for a caller who may not use the regions where the model is.
    pub fn not_there(status: u16) -> Error {
        let message = "This API key may not use the model where it answers: not in that region, or not by an inference profile of that geography.";
        Error::new(status, message).param("model").code("region_not_allowed")
    }
}

/// All callers, found by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    all: Vec<Caller>,
    places: HashMap<String, usize>,
}

impl Callers {
    /// The configuration error where [`add`](Self::add) returns `None`.
    pub const OTHERS: &str = "an earlier caller of this name is another team's or may do something else: what shares a name is one caller's";

    /// Adds a caller, or finds the one of that name; returns its index. `None` where the one of that name belongs to another
    /// team or has other rights.
    pub fn add(&mut self, caller: Caller) -> Option<usize> {
        let Some(place) = self.places.get(&caller.name) else {
            let place = self.all.len();
            self.places.insert(caller.name.clone(), place);
            self.all.push(caller);
            return Some(place);
        };
        let known = self.all.get(*place)?;
        (known.team == caller.team && known.policy == caller.policy).then_some(*place)
    }

    /// All budgets: each caller's own, and each team's once.
    pub fn budgets(&self) -> impl Iterator<Item = &Budget> {
        let mut teams = BTreeSet::new();
        let all = self.all.iter().flat_map(|caller| caller.policy.budgets.iter());
        all.filter(move |budget| match &budget.holder {
            Holder::Caller(_) => true,
            Holder::Team(name) => teams.insert(name.as_str()),
        })
    }

    /// All callers.
    pub fn all(&self) -> &[Caller] {
        &self.all
    }

    /// The caller at an index.
    pub fn at(&self, place: usize) -> Option<&Caller> {
        self.all.get(place)
    }

    /// The caller of that name.
    pub fn named(&self, name: &str) -> Option<&Caller> {
        self.places.get(name).and_then(|place| self.all.get(*place))
    }
}

#[cfg(test)]
impl Caller {
    /// A caller who may use these models; `None`: all.
    pub fn of_models(models: Option<&[&str]>) -> Self {
        let models = models.map(|models| models.iter().map(|model| (*model).to_owned()).collect());
        let policy = Policy { models, ..Policy::default() };
        Self { name: "k".into(), team: None, identity: Hash::of(b""), policy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(policy: Policy) -> Caller {
        Caller { policy, ..Caller::of_models(None) }
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_caller_is_held_to_models_by_either_name() {
        let any = caller(Policy::default());
        let some = caller(Policy { models: Some(texts(&["gpt-4o", "us.amazon.*"])), ..Policy::default() });
        assert!(any.may_use(Some("x"), ["y"]));
        assert!(some.may_use(Some("gpt-4o"), ["us.anthropic.claude"]));
        assert!(some.may_use(Some("nova"), ["us.amazon.nova-pro-v1:0"]));
        assert!(some.may_use(Some("nova"), ["us.amazon.nova-pro-v1:0", "us.amazon.nova-lite-v1:0"]));
        assert!(!some.may_use(Some("nova"), ["us.amazon.nova-pro-v1:0", "eu.amazon.nova-lite-v1:0"]));
        assert!(!some.may_use(Some("us.anthropic.claude"), ["us.anthropic.claude"]));
        assert!(!some.may_use(Some("nova"), []));
    }

    #[test]
    fn a_caller_is_held_to_endpoints_and_counting_goes_with_asking() {
        let some = caller(Policy { endpoints: Some(texts(&["responses", "messages"])), ..Policy::default() });
        for endpoint in Endpoint::ALL {
            let allowed = some.check_endpoint(name(endpoint)).map_err(|error| (error.status, error.code));
            let expected = matches!(
                endpoint,
                Endpoint::Responses | Endpoint::InputTokens | Endpoint::Messages | Endpoint::MessageTokens
            );
            let refused = Err((403, Some("endpoint_not_allowed")));
            assert_eq!(allowed, if expected { Ok(()) } else { refused }, "{endpoint:?}");
            assert!(ENDPOINTS.contains(&name(endpoint)));
            assert!(caller(Policy::default()).check_endpoint(name(endpoint)).is_ok());
        }
        assert!(some.check_endpoint(NATIVE).is_err());
        let none = caller(Policy { endpoints: Some(Vec::new()), ..Policy::default() });
        assert!(ENDPOINTS.iter().all(|name| none.check_endpoint(name).is_err()));
    }

    #[test]
    fn where_a_model_answers_is_held_to_regions_and_geographies() {
        let mut regions = Regions::default();
        regions.allow("eu-*").unwrap();
        let regional = caller(Policy { regions: Some(regions), ..Policy::default() });
        let european = caller(Policy { profiles: Some(["eu".to_owned()].into()), ..Policy::default() });
        let application = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc";
        for (id, region, is_regional, is_european) in [
            ("amazon.nova-pro-v1:0", Some("eu-west-1"), true, true),
            ("amazon.nova-pro-v1:0", Some("us-east-1"), false, true),
            ("amazon.nova-pro-v1:0", None, true, true),
            ("eu.amazon.nova-pro-v1:0", Some("eu-west-1"), true, true),
            ("global.amazon.nova-2-lite-v1:0", Some("eu-west-1"), true, false),
            ("us.amazon.nova-pro-v1:0", Some("us-east-1"), false, false),
            (
                "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.amazon.y",
                Some("eu-west-1"),
                true,
                true,
            ),
            (
                "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/global.amazon.y",
                Some("eu-west-1"),
                true,
                false,
            ),
            // It is not known which models the profile routes to.
            (application, Some("eu-west-1"), true, false),
        ] {
            assert_eq!(regional.may_reach(Some(id), region), is_regional, "{id} {region:?}");
            assert_eq!(european.may_reach(Some(id), region), is_european, "{id} {region:?}");
            assert!(caller(Policy::default()).may_reach(Some(id), region));
        }
        assert!(european.may_reach(None, None) && !regional.may_reach(None, Some("us-east-1")));
    }
}
