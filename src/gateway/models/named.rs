//! The models that the configuration names, found by their names and by Bedrock's ids.

use std::collections::HashMap;
use std::ops::Deref;

use super::Model;
use crate::gateway::targets::Target;

/// The models with names of their own, in the order of the configuration. What a request asks of them takes the same time however
/// many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    all: Vec<Model>,
    /// The index of each model by its name.
    by_name: HashMap<String, usize>,
    /// The indices of the models with a target of the id.
    by_id: HashMap<String, Vec<usize>>,
    /// Whether some model's chats are sent on untranslated.
    pub(super) speak_openai: bool,
    /// Whether the model decides the cluster.
    pub(super) decide_cluster: bool,
}

impl Named {
    /// Adds a model, whose name no other has: the configuration's loader refuses a name that comes twice.
    fn add(&mut self, model: Model) {
        let place = self.all.len();
        self.by_name.insert(model.name.clone(), place);
        for target in &model.targets {
            let places = self.by_id.entry(target.id.clone()).or_default();
            if places.last() != Some(&place) {
                places.push(place);
            }
            self.speak_openai |= target.backend.speaks_openai();
            self.decide_cluster |= target.cluster.is_some();
        }
        self.all.push(model);
    }

    /// The model of a name.
    pub(super) fn of_name(&self, name: &str) -> Option<&Model> {
        self.by_name.get(name).and_then(|place| self.all.get(*place))
    }

    /// The models with a target of the id, in their order.
    pub(super) fn of_id(&self, id: &str) -> impl Iterator<Item = &Model> {
        self.by_id.get(id).into_iter().flatten().filter_map(|place| self.all.get(*place))
    }

    /// The targets of the id.
    pub(super) fn targets_of_id<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Target> {
        self.of_id(id).flat_map(|model| &model.targets).filter(move |target| target.id == id)
    }
}

impl Deref for Named {
    type Target = [Model];

    fn deref(&self) -> &[Model] {
        &self.all
    }
}

impl Extend<Model> for Named {
    fn extend<M: IntoIterator<Item = Model>>(&mut self, models: M) {
        models.into_iter().for_each(|model| self.add(model));
    }
}

impl From<Vec<Model>> for Named {
    fn from(models: Vec<Model>) -> Self {
        let mut named = Self::default();
        named.extend(models);
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_by_name_and_by_each_id_in_the_order_of_the_configuration() {
        let model = |name: &str, ids: &[&str]| Model {
            name: name.into(),
            targets: ids.iter().map(|id| Target::of_id(id)).collect(),
        };
        let one = model("one", &["a.x", "a.y", "a.x"]);
        let two = model("two", &["a.y"]);
        let named = Named::from(vec![one.clone(), two.clone()]);
        assert_eq!((named.of_name("two"), named.of_name("three")), (Some(&two), None));
        assert_eq!(named.of_id("a.y").collect::<Vec<_>>(), [&one, &two]);
        assert_eq!(named.of_id("a.x").collect::<Vec<_>>(), [&one]);
        assert_eq!((named.targets_of_id("a.x").count(), named.targets_of_id("a.z").count()), (2, 0));
    }
}
