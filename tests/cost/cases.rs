//! The inputs whose cost is taken: each shape in each place of each wire type.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::frames;
use super::places::{Kind, Place, within};
use super::shapes::{small, values};
use super::source::{Declared, Member, Source};
use super::subject::Subject;

/// An input of any size.
pub(crate) struct Case {
    /// `chat messages[].content: [{},…]`.
    pub(crate) name: String,
    pub(crate) subject: Subject,
    /// Makes it of about so many bytes.
    pub(crate) make: Box<dyn Fn(usize) -> Vec<u8> + Send + Sync>,
}

impl Case {
    pub(crate) fn new(
        name: impl Into<String>,
        subject: Subject,
        make: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), subject, make: Box::new(make) }
    }
}

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-20250514-v1:0";
pub(crate) const NOVA: &str = "us.amazon.nova-pro-v1:0";

/// How the texts of a root become an input.
#[derive(Clone, Copy)]
enum Wrap {
    Plain,
    /// A frame of this kind each.
    Frames(&'static str),
    /// A server-sent event each.
    Events,
    /// A chunk of InvokeModel's each, in which it is base64.
    Chunks,
}

struct Root {
    label: &'static str,
    file: &'static str,
    name: &'static str,
    template: &'static str,
    subject: Subject,
    wrap: Wrap,
}

/// Whoever reads a wire type, and where in a text it stands.
fn roots() -> Vec<Root> {
    use Subject::{
        Body, Chunks, Configuration, Discovery, Draft, Error, Examples, Images, Native, Piece, Reply,
        Request, Split, Stream, Technique, Told,
    };
    let plain = |label, file, name, template, subject| Root {
        label,
        file,
        name,
        template,
        subject,
        wrap: Wrap::Plain,
    };
    let messages = |label, name, template| {
        plain(label, "anthropic/request.rs", name, template, Request("messages", NOVA))
    };
    let stream = Stream { eighths: 8, piece: 1 };
    let event = |label, name, kind| Root {
        label,
        file: "bedrock/stream.rs",
        name,
        template: "@",
        subject: stream,
        wrap: Wrap::Frames(kind),
    };
    let events = Native { events: true, eighths: 8, piece: 1 };
    vec![
        plain("chat", "openai/chat.rs", "Request", "@", Request("chat", CLAUDE)),
        plain(
            "chat thinking",
            "translate/front/parameters.rs",
            "ThinkingConfig",
            r#"{"messages":[{"role":"user","content":"Hi"}],"thinking":@}"#,
            Request("chat", CLAUDE),
        ),
        plain(
            "chat prompt_caching",
            "translate/front/bedrock_members.rs",
            "PromptCaching",
            r#"{"messages":[{"role":"user","content":"Hi"}],"extra_body":{"prompt_caching":@}}"#,
            Request("chat", CLAUDE),
        ),
        plain("completions", "openai/text_completion.rs", "Request", "@", Request("completions", CLAUDE)),
        plain(
            "embeddings",
            "openai/embeddings.rs",
            "Request",
            "@",
            Request("embeddings", "cohere.embed-english-v3"),
        ),
        plain("moderations", "openai/moderations.rs", "Request", "@", Request("moderations", "guardrail")),
        plain(
            "moderations part",
            "openai/moderations.rs",
            "Part",
            r#"{"input":[@]}"#,
            Request("moderations", "guardrail"),
        ),
        plain("responses", "openai/responses/request.rs", "Request", "@", Request("responses", CLAUDE)),
        plain(
            "responses tools",
            "openai/responses/request.rs",
            "Tool",
            r#"{"input":"Hi","tools":[@]}"#,
            Request("responses", CLAUDE),
        ),
        plain(
            "responses later tools",
            "openai/responses/request.rs",
            "Tool",
            r#"{"input":[{"role":"user","content":"Hi"},{"type":"additional_tools","tools":[@]}]}"#,
            Request("responses", CLAUDE),
        ),
        plain(
            "responses choice",
            "openai/responses/request.rs",
            "ToolChoice",
            r#"{"input":"Hi","tools":[{"type":"function","name":"f"}],"tool_choice":@}"#,
            Request("responses", CLAUDE),
        ),
        plain(
            "responses format",
            "openai/responses/request.rs",
            "Format",
            r#"{"input":"Hi","text":{"format":@}}"#,
            Request("responses", CLAUDE),
        ),
        plain(
            "responses output",
            "openai/responses/request.rs",
            "Part",
            r#"{"input":[{"type":"function_call_output","call_id":"c","output":[@]}]}"#,
            Request("responses", CLAUDE),
        ),
        plain(
            "bound thinking",
            "translate/fit/binding.rs",
            "Thinking",
            r#"{"messages":[{"role":"user","content":"Hi"}],"additionalModelRequestFields":{"thinking":@}}"#,
            Request("chat", CLAUDE),
        ),
        plain("responses reply", "bedrock/reply.rs", "Reply", "@", Reply("responses", CLAUDE)),
        plain(
            "cache detail",
            "bedrock/reply.rs",
            "CacheDetail",
            r#"{"usage":{"cacheDetails":[@]}}"#,
            Reply("responses", CLAUDE),
        ),
        plain("tokens reply", "bedrock/count_tokens.rs", "Reply", "@", Reply("input_tokens", CLAUDE)),
        plain("images", "gateway/images/find.rs", "Chat", "@", Images),
        plain(
            "images part",
            "gateway/images/find.rs",
            "Part",
            r#"{"messages":[{"content":[@]}],"x":"http"}"#,
            Images,
        ),
        plain(
            "images url",
            "gateway/images/find.rs",
            "ImageUrl",
            r#"{"messages":[{"content":[{"type":"image_url","image_url":@}]}],"x":"http"}"#,
            Images,
        ),
        plain(
            "images document",
            "gateway/images/find.rs",
            "Source",
            r#"{"messages":[{"content":[{"type":"document","source":@}]}],"x":"http"}"#,
            Images,
        ),
        plain("images input", "gateway/images/find.rs", "Message", r#"{"input":[@],"x":"http"}"#, Images),
        plain("gateway", "filter/gateway.rs", "Asked", "@", Body),
        plain("split embeddings", "translate/split/mod.rs", "Asked", "@", Split("embeddings")),
        plain("split completions", "translate/split/mod.rs", "Asked", "@", Split("completions")),
        plain("split moderations", "translate/split/mod.rs", "Asked", "@", Split("moderations")),
        plain("split chat", "translate/split/mod.rs", "Asked", "@", Split("chat")),
        plain("piece", "translate/split/gathered.rs", "Reply", "@", Piece("embeddings")),
        plain(
            "piece entry",
            "translate/split/gathered.rs",
            "Item",
            r#"{"model":"m","data":[@]}"#,
            Piece("embeddings"),
        ),
        plain(
            "piece choice",
            "translate/split/gathered.rs",
            "Item",
            r#"{"model":"m","choices":[@]}"#,
            Piece("completions"),
        ),
        plain("told", "translate/told.rs", "Whole", "@", Told),
        plain(
            "technique message",
            "techniques/choose.rs",
            "Message",
            r#"{"model":"re2-m","messages":[@,{"role":"system","content":"optillm_approach"}]}"#,
            Technique,
        ),
        plain(
            "technique part",
            "techniques/choose.rs",
            "Part",
            r#"{"messages":[{"role":"user","content":[@,{"type":"text","text":"<optillm_approach>re2</optillm_approach>"}]}]}"#,
            Technique,
        ),
        plain(
            "technique question",
            "techniques/question.rs",
            "Message",
            r#"{"messages":[@,{"role":"tool","content":"r"}]}"#,
            Technique,
        ),
        plain(
            "technique content",
            "techniques/content.rs",
            "Kinds",
            r#"{"messages":[{"role":"user","content":[@]}]}"#,
            Technique,
        ),
        plain("technique elsewhere", "techniques/away.rs", "Chat", "@", Technique),
        plain("technique reply", "techniques/reply.rs", "Completion", "@", Draft),
        plain(
            "technique usage",
            "openai/completion.rs",
            "Usage",
            r#"{"choices":[{"message":{}}],"usage":@}"#,
            Draft,
        ),
        plain(
            "technique input",
            "openai/completion.rs",
            "PromptTokensDetails",
            r#"{"choices":[{"message":{}}],"usage":{"prompt_tokens_details":@}}"#,
            Draft,
        ),
        plain(
            "technique output",
            "openai/completion.rs",
            "CompletionTokensDetails",
            r#"{"choices":[{"message":{}}],"usage":{"completion_tokens_details":@}}"#,
            Draft,
        ),
        plain("technique examples", "techniques/leap.rs", "Example", "<output>[@]</output>", Examples),
        plain("technique choice", "techniques/reply.rs", "Choice", r#"{"choices":[@]}"#, Draft),
        plain("reply", "bedrock/reply.rs", "Reply", "@", Reply("chat", CLAUDE)),
        plain("completions reply", "bedrock/reply.rs", "Reply", "@", Reply("completions", CLAUDE)),
        plain(
            "custom call",
            "translate/answer/telling/calling.rs",
            "CustomArguments",
            r#"{"output":{"message":{"content":[{"toolUse":{"toolUseId":"t","name":"sql","input":@}}]}},"stopReason":"tool_use"}"#,
            Reply("chat", CLAUDE),
        ),
        event("contentBlockStart", "BlockStart", "contentBlockStart"),
        event("contentBlockDelta", "BlockDelta", "contentBlockDelta"),
        event("contentBlockStop", "BlockStop", "contentBlockStop"),
        event("messageStop", "MessageStop", "messageStop"),
        event("metadata", "Metadata", "metadata"),
        plain(
            "titan reply",
            "bedrock/embeddings.rs",
            "TitanReply",
            "@",
            Reply("embeddings", "amazon.titan-embed-text-v2:0"),
        ),
        plain(
            "cohere reply",
            "bedrock/embeddings.rs",
            "CohereReply",
            "@",
            Reply("embeddings", "cohere.embed-english-v3"),
        ),
        plain(
            "nova reply",
            "bedrock/embeddings.rs",
            "NovaReply",
            "@",
            Reply("embeddings", "amazon.nova-2-multimodal-embeddings-v1:0"),
        ),
        plain("guardrail reply", "bedrock/guardrail.rs", "Reply", "@", Reply("moderations", "guardrail")),
        plain(
            "assessment",
            "bedrock/guardrail.rs",
            "Assessment",
            r#"{"action":"GUARDRAIL_INTERVENED","assessments":[@]}"#,
            Reply("moderations", "guardrail"),
        ),
        plain(
            "counted message",
            "translate/messages/native/limits.rs",
            "Message",
            r#"{"messages":[@]}"#,
            Request("messages", CLAUDE),
        ),
        plain(
            "counted block",
            "translate/messages/native/limits.rs",
            "Block",
            r#"{"messages":[{"content":[{"type":"tool_result","content":[@]}]}]}"#,
            Request("messages", CLAUDE),
        ),
        plain(
            "counted source",
            "translate/messages/native/limits.rs",
            "Source",
            r#"{"messages":[{"content":[{"type":"document","source":@}]}]}"#,
            Request("messages", CLAUDE),
        ),
        plain(
            "messages thinking",
            "translate/messages/native/request.rs",
            "Budget",
            r#"{"messages":[],"thinking":@}"#,
            Request("message_tokens", CLAUDE),
        ),
        plain("message", "anthropic/event.rs", "Message", "@", Reply("messages", CLAUDE)),
        messages("message", "Message", r#"{"max_tokens":9,"messages":[@]}"#),
        messages(
            "block",
            "Block",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[@]}]}]}"#,
        ),
        messages(
            "source",
            "Source",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":@}]}]}"#,
        ),
        messages(
            "text",
            "TextBlock",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[@]}}]}]}"#,
        ),
        messages(
            "citations",
            "Citations",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"text","data":"x"},"citations":@}]}]}"#,
        ),
        messages(
            "tool",
            "Tool",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[@]}"#,
        ),
        messages(
            "choice",
            "ToolChoice",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tool_choice":@}"#,
        ),
        messages(
            "output_config",
            "OutputConfig",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"output_config":@}"#,
        ),
        messages(
            "output_format",
            "OutputFormat",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"output_format":@}"#,
        ),
        messages(
            "metadata",
            "Metadata",
            r#"{"max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"metadata":@}"#,
        ),
        plain("messages reply", "bedrock/reply.rs", "Reply", "@", Reply("messages", NOVA)),
        Root {
            label: "message chunk",
            file: "translate/messages/native/stream.rs",
            name: "Chunk",
            template: "@",
            subject: Chunks,
            wrap: Wrap::Frames("chunk"),
        },
        Root {
            label: "message event",
            file: "anthropic/event.rs",
            name: "Event",
            template: "@",
            subject: Chunks,
            wrap: Wrap::Chunks,
        },
        Root {
            label: "message part",
            file: "anthropic/event.rs",
            name: "Part",
            template: r#"{"type":"message_start","message":@}"#,
            subject: Chunks,
            wrap: Wrap::Chunks,
        },
        plain("models", "bedrock/lists.rs", "FoundationModels", "@", Discovery),
        plain("profiles", "bedrock/lists.rs", "InferenceProfiles", "@", Discovery),
        plain("error", "bedrock/error.rs", "Body", "@", Error),
        plain("openai error", "openai/error.rs", "Body", "@", Error),
        Root {
            label: "openai event",
            file: "openai/error.rs",
            name: "Body",
            template: "@",
            subject: events,
            wrap: Wrap::Events,
        },
        plain("configuration", "config/file.rs", "File", "@", Configuration),
    ]
}

