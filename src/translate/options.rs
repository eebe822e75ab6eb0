//! The configuration's options for the translation, the same for every request of a plugin.

use std::collections::HashMap;
use std::rc::Rc;

use super::chat::{Guardrail, Parameter};
use super::fit::family::{Capabilities, Configured, capabilities, find};
use super::notes::Unsupported;
use super::terms::{Terms, Tokens};
use super::thoughts::Recall;
use crate::bedrock::catalogue::Catalogue;
use crate::bedrock::model_id::counted;
use crate::bedrock::operation::Operation;

/// Options for all models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How to handle parameters that have no counterpart.
    pub unsupported: Unsupported,
    /// Limits on sizes.
    pub limits: Limits,
    /// The guardrail of models that have none of their own. No client can change it.
    pub guardrail: Option<Guardrail>,
    /// Whether cache points are added to prompts without a client's request; `None`: to those with tools.
    pub automatic_caching: Option<bool>,
    /// Features of `anthropic-beta` that are sent to Bedrock besides those known to work there; `*` at the end stands for any
    /// rest.
    pub anthropic_betas: Vec<String>,
    /// Configured families of models, which override or extend the table.
    pub families: Vec<Configured>,
    /// Options of single models, by Bedrock's id.
    pub models: HashMap<String, Model>,
    /// The discovered models, which tell the model behind a profile.
    pub discovered: Rc<Catalogue>,
}

/// Options of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Another model's id, whose rows in the tables apply.
    pub like: Option<String>,
    /// Its capabilities; `None`: those of its family.
    pub capabilities: Option<Capabilities>,
    /// Parameters to drop.
    pub drop: Vec<Parameter>,
    /// Its guardrail; `None`: the one for all models.
    pub guardrail: Option<Guardrail>,
    /// Whether cache points are added to its prompts; `None`: as for all models.
    pub automatic_caching: Option<bool>,
}

/// The options in effect for one request.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'o> {
    /// How to handle parameters that have no counterpart.
    pub unsupported: Unsupported,
    /// Limits on sizes.
    pub limits: &'o Limits,
    /// The model's capabilities.
    pub capabilities: &'o Capabilities,
    /// Parameters to drop.
    pub drop: &'o [Parameter],
    /// The guardrail to apply, whatever the client asks for.
    pub guardrail: Option<&'o Guardrail>,
    /// The caller's limits on tokens.
    pub tokens: Tokens,
    /// Whether cache points are added without the client's request; `None`: if it has tools.
    pub automatic_caching: Option<bool>,
    /// Further features of `anthropic-beta` that are sent to Bedrock.
    pub anthropic_betas: &'o [String],
    /// Where reasoning is kept for clients that do not send it back, and the id by which the tables know the model; `None`:
    /// reasoning is not kept.
    pub recall: Option<(&'o dyn Recall, &'o str)>,
}

impl Options {
    /// The id by which the tables know a model: that of the model it is configured to be like, else of the model behind it,
    /// else its own.
    pub fn known_as<'m>(&'m self, id: &'m str) -> &'m str {
        if let Some(like) = self.model(id).and_then(|model| model.like.as_deref()) {
            return like;
        }
        let behind = self.behind(id);
        find(&self.families, behind).and_then(|family| family.like.as_deref()).unwrap_or(behind)
    }

    /// The id to call for an operation (its last path segment) instead of `id`.
    pub fn asked_as<'m>(&'m self, id: &'m str, operation: &str) -> &'m str {
        if operation == Operation::CountTokens.segment() { counted(self.behind(id)) } else { id }
    }

    /// The discovered model behind a profile, else the id itself.
    fn behind<'m>(&'m self, id: &'m str) -> &'m str {
        self.discovered.behind(id).unwrap_or(id)
    }

    /// A model's capabilities by Bedrock's id: from its own entry, else its family's, else the table.
    fn capabilities(&self, id: &str) -> &Capabilities {
        if let Some(own) = self.model(id).and_then(|model| model.capabilities.as_ref()) {
            return own;
        }
        let behind = self.behind(id);
        find(&self.families, behind).map_or_else(|| capabilities(behind), |family| &family.capabilities)
    }

    fn model(&self, id: &str) -> Option<&Model> {
        self.models.get(id)
    }

    /// The options in effect for a model by Bedrock's id. `recall` is where reasoning is kept for the caller, `terms` are the
    /// caller's.
    pub fn rules<'o>(
        &'o self,
        id: &'o str,
        recall: Option<&'o dyn Recall>,
        terms: Option<&'o Terms>,
    ) -> Rules<'o> {
        let model = self.model(id);
        let known_as = self.known_as(id);
        Rules {
            recall: recall.map(|recall| (recall, known_as)),
            unsupported: self.unsupported,
            limits: &self.limits,
            capabilities: self.capabilities(id),
            drop: model.map_or(&[][..], |model| &model.drop),
            guardrail: terms
                .and_then(|terms| terms.guardrail.as_ref())
                .or_else(|| model.and_then(|model| model.guardrail.as_ref()))
                .or(self.guardrail.as_ref()),
            tokens: terms.map(|terms| terms.tokens).unwrap_or_default(),
            automatic_caching: model.and_then(|model| model.automatic_caching).or(self.automatic_caching),
            anthropic_betas: &self.anthropic_betas,
        }
    }
}

/// Limits on the parts of a request. Each has its own error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages of a chat.
    pub messages: usize,
    /// Tools of a chat.
    pub tools: usize,
    /// Images of a chat, in any form.
    pub images: usize,
    /// Nesting of JSON that is passed on unparsed: arguments, additional fields.
    pub json_depth: usize,
    /// Nesting of schemas, also after inlining.
    pub schema_depth: usize,
    /// Texts of an embeddings request.
    pub embedding_inputs: usize,
    /// Bytes of an event-stream frame.
    pub frame_bytes: usize,
    /// Frames of one stream that write nothing to the client.
    pub silent_frames: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            messages: 10_000,
            tools: 1_000,
            images: 1_000,
            json_depth: 100,
            schema_depth: 100,
            embedding_inputs: 2_048,
            frame_bytes: 16 << 20,
            silent_frames: 100_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::catalogue::{Entry, Kind};

    #[test]
    fn only_tokens_are_counted_by_the_model_behind_a_profile() {
        let profile = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123";
        let model = "anthropic.claude-sonnet-4-6";
        let entry = Entry {
            kind: Kind::Application,
            id: profile.to_owned(),
            name: String::new(),
            model: model.to_owned(),
            regions: String::new(),
            input: String::new(),
            output: String::new(),
            streaming: None,
            created: 0,
            shutdown: String::new(),
        };
        let mut options = Options::default();
        assert_eq!(options.asked_as(profile, "count-tokens"), profile);
        options.discovered = Rc::new(Catalogue::of(vec![entry]));
        assert_eq!(options.asked_as(profile, "count-tokens"), model);
        assert_eq!(options.asked_as("us.anthropic.claude-sonnet-4-6", "count-tokens"), model);
        assert_eq!(options.asked_as(profile, "invoke"), profile);
    }
}
