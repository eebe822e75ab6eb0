//! What clients call a model, and what Bedrock calls it.

use crate::bedrock::model_id::{LENGTH, base_model, is_bedrock_id};
use crate::openai::models::{List, Model as Listed};
use crate::openai::{Endpoint, Error};

use super::keys::Key;

/// A model under a name of the gateway's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// What clients call it.
    pub name: String,
    /// What Bedrock calls it: a model id, an inference profile's id, or an ARN.
    pub id: String,
    /// The Envoy cluster that serves it; `None`: the default one.
    pub cluster: Option<String>,
}

/// All that the configuration says about models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// The models with names of their own.
    pub named: Vec<Model>,
    /// For chats without a model and for `gpt-*`.
    pub default: Option<String>,
    /// For models that nobody knows.
    pub fallback: Option<String>,
    /// For embeddings without a model and for `text-embedding-*`.
    pub default_embedding: Option<String>,
}

/// The model that a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// What Bedrock calls it.
    pub id: &'a str,
    /// The Envoy cluster that serves it; `None`: the default one.
    pub cluster: Option<&'a str>,
    /// Whether it is the fallback for a name that nobody knows.
    pub is_fallback: bool,
}

impl std::ops::Deref for Resolved<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.id
    }
}

impl Models {
    /// Finds the model that a client means by `asked`.
    ///
    /// # Errors
    /// 404 `model_not_found`; 400 where there is neither a model nor a default.
    pub fn resolve<'a>(&'a self, asked: Option<&'a str>, endpoint: Endpoint) -> Result<Resolved<'a>, Error> {
        let (default, stands_for_default) = match endpoint {
            Endpoint::ChatCompletions => (&self.default, "gpt-"),
            Endpoint::Embeddings => (&self.default_embedding, "text-embedding-"),
        };
        let default = default.as_deref().map(|id| self.by_id(id, false));
        let Some(asked) = asked else {
            let message = "You must provide a 'model'; there is no default here.";
            return default.ok_or_else(|| Error::invalid_param("model", message));
        };
        // No model has so long a name, and every chunk of a stream would repeat it.
        if asked.len() > LENGTH {
            return Err(not_found(asked));
        }
        if let Some(model) = self.named.iter().find(|model| model.name == asked) {
            return Ok(Resolved { id: &model.id, cluster: model.cluster.as_deref(), is_fallback: false });
        }
        if let Some(default) = default.filter(|_| asked.starts_with(stands_for_default)) {
            return Ok(default);
        }
        if is_bedrock_id(asked) {
            return Ok(self.by_id(asked, false));
        }
        self.fallback.as_deref().map(|id| self.by_id(id, true)).ok_or_else(|| not_found(asked))
    }

    /// True where the choice of model decides the cluster.
    pub fn decide_cluster(&self) -> bool {
        self.named.iter().any(|model| model.cluster.is_some())
    }

    /// What `key` may use.
    pub fn list(&self, key: &Key) -> List<'_> {
        List {
            object: "list",
            data: self.listed().filter(|(name, id)| key.may_use(name, id)).map(listed).collect(),
        }
    }

    /// One model, by the client's name or Bedrock's id.
    ///
    /// # Errors
    /// 404 where it is not there, or not for this key.
    pub fn one<'a>(&'a self, id: &'a str, key: &Key) -> Result<Listed<'a>, Error> {
        let known = self.listed().find(|(name, _)| *name == id);
        let found = known.or_else(|| is_bedrock_id(id).then_some((id, id)));
        found.filter(|(name, id)| key.may_use(name, id)).map(listed).ok_or_else(|| not_found(id))
    }

    /// An id may be a named model's, which then is served by its cluster.
    fn by_id<'a>(&'a self, id: &'a str, is_fallback: bool) -> Resolved<'a> {
        let cluster =
            self.named.iter().find(|model| model.id == id).and_then(|model| model.cluster.as_deref());
        Resolved { id, cluster, is_fallback }
    }

    /// Names and ids, each name once.
    fn listed(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.named.iter().map(|model| (model.name.as_str(), model.id.as_str()));
        let defaults = [&self.default, &self.default_embedding, &self.fallback];
        let mut bare: Vec<&str> = defaults.into_iter().flatten().map(String::as_str).collect();
        bare.sort_unstable();
        bare.dedup();
        bare.retain(|id| self.named.iter().all(|model| model.name != *id));
        named.chain(bare.into_iter().map(|id| (id, id)))
    }
}

