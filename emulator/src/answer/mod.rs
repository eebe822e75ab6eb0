//! Makes the model's answer, which depends only on the request.

mod calls;
mod cited;
mod limits;
mod question;

use crate::faults::Faults;
use crate::models::Facts;
use crate::sample::sample;
use crate::thoughts::Before;
use crate::tokens;
use base64::Engine;
use calls::{call, pick};
use limits::limit;
use question::Question;
use serde_json::{Map, Value, json};

/// One block of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Block {
    /// Text.
    Text(String),
    /// Reasoning, and Claude's signature.
    Reasoning(String, Option<String>),
    /// Redacted reasoning, base64.
    Redacted(String),
    /// A tool call: id, name, input.
    Tool(String, String, Value),
    /// Text with its citations; without text they belong to the block before.
    Cited(String, Vec<Value>),
    /// A call that the service runs: id, name, input.
    ServerCall(String, String, Value),
    /// Its result: id, type.
    ServerResult(String, String),
}

/// Token counts of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Uncached input tokens.
    pub input: u64,
    /// Output tokens.
    pub output: u64,
    /// Tokens read from and written to the prompt cache, if the request has a cachePoint.
    pub cache: Option<(u64, u64)>,
    /// Lifetime of the tokens written.
    pub ttl: String,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its blocks in order.
    pub blocks: Vec<Block>,
    /// `end_turn` and the like.
    pub stop: String,
    /// Its token counts.
    pub usage: Usage,
    /// Members of the answer beside the message: `serviceTier`, `performanceConfig`, `trace`.
    pub beside: Map<String, Value>,
    /// `additionalModelResponseFields`
    pub fields: Option<Value>,
}

/// Answers a Converse body that has passed all checks.
pub fn answer(body: &Value, facts: &Facts, faults: &Faults, usage: Usage) -> Answer {
    let question = Question::of(body);
    let mut answer =
        Answer { blocks: Vec::new(), stop: "end_turn".to_owned(), usage, beside: Map::new(), fields: None };
    for key in ["serviceTier", "performanceConfig"] {
        if let Some(value) = body.get(key) {
            answer.beside.insert(key.to_owned(), value.clone());
        }
    }
    if body.get("guardrailConfig").is_some() && looked_at(body, &question).contains("BLOCKME") {
        blocked(body, &mut answer);
    } else {
        if faults.redacted {
            answer
                .blocks
                .push(Block::Redacted(base64::engine::general_purpose::STANDARD.encode("redacted thoughts")));
        }
        if reasons(body, facts) {
            let text = format!(
                "The user said {} words. I answer from what they said.",
                question.text.split_whitespace().count()
            );
            let text = if shown(body, facts) { text } else { String::new() };
            let signature = facts.claude().then(|| Before::answer(body).sign(&text));
            answer.blocks.push(Block::Reasoning(text, signature));
        }
        say(body, facts, faults, &question, &mut answer);
    }
    limit(body, &mut answer);
    if let Some(stop) = &faults.stop {
        answer.stop.clone_from(stop);
    }
    answer.usage.output = answer.blocks.iter().map(Block::tokens).sum();
    answer
}

impl Block {
    fn tokens(&self) -> u64 {
        match self {
            Self::Text(text) | Self::Reasoning(text, _) | Self::Cited(text, _) => tokens::count(text),
            Self::Redacted(_) => 8,
            Self::ServerCall(..) | Self::ServerResult(..) => 0,
            Self::Tool(_, name, input) => tokens::count(name) + tokens::count(&input.to_string()),
        }
    }
}

/// Whether the model reasons: because the request asks for it, or by default.
pub fn reasons(body: &Value, facts: &Facts) -> bool {
    let fields = body.get("additionalModelRequestFields");
    let text = |pointer: &str| fields?.pointer(pointer)?.as_str();
    match text("/thinking/type") {
        Some(kind) => matches!(kind, "enabled" | "adaptive"),
        None => {
            facts.always_reasons
                || facts.thinks_unasked
                || text("/reasoningConfig/type") == Some("enabled")
                || ["/reasoning_effort", "/reasoning/effort", "/reasoning_config"]
                    .into_iter()
                    .any(|pointer| text(pointer).is_some_and(|effort| effort != "none"))
        }
    }
}

/// Whether the thoughts' text is returned, rather than only their signature.
fn shown(body: &Value, facts: &Facts) -> bool {
    match body.pointer("/additionalModelRequestFields/thinking/display").and_then(Value::as_str) {
        Some(display) => display != "omitted",
        None => facts.shows_thinking,
    }
}

