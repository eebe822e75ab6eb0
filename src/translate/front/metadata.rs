//! Labels for Bedrock's invocation log, made valid.

use std::borrow::Cow;

use crate::bedrock::converse::Labels;
use crate::bedrock::labels::{CALLER, LENGTH, MOST, is_legal};
use crate::translate::Client;
use crate::translate::notes::Notes;
use crate::wire::{Members, Str};

/// The labels, in this order: the caller, the configuration's labels for it, the client's end user, Bedrock's
/// `requestMetadata`, OpenAI's `metadata`. Of the same name the first counts.
pub(in crate::translate) fn labels<'a>(
    client: &Client<'_>,
    request_metadata: Option<Members<'a, Str<'a>>>,
    metadata: Option<Members<'a, Str<'a>>>,
    [user, safety_identifier]: [Option<Str<'a>>; 2],
    notes: &mut Notes<'_>,
) -> Labels<'a> {
    let own = [(Cow::from(CALLER), Str::from(client.name.to_owned()))];
    let configured = client.terms.map(|terms| terms.labels.as_slice()).unwrap_or_default();
    let configured = configured.iter().map(|(name, value)| (name.clone().into(), Str::from(value.clone())));
    let members =
        |members: Option<Members<'a, Str<'a>>>| members.map(|members| members.0).unwrap_or_default();
    let people = [("user", user), ("safety_identifier", safety_identifier)];
    let people = people.into_iter().filter_map(|(name, value)| Some((Cow::from(name), value?)));
    let labels = own
        .into_iter()
        .chain(configured)
        .chain(people)
        .chain(members(request_metadata))
        .chain(members(metadata));
    let mut into = Vec::new();
    for (name, value) in labels {
        let name = legal(name);
        if into.len() >= MOST {
            notes.ignore("metadata");
            break;
        }
        if !name.is_empty() && !into.iter().any(|(other, _)| *other == name) {
            into.push((name, legal(value.into_cow())));
        }
    }
    Labels(into)
}

/// Replaces characters that Bedrock refuses by `_`, and cuts what is too long.
fn legal(text: Cow<'_, str>) -> Cow<'_, str> {
    let is_legal = |c: char| is_legal(c) || "\t\n\r".contains(c);
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
    use crate::translate::terms::Terms;

    #[test]
    fn labels_are_legal_at_most_sixteen_and_the_caller_is_always_among_them() {
        let many = (0..40).map(|n| (Cow::from(format!("k{n}é")), Str::from("v".repeat(300)))).collect();
        let limits = Limits::default();
        let mut notes = Notes::new(Unsupported::Refuse, &limits);
        let client = Client { name: "team a", ..Client::default() };
        let Labels(labels) =
            labels(&client, None, Some(Members(many)), [Some("me@x".into()), None], &mut notes);
        assert_eq!(notes.into_ignored(), ["metadata"]);
        assert_eq!(labels.len(), MOST);
        assert_eq!(labels[0], ("api_key".into(), "team a".into()));
        assert_eq!(labels[1], ("user".into(), "me@x".into()));
        assert_eq!(labels[2].0, "k0_");
        assert_eq!(labels[2].1.len(), LENGTH);
    }

    #[test]
    fn no_clients_label_takes_the_place_of_a_configured_one() {
        let terms = Terms {
            labels: vec![("cost".into(), "search".into()), ("user".into(), "team".into())],
            ..Terms::default()
        };
        let client = Client { name: "a", terms: Some(&terms), ..Client::default() };
        let limits = Limits::default();
        let mut notes = Notes::new(Unsupported::Refuse, &limits);
        let theirs = [("cost", "mine"), ("api_key", "mine"), ("other", "mine")];
        let theirs = theirs.map(|(name, value)| (Cow::from(name), Str::from(value))).into();
        let Labels(labels) =
            labels(&client, Some(Members(theirs)), None, [Some("me".into()), None], &mut notes);
        let labels: Vec<_> = labels.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(labels, [("api_key", "a"), ("cost", "search"), ("user", "team"), ("other", "mine")]);
    }
}
