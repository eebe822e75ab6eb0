//! What Bedrock refuses, as far as the service model and the service's own refusals say: read off a Converse body.

use std::collections::HashSet;

use serde_json::Value;

/// In the name of a model that is said to take sound.
pub(crate) const LISTENS: &str = "listens";

/// A model's family, as far as the rules differ.
struct Family<'a>(&'a str);

impl Family<'_> {
    fn is(&self, part: &str) -> bool {
        self.0.contains(part)
    }

    fn is_claude(&self) -> bool {
        self.is("anthropic.")
    }

    /// Claude from Opus 4.7 on: no sampling, no budget of thinking, thoughts without their text.
    fn is_new_claude(&self) -> bool {
        self.is_claude()
            && self.any_of(&["opus-4-7", "opus-5", "sonnet-5", "haiku-5", "fable", "mythos", "verse-6"])
    }

    fn any_of(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.is(part))
    }

    fn caches(&self) -> bool {
        let first = ["claude-v2", "claude-instant", "claude-3-haiku", "claude-3-opus"];
        self.is("amazon.nova") || self.is_claude() && !self.any_of(&first)
    }

    fn has_tools(&self) -> bool {
        let older = [
            "titan-text",
            "claude-v2",
            "claude-instant",
            "mistral-7b",
            "mixtral",
            "deepseek.r1",
            "voxtral",
            "jamba-instruct",
        ];
        let llamas = ["llama2", "llama3-8b", "llama3-70b", "llama3-2-1b", "llama3-2-3b"];
        !self.any_of(&older) && !self.any_of(&llamas)
    }

    fn has_system(&self) -> bool {
        !self.any_of(&["titan-text", "mistral-7b", "mixtral"])
    }

    /// Takes sound; of models that nobody knows nobody knows.
    fn listens(&self) -> bool {
        self.any_of(&["voxtral", "nova-2-omni", "newco.", LISTENS])
    }

    /// Looks up the web by itself.
    fn searches(&self) -> bool {
        self.any_of(&["nova-premier", "nova-2"])
    }

    /// Names places in documents.
    fn cites(&self) -> bool {
        let first = ["claude-v2", "claude-instant", "claude-3-haiku", "claude-3-opus"];
        self.is_claude() && !self.any_of(&first)
    }

    /// Takes closed schemas: of answers, and of tools that are `strict`.
    fn takes_schemas(&self) -> bool {
        let open = [
            "gpt-oss",
            "deepseek.v3",
            "qwen.",
            "gemma-3-12b",
            "gemma-3-27b",
            "minimax.",
            "kimi",
            "nvidia.",
            "zai.",
        ];
        let mistral = ["magistral", "ministral-3", "mistral-large-3", "devstral", "voxtral"];
        self.is_claude() && self.any_of(&["-4-5", "-4-6"]) || self.any_of(&open) || self.any_of(&mistral)
    }

    /// Can be made to call a tool.
    fn is_forced(&self) -> bool {
        let free = ["opus-5-5", "sonnet-5-5", "fable-5-", "mythos-5-", "mythos-preview"];
        let others = [
            "amazon.nova",
            "mistral.",
            "openai.gpt-5",
            "openai.gpt-6",
            "deepseek.v3",
            "kimi",
            "xai.",
            "zai.",
        ];
        self.is_claude() && !self.any_of(&free) || self.any_of(&others)
    }
}

/// The first rule that `body` breaks on `model`; `caller` is the label that every request has.
pub(crate) fn broken(model: &str, body: &Value, caller: &str) -> Result<(), String> {
    let family = Family(model);
    members(body)?;
    let turns = list(body, "/messages");
    for (at, turn) in turns.iter().enumerate() {
        order(at, turn, turns)?;
        for (index, block) in list(turn, "/content").iter().enumerate() {
            self::block(block, &turn["role"], &family)
                .map_err(|reason| format!("messages.{at}.content.{index}: {reason}"))?;
        }
        beside(turn, &family).map_err(|reason| format!("messages.{at}: {reason}"))?;
    }
    guarded(body, turns)?;
    pairing(turns, &family)?;
    system(body, &family)?;
    tools(body, turns, &family)?;
    sampling(body, &family)?;
    output(body, &family)?;
    thinking(body, &family)?;
    cache_points(body, &family)?;
    documents(turns)?;
    labels(body, caller)?;
    prefill(body, turns, &family)
}

