//! The list of models for `GET models`.

use super::{Models, Resolved, not_found};
use crate::bedrock::catalogue::Entry;
use crate::bedrock::model_id::base_model;
use crate::gateway::callers::Caller;
use crate::gateway::tasks::Task;
use crate::openai::models::{List, Model as Listed};
use crate::openai::{Endpoint, Error};

impl Models {
    /// The models that the caller may use: those that the configuration names, then the discovered ones. `asked` restricts it
    /// to a task. `may_reach` says whether the caller's requests may go to a model, by Bedrock's id.
    pub fn list(&self, caller: &Caller, asked: Option<Task>, may_reach: impl Fn(&str) -> bool) -> List<'_> {
        let configured = self.listed().filter(|(name, ids)| {
            caller.may_use(Some(name), ids.iter().copied()) && ids.iter().any(|id| may_reach(id))
        });
        let mut data: Vec<_> = configured.map(|(name, ids)| self.described(name, &ids)).collect();
        let is_listed = |id: &str| self.listed().any(|(name, _)| name == id);
        let found = self.discovered.entries().iter();
        let found = found.filter(|entry| {
            caller.may_use(None, [entry.id.as_str()])
                && !is_listed(&entry.id)
                && self.check_region(&entry.id).is_ok()
                && may_reach(&entry.id)
        });
        data.extend(found.map(|entry| described(&entry.id, &entry.id, Some(entry))));
        data.retain(|model| asked.is_none_or(|asked| asked.name() == model.task));
        List { object: "list", data }
    }

    /// The model that the caller may use under this name for chats, else for embeddings. A name that only the fallback answers
    /// is not found.
    ///
    /// # Errors
    /// 404 where there is no such model, or not for this caller.
    pub fn find(
        &self,
        asked: &str,
        caller: &Caller,
        may_reach: impl Fn(&str) -> bool,
    ) -> Result<Resolved<'_>, Error> {
        let usable = |endpoint| {
            let found = self.resolve(Some(asked), endpoint).ok()?;
            let is_usable =
                !found.is_fallback && found.check(caller, Some(asked)).is_ok() && found.ids().any(&may_reach);
            is_usable.then_some(found)
        };
        usable(Endpoint::ChatCompletions)
            .or_else(|| usable(Endpoint::Embeddings))
            .ok_or_else(|| not_found(asked))
    }

    /// The list entry of a model under the name that the client asked for.
    pub fn tell<'a>(&'a self, asked: &'a str, found: &'a Resolved<'_>) -> Listed<'a> {
        self.described(asked, &found.ids().collect::<Vec<_>>())
    }

    /// The list entry of a model for which Bedrock may be called with `ids`.
    fn described<'a>(&'a self, name: &'a str, ids: &[&'a str]) -> Listed<'a> {
        match ids {
            [id] => described(name, id, self.discovered.find(id)),
            ids => described(name, ids.first().copied().unwrap_or(name), None),
        }
    }

    /// Names with the ids behind them, each name once.
    fn listed(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        let named = self.named.iter().map(|model| {
            (model.name.as_str(), model.targets.iter().map(|target| target.id.as_str()).collect())
        });
        let mut bare: Vec<&str> = self.stand_in_ids().collect();
        let mut seen: Vec<&str> = Vec::new();
        bare.retain(|id| {
            let is_new = self.named(id).is_none() && !seen.contains(id);
            seen.push(id);
            is_new
        });
        named.chain(bare.into_iter().map(|id| (id, vec![id])))
    }
}

/// A list entry: `id` is Bedrock's, `entry` what discovery knows of it.
fn described<'a>(name: &'a str, id: &'a str, entry: Option<&'a Entry>) -> Listed<'a> {
    let model = entry.map(|entry| entry.model.as_str()).filter(|model| !model.is_empty());
    let owned_by = model.unwrap_or_else(|| base_model(id)).split_once('.');
    let bare = Listed {
        id: name,
        object: "model",
        owned_by: owned_by.map_or("bedrock", |(provider, _)| provider),
        task: Task::of(model.unwrap_or(id), entry.map_or("", |entry| entry.output.as_str())).name(),
        ..Listed::default()
    };
    let Some(entry) = entry else { return bare };
    let known = |text: &'a str| Some(text).filter(|text| !text.is_empty());
    let words = |list: &'a str| known(list).map(|list| list.split(',').collect()).unwrap_or_default();
    Listed {
        created: entry.created,
        shutdown_date: known(&entry.shutdown),
        kind: Some(entry.kind.name()),
        name: known(&entry.name),
        model: known(&entry.model),
        input: words(&entry.input),
        output: words(&entry.output),
        streaming: entry.streaming,
        regions: words(&entry.regions),
        ..bare
    }
}