/// Objects whose members are found by their names and declared nowhere.
fn undeclared() -> Vec<(&'static str, Subject, Declared)> {
    let declared = |members: &[(&str, &str)]| Declared {
        file: "by hand".to_owned(),
        name: String::new(),
        members: members
            .iter()
            .map(|(name, kind)| Member { name: (*name).to_owned(), kind: (*kind).to_owned() })
            .collect(),
    };
    let native = declared(&[
        ("model", "Raw"),
        ("messages", "Raw"),
        ("system", "Raw"),
        ("toolConfig", "Raw"),
        ("guardrailConfig", "Raw"),
        ("amazon-bedrock-guardrailConfig", "Raw"),
    ]);
    let messages = declared(
        &["model", "stream", "tools", "anthropic_beta", "messages", "container"].map(|name| (name, "Raw")),
    );
    let limits = ["model", "n", "max_tokens", "max_gen_len", "inferenceConfig", "textGenerationConfig"];
    let limits = declared(&limits.map(|name| (name, "Raw")));
    let names = ["AccessKeyId", "SecretAccessKey", "Token", "Expiration", "Code", "code"];
    let credentials = declared(&names.map(|name| (name, "Str")));
    vec![
        ("native", Subject::Body, native),
        ("messages", Subject::Request("messages", CLAUDE), messages),
        ("limits", Subject::Body, limits),
        ("credentials", Subject::Credentials, credentials),
    ]
}

