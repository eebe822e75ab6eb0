//! Where a value can stand: each member of each wire type, with what has to stand beside it so that it is looked at.

use super::source::{Declared, Source, words};

/// A place in a JSON text. The text is kept in parts that begin at each list on the way, so that any of these lists can be
/// given many items.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// `messages[].content[].text`.
    pub(crate) path: String,
    /// What kind of value is read there.
    pub(crate) kind: Kind,
    parts: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Flag,
    /// Whatever has parts: lists, objects, any JSON.
    Structure,
}

impl Place {
    /// The text with `value` in this place.
    pub(crate) fn with(&self, value: &str) -> String {
        let (open, close) = sides(&self.parts);
        [open.replace('#', "0").as_str(), value, &close.replace('#', "0")].concat()
    }

    /// How many lists are on the way.
    pub(crate) fn lists(&self) -> usize {
        self.parts.len() - 1
    }

    /// The text with many items in the list of this number, of `bytes` bytes in all.
    pub(crate) fn many(&self, list: usize, bytes: usize, value: impl Fn(usize) -> String) -> String {
        let (open, close) = sides(&self.parts[list + 1..]);
        let is_numbered = open.contains('#') || close.contains('#');
        let items = fill(bytes, ",", |at| {
            let item = [open.as_str(), &value(at), &close].concat();
            if is_numbered { item.replace('#', &at.to_string()) } else { item }
        });
        let (before, after) = sides(&self.parts[..=list]);
        // A sibling's number in what is there once.
        [before.replace('#', "0"), items, after.replace('#', "0")].concat()
    }
}

/// All that stands before and behind what these parts hold.
fn sides(parts: &[(String, String)]) -> (String, String) {
    let open = parts.iter().map(|(open, _)| open.as_str()).collect();
    (open, parts.iter().rev().map(|(_, close)| close.as_str()).collect())
}

/// Items by their number, joined, until there are `bytes` bytes of them.
pub(crate) fn fill(bytes: usize, between: &str, item: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 1_024);
    for at in 0.. {
        text += &item(at);
        if text.len() >= bytes {
            break;
        }
        text += between;
    }
    text
}

/// The places in and under an object that stands where `@` is in `template`.
pub(crate) fn within<'s>(
    source: &'s Source,
    root: &'s Declared,
    template: &str,
    reached: &mut Vec<(String, String)>,
) -> Vec<Place> {
    let (open, close) = template.split_once('@').unwrap();
    let mut parts = vec![(open.to_owned(), close.to_owned())];
    if open.ends_with('[') {
        parts.push((String::new(), String::new()));
    }
    let mut places = Vec::new();
    walk(
        source,
        root,
        &Place { path: String::new(), kind: Kind::Structure, parts },
        &mut Vec::new(),
        &mut places,
        reached,
    );
    places
}

