//! Members of the model's native body. The client's own take precedence over those made from other parameters.

use std::borrow::Cow;

use crate::bedrock::converse::{self, Document};
use crate::translate::terms;
use crate::wire::Raw;

use super::Fitting;
use super::notes::Field;

/// Sets the client's fields.
pub(super) fn set<'a>(
    body: &mut converse::Request<'a>,
    fields: Vec<(Cow<'a, str>, Raw<'a>)>,
    fitting: &mut Fitting<'a, '_>,
) {
    for (name, value) in fields {
        // It would be a second limit on tokens beside the caller's.
        if fitting.tokens.most.is_some() && terms::is_limit(&name) {
            fitting.notes.dropped(Field::MaxTokens);
            continue;
        }
        let lost = if name == "tool_choice" { Field::SingleCall } else { Field::TopK };
        let replaced = body.additional_model_request_fields.set(name, Document::Raw(value));
        fitting.notes.dropped_if(matches!(replaced, Some(Document::Ours(_))), lost);
    }
}