fn listed<'a>((name, id): (&'a str, &'a str)) -> Listed<'a> {
    let owned_by = base_model(id).split_once('.').map_or("bedrock", |(provider, _)| provider);
    Listed { id: name, object: "model", created: 0, owned_by }
}

fn not_found(asked: &str) -> Error {
    let asked: String = asked.chars().take(128).collect();
    let message = format!("The model '{asked}' does not exist or you do not have access to it.");
    Error::new(404, message).param("model").code("model_not_found")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::keys::Hash;

    fn models() -> Models {
        Models {
            named: vec![
                Model {
                    name: "fast".into(),
                    id: "us.amazon.nova-lite-v1:0".into(),
                    cluster: Some("eu".into()),
                },
                Model { name: "gpt-4o".into(), id: "us.anthropic.claude-x".into(), cluster: None },
            ],
            default: Some("us.amazon.nova-lite-v1:0".into()),
            fallback: None,
            default_embedding: Some("amazon.titan-embed-text-v2:0".into()),
        }
    }

    #[test]
    fn names_ids_and_defaults_resolve() {
        let models = models();
        for (asked, id, cluster) in [
            (Some("fast"), "us.amazon.nova-lite-v1:0", Some("eu")),
            (Some("gpt-4o"), "us.anthropic.claude-x", None),
            (Some("gpt-5.1"), "us.amazon.nova-lite-v1:0", Some("eu")),
            (None, "us.amazon.nova-lite-v1:0", Some("eu")),
            (Some("us-gov.meta.llama3-3"), "us-gov.meta.llama3-3", None),
            (
                Some("arn:aws:bedrock:us-east-1:1:inference-profile/us.x:0"),
                "arn:aws:bedrock:us-east-1:1:inference-profile/us.x:0",
                None,
            ),
        ] {
            let resolved = models.resolve(asked, Endpoint::ChatCompletions).unwrap();
            assert_eq!((resolved.id, resolved.cluster), (id, cluster), "{asked:?}");
        }
        let embedding = models.resolve(Some("text-embedding-3-small"), Endpoint::Embeddings).unwrap();
        assert_eq!(embedding.id, "amazon.titan-embed-text-v2:0");
    }

    #[test]
    fn an_unknown_model_is_not_found_unless_there_is_a_fallback() {
        let mut models = models();
        let error = models.resolve(Some("claude-3.5-sonnet"), Endpoint::ChatCompletions).unwrap_err();
        assert_eq!((error.status, error.code), (404, Some("model_not_found")));
        models.fallback = Some("us.amazon.nova-micro-v1:0".into());
        let resolved = models.resolve(Some("claude-3.5-sonnet"), Endpoint::ChatCompletions).unwrap();
        assert_eq!((resolved.id, resolved.is_fallback), ("us.amazon.nova-micro-v1:0", true));
    }

    #[test]
    fn a_name_of_ten_megabytes_is_refused_whatever_it_begins_with() {
        for endpoint in [Endpoint::ChatCompletions, Endpoint::Embeddings] {
            for beginning in ["gpt-", "text-embedding-", "x"] {
                let name = format!("{beginning}{}", "x".repeat(10_000_000));
                assert_eq!(
                    models().resolve(Some(&name), endpoint).unwrap_err().param.as_deref(),
                    Some("model")
                );
            }
        }
    }

    #[test]
    fn the_list_is_what_the_key_may_use() {
        let key = Key {
            name: "k".into(),
            hash: Hash::of(b""),
            models: Some(vec!["fast".into(), "amazon.*".into()]),
        };
        let models = models();
        let ids: Vec<_> = models.list(&key).data.iter().map(|model| (model.id, model.owned_by)).collect();
        assert_eq!(ids, [("fast", "amazon"), ("amazon.titan-embed-text-v2:0", "amazon")]);
        assert_eq!(models.one("gpt-4o", &key).unwrap_err().status, 404);
        assert_eq!(models.one("amazon.nova-pro-v1:0", &key).unwrap().owned_by, "amazon");
    }
}