/// All cases; and that no wire type is without.
pub(crate) fn all() -> Vec<Case> {
    let source = Source::read();
    let (mut cases, mut reached) = (Vec::new(), Vec::new());
    for Root { label, file, name, template, subject, wrap } in roots() {
        // What is not there any more is found missing below, or has been taken away.
        let Some(root) = source.get(file, name) else { continue };
        let places = within(&source, root, template, &mut reached);
        assert!(!places.is_empty(), "{file}: {name} has no members");
        places.into_iter().for_each(|place| add(&mut cases, label, subject, wrap, place));
    }
    for (label, subject, root) in undeclared() {
        let places = within(&source, &root, "@", &mut Vec::new());
        places.into_iter().for_each(|place| add(&mut cases, label, subject, Wrap::Plain, place));
    }
    let forgotten: Vec<_> = source
        .all()
        .map(|declared| (declared.file.clone(), declared.name.clone()))
        .filter(|id| !reached.contains(id))
        // What providers of credentials answer is refused beyond 64 KB; `undeclared` has their members.
        .filter(|(file, _)| !file.starts_with("aws/providers/"))
        // It is read of what base64 and a checksum are around: `together` has it.
        .filter(|(file, _)| file != "translate/responses/sealed.rs")
        .collect();
    assert!(forgotten.is_empty(), "wire types that no root of tests/cost/cases.rs leads to: {forgotten:?}");
    schemas(&mut cases);
    cases.extend(super::together::all());
    cases
}

