//! Anthropic's beta features: which of them Bedrock takes. Others it refuses with the whole request ("invalid beta flag").

use crate::bedrock::converse::{self, Document};
use crate::texts::fits;

use super::notes::Field;
use super::{Fitting, binding};
use crate::translate::numbered::Numbered;

/// Prefixes of the features that Bedrock takes (Amazon Bedrock User Guide, "Anthropic Claude Messages API", and users' reports
/// about Converse). Clients of Anthropic's own API send many more.
const TAKEN: &[&str] = &[
    "computer-use-",
    "token-efficient-tools-2025-02-19",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "dev-full-thinking-2025-05-14",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "effort-2025-11-24",
    "tool-search-tool-2025-10-19",
    "tool-examples-2025-10-29",
    binding::BETA,
];
/// Features that InvokeModel takes and Converse does not (Amazon Bedrock User Guide, "Compaction").
const BY_INVOKE: &[&str] = &["compact-2026-01-12", "compact-2026-09-04"];
/// Anthropic's name and Bedrock's (Amazon Bedrock User Guide, "Tool search tool"). Of what Anthropic offers under the first
/// name, Bedrock has only tool search.
const RENAMED: &[(&str, &str)] = &[("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19")];

/// For Claude: sets the features that Bedrock takes, including those that the configuration adds (`more`, `*` at the end
/// standing for any rest). The client's own field takes precedence.
pub(super) fn set(
    body: &mut converse::Request<'_>,
    names: Option<Vec<String>>,
    more: &[String],
    fitting: &mut Fitting<'_, '_>,
) {
    const FIELD: &str = "anthropic_beta";
    let Some(names) = names else { return };
    let Fitting { capabilities, notes, .. } = fitting;
    if !capabilities.anthropic_beta {
        notes.dropped(Field::Betas);
        return;
    }
    let names = taken(names, &[TAKEN], more, |name| notes.dropped(Field::Beta(name)));
    let fields = &mut body.additional_model_request_fields;
    if fields.value(FIELD).is_some() {
        notes.dropped(Field::Betas);
    } else if !names.is_empty() {
        fields.set(FIELD, Document::ours(&names));
    }
}

/// The features that InvokeModel takes, including those that the configuration adds, each once and under Bedrock's name.
/// `left_out` gets the others.
pub fn taken_by_invoke(names: Vec<String>, more: &[String], left_out: impl FnMut(String)) -> Vec<String> {
    taken(names, &[TAKEN, BY_INVOKE], more, left_out)
}

fn taken(
    names: Vec<String>,
    known: &[&[&str]],
    more: &[String],
    mut left_out: impl FnMut(String),
) -> Vec<String> {
    let (mut taken, mut seen) = (Vec::new(), Numbered::default());
    for name in names {
        let renamed = RENAMED.iter().find(|(anthropics, _)| *anthropics == name);
        // Under Anthropic's name, if the configuration has that one.
        let bedrocks = match renamed {
            Some((_, bedrocks)) if !is_configured(&name, more) => (*bedrocks).to_owned(),
            _ => name.clone(),
        };
        if !(is_known(&bedrocks, known) || is_configured(&bedrocks, more)) {
            left_out(name);
        } else if seen.add(bedrocks.clone().into()) {
            taken.push(bedrocks);
        }
    }
    taken
}

fn is_known(name: &str, known: &[&[&str]]) -> bool {
    known.iter().copied().flatten().any(|known| match known.strip_suffix('-') {
        Some(_) => name.starts_with(known),
        None => name == *known,
    })
}

fn is_configured(name: &str, more: &[String]) -> bool {
    more.iter().any(|known| fits(known, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(names: &[&str], more: &[&str]) -> (Vec<String>, Vec<String>) {
        let more: Vec<String> = more.iter().map(|name| (*name).to_owned()).collect();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let mut left_out = Vec::new();
        (taken_by_invoke(names, &more, |name| left_out.push(name)), left_out)
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_feature_goes_by_bedrocks_name_and_once() {
        let (advanced, search) = ("advanced-tool-use-2025-11-20", "tool-search-tool-2025-10-19");
        assert_eq!(told(&[advanced, search, search], &[]), (texts(&[search]), Vec::new()));
        assert_eq!(told(&[advanced], &["advanced-*"]), (texts(&[advanced]), Vec::new()));
    }

    #[test]
    fn what_bedrock_does_not_take_is_told_by_the_clients_name() {
        let names = ["claude-code-20250219", "computer-use-2025-11-24", "compact-2026-01-12", "own-1"];
        assert_eq!(told(&names, &["own-*"]), (texts(&names[1..]), texts(&names[..1])));
        let mut left_out = Vec::new();
        assert!(taken(texts(&names[2..3]), &[TAKEN], &[], |name| left_out.push(name)).is_empty());
        assert_eq!(left_out, names[2..3], "not by Converse");
    }
}
