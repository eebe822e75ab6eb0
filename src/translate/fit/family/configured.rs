//! Families in the configuration: new ones, and overrides of the table.

use crate::bedrock::model_id::{base_model, geography};

use super::Capabilities;

/// A configured family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// The ids of its models.
    pub pattern: Pattern,
    /// Another model's id, whose rows in other tables apply.
    pub like: Option<String>,
    /// Its capabilities.
    pub capabilities: Capabilities,
}

/// A pattern of model ids, without a profile's prefix: one id, or all with a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The id, or the prefix: at least a vendor and a dot.
    pub begins: String,
    /// Whether it is a whole id.
    pub is_whole: bool,
}

impl Pattern {
    /// Parses a model's id, or a prefix followed by `*`.
    ///
    /// # Errors
    /// The reason why it is invalid.
    pub fn read(written: &str) -> Result<Self, &'static str> {
        let begins = written.strip_suffix('*').unwrap_or(written);
        let (vendor, _) = begins
            .split_once('.')
            .ok_or("must name the vendor and a '.', such as 'anthropic.claude-opus-6*'")?;
        if geography(begins).is_some() {
            return Err("must be without a profile's prefix: it holds behind each of them");
        }
        let is_vendor = vendor.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let is_id = begins.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
        if vendor.is_empty() || !is_vendor || !is_id {
            return Err("not a model's id, nor the beginning of one with '*' behind it");
        }
        Ok(Self { begins: begins.to_owned(), is_whole: begins.len() == written.len() })
    }

    fn fits(&self, model: &str) -> bool {
        if self.is_whole { model == self.begins } else { model.starts_with(&self.begins) }
    }
}

/// The configured family of a model: the longest pattern that fits, and of two equally long ones the whole id.
pub fn find<'c>(families: &'c [Configured], id: &str) -> Option<&'c Configured> {
    let model = base_model(id);
    let fitting = families.iter().filter(|family| family.pattern.fits(model));
    fitting.max_by_key(|family| (family.pattern.begins.len(), family.pattern.is_whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::fit::family::capabilities;

    #[test]
    fn a_pattern_is_an_id_or_the_beginning_of_one_without_a_profiles_prefix() {
        for pattern in
            ["anthropic.claude-opus-6*", "anthropic.*", "newco.model-1", "newco.model-1:0", "a.b_c"]
        {
            assert!(Pattern::read(pattern).is_ok(), "{pattern}");
        }
        for pattern in [
            "",
            "*",
            "anthropic*",
            ".x*",
            "us.anthropic.x*",
            "global.a.b",
            "a.*b",
            "a.b**",
            "a.b/c",
            "a. b",
            "arn:aws:x.y",
        ] {
            assert!(Pattern::read(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn the_longest_pattern_holds_behind_prefixes_and_in_arns() {
        let families: Vec<_> = ["newco.*", "newco.model-1*", "newco.model-1", "newco.model-1-large*"]
            .map(|pattern| Configured {
                pattern: Pattern::read(pattern).unwrap(),
                like: Some(pattern.to_owned()),
                capabilities: *capabilities("newco.model-1"),
            })
            .into();
        let found = |id: &str| find(&families, id).and_then(|family| family.like.as_deref());
        for (id, pattern) in [
            ("newco.other", "newco.*"),
            ("newco.model-1", "newco.model-1"),
            ("newco.model-1-v1:0", "newco.model-1*"),
            ("us.newco.model-1-large", "newco.model-1-large*"),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.newco.model-1-v2",
                "newco.model-1*",
            ),
            ("arn:aws:bedrock:us-east-1::foundation-model/newco.model-1", "newco.model-1"),
        ] {
            assert_eq!(found(id), Some(pattern), "{id}");
        }
        assert_eq!(found("oldco.model-1"), None);
    }
}
