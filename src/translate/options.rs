//! What the configuration says about translating, the same for every request of a plugin.

use std::rc::Rc;

use super::chat::{Guardrail, Parameter};
use super::fit::family::{Capabilities, Configured, capabilities, find};
use super::notes::Unsupported;
use super::terms::{Terms, Tokens};
use super::thoughts::Recall;
use crate::bedrock::catalogue::Catalogue;
use crate::bedrock::model_id::counted;
use crate::bedrock::operation::Operation;

/// How to translate, for every model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// What becomes of parameters that have no counterpart.
    pub unsupported: Unsupported,
    /// How large things may be.
    pub limits: Limits,
    /// The guardrail of models that have none of their own; no client can change or leave it.
    pub guardrail: Option<Guardrail>,
    /// Whether prompts get cache points that no client asked for.
    pub automatic_caching: bool,
    /// Features of `anthropic-beta` that go on to Bedrock besides those that it is known to take; `*` at the end stands for any rest.
    pub anthropic_betas: Vec<String>,
    /// What models of some pattern take, where the table of families has it otherwise or not at all.
    pub families: Vec<Configured>,
    /// What holds for one model, by Bedrock's id of it.
    pub models: Vec<(String, Model)>,
    /// What Bedrock says that there is: which model is behind a profile whose id does not tell.
    pub discovered: Rc<Catalogue>,
}

/// What the configuration says about one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Whose row of the tables is its own, where its id does not tell: another model's id.
    pub like: Option<String>,
    /// What it takes; `None`: what the table of families says.
    pub capabilities: Option<Capabilities>,
    /// Parameters that it does not get.
    pub drop: Vec<Parameter>,
    /// Its guardrail; `None`: the one for all.
    pub guardrail: Option<Guardrail>,
    /// Whether its prompts get cache points that no client asked for; `None`: as for all.
    pub automatic_caching: Option<bool>,
}

/// How to translate for one model.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'o> {
    /// What becomes of parameters that have no counterpart.
    pub unsupported: Unsupported,
    /// How large things may be.
    pub limits: &'o Limits,
    /// What the model takes.
    pub capabilities: &'o Capabilities,
    /// Parameters that it does not get.
    pub drop: &'o [Parameter],
    /// The guardrail that holds whatever the client says.
    pub guardrail: Option<&'o Guardrail>,
    /// How many tokens the caller's answers may have.
    pub tokens: Tokens,
    /// Whether the prompt gets cache points that the client did not ask for.
    pub automatic_caching: bool,
    /// Features of `anthropic-beta` that go on besides.
    pub anthropic_betas: &'o [String],
    /// Where reasoning is kept for clients that do not send it back, and the id by which the tables know the model; `None`: nowhere.
    pub recall: Option<(&'o dyn Recall, &'o str)>,
}

impl Options {
    /// The id by which tables know a model: that of the one it, or its pattern, is configured to be like, else of the one that is
    /// known to be behind it, else its own.
    pub fn known_as<'m>(&'m self, id: &'m str) -> &'m str {
        if let Some(like) = self.model(id).and_then(|model| model.like.as_deref()) {
            return like;
        }
        let behind = self.behind(id);
        find(&self.families, behind).and_then(|family| family.like.as_deref()).unwrap_or(behind)
    }

    /// Bedrock's id that is asked in the stead of `id` by an operation, which is told by its segment of the path.
    pub fn asked_as<'m>(&'m self, id: &'m str, operation: &str) -> &'m str {
        if operation == Operation::CountTokens.segment() { counted(self.behind(id)) } else { id }
    }

    /// The model that is known to be behind a profile, else the id itself.
    fn behind<'m>(&'m self, id: &'m str) -> &'m str {
        self.discovered.behind(id).unwrap_or(id)
    }

    /// What the model takes, by Bedrock's id of it: as its own entry says, else its pattern's, else the table.
    fn capabilities(&self, id: &str) -> &Capabilities {
        if let Some(own) = self.model(id).and_then(|model| model.capabilities.as_ref()) {
            return own;
        }
        let behind = self.behind(id);
        find(&self.families, behind).map_or_else(|| capabilities(behind), |family| &family.capabilities)
    }

    fn model(&self, id: &str) -> Option<&Model> {
        self.models.iter().find(|(of, _)| of == id).map(|(_, model)| model)
    }

    /// What holds for a model, by Bedrock's id of it: as configured, else as the table of families has it. `recall` is where reasoning is
    /// kept for the caller, `terms` are the caller's.
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
            automatic_caching: model
                .and_then(|model| model.automatic_caching)
                .unwrap_or(self.automatic_caching),
            anthropic_betas: &self.anthropic_betas,
        }
    }
}

/// How large the parts of a request may be; each has its own error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages in a chat.
    pub messages: usize,
    /// Tools in a chat.
    pub tools: usize,
    /// Images in a chat, however they come.
    pub images: usize,
    /// Nesting of JSON that goes over as it is: arguments, additional fields.
    pub json_depth: usize,
    /// Nesting of schemas, also with their references replaced.
    pub schema_depth: usize,
    /// Texts in an embeddings request.
    pub embedding_inputs: usize,
    /// Bytes of one event-stream frame.
    pub frame_bytes: usize,
    /// Frames of one stream by which the client gets nothing.
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
