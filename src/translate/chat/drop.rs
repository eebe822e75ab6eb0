//! Parameters that the configuration has dropped for a model: a remedy for "This model doesn't support the … field. Remove …
//! and try again." that needs no release.

use crate::openai::chat::Request;
use crate::translate::notes::Notes;

/// Declares the parameters with their names in the configuration, and their members in a request.
macro_rules! parameters {
    ($($(#[$meta:meta])* $variant:ident $name:literal $($field:ident)+,)*) => {
        /// A parameter that can be dropped.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Parameter {
            $($(#[$meta])* $variant,)*
        }

        impl Parameter {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in the configuration.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Removes the parameter from a request; true where it was there.
            fn take(self, request: &mut Request<'_>) -> bool {
                match self {
                    $(Self::$variant => [$(request.$field.take().is_some()),+].contains(&true),)*
                }
            }
        }
    };
}

parameters! {
    /// `max_completion_tokens` and `max_tokens`.
    MaxTokens "max_tokens" max_completion_tokens max_tokens,
    /// `temperature`.
    Temperature "temperature" temperature,
    /// `top_p`.
    TopP "top_p" top_p,
    /// `top_k`.
    TopK "top_k" top_k,
    /// `stop`.
    Stop "stop" stop,
    /// `n`.
    N "n" n,
    /// `logprobs` and `top_logprobs`.
    Logprobs "logprobs" logprobs top_logprobs,
    /// `modalities`.
    Modalities "modalities" modalities,
    /// `tool_choice` and `function_call`.
    ToolChoice "tool_choice" tool_choice function_call,
    /// `parallel_tool_calls`.
    ParallelToolCalls "parallel_tool_calls" parallel_tool_calls,
    /// `response_format`.
    ResponseFormat "response_format" response_format,
    /// `reasoning_effort`.
    ReasoningEffort "reasoning_effort" reasoning_effort,
    /// `thinking`.
    Thinking "thinking" thinking,
    /// `service_tier`.
    ServiceTier "service_tier" service_tier,
    /// `performanceConfig`.
    PerformanceConfig "performanceConfig" performance_config,
}

/// Removes parameters from a request, and notes those that were there.
pub(super) fn drop(request: &mut Request<'_>, parameters: &[Parameter], notes: &mut Notes<'_>) {
    for parameter in parameters {
        notes.ignore_if(parameter.take(request), parameter.name());
    }
}
