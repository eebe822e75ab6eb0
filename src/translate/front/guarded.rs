//! `guard_content`: texts and images that a client marks for the guardrail, which then checks nothing else.

use std::fmt::Display;

use crate::bedrock::converse::{GuardContent, GuardText, Qualifier, Source};
use crate::openai::Error;
use crate::openai::chat;
use crate::translate::chat::Guardrail;
use crate::translate::conversation::{Content, Message};
use crate::translate::notes::Notes;

/// Marks the content at `place`, one of `parts` (`messages[].content[]`). Content that cannot be marked is unchanged, and the
/// marker is noted.
///
/// # Errors
/// 400 for an image that guardrails do not take, or an unknown qualifier.
pub(in crate::translate) fn mark<'a>(
    content: Content<'a>,
    marker: chat::GuardContent<'_>,
    (place, parts): (&dyn Display, &str),
    notes: &mut Notes<'_>,
) -> Result<Content<'a>, Error> {
    let chat::GuardContent { qualifiers, unknown } = marker;
    notes.unknown(&format!("{parts}.guard_content."), unknown)?;
    let mut known = Vec::new();
    for (index, name) in qualifiers.into_iter().flatten().enumerate() {
        let Some(qualifier) = Qualifier::ALL.iter().find(|known| known.name() == &*name) else {
            let names: Vec<_> = Qualifier::ALL.iter().map(|known| known.name()).collect();
            let param = format!("{place}.guard_content.qualifiers[{index}]");
            return Err(
                Error::invalid(format!("'{param}' must be one of: {}.", names.join(", "))).param(param)
            );
        };
        if !known.contains(qualifier) {
            known.push(*qualifier);
        }
    }
    Ok(match content {
        Content::Text(text) => Content::Guarded(GuardContent::Text(GuardText { text, qualifiers: known })),
        Content::Image(image) => {
            let is_taken =
                matches!(&*image.format, "png" | "jpeg") && matches!(image.source, Source::Bytes(_));
            if !is_taken {
                let message = "A guardrail takes only PNG and JPEG images whose data is in the request.";
                return Err(Error::invalid_param(format!("{place}.guard_content"), message));
            }
            notes.ignore_if(!known.is_empty(), &format!("{parts}.guard_content.qualifiers"));
            Content::Guarded(GuardContent::Image(image))
        }
        other => {
            notes.ignore(&format!("{parts}.guard_content"));
            other
        }
    })
}

/// The content of a tool result without markers: guardrails do not check it (AWS documentation, "Include a guardrail with the
/// Converse API").
pub(in crate::translate) fn unmarked<'a>(
    content: Vec<Content<'a>>,
    parts: &str,
    notes: &mut Notes<'_>,
) -> Vec<Content<'a>> {
    let unmarked = |content| match content {
        Content::Guarded(guarded) => {
            notes.ignore(&format!("{parts}.guard_content"));
            match guarded {
                GuardContent::Text(GuardText { text, .. }) => Content::Text(text),
                GuardContent::Image(image) => Content::Image(image),
            }
        }
        other => other,
    };
    content.into_iter().map(unmarked).collect()
}

/// Refuses markers where the configuration has a guardrail, which would then check nothing else. `place` gives the path of a
/// message by its index.
///
/// # Errors
/// 403 with the path of the message.
pub(in crate::translate) fn check(
    forced: Option<&Guardrail>,
    messages: &[Message<'_>],
    place: impl Fn(usize) -> String,
) -> Result<(), Error> {
    if forced.is_none() {
        return Ok(());
    }
    let is_marked =
        |message: &Message<'_>| message.content.iter().any(|content| matches!(content, Content::Guarded(_)));
    match messages.iter().position(is_marked) {
        None => Ok(()),
        Some(at) => {
            let message = "'guard_content' may not be given: a guardrail is set for this model, and looks at everything.";
            Err(Error::new(403, message).param(place(at)).code("guardrail_forced"))
        }
    }
}
