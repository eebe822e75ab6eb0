//! The list of models in Anthropic's format: those for chats.

use crate::anthropic::models::{List, Model};
use crate::aws::dates::date;
use crate::gateway::tasks::CHAT;
use crate::openai::models;

/// Converts OpenAI's list.
pub fn list<'a>(listed: models::List<'a>) -> List<'a> {
    let chats = listed.data.into_iter().filter(|model| model.task == CHAT.name());
    let data: Vec<Model<'a>> = chats.map(|model| one(&model)).collect();
    let (first_id, last_id) = (data.first().map(|model| model.id), data.last().map(|model| model.id));
    List { data, has_more: false, first_id, last_id }
}

/// Converts one model.
pub fn one<'a>(model: &models::Model<'a>) -> Model<'a> {
    let midnight = |date: &str| format!("{date}T00:00:00Z");
    Model {
        kind: "model",
        id: model.id,
        display_name: model.name.unwrap_or(model.id),
        created_at: midnight(&date(model.created)),
        lifecycle: if model.shutdown_date.is_some() { "deprecated" } else { "active" },
        retires_at: model.shutdown_date.map(midnight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_models_for_chats_are_listed_with_the_dates_that_are_known() {
        let model = |id, task, shutdown_date| models::Model {
            id,
            task,
            shutdown_date,
            created: 86_400,
            ..models::Model::default()
        };
        let data = vec![
            model("a", "chat", None),
            model("b", "embedding", None),
            model("c", "chat", Some("2027-01-02")),
        ];
        let listed = crate::wire::to_string(&list(models::List { object: "list", data }));
        assert_eq!(
            listed,
            concat!(
                r#"{"data":[{"type":"model","id":"a","display_name":"a","created_at":"1970-01-02T00:00:00Z","lifecycle":"active","retires_at":null},"#,
                r#"{"type":"model","id":"c","display_name":"c","created_at":"1970-01-02T00:00:00Z","lifecycle":"deprecated","#,
                r#""retires_at":"2027-01-02T00:00:00Z"}],"has_more":false,"first_id":"a","last_id":"c"}"#
            )
        );
    }
}