fn members(body: &Value) -> Result<(), String> {
    const KNOWN: &[&str] = &[
        "messages",
        "system",
        "inferenceConfig",
        "toolConfig",
        "guardrailConfig",
        "additionalModelRequestFields",
        "additionalModelResponseFieldPaths",
        "promptVariables",
        "requestMetadata",
        "performanceConfig",
        "serviceTier",
        "outputConfig",
    ];
    let object = body.as_object().ok_or("the body is no object")?;
    match object.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        Some(key) => Err(format!("{key}: Bedrock has no such member")),
        None => Ok(()),
    }
}

fn order(at: usize, turn: &Value, turns: &[Value]) -> Result<(), String> {
    ensure(["user", "assistant"].iter().any(|role| turn["role"] == *role), || {
        format!("messages.{at}: the role {}", turn["role"])
    })?;
    ensure(at > 0 || turn["role"] == "user", || "the first turn is not the user's".to_owned())?;
    ensure(at == 0 || turns[at - 1]["role"] != turn["role"], || {
        format!("messages.{at}: two turns of one role")
    })?;
    ensure(!list(turn, "/content").is_empty(), || format!("messages.{at}: no content"))
}

fn block(block: &Value, role: &Value, family: &Family<'_>) -> Result<(), String> {
    let object = block.as_object().filter(|object| object.len() == 1).ok_or("not exactly one member")?;
    let (kind, value) = object.iter().next().ok_or("no member")?;
    let users = ["text", "image", "document", "video", "audio", "toolResult", "cachePoint", "guardContent"];
    let assistants = ["text", "toolUse", "reasoningContent", "cachePoint"];
    let allowed = if role == "user" { &users[..] } else { &assistants[..] };
    ensure(allowed.contains(&kind.as_str()), || format!("{kind} in a turn of {role}"))?;
    match kind.as_str() {
        "text" => not_blank(value),
        "guardContent" => guard_content(value),
        "audio" => {
            ensure(family.listens(), || "sound for a model that does not listen".to_owned())?;
            media(block)
        }
        "document" => {
            cited(value, family)?;
            media(block)
        }
        "toolUse" => {
            ensure(value["input"].is_object(), || "the input is no object".to_owned())?;
            ensure(is_name(&value["name"]), || format!("the name {}", value["name"]))?;
            ensure(is_id(&value["toolUseId"], family), || format!("the id {}", value["toolUseId"]))
        }
        "toolResult" => {
            ensure(is_id(&value["toolUseId"], family), || format!("the id {}", value["toolUseId"]))?;
            // A result of status `error` must not be empty; of none is what nobody can read.
            ensure(!list(value, "/content").is_empty(), || "a result of nothing".to_owned())?;
            let mut documents = list(value, "/content").iter().filter_map(|part| part.get("json"));
            ensure(documents.all(Value::is_object), || "a result's json is no object".to_owned())?;
            list(value, "/content").iter().try_for_each(media)?;
            let mut documents = list(value, "/content").iter().filter_map(|part| part.get("document"));
            let plain = |document: &Value| document.get("citations").or(document.get("context")).is_none();
            ensure(documents.all(plain), || "citations of a result".to_owned())?;
            list(value, "/content").iter().filter_map(|part| part.get("text")).try_for_each(not_blank)
        }
        "reasoningContent" => match value.pointer("/reasoningText") {
            Some(thought) => {
                if !(family.is_new_claude() && thought["text"] == "") {
                    not_blank(&thought["text"])?;
                }
                ensure(thought["signature"].as_str().is_some_and(|signature| !signature.is_empty()), || {
                    "reasoning without a signature".to_owned()
                })
            }
            None => ensure(is_base64(&value["redactedContent"]), || {
                "redacted reasoning that is not base64".to_owned()
            }),
        },
        _ => media(block),
    }
}

/// Places are named in some documents only, and by some models.
fn cited(document: &Value, family: &Family<'_>) -> Result<(), String> {
    let Some(citations) = document.get("citations") else {
        return ensure(family.cites() || document.get("context").is_none(), || "context".to_owned());
    };
    ensure(family.cites() && citations["enabled"] == true, || format!("citations {citations}"))?;
    ensure(document["format"] == "pdf" || document["format"] == "txt", || {
        format!("citations of {}", document["format"])
    })
}

