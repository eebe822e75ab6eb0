//! Amazon's models.

use super::row::families;
use super::sources::*;
use super::{Cache, DocumentsInResults, Efforts, Forced, MOST, Reasoning, Schemas, ThoughtsInText, TopK};

families! {
    NOVA: "Nova" ["amazon.nova-"] like MOST {
        max_tokens: Some(10_000) => CARDS, LITELLM;
        hyphens: false => NOVA_HYPHENS;
        top_k: TopK::Nova => NOVA_SCHEMA;
        forced_tool: Forced::Named => TOOL_CHOICE, NOVA_TOOLS;
        text_beside_results: false => NOVA_RESULTS;
        images_in_results: true => RESULT_IMAGES;
        documents_in_results: DocumentsInResults::Texts => PYDANTIC_AI;
        max_stops: Some(4) => NOVA_SCHEMA;
        thoughts_in_text: ThoughtsInText::Thinking => NOVA_THOUGHTS;
        prefill: true => NOVA_SCHEMA;
        cache: Cache::FiveMinutes => CACHING;
        cache_tools: false => CACHING;
        cache_media: false => NOVA_POINTS;
        schemas: Schemas::Plain => NOVA_TOOLS, NOVA_ROOT;
    }

    NOVA_PREMIER: "Nova Premier" ["amazon.nova-premier"] like NOVA {
        web_search: true => NOVA_GROUNDING;
    }

    NOVA_2: "Nova 2" ["amazon.nova-2"] like NOVA {
        max_tokens: Some(64_000) => LITELLM;
        prefill: false => LIKE_VENDORS;
        reasoning: Reasoning::Nova => NOVA_2_THINKING;
        efforts: Efforts::LOW_TO_HIGH => NOVA_2_THINKING;
        thoughts_in_text: ThoughtsInText::No => NOVA_2_THINKING;
        web_search: true => NOVA_2_GROUNDING;
    }

    // The model card of Nova 2 Lite says that it takes no audio.
    NOVA_2_OMNI: "Nova 2 Omni" ["amazon.nova-2-omni"] like NOVA_2 {
        audio: true => NOVA_2_OMNI_SPEECH;
    }

    TITAN: "Titan Text" ["amazon.titan-text"] like MOST {
        max_tokens: Some(8_192) => TITAN_PARAMETERS;
        tools: false => FEATURES;
        system: false => FEATURES;
    }
}
