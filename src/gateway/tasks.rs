//! The task of a model, by which clients distinguish chat models from others.

use crate::bedrock::model_id::base_model;
use crate::openai::Error;

/// A task, as in `type` in the list of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task(&'static str);

/// For chats.
pub const CHAT: Task = Task("chat");

/// All tasks, as they are written.
const TASKS: &[&str] = &["chat", "embedding", "rerank", "image", "video", "audio"];

/// Words in ids of models that are not for chats (Amazon Bedrock User Guide, "Supported foundation models").
const WORDS: &[(&str, Task)] = &[
    ("embed", Task("embedding")),
    ("marengo", Task("embedding")),
    ("rerank", Task("rerank")),
    ("sonic", Task("audio")),
    ("reel", Task("video")),
    ("luma.ray", Task("video")),
    ("canvas", Task("image")),
    ("titan-image", Task("image")),
    ("stability.", Task("image")),
];

/// Output modalities of models that are not for chats, as Bedrock lists them (`outputModalities`).
const OUTPUTS: &[(&str, Task)] = &[
    ("embedding", Task("embedding")),
    ("image", Task("image")),
    ("video", Task("video")),
    ("speech", Task("audio")),
];

impl Task {
    /// The task of the model with that id. `output` are its output modalities, separated by commas, where known.
    pub fn of(id: &str, output: &str) -> Self {
        let model = base_model(id);
        let found = WORDS.iter().find(|(word, _)| model.contains(word));
        let made = || {
            let makes = |what: &str| output.split(',').any(|output| output == what);
            OUTPUTS.iter().find(|(what, _)| makes(what) && !makes("text"))
        };
        found.or_else(made).map_or(CHAT, |(_, task)| *task)
    }

    /// The task's name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// The task that the query of `GET models` asks for in `type`. `None`: all.
///
/// # Errors
/// 400 for an unknown task.
pub fn asked(query: &str) -> Result<Option<Task>, Error> {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("type="));
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    TASKS
        .iter()
        .find(|known| **known == value)
        .map(|known| Some(Task(known)))
        .ok_or_else(|| Error::invalid_param("type", format!("'type' must be one of {}.", TASKS.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_is_for_is_told_by_its_id_or_by_what_it_makes() {
        for (id, output, task) in [
            ("us.anthropic.claude-sonnet-4-6", "", "chat"),
            ("us.amazon.nova-2-sonic-v1:0", "speech,text", "audio"),
            ("amazon.titan-embed-text-v2:0", "", "embedding"),
            ("arn:aws:bedrock:us-east-1::foundation-model/cohere.embed-v4:0", "", "embedding"),
            ("cohere.rerank-v3-5:0", "text", "rerank"),
            ("amazon.nova-canvas-v1:0", "image", "image"),
            ("new.model", "embedding", "embedding"),
            ("new.model", "text,image", "chat"),
            ("new.model", "video", "video"),
        ] {
            assert_eq!(Task::of(id, output).name(), task, "{id} {output}");
        }
    }

    #[test]
    fn a_query_asks_for_one_type_or_for_all() {
        for query in ["", "a=b", "type=", "types=chat"] {
            assert_eq!(asked(query), Ok(None), "{query}");
        }
        for task in TASKS {
            assert_eq!(asked(&format!("limit=5&type={task}")).unwrap().map(Task::name), Some(*task));
        }
        for query in ["type=Chat", "type=llm", "type=chat,embedding"] {
            assert_eq!(asked(query).unwrap_err().param.as_deref(), Some("type"), "{query}");
        }
    }
}