fn walk(
    source: &Source,
    object: &Declared,
    place: &Place,
    inside: &mut Vec<(String, String)>,
    places: &mut Vec<Place>,
    reached: &mut Vec<(String, String)>,
) {
    let id = (object.file.clone(), object.name.clone());
    reached.push(id.clone());
    // A model's targets have the members of a model.
    let is_target = place.path == "models[].targets[]";
    if inside.contains(&id) && !is_target {
        return;
    }
    inside.push(id);
    let dot = if place.path.is_empty() { "" } else { "." };
    for member in &object.members {
        let mut at = place.clone();
        at.path = format!("{}{dot}{}", place.path, member.name);
        let beside = beside(object, &member.name, &place.path);
        // Targets have neither names nor targets of their own.
        if is_target && matches!(member.name.as_str(), "name" | "targets") {
            continue;
        }
        let open = format!(r#"{{{beside}"{}":"#, member.name);
        let last = at.parts.last_mut().unwrap();
        last.0 += &open;
        last.1.insert(0, '}');
        let inner = source.inner(object, &member.kind);
        at.kind = kind(&member.kind, inner.is_some());
        adapt(&mut at);
        places.push(at.clone());
        let Some(inner) = inner else {
            if is_list(&member.kind) {
                into_list(&mut at);
                at.kind = kind(&innermost(&member.kind), false);
                places.push(at);
            }
            continue;
        };
        if is_list(&member.kind) {
            into_list(&mut at);
            at.kind = Kind::Structure;
            places.push(at.clone());
        }
        walk(source, inner, &at, inside, places, reached);
    }
    inside.pop();
}

fn into_list(at: &mut Place) {
    let last = at.parts.last_mut().unwrap();
    last.0.push('[');
    // A conversation begins with the user.
    if at.path == "messages" {
        last.0 += r#"{"role":"user","content":"Hi"},"#;
    }
    last.1.insert(0, ']');
    at.path += "[]";
    at.parts.push((String::new(), String::new()));
}

/// What only the assistant says is said by it.
fn adapt(at: &mut Place) {
    const SAID: &[&str] = &["thinking", "signature", "data", "refusal"];
    if SAID.iter().any(|name| at.path == format!("messages[].content[].{name}")) {
        at.parts[1].0 = at.parts[1].0.replace("user", "assistant");
    }
}

fn is_list(kind: &str) -> bool {
    words(kind).any(|word| matches!(word, "List" | "Vec" | "OneOrMany"))
}

fn innermost(kind: &str) -> String {
    words(kind).filter(|word| *word != "a").last().unwrap_or_default().to_owned()
}

fn kind(kind: &str, is_object: bool) -> Kind {
    let has = |wanted: &[&str]| words(kind).any(|word| wanted.contains(&word));
    if is_object
        || is_list(kind)
        || has(&["Raw", "RawValue", "Value", "Members", "Map", "BTreeMap", "HashMap", "Document", "Switch"])
    {
        Kind::Structure
    } else if has(&["bool"]) {
        Kind::Flag
    } else if has(&["i64", "u64", "u32", "i32", "u16", "usize", "f64", "Number"]) {
        Kind::Number
    } else {
        Kind::Text
    }
}

const PNG: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==";
const PDF: &str = "data:application/pdf;base64,JVBERi0xLjQ=";

/// What stands beside a member, each with a comma behind it; `#` is the item's number.
fn beside(object: &Declared, member: &str, path: &str) -> String {
    let (mut kind, mut others) = ("", String::new());
    match (object.file.rsplit('/').next().unwrap().trim_end_matches(".rs"), object.name.as_str(), member) {
        ("chat", "Request", member) => {
            others = match member {
                "stream_options" => r#""stream":true,"#,
                "tool_choice" | "parallel_tool_calls" => {
                    r#""tools":[{"type":"function","function":{"name":"f"}}],"#
                }
                "function_call" => r#""functions":[{"name":"f"}],"#,
                "top_logprobs" => r#""logprobs":true,"#,
                _ => "",
            }
            .to_owned();
            if member != "messages" {
                others += r#""messages":[{"role":"user","content":"Hi"}],"#;
            }
        }
        ("chat", "Message", member) => {
            others = match member {
                "role" => r#""content":"Hi","#,
                "content" => r#""role":"user","#,
                "tool_calls" | "function_call" | "reasoning_content" | "thinking_blocks" => {
                    r#""role":"assistant","#
                }
                "signature" => r#""role":"assistant","content":"Hi","reasoning_content":"x","#,
                "refusal" | "audio" | "annotations" => r#""role":"assistant","content":"Hi","#,
                "tool_call_id" | "is_error" | "status" => r#""role":"tool","content":"ok","#,
                _ => r#""role":"user","content":"Hi","#,
            }
            .to_owned();
        }
        ("chat", "Part", "type") => {}
        ("chat", "Part", "signature") => (kind, others) = ("thinking", r#""thinking":"x","#.to_owned()),
        ("chat", "Part", "data") => kind = "redacted_thinking",
        ("chat", "Part", "cache_control" | "prompt_cache_breakpoint") => {
            (kind, others) = ("text", r#""text":"x","#.to_owned());
        }
        ("chat" | "moderations", "Part", member) => kind = member,
        ("images", "Part", _) => kind = "image_url",
        ("chat", "MediaUrl", member) if member != "url" => others = format!(r#""url":"{PNG}","#),
        ("chat", "InputAudio", "data") => others = r#""format":"wav","#.to_owned(),
        ("chat", "InputAudio", _) => others = r#""data":"UklGRg==","#.to_owned(),
        ("chat", "File", "file_data") => others = r#""filename":"a.pdf","#.to_owned(),
        ("chat", "File", _) => others = format!(r#""file_data":"{PDF}","#),
        ("chat", "CacheControl", member) if member != "type" => kind = "ephemeral",
        ("chat", "ThinkingBlock", "data") => kind = "redacted_thinking",
        ("chat", "ThinkingBlock", member) => {
            kind = "thinking";
            others = defaults(member, &[("thinking", r#""x""#), ("signature", r#""c2ln""#)]);
        }
        ("chat", "ToolCall", "custom") => (kind, others) = ("custom", r#""id":"a#","#.to_owned()),
        ("chat", "ToolCall", member) => {
            kind = "function";
            let call = r#"{"name":"f","arguments":"{}"}"#;
            others = defaults(member, &[("id", r#""a#""#), ("function", call)]);
        }
        ("chat", "FunctionCall", member) => {
            others = defaults(member, &[("name", r#""f""#), ("arguments", r#""{}""#)]);
        }
        ("chat", "CustomCall", member) => {
            others = defaults(member, &[("name", r#""sql""#), ("input", r#""x""#)])
        }
        ("chat", "Tool", "custom") => kind = "custom",
        ("chat", "Tool", member) => {
            kind = "function";
            others = defaults(member, &[("function", r##"{"name":"f#"}"##)]);
        }
        ("chat", "Function" | "Custom" | "JsonSchema", member) => {
            others = defaults(member, &[("name", r##""f#""##)]);
        }
        ("chat", "ToolChoice", member) if member != "type" => kind = member,
        ("chat", "AllowedTools", "tools") => others = r#""mode":"auto","#.to_owned(),
        ("chat", "ResponseFormat", "json_schema") => kind = "json_schema",
        ("text_completion", "Request", member) => others = defaults(member, &[("prompt", r#""Hi""#)]),
        ("embeddings", "Request", member) => others = defaults(member, &[("input", r#""Hi""#)]),
        ("reply", "Reply", member) => {
            let said = r#"{"message":{"content":[{"text":"x"}]}}"#;
            others = defaults(member, &[("output", said), ("stopReason", r#""end_turn""#)]);
        }
        ("reply", "ToolUse", member) | ("stream", "ToolUseStart", member) => {
            others = defaults(member, &[("toolUseId", r##""t#""##), ("name", r#""f""#)]);
        }
        ("stream", "BlockStart" | "BlockDelta", "contentBlockIndex") => {}
        ("stream", "BlockStart" | "BlockDelta", _) => others = r#""contentBlockIndex":0,"#.to_owned(),
        ("guardrail", "Filter", member) => {
            let filter = [("type", r#""HATE""#), ("confidence", r#""HIGH""#), ("action", r#""BLOCKED""#)];
            others = defaults(member, &filter);
        }
        ("lists", "ModelSummary", member) => {
            let model = [
                ("modelId", r##""a.b#-v1:0""##),
                ("inputModalities", r#"["TEXT"]"#),
                ("outputModalities", r#"["TEXT"]"#),
                ("inferenceTypesSupported", r#"["ON_DEMAND"]"#),
            ];
            others = defaults(member, &model);
        }
        ("lists", "ProfileSummary", member) => {
            let arn = r##""arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a#""##;
            let profile = [
                ("inferenceProfileId", r##""us.a.b#-v1:0""##),
                ("inferenceProfileArn", arn),
                ("models", r#"[{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/a.b-v1:0"}]"#),
            ];
            others = defaults(member, &profile);
        }
        ("file", "File", member) => {
            let file = [
                ("api_keys", r#"[{"name":"a","key":"a-key-of-many-characters"}]"#),
                ("region", r#""us-east-1""#),
                ("credentials", r#"{"bearer_token":"t"}"#),
                ("cluster", r#""bedrock""#),
            ];
            others = defaults(member, &file);
        }
        ("file", "ApiKey", member) => {
            others = defaults(member, &[("name", r##""k#""##), ("key", r##""a-key-of-many-characters-#""##)]);
        }
        ("file", "Target", "targets") => others = r##""name":"m#","##.to_owned(),
        ("file", "Target", member) if path == "models[]" => {
            others = defaults(member, &[("name", r##""m#""##), ("model", r#""a.b-v1:0""#)]);
        }
        ("file", "Target", member) => others = defaults(member, &[("model", r##""a.b#-v1:0""##)]),
        ("file", "Images", member) => {
            others = defaults(member, &[("cluster", r#""c""#), ("hosts", r#"["example.com"]"#)]);
        }
        ("told", "Choice", member) => {
            others = defaults(member, &[("index", "0"), ("message", "{}")]);
        }
        ("gathered", "Reply", member) => {
            others = defaults(member, &[("model", r#""m""#), ("data", r#"[{"embedding":[],"index":0}]"#)]);
        }
        _ => {}
    }
    if !kind.is_empty() && member != "type" {
        others.insert_str(0, &format!(r#""type":"{kind}","#));
    }
    others
}

/// The members but one.
fn defaults(member: &str, members: &[(&str, &str)]) -> String {
    members
        .iter()
        .filter(|(name, _)| *name != member)
        .map(|(name, value)| format!(r#""{name}":{value},"#))
        .collect()
}
