//! Sampling parameters and stop sequences, as the family takes them.

use serde::Serialize;

use crate::bedrock::converse::{self, Document};
use crate::translate::conversation::Sampling;
use crate::wire::{Number, Str};

use super::Fitting;
use super::family::TopK;
use super::notes::Field;

/// Nova's own `inferenceConfig`, among the additional fields.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NovaInference {
    top_k: i64,
}

/// Sets `inferenceConfig`, and the field for `top_k`. Dropping a value that has no effect is not noted.
pub(super) fn set<'a>(
    body: &mut converse::Request<'a>,
    sampling: Sampling<'a>,
    fitting: &mut Fitting<'a, '_>,
) {
    let Sampling { max_tokens, temperature, top_p, top_k, mut stop } = sampling;
    let Fitting { capabilities, notes, .. } = fitting;
    let config = &mut body.inference_config;
    config.max_tokens = max_tokens;
    if capabilities.temperature {
        config.temperature = temperature;
    } else {
        notes.dropped_if(is_said(temperature), Field::Temperature);
    }
    let is_pair = config.temperature.is_some() && !capabilities.temperature_with_top_p;
    if capabilities.top_p && !is_pair {
        config.top_p = top_p;
    } else {
        notes.dropped_if(is_said(top_p), Field::TopP);
    }
    if !capabilities.blank_stop && stop.iter().any(Str::is_blank) {
        notes.dropped(Field::Stop);
        stop.retain(|sequence| !sequence.is_blank());
    }
    if let Some(most) = capabilities.max_stops.filter(|most| *most < stop.len()) {
        notes.dropped(Field::Stop);
        stop.truncate(most);
    }
    if capabilities.stop {
        config.stop_sequences = stop;
    } else {
        notes.dropped_if(!stop.is_empty(), Field::Stop);
    }
    let Some(top_k) = top_k else { return };
    let fields = &mut body.additional_model_request_fields;
    match capabilities.top_k {
        TopK::None => notes.dropped(Field::TopK),
        TopK::Field(name) => {
            fields.set(name, Document::ours(&top_k));
        }
        TopK::Nova => {
            fields.set("inferenceConfig", Document::ours(&NovaInference { top_k }));
        }
    }
}

/// Whether a temperature or `top_p` has an effect: 1 changes nothing.
pub(super) fn is_said(number: Option<Number<'_>>) -> bool {
    number.is_some_and(|number| number.value != 1.0)
}
