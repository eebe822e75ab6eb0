//! Parameters that only a chat has.

use crate::openai::Error;
use crate::openai::chat::WebSearchOptions;
use crate::translate::front::parameters::limit;
use crate::translate::notes::Notes;
use crate::translate::split::MOST_CHOICES;
use crate::wire::{List, Raw, Str};

/// Allows one choice only. The gateway role splits requests for several into one request each.
pub(super) fn one_choice(n: Option<i64>, notes: &mut Notes<'_>) -> Result<(), Error> {
    match n {
        None | Some(1) => Ok(()),
        Some(..1) => Err(Error::invalid_param("n", "'n' must be at least 1.")),
        Some(n) if usize::try_from(n).map_or(true, |n| n > MOST_CHOICES) => {
            notes.unsupported("n", "'n' must be between 1 and 16: each choice is a call of its own.")
        }
        Some(_) => notes.unsupported(
            "n",
            "Bedrock gives one choice per call; for 2 to 16 the gateway's configuration needs 'fan_out', else 'n' must be 1.",
        ),
    }
}

/// Allows text output only.
pub(super) fn text_only(
    modalities: Option<List<Str<'_>>>,
    audio: Option<Raw<'_>>,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    if modalities.is_some_and(|kinds| kinds.0.iter().any(|kind| &**kind != "text")) {
        notes.unsupported("modalities", "Only text output is available on Bedrock Converse.")?;
    }
    notes.ignore_if(audio.is_some(), "audio");
    Ok(())
}

/// The member that allows web search.
pub(super) const WEB_SEARCH: &str = "web_search_options";

/// Whether web search is allowed. The model decides on the details.
pub(super) fn web_search(
    options: Option<WebSearchOptions<'_>>,
    notes: &mut Notes<'_>,
) -> Result<bool, Error> {
    let Some(WebSearchOptions { search_context_size, user_location, unknown }) = options else {
        return Ok(false);
    };
    notes.unknown("web_search_options.", unknown)?;
    let is_other = search_context_size.is_some_and(|size| &*size != "medium");
    notes.ignore_if(is_other, &format!("{WEB_SEARCH}.search_context_size"));
    notes.ignore_if(user_location.is_some(), &format!("{WEB_SEARCH}.user_location"));
    Ok(true)
}

/// The limit on tokens, and its name in the request; the newer name takes precedence.
pub(super) fn max_tokens(
    max_completion_tokens: Option<i64>,
    max_tokens: Option<i64>,
    notes: &mut Notes<'_>,
) -> Result<Option<(&'static str, i64)>, Error> {
    let (name, value) = match (max_completion_tokens, max_tokens) {
        (Some(value), _) => ("max_completion_tokens", value),
        (None, Some(value)) => ("max_tokens", value),
        (None, None) => return Ok(None),
    };
    Ok(limit(value, name, notes)?.map(|value| (name, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::Limits;
    use crate::translate::notes::Unsupported;

    #[test]
    fn several_choices_need_fan_out_and_more_than_sixteen_cannot_be_had() {
        let limits = Limits::default();
        let refused = |n| {
            let mut notes = Notes::new(Unsupported::Refuse, &limits);
            one_choice(Some(n), &mut notes).map_err(|error| error.message.to_string())
        };
        assert_eq!(refused(1), Ok(()));
        for (n, told) in [
            (0, "at least 1"),
            (2, "needs 'fan_out'"),
            (16, "needs 'fan_out'"),
            (17, "must be between 1 and 16"),
            (i64::MAX, "must be between 1 and 16"),
        ] {
            assert!(refused(n).unwrap_err().contains(told), "{n}");
        }
        let mut notes = Notes::new(Unsupported::Ignore, &limits);
        one_choice(Some(17), &mut notes).unwrap();
        assert_eq!(notes.into_ignored(), ["n"]);
    }
}