fn add(cases: &mut Vec<Case>, label: &str, subject: Subject, wrap: Wrap, place: Place) {
    for (shape, value) in values(place.kind) {
        let at = place.clone();
        cases.push(Case::new(format!("{label} {}: {shape}", place.path), subject, move |bytes| {
            wrapped(wrap, &[at.with(&value(bytes))])
        }));
    }
    for (shape, value) in small(place.kind) {
        // Only a chat's names are cut.
        if shape.starts_with("cut alike") && label != "chat" {
            continue;
        }
        for list in 0..place.lists() {
            let at = place.clone();
            let which = if place.lists() > 1 { format!(" in list {list}") } else { String::new() };
            cases.push(Case::new(
                format!("{label} {}, many{which}: {shape}", place.path),
                subject,
                move |bytes| wrapped(wrap, &[at.many(list, bytes, value)]),
            ));
        }
        if !matches!(wrap, Wrap::Plain) && place.lists() == 0 {
            let at = place.clone();
            cases.push(Case::new(
                format!("{label} {}, many events: {shape}", place.path),
                subject,
                move |bytes| {
                    let one = wrapped(wrap, &[at.with(&value(0))]).len();
                    let texts: Vec<String> = (0..bytes / one).map(|number| at.with(&value(number))).collect();
                    wrapped(wrap, &texts)
                },
            ));
        }
    }
}

