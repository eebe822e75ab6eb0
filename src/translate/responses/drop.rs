//! Parameters that the configuration has dropped for a model.

use crate::openai::responses::request::Request;
use crate::translate::chat::Parameter;
use crate::translate::notes::Notes;

/// Removes parameters from a request, and notes those that were there.
pub(super) fn drop(request: &mut Request<'_>, parameters: &[Parameter], notes: &mut Notes<'_>) {
    for parameter in parameters {
        let (was_there, name) = take(*parameter, request);
        notes.ignore_if(was_there, name);
    }
}

/// Removes one parameter: whether it was there, and its name in this API.
fn take(parameter: Parameter, request: &mut Request<'_>) -> (bool, &'static str) {
    let was_there = match parameter {
        Parameter::MaxTokens => return (request.max_output_tokens.take().is_some(), "max_output_tokens"),
        Parameter::ResponseFormat => {
            let format = request.text.as_mut().and_then(|text| text.format.take());
            return (format.is_some(), "text.format");
        }
        Parameter::ReasoningEffort => {
            let effort = request.reasoning.as_mut().and_then(|reasoning| reasoning.effort.take());
            return (effort.is_some(), "reasoning.effort");
        }
        Parameter::Logprobs => return (request.top_logprobs.take().is_some(), "top_logprobs"),
        Parameter::Temperature => request.temperature.take().is_some(),
        Parameter::TopP => request.top_p.take().is_some(),
        Parameter::TopK => request.top_k.take().is_some(),
        Parameter::ToolChoice => request.tool_choice.take().is_some(),
        Parameter::ParallelToolCalls => request.parallel_tool_calls.take().is_some(),
        Parameter::Thinking => request.thinking.take().is_some(),
        Parameter::ServiceTier => request.service_tier.take().is_some(),
        Parameter::PerformanceConfig => request.performance_config.take().is_some(),
        // This API has no such parameters.
        Parameter::Stop | Parameter::N | Parameter::Modalities => false,
    };
    (was_there, parameter.name())
}
