//! Labels for Bedrock's invocation log, made legal.

use std::borrow::Cow;

use crate::bedrock::converse::Labels;
use crate::translate::notes::Notes;
use crate::wire::{Members, Str};

/// Limits of `requestMetadata` (service model).
const LABELS: usize = 16;
const LENGTH: usize = 256;

/// The label under which the caller's key name always stands.
const CALLER: &str = "api_key";

/// The caller first, then the client's people, then Bedrock's own labels, then OpenAI's; the first of a name stays.
pub(in crate::translate) fn labels<'a>(
    caller: &str,
    request_metadata: Option<Members<'a, Str<'a>>>,
    metadata: Option<Members<'a, Str<'a>>>,
    [user, safety_identifier]: [Option<Str<'a>>; 2],
    notes: &mut Notes<'_>,
) -> Labels<'a> {
    let own = [(Cow::from(CALLER), Str::from(caller.to_owned()))];
    let members =
        |members: Option<Members<'a, Str<'a>>>| members.map(|members| members.0).unwrap_or_default();
    let people = [("user", user), ("safety_identifier", safety_identifier)];
    let people = people.into_iter().filter_map(|(name, value)| Some((Cow::from(name), value?)));
    let labels = own.into_iter().chain(people).chain(members(request_metadata)).chain(members(metadata));
    let mut into = Vec::new();
    for (name, value) in labels {
        let name = legal(name);
        if into.len() >= LABELS {
            notes.ignore("metadata");
            break;
        }
        if !name.is_empty() && !into.iter().any(|(other, _)| *other == name) {
            into.push((name, legal(value.into_cow())));
        }
    }
    Labels(into)
}

/// Characters that Bedrock refuses become `_`; what is too long is cut.
fn legal(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_legal = |c: char| c.is_ascii_alphanumeric() || " \t\n\r:_@$#=/+,-.".contains(c);
    if text.len() <= LENGTH && text.chars().all(is_legal) {
        return text;
    }
    text.chars().map(|c| if is_legal(c) { c } else { '_' }).take(LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::Limits;
    use crate::translate::notes::Unsupported;

    #[test]
    fn labels_are_legal_at_most_sixteen_and_the_caller_is_always_among_them() {
        let many = (0..40).map(|n| (Cow::from(format!("k{n}é")), Str::from("v".repeat(300)))).collect();
        let limits = Limits::default();
        let mut notes = Notes::new(Unsupported::Refuse, &limits);
        let Labels(labels) =
            labels("team a", None, Some(Members(many)), [Some("me@x".into()), None], &mut notes);
        assert_eq!(notes.into_ignored(), ["metadata"]);
        assert_eq!(labels.len(), LABELS);
        assert_eq!(labels[0], ("api_key".into(), "team a".into()));
        assert_eq!(labels[1], ("user".into(), "me@x".into()));
        assert_eq!(labels[2].0, "k0_");
        assert_eq!(labels[2].1.len(), LENGTH);
    }
}
