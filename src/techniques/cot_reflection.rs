//! `cot_reflection`: thoughts, a reflection on them, then the answer.

use super::{Call, Step};

const FORM: &str = "Answer in three steps.
1. Think about the question step by step, inside <thinking> tags.
2. Still inside them, look back at your reasoning for mistakes and for what it leaves out, inside <reflection> tags, and mend it.
3. Give your final answer, and nothing else, inside <output> tags.

<thinking>
your reasoning
<reflection>
your look back at it
</reflection>
what changes by it
</thinking>
<output>
your final answer
</output>";

/// Chain of thought (Wei et al. 2022, arXiv 2201.11903) in the form of the "reflection" prompts of 2024, which no paper
/// describes. Text in the tags of thinking becomes reasoning, unless `return_full_response` asks for the model's text
/// unchanged. The temperature is the client's: OptiLLM's 0.6 is refused by models without that parameter.
pub(super) fn step(return_full_response: bool) -> Step {
    Step::Last(Call { system: Some(FORM.into()), parted: !return_full_response, ..Call::default() })
}