/// What a guardrail looks at, as the service model has it.
fn guard_content(block: &Value) -> Result<(), String> {
    match (block.get("text"), block.get("image")) {
        (Some(text), None) => {
            let known = ["grounding_source", "query", "guard_content"];
            let fits = list(text, "/qualifiers").iter().all(|name| known.iter().any(|known| name == known));
            ensure(fits, || format!("qualifiers of {text}"))?;
            not_blank(&text["text"])
        }
        (None, Some(image)) => {
            let fits = image["format"] == "png" || image["format"] == "jpeg";
            ensure(fits, || format!("a guarded image of the format {}", image["format"]))?;
            let data = &image["source"]["bytes"];
            ensure(is_base64(data), || format!("a guarded image: bytes is {data}"))
        }
        _ => Err("not exactly one guarded member".to_owned()),
    }
}

/// Nothing is marked for a guardrail that is not there.
fn guarded(body: &Value, turns: &[Value]) -> Result<(), String> {
    let blocks = turns.iter().flat_map(|turn| list(turn, "/content")).chain(list(body, "/system"));
    let mut marked = blocks.filter_map(|block| block.get("guardContent"));
    ensure(body.get("guardrailConfig").is_some() || marked.next().is_none(), || {
        "marked for no guardrail".to_owned()
    })
}

