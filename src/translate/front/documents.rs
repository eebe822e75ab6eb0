//! Members beside a document: `citations` and `context`.

use crate::bedrock::converse::Citations;
use crate::openai::{Error, chat};
use crate::translate::conversation::Content;
use crate::translate::notes::Notes;
use crate::wire::Str;

/// Applies these members to the content part of `parts`; on other parts they are noted as ignored.
pub(in crate::translate) fn about<'a>(
    content: Option<&mut Content<'a>>,
    citations: Option<Box<chat::Citations<'_>>>,
    context: Option<Box<Str<'a>>>,
    parts: &str,
    notes: &mut Notes<'_>,
) -> Result<(), Error> {
    let enabled = match citations {
        Some(citations) => {
            let chat::Citations { enabled, unknown } = *citations;
            notes.unknown(&format!("{parts}.citations."), unknown)?;
            enabled == Some(true)
        }
        None => false,
    };
    let context = context.filter(|text| !text.is_blank());
    if let Some(Content::Document(document)) = content {
        document.citations = enabled.then_some(Citations { enabled });
        document.context = context.map(|text| *text);
    } else {
        notes.ignore_if(enabled, &format!("{parts}.citations"));
        notes.ignore_if(context.is_some(), &format!("{parts}.context"));
    }
    Ok(())
}