/// The text that a guardrail checks: the marked content, else all of the question.
fn looked_at(body: &Value, question: &Question) -> String {
    let turns = body.get("messages").and_then(Value::as_array).into_iter().flatten();
    let blocks = turns.filter_map(|turn| turn.get("content")?.as_array()).flatten();
    let system = body.get("system").and_then(Value::as_array).into_iter().flatten();
    let marked: Vec<&Value> = blocks.chain(system).filter_map(|block| block.get("guardContent")).collect();
    if marked.is_empty() {
        return question.text.clone();
    }
    let texts = marked.iter().filter_map(|block| block.pointer("/text/text")?.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

fn blocked(body: &Value, answer: &mut Answer) {
    answer.blocks.push(Block::Text("Sorry, the guardrail of this emulator blocked your request.".to_owned()));
    answer.stop = "guardrail_intervened".to_owned();
    let config = body.get("guardrailConfig");
    let trace = config.and_then(|c| c.get("trace")).and_then(Value::as_str);
    if trace.is_some_and(|t| t != "disabled") {
        let id =
            config.and_then(|c| c.get("guardrailIdentifier")).and_then(Value::as_str).unwrap_or("guardrail");
        let word = json!({"wordPolicy": {"customWords": [{"match": "BLOCKME", "action": "BLOCKED", "detected": true}],
            "managedWordLists": []}});
        answer.beside.insert(
            "trace".to_owned(),
            json!({"guardrail": {"inputAssessment": {id: word}, "actionReason": "Guardrail blocked."}}),
        );
    }
}

fn say(body: &Value, facts: &Facts, faults: &Faults, question: &Question, answer: &mut Answer) {
    if let Some(text) = &faults.answer {
        answer.blocks.push(Block::Text(text.clone()));
        return;
    }
    let choice = body.pointer("/toolConfig/toolChoice");
    // Anthropic's own form, here beside `disable_parallel_tool_use`.
    let own = body.pointer("/additionalModelRequestFields/tool_choice");
    let is_own = |kind: &str| own.and_then(|c| c.get("type")).and_then(Value::as_str) == Some(kind);
    let own_name = own.filter(|_| is_own("tool")).and_then(|c| c.get("name"));
    let forced_name = choice.and_then(|c| c.pointer("/tool/name")).or(own_name).and_then(Value::as_str);
    let forced = forced_name.is_some() || choice.is_some_and(|c| c.get("any").is_some()) || is_own("any");
    let is_over = !question.results.is_empty() && question.next.is_none();
    let calls = if is_own("none") || !forced && is_over {
        Vec::new()
    } else {
        pick(body, question, forced_name, forced)
    };
    if !calls.is_empty() {
        call(calls, facts, faults, forced, question, answer);
        return;
    }
    if let Some(schema) =
        body.pointer("/outputConfig/textFormat/structure/jsonSchema/schema").and_then(Value::as_str)
    {
        let schema: Value = serde_json::from_str(schema).unwrap_or_default();
        answer.blocks.push(Block::Text(sample(&schema, &question.text).to_string()));
        return;
    }
    if question.wants_json {
        let mut object = sample(&json!({"type": "object"}), &question.text);
        if object == json!({}) {
            object = json!({"answer": question.text, "results": question.results});
        }
        // The model continues a prefilled turn.
        let text = if question.is_begun {
            object.to_string().split_off(1)
        } else {
            format!("```json\n{object}\n```")
        };
        answer.blocks.push(Block::Text(text));
        return;
    }
    let text = if !question.results.is_empty() {
        format!("The tool said: {}", question.results.join("; "))
    } else if let Some(n) =
        question.text.trim().strip_prefix("long:").and_then(|n| n.trim().parse::<usize>().ok())
    {
        long(n.min(1_000_000))
    } else {
        let mut text = format!("You said: {}", question.text);
        for medium in &question.media {
            text.push_str(&format!(" [{medium}]"));
        }
        text
    };
    if cited::grounds(body) {
        cited::search(&question.text, text, answer);
    } else if let citations = cited::documents(body)
        && !citations.is_empty()
    {
        answer.blocks.push(Block::Cited(text, citations));
    } else if faults.citations {
        let citation = json!({"title": "A source", "sourceContent": [{"text": "as it is written"}],
            "location": {"documentChar": {"documentIndex": 0, "start": 0, "end": 16}}});
        answer.blocks.push(Block::Cited(text, vec![citation]));
    } else {
        answer.blocks.push(Block::Text(text));
    }
}

/// `n` words.
fn long(n: usize) -> String {
    const WORDS: [&str; 8] = ["lorem", "ipsum", "dolor", "sit", "amet", "über", "日本", "elit"];
    WORDS.iter().cycle().take(n).copied().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(body: &Value) -> Answer {
        answer(body, &Facts::of("anthropic.claude-sonnet-4-5-v1:0"), &Faults::default(), Usage::default())
    }

    fn user(text: &str) -> Value {
        json!({"messages": [{"role": "user", "content": [{"text": text}]}]})
    }

    fn with_tools(text: &str, choice: Value) -> Value {
        let tool = |name: &str| {
            json!({"toolSpec": {"name": name, "inputSchema": {"json": {"type": "object",
                "properties": {"city": {"type": "string"}}}}}})
        };
        let mut body = user(text);
        body["toolConfig"] = json!({"tools": [tool("get_weather"), tool("get_time")], "toolChoice": choice});
        body
    }

    fn tools(answer: &Answer) -> Vec<(String, Value)> {
        let call = |b: &Block| if let Block::Tool(_, n, i) = b { Some((n.clone(), i.clone())) } else { None };
        answer.blocks.iter().filter_map(call).collect()
    }

    #[test]
    fn plain_text_is_echoed() {
        let a = ask(&user("hi there"));
        assert_eq!(a.blocks, [Block::Text("You said: hi there".into())]);
        assert_eq!((a.stop.as_str(), a.usage.output), ("end_turn", 1 + 2 + 1 + 2));
    }

    #[test]
    fn images_are_counted_in_the_echo() {
        let body = json!({"messages": [{"role": "user", "content": [{"text": "look"},
            {"image": {"format": "png", "source": {"bytes": "AAAA"}}}]}]});
        assert_eq!(ask(&body).blocks, [Block::Text("You said: look [1 image: png, 3 bytes]".into())]);
    }

    #[test]
    fn a_tool_is_called_when_it_is_spoken_of() {
        assert!(tools(&ask(&with_tools("hello", json!({"auto": {}})))).is_empty());
        let a = ask(&with_tools("what is the weather? city=Rome", json!({"auto": {}})));
        assert_eq!(a.blocks[0], Block::Text("I will call get_weather.".into()));
        assert_eq!(tools(&a), [("get_weather".into(), json!({"city": "Rome"}))]);
        assert_eq!(a.stop, "tool_use");
        let a = ask(&with_tools(
            "get_time city=A then get_weather city=B and get_time city=C",
            json!({"auto": {}}),
        ));
        let cities: Vec<_> = tools(&a).iter().map(|(_, i)| i["city"].clone()).collect();
        assert_eq!(cities, ["A", "B", "C"]);
    }

    #[test]
    fn a_forced_choice_calls_without_a_word() {
        let a = ask(&with_tools("hello", json!({"tool": {"name": "get_time"}})));
        assert_eq!(a.blocks.len(), 1);
        assert_eq!(tools(&a)[0].0, "get_time");
        assert_eq!(tools(&ask(&with_tools("hello", json!({"any": {}}))))[0].0, "get_weather");
    }

    #[test]
    fn a_tool_result_is_told() {
        let mut body = with_tools("weather", json!({"auto": {}}));
        body["messages"] = json!([{"role": "user", "content": [{"toolResult": {"toolUseId": "a",
            "content": [{"text": "sunny"}, {"json": {"t": 3}}]}}]}]);
        assert_eq!(ask(&body).blocks, [Block::Text("The tool said: sunny; {\"t\":3}".into())]);
    }

    #[test]
    fn a_result_that_says_what_is_next_has_it_called() {
        let mut body = with_tools("weather", json!({"auto": {}}));
        let results = |text: &str| json!([{"role": "user", "content": [{"toolResult": {"toolUseId": "a", "content": [{"text": text}]}}]}]);
        body["messages"] = results("sunny; next: get_time city=Rome");
        assert_eq!(tools(&ask(&body)), [("get_time".into(), json!({"city": "Rome"}))]);
        body["messages"] = results("sunny; next: rest");
        assert!(tools(&ask(&body)).is_empty());
    }

    #[test]
    fn stop_sequences_and_max_tokens_cut() {
        let mut body = user("one two three");
        body["inferenceConfig"] = json!({"stopSequences": ["three", "two"]});
        let a = ask(&body);
        assert_eq!(
            (a.blocks[0].clone(), a.stop.as_str()),
            (Block::Text("You said: one ".into()), "stop_sequence")
        );
        body["inferenceConfig"] = json!({"maxTokens": 3});
        let a = ask(&body);
        assert_eq!((a.stop.as_str(), a.usage.output), ("max_tokens", 3));
    }

    #[test]
    fn json_is_made_for_a_text_format() {
        let mut body = user("n=7");
        let schema = json!({"type": "object", "properties": {"n": {"type": "integer"}}}).to_string();
        body["outputConfig"] =
            json!({"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}}});
        assert_eq!(ask(&body).blocks, [Block::Text("{\"n\":7}".into())]);
    }

    #[test]
    fn json_is_made_where_words_ask_for_it() {
        let mut body = user("What is up?");
        body["system"] =
            json!([{"text": "Be kind."}, {"text": "Answer with one JSON object and nothing else."}]);
        let Block::Text(text) = &ask(&body).blocks[0] else { panic!("no text") };
        let inner = text.strip_prefix("```json\n").and_then(|t| t.strip_suffix("\n```")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(inner).unwrap()["answer"], "What is up?");
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": [{"text": "{"}]}));
        let Block::Text(text) = &ask(&body).blocks[0] else { panic!("no text") };
        assert!(text.starts_with("\"answer\":"), "{text}");
    }

    #[test]
    fn a_forced_choice_ends_with_the_last_tool_once_the_others_were_called() {
        let mut body = with_tools("weather", json!({"any": {}}));
        let call = json!({"toolUse": {"toolUseId": "a", "name": "get_weather", "input": {}}});
        let result = json!({"toolResult": {"toolUseId": "a", "content": [{"text": "sunny"}]}});
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": [call]}));
        messages.push(json!({"role": "user", "content": [result]}));
        assert_eq!(tools(&ask(&body))[0].0, "get_time");
    }

    #[test]
    fn thoughts_of_the_newest_are_signed_and_have_no_text_unless_asked_for() {
        let of = |id: &str, thinking: Value| {
            let mut body = user("hi");
            body["additionalModelRequestFields"] = json!({"thinking": thinking});
            answer(&body, &Facts::of(id), &Faults::default(), Usage::default()).blocks[0].clone()
        };
        let Block::Reasoning(text, Some(signed)) =
            of("anthropic.claude-opus-4-7", json!({"type": "adaptive"}))
        else {
            panic!("no thoughts")
        };
        assert!(text.is_empty() && signed.starts_with("emu-"));
        let asked = json!({"type": "adaptive", "display": "summarized"});
        assert!(
            matches!(of("anthropic.claude-opus-4-7", asked), Block::Reasoning(text, _) if !text.is_empty())
        );
        assert!(
            matches!(of("anthropic.claude-opus-4-6-v1", json!({"type": "adaptive"})), Block::Reasoning(text, _) if !text.is_empty())
        );
        assert_eq!(
            of("anthropic.claude-opus-5", json!({"type": "disabled"})),
            Block::Text("You said: hi".into())
        );
    }

    #[test]
    fn thinking_comes_first_and_is_signed() {
        let mut body = user("hi");
        body["additionalModelRequestFields"] =
            json!({"thinking": {"type": "enabled", "budget_tokens": 1024}});
        assert!(matches!(ask(&body).blocks[0], Block::Reasoning(_, Some(_))));
    }

    #[test]
    fn a_guardrail_looks_at_what_is_marked_and_else_at_all() {
        let marked = json!({"guardContent": {"text": {"text": "hi"}}});
        let mut body = json!({"guardrailConfig": {"guardrailIdentifier": "a", "guardrailVersion": "1"},
            "messages": [{"role": "user", "content": [{"text": "BLOCKME"}]}]});
        assert_eq!(ask(&body).stop, "guardrail_intervened");
        body["messages"][0]["content"].as_array_mut().unwrap().push(marked);
        assert_eq!(ask(&body).stop, "end_turn");
        body["system"] = json!([{"guardContent": {"text": {"text": "BLOCKME"}}}]);
        assert_eq!(ask(&body).stop, "guardrail_intervened");
    }

    #[test]
    fn what_is_looked_up_and_what_is_in_documents_is_cited() {
        let mut body = user("hi");
        body["toolConfig"] = json!({"tools": [{"systemTool": {"name": "nova_grounding"}}]});
        let blocks = ask(&body).blocks;
        assert!(matches!(&blocks[0], Block::ServerCall(_, name, _) if name == "nova_grounding"));
        let Block::Cited(text, citations) = &blocks[3] else { panic!("no citations") };
        assert_eq!((text.as_str(), citations.len()), ("", 2));
        let document = json!({"document": {"format": "txt", "name": "a", "source": {"text": "Größe: 3"}, "citations": {"enabled": true}}});
        let body = json!({"messages": [{"role": "user", "content": [{"text": "hi"}, document]}]});
        let blocks = ask(&body).blocks;
        let Block::Cited(_, citations) = &blocks[0] else { panic!("no citations") };
        assert_eq!(
            citations[0]["location"]["documentChar"],
            json!({"documentIndex": 0, "start": 0, "end": 8})
        );
        assert_eq!(citations[0]["sourceContent"][0]["text"], "Größe: 3");
    }
}