/// Formats and data, where the block is one of these.
fn media(block: &Value) -> Result<(), String> {
    const FORMATS: &[(&str, &[&str])] = &[
        ("image", &["png", "jpeg", "gif", "webp"]),
        ("document", &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"]),
        ("video", &["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"]),
        (
            "audio",
            &[
                "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg",
                "mpga", "pcm", "webm",
            ],
        ),
    ];
    for (kind, formats) in FORMATS {
        let Some(value) = block.get(kind) else { continue };
        ensure(formats.iter().any(|format| value["format"] == *format), || {
            format!("{kind} of the format {}", value["format"])
        })?;
        let source = value["source"].as_object().filter(|source| source.len() == 1);
        let (source, data) =
            source.and_then(|source| source.iter().next()).ok_or("not exactly one source")?;
        let fits = match source.as_str() {
            "bytes" => is_base64(data),
            "text" => *kind == "document" && not_blank(data).is_ok(),
            "s3Location" => {
                data["uri"].as_str().is_some_and(|uri| uri.starts_with("s3://") && uri.len() <= 1_024)
            }
            _ => false,
        };
        ensure(fits, || format!("{kind}: {source} is {data}"))?;
    }
    Ok(())
}

fn beside(turn: &Value, family: &Family<'_>) -> Result<(), String> {
    let content = list(turn, "/content");
    let results = content.iter().take_while(|block| block.get("toolResult").is_some()).count();
    let all = content.iter().filter(|block| block.get("toolResult").is_some()).count();
    ensure(results == all, || "results are not first".to_owned())?;
    let text = has(content, "text");
    ensure(!has(content, "document") || text, || "a document without text".to_owned())?;
    let apart = family.any_of(&["amazon.nova", "meta.", "mistral.", "writer.", "claude-3-opus"]);
    let text = text || content.iter().any(|block| block.pointer("/guardContent/text").is_some());
    ensure(!(apart && all > 0 && text), || "text beside results".to_owned())?;
    let pairs = || content.iter().zip(content.iter().skip(1));
    ensure(content[0].get("cachePoint").is_none(), || "a cache point first".to_owned())?;
    let after_thought = |(one, other): (&Value, &Value)| {
        one.get("reasoningContent").is_some() && other.get("cachePoint").is_some()
    };
    ensure(!pairs().any(after_thought), || "a cache point after reasoning".to_owned())?;
    let misplaced = |(one, other): (&Value, &Value)| {
        let is_cut = family.is("amazon.nova") && one.get("text").is_none()
            || one.pointer("/document/format").is_some_and(|format| format != "pdf");
        is_cut && other.get("cachePoint").is_some()
    };
    ensure(!pairs().any(misplaced), || "a cache point where it is refused".to_owned())?;
    let late = |(one, other): (&Value, &Value)| {
        one.get("reasoningContent").is_none() && other.get("reasoningContent").is_some()
    };
    ensure(!pairs().any(late), || "reasoning that is not first".to_owned())
}

fn pairing(turns: &[Value], family: &Family<'_>) -> Result<(), String> {
    let mut seen = HashSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (at, turn) in turns.iter().enumerate() {
        let ids = |kind: &str| -> Vec<&str> {
            let blocks = list(turn, "/content").iter().filter_map(|block| block.get(kind));
            blocks.filter_map(|block| block["toolUseId"].as_str()).collect()
        };
        let (mut results, calls) = (ids("toolResult"), ids("toolUse"));
        results.sort_unstable();
        open.sort_unstable();
        ensure(results == open, || format!("messages.{at}: results for {results:?}, calls were {open:?}"))?;
        ensure(calls.iter().all(|id| seen.insert(*id)), || format!("messages.{at}: an id twice"))?;
        ensure(!family.is("mistral") || calls.iter().all(|id| id.len() == 9), || {
            "an id for Mistral".to_owned()
        })?;
        open = calls;
    }
    ensure(open.is_empty(), || format!("no results for {open:?}"))
}

fn system(body: &Value, family: &Family<'_>) -> Result<(), String> {
    let Some(system) = body.get("system") else { return Ok(()) };
    ensure(family.has_system(), || "instructions for a model without".to_owned())?;
    let blocks = system.as_array().ok_or("system is no list")?;
    ensure(!blocks.is_empty(), || "system is empty".to_owned())?;
    ensure(blocks[0].get("cachePoint").is_none(), || "system begins with a cache point".to_owned())?;
    blocks.iter().filter_map(|block| block.get("guardContent")).try_for_each(guard_content)?;
    blocks.iter().filter_map(|block| block.get("text")).try_for_each(not_blank)
}

fn tools(body: &Value, turns: &[Value], family: &Family<'_>) -> Result<(), String> {
    let blocks = || turns.iter().flat_map(|turn| list(turn, "/content"));
    let spoken_of = body.get("toolConfig").is_some() || blocks().any(|block| block.get("toolUse").is_some());
    ensure(family.has_tools() || !spoken_of, || "tools on a model without".to_owned())?;
    let used = blocks().any(|block| block.get("toolUse").is_some() || block.get("toolResult").is_some());
    let Some(config) = body.get("toolConfig") else {
        return ensure(!used, || "calls in the history and no toolConfig".to_owned());
    };
    let mut names = HashSet::new();
    for tool in list(config, "/tools").iter().filter_map(|tool| tool.get("toolSpec")) {
        ensure(is_name(&tool["name"]), || format!("the tool's name {}", tool["name"]))?;
        ensure(names.insert(tool["name"].as_str()), || format!("two tools {}", tool["name"]))?;
        ensure(tool.pointer("/inputSchema/json/type").is_some_and(|kind| kind == "object"), || {
            format!("the schema of {}", tool["name"])
        })?;
        tool.get("description").map_or(Ok(()), not_blank)?;
        ensure(tool.get("strict").is_none() || family.takes_schemas(), || {
            "strict on a model without".to_owned()
        })?;
    }
    for tool in list(config, "/tools").iter().filter_map(|tool| tool.get("systemTool")) {
        ensure(family.searches() && tool["name"] == "nova_grounding", || format!("the model's own {tool}"))?;
        names.insert(tool["name"].as_str());
    }
    ensure(!names.is_empty(), || "toolConfig without a tool".to_owned())?;
    ensure(list(config, "/tools")[0].get("cachePoint").is_none(), || {
        "tools begin with a cache point".to_owned()
    })?;
    let points = has(list(config, "/tools"), "cachePoint");
    ensure(!(points && family.is("amazon.nova")), || "cache points among the tools of Nova".to_owned())?;
    if let Some(name) = config.pointer("/toolChoice/tool/name") {
        ensure(!family.is("mistral"), || "a named choice for Mistral".to_owned())?;
        ensure(names.contains(&name.as_str()), || format!("the choice {name} is no tool"))?;
    }
    let single = body.pointer("/additionalModelRequestFields/tool_choice/type");
    let by_claude = single.is_some_and(|kind| kind == "any" || kind == "tool");
    let forced = config.pointer("/toolChoice/any").or(config.pointer("/toolChoice/tool")).is_some();
    ensure(family.is_forced() || !(forced || by_claude), || "a model that cannot be forced is".to_owned())?;
    let both = config.get("toolChoice").is_some_and(|choice| choice.get("auto").is_none())
        && body.pointer("/additionalModelRequestFields/tool_choice/disable_parallel_tool_use").is_some();
    ensure(!both, || "a choice in two places".to_owned())
}

fn sampling(body: &Value, family: &Family<'_>) -> Result<(), String> {
    let of = |name: &str| body.pointer(&format!("/inferenceConfig/{name}"));
    for name in ["temperature", "topP"] {
        let fits =
            of(name).is_none_or(|value| value.as_f64().is_some_and(|value| (0.0..=1.0).contains(&value)));
        ensure(fits, || format!("{name} is {:?}", of(name)))?;
        let refused = family.is_new_claude() || family.any_of(&["openai.gpt-5", "openai.gpt-6", "xai."]);
        ensure(!(refused && of(name).is_some()), || format!("{name} on a model without"))?;
    }
    let pair = of("temperature").is_some() && of("topP").is_some();
    let refused = family.is_claude() && family.any_of(&["opus-4-1", "-4-5", "-4-6"]);
    ensure(!(pair && refused), || "temperature and topP on a model that refuses the pair".to_owned())?;
    let limit =
        of("maxTokens").is_none_or(|value| value.as_i64().is_some_and(|n| (1..=2_147_483_647).contains(&n)));
    ensure(limit, || format!("maxTokens is {:?}", of("maxTokens")))?;
    let of_family = [
        ("openai.gpt-5", 16, 128_000),
        ("xai.", 16, i64::MAX),
        ("amazon.nova-p", 1, 10_000),
        ("claude-3-haiku", 1, 4_096),
    ];
    for (part, least, most) in of_family {
        let tokens = of("maxTokens").and_then(Value::as_i64).unwrap_or(least);
        let fits = !family.is(part) || (least..=most).contains(&tokens);
        ensure(fits, || format!("maxTokens is {tokens} on a model that takes {least} to {most}"))?;
    }
    let stops = list(body, "/inferenceConfig/stopSequences");
    ensure(stops.iter().all(|stop| stop.as_str().is_some_and(|stop| !stop.is_empty())), || {
        "an empty stop".to_owned()
    })?;
    ensure(stops.len() <= 2_500, || "too many stops".to_owned())?;
    ensure(stops.is_empty() || !family.is("openai."), || "stops on a model without".to_owned())?;
    let tier = body.pointer("/serviceTier/type");
    let tiers = ["priority", "default", "flex", "reserved"];
    ensure(tier.is_none_or(|tier| tier.as_str().is_some_and(|tier| tiers.contains(&tier))), || {
        format!("tier {tier:?}")
    })
}

/// The form of the answer, as a text that is JSON, where the model takes one.
fn output(body: &Value, family: &Family<'_>) -> Result<(), String> {
    let Some(format) = body.pointer("/outputConfig/textFormat") else { return Ok(()) };
    ensure(family.takes_schemas(), || "a form of the answer on a model without".to_owned())?;
    let schema = format.pointer("/structure/jsonSchema/schema").and_then(Value::as_str);
    let schema = schema.and_then(|schema| serde_json::from_str::<Value>(schema).ok());
    ensure(format["type"] == "json_schema" && schema.is_some_and(|schema| schema.is_object()), || {
        format!("the form of the answer {format}")
    })
}

fn thinking(body: &Value, family: &Family<'_>) -> Result<(), String> {
    let of = |pointer: &str| body.pointer(pointer);
    let fields = "/additionalModelRequestFields";
    let kind = of(&format!("{fields}/thinking/type")).and_then(Value::as_str);
    ensure(!(family.is_new_claude() && kind == Some("enabled")), || {
        "a budget on a model without".to_owned()
    })?;
    if let Some("enabled" | "adaptive") = kind {
        if kind == Some("enabled") {
            let budget = of(&format!("{fields}/thinking/budget_tokens")).and_then(Value::as_i64);
            let budget = budget.ok_or("thinking without a budget")?;
            ensure(budget >= 1_024, || format!("a budget of {budget}"))?;
            let limit = of("/inferenceConfig/maxTokens").and_then(Value::as_i64);
            ensure(limit.is_some_and(|limit| limit > budget), || {
                format!("a budget of {budget} in {limit:?}")
            })?;
        }
        for pointer in
            ["/inferenceConfig/temperature", "/inferenceConfig/topP", "/additionalModelRequestFields/top_k"]
        {
            ensure(of(pointer).is_none(), || format!("{pointer} while thinking"))?;
        }
        let forced = of("/toolConfig/toolChoice/any").or(of("/toolConfig/toolChoice/tool"));
        let may_be = family.is_new_claude() && !family.is("-4-7");
        ensure(forced.is_none() || may_be, || "a forced call while thinking".to_owned())?;
    }
    if of(&format!("{fields}/reasoningConfig/maxReasoningEffort")).is_some_and(|effort| effort == "high") {
        for name in ["maxTokens", "temperature", "topP"] {
            ensure(of(&format!("/inferenceConfig/{name}")).is_none(), || format!("{name} at high effort"))?;
        }
    }
    Ok(())
}

fn cache_points(body: &Value, family: &Family<'_>) -> Result<(), String> {
    let turns = list(body, "/messages").iter().flat_map(|turn| list(turn, "/content"));
    let (tools, system) = (list(body, "/toolConfig/tools"), list(body, "/system"));
    let points: Vec<_> =
        tools.iter().chain(system).chain(turns).filter_map(|block| block.get("cachePoint")).collect();
    ensure(points.len() <= 4, || format!("{} cache points", points.len()))?;
    ensure(points.is_empty() || family.caches(), || "a cache point on a model without".to_owned())?;
    let hour = family.is_new_claude() || family.is_claude() && family.any_of(&["-4-5", "-4-6"]);
    ensure(hour || points.iter().all(|point| point.get("ttl").is_none_or(|ttl| ttl == "5m")), || {
        "an hour".to_owned()
    })
}

fn documents(turns: &[Value]) -> Result<(), String> {
    let mut names = HashSet::new();
    let blocks = turns.iter().flat_map(|turn| list(turn, "/content"));
    let blocks = blocks.flat_map(|block| std::iter::once(block).chain(list(block, "/toolResult/content")));
    for document in blocks.filter_map(|block| block.get("document")) {
        let name = document["name"].as_str().unwrap_or_default();
        let is_legal = |c: char| c.is_ascii_alphanumeric() || " -()[]_".contains(c);
        let fits = (1..=200).contains(&name.len()) && name.chars().all(is_legal) && !name.contains("  ");
        ensure(fits && !name.trim().is_empty(), || format!("the document's name {name:?}"))?;
        ensure(names.insert(name), || format!("two documents {name:?}"))?;
    }
    Ok(())
}

fn labels(body: &Value, caller: &str) -> Result<(), String> {
    let labels = body["requestMetadata"].as_object().ok_or("no labels")?;
    ensure(labels.get("api_key").is_some_and(|label| label == caller), || {
        "no label of the caller".to_owned()
    })?;
    ensure(labels.len() <= 16, || format!("{} labels", labels.len()))?;
    let is_legal = |text: &str| {
        text.len() <= 256
            && text.chars().all(|c| c.is_ascii_alphanumeric() || " \t\n\x0b\x0c\r:_@$#=/+,-.".contains(c))
    };
    let fits = labels
        .iter()
        .all(|(key, value)| !key.is_empty() && is_legal(key) && value.as_str().is_some_and(is_legal));
    ensure(fits, || format!("a label of {labels:?}"))
}

fn prefill(body: &Value, turns: &[Value], family: &Family<'_>) -> Result<(), String> {
    let Some(last) = turns.last().filter(|turn| turn["role"] == "assistant") else { return Ok(()) };
    let old_claude = family.is_claude() && !family.is_new_claude() && !family.is("-4-6");
    ensure(old_claude || family.any_of(&["nova-pro", "nova-premier"]), || {
        "a prefill on a model without".to_owned()
    })?;
    let kind = body.pointer("/additionalModelRequestFields/thinking/type");
    let thinks = kind.is_some_and(|kind| kind == "enabled" || kind == "adaptive");
    ensure(!thinks, || "a prefill while thinking".to_owned())?;
    let text = list(last, "/content")
        .last()
        .and_then(|block| block["text"].as_str())
        .ok_or("a prefill without text")?;
    ensure(!text.ends_with(char::is_whitespace), || "a prefill ends in white space".to_owned())
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn has(content: &[Value], kind: &str) -> bool {
    content.iter().any(|block| block.get(kind).is_some())
}

fn not_blank(text: &Value) -> Result<(), String> {
    ensure(text.as_str().is_some_and(|text| !text.trim().is_empty()), || format!("blank text {text}"))
}

fn is_name(name: &Value) -> bool {
    let fits = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    name.as_str().is_some_and(|name| (1..=64).contains(&name.len()) && fits(name))
}

fn is_id(id: &Value, family: &Family<'_>) -> bool {
    let more: &[u8] = if family.is("mistral") { b"" } else { b"_.:-" };
    let fits = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
    id.as_str().is_some_and(|id| (1..=64).contains(&id.len()) && fits(id))
}

fn is_base64(text: &Value) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    text.as_str().is_some_and(|text| {
        let digits = text.trim_end_matches('=');
        !digits.is_empty()
            && text.len() % 4 == 0
            && text.len() - digits.len() <= 2
            && digits.bytes().all(is_digit)
    })
}

fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(reason()) }
}