fn wrapped(wrap: Wrap, texts: &[String]) -> Vec<u8> {
    match wrap {
        Wrap::Plain => texts.concat().into_bytes(),
        Wrap::Frames(kind) => texts.iter().flat_map(|text| frames::event(kind, text)).collect(),
        Wrap::Chunks => {
            let payload = |text: &String| format!(r#"{{"bytes":"{}"}}"#, STANDARD.encode(text));
            texts.iter().flat_map(|text| frames::event("chunk", &payload(text))).collect()
        }
        Wrap::Events => texts.iter().flat_map(|text| format!("data: {text}\n\n").into_bytes()).collect(),
    }
}

/// Schemas are read for their own sake, by each family as it needs them.
fn schemas(cases: &mut Vec<Case>) {
    let keywords =
        ["properties", "required", "$defs", "anyOf", "items", "enum", "$ref", "additionalProperties", "type"];
    for (family, model) in [("claude", CLAUDE), ("nova", NOVA)] {
        for keyword in keywords {
            for (shape, value) in values(super::places::Kind::Structure) {
                let name = format!("schema {family} {keyword}: {shape}");
                cases.push(Case::new(name, Subject::Request("chat", model), move |bytes| {
                    let value = value(bytes);
                    format!(
                        r#"{{"messages":[{{"role":"user","content":"Hi"}}],"tools":[{{"type":"function","function":{{
                        "name":"f","strict":true,"parameters":{{"type":"object","{keyword}":{value}}}}}}}]}}"#
                    )
                    .into_bytes()
                }));
            }
        }
    }
}

/// What no reader reaches costs nothing: a wrong value there has to be told by its own path.
#[test]
fn every_place_of_the_configuration_is_reached() {
    let source = Source::read();
    let file = source.get("config/file.rs", "File").unwrap();
    let places = within(&source, file, "@", &mut Vec::new());
    assert!(places.iter().any(|place| place.path == "models[].targets[].capabilities.reasoning"));
    for place in places {
        let wrong = place.with(if place.kind == Kind::Number { r#""x""# } else { "7.5" });
        let error = bedrock_filter::config::Config::load(wrong.as_bytes(), |_| None).unwrap_err();
        let path = error.path.replace("[0]", "[]");
        assert_eq!(path, place.path, "{error}: {wrong}");
    }
}
