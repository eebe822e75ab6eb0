//! Inputs that are unkind by what stands in several places at once.

use super::cases::{CLAUDE, Case, NOVA};
use super::frames::event;
use super::places::fill;
use super::shapes::{PREFIX, Shape};
use super::subject::Subject;

/// Its schemas are looked through for any that hold themselves.
const CLOSED: &str = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
const MISTRAL: &str = "mistral.mistral-large-2407-v1:0";
const PDF: &str = "data:application/pdf;base64,JVBERi0xLjQ=";

pub(crate) fn all() -> Vec<Case> {
    let mut cases = names();
    cases.extend(conversations());
    cases.extend(references());
    cases.extend(citations());
    cases.extend(streams());
    cases.extend(drips());
    cases.extend(others());
    cases
}

fn chat(name: &str, model: &'static str, body: impl Fn(usize) -> String + Send + Sync + 'static) -> Case {
    Case::new(name, Subject::Request("chat", model), move |bytes| body(bytes).into_bytes())
}

/// A conversation of these messages behind a first one.
fn messages(messages: &str) -> String {
    format!(r#"{{"messages":[{{"role":"user","content":"Go"}},{messages}]}}"#)
}

/// The same request, by which the model thinks.
fn thinking(request: &str) -> Vec<u8> {
    let thinking = r#"{"thinking":{"type":"enabled","budget_tokens":2000},"#;
    request.replacen('{', thinking, 1).into_bytes()
}

fn call(id: &str, name: &str) -> String {
    format!(r#"{{"id":"{id}","type":"function","function":{{"name":"{name}","arguments":"{{}}"}}}}"#)
}

/// Names that are cut to what another's is, in every place that has names.
fn names() -> Vec<Case> {
    let mut cases = Vec::new();
    let shapes: [Shape; 4] = [
        ("cut to one", |at| format!("{PREFIX}{at:06}")),
        ("cut alike by twos", |at| format!("{}{:06}{}", "n".repeat(58), at / 2, at % 2)),
        ("of illegal letters", |at| format!("{at:020b}").replace('0', "ä").replace('1', "ö")),
        ("as numbers would be put behind them", |at| {
            if at % 2 == 0 { format!("ä_{}", at / 2) } else { format!("__{}", at / 2) }
        }),
    ];
    for (shape, name) in shapes {
        cases.push(chat(&format!("tools called: {shape}"), CLAUDE, move |bytes| {
            let calls = fill(bytes, ",", |at| call(&format!("id{at}"), &name(at)));
            messages(&format!(r#"{{"role":"assistant","tool_calls":[{calls}]}}"#))
        }));
        cases.push(chat(&format!("tools: {shape}"), CLAUDE, move |bytes| {
            let tools = fill(bytes, ",", |at| {
                format!(r#"{{"type":"function","function":{{"name":"{}"}}}}"#, name(at))
            });
            format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],"tools":[{tools}]}}"#)
        }));
        cases.push(chat(&format!("functions: {shape}"), CLAUDE, move |bytes| {
            let functions = fill(bytes, ",", |at| format!(r#"{{"name":"{}"}}"#, name(at)));
            format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],"functions":[{functions}]}}"#)
        }));
        for (family, model) in [("claude", CLAUDE), ("mistral", MISTRAL)] {
            cases.push(chat(&format!("calls' ids of {family}: {shape}"), model, move |bytes| {
                let calls = fill(bytes / 2, ",", |at| call(&name(at), "f"));
                let results = fill(bytes / 2, ",", |at| {
                    format!(r#"{{"role":"tool","tool_call_id":"{}","content":""}}"#, name(at))
                });
                messages(&format!(r#"{{"role":"assistant","tool_calls":[{calls}]}},{results}"#))
            }));
        }
    }
    let documents: [Shape; 3] = [
        ("of one stem", |_| "a.pdf".to_owned()),
        ("cut to one", |at| format!("{}{at:06}.pdf", "d".repeat(180))),
        ("cut alike by twos", |at| format!("{}{:06}{}.pdf", "d".repeat(174), at / 2, at % 2)),
    ];
    for (shape, name) in documents {
        cases.push(chat(&format!("documents: {shape}"), CLAUDE, move |bytes| {
            let parts = fill(bytes, ",", |at| {
                format!(r#"{{"type":"file","file":{{"file_data":"{PDF}","filename":"{}"}}}}"#, name(at))
            });
            format!(r#"{{"messages":[{{"role":"user","content":[{parts}]}}]}}"#)
        }));
    }
    cases
}

fn conversations() -> Vec<Case> {
    let result = |at: usize| format!(r#"{{"role":"tool","tool_call_id":"id{at:07}","content":""}}"#);
    let assistant = |calls: &str| format!(r#"{{"role":"assistant","tool_calls":[{calls}]}}"#);
    vec![
        chat("turns", CLAUDE, |bytes| {
            messages(&fill(bytes, ",", |at| {
                let role = if at % 2 == 0 { "assistant" } else { "user" };
                format!(r#"{{"role":"{role}","content":"a"}}"#)
            }))
        }),
        chat("system messages", CLAUDE, |bytes| {
            messages(&fill(bytes, ",", |_| r#"{"role":"system","content":"a"}"#.to_owned()))
        }),
        chat("calls answered in turns of their own", CLAUDE, move |bytes| {
            messages(&fill(bytes, ",", |at| assistant(&call(&format!("id{at:07}"), "f")) + "," + &result(at)))
        }),
        Case::new("calls whose reasoning is carried", Subject::Recalled("chat", CLAUDE), move |bytes| {
            let turn = |at| assistant(&call(&format!("id{at:07}"), "f")) + "," + &result(at);
            thinking(&messages(&fill(bytes, ",", turn)))
        }),
        Case::new(
            "calls of a response whose reasoning is carried",
            Subject::Recalled("responses", CLAUDE),
            |bytes| {
                let turn = |at: usize| {
                    format!(
                        r#"{{"type":"function_call","call_id":"id{at:07}","name":"f","arguments":"{{}}"}},
                    {{"type":"function_call_output","call_id":"id{at:07}","output":""}}"#
                    )
                };
                let items = fill(bytes, ",", turn);
                thinking(&format!(r#"{{"input":[{{"role":"user","content":"Go"}},{items}]}}"#))
            },
        ),
        chat("calls answered from behind", CLAUDE, move |bytes| {
            let (calls, count) = counted(bytes / 2, |at| call(&format!("id{at:07}"), "f"));
            let results: Vec<String> = (0..count).rev().map(result).collect();
            messages(&(assistant(&calls) + "," + &results.join(",")))
        }),
        chat("calls of one id", CLAUDE, move |bytes| {
            let (calls, count) = counted(bytes / 2, |_| call("id0000000", "f"));
            messages(&(assistant(&calls) + "," + &vec![result(0); count].join(",")))
        }),
        chat("pieces of reasoning", CLAUDE, |bytes| {
            let blocks = fill(bytes, ",", |_| r#"{"type":"thinking","index":0,"thinking":"a"}"#.to_owned());
            messages(&format!(r#"{{"role":"assistant","content":"a","thinking_blocks":[{blocks}]}}"#))
        }),
        chat("reasoning of many blocks", CLAUDE, |bytes| {
            let blocks = fill(bytes, ",", |at| {
                format!(r#"{{"type":"thinking","index":{at},"thinking":"a","signature":"c2ln"}}"#)
            });
            messages(&format!(r#"{{"role":"assistant","content":"a","thinking_blocks":[{blocks}]}}"#))
        }),
        chat("cache points", CLAUDE, |bytes| {
            let parts = fill(bytes, ",", |_| {
                r#"{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}"#.to_owned()
            });
            format!(r#"{{"messages":[{{"role":"user","content":[{parts}]}}]}}"#)
        }),
        chat("allowed tools beside many", CLAUDE, |bytes| {
            let tools =
                fill(bytes / 2, ",", |at| format!(r#"{{"type":"function","function":{{"name":"f{at}"}}}}"#));
            format!(
                r#"{{"messages":[{{"role":"user","content":"Go"}}],"tools":[{tools}],"tool_choice":{{"type":"allowed_tools",
                "allowed_tools":{{"mode":"auto","tools":[{tools}]}}}}}}"#
            )
        }),
        chat("unknown members in each message, one name", CLAUDE, |bytes| {
            messages(&fill(bytes, ",", |_| r#"{"role":"user","content":"a","new":0}"#.to_owned()))
        }),
        chat("unknown members", CLAUDE, |bytes| {
            let members = fill(bytes, ",", |at| format!(r#""new{at}":0"#));
            format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],{members}}}"#)
        }),
        chat("empty objects of all kinds", CLAUDE, |bytes| {
            let objects = fill(bytes / 4, ",", |_| "{}".to_owned());
            format!(
                r#"{{"messages":[{{"content":[{objects}],"tool_calls":[{objects}],"thinking_blocks":[{objects}]}}],"tools":[{objects}]}}"#
            )
        }),
    ]
}

/// Items until there are so many bytes, and how many they are.
fn counted(bytes: usize, item: impl Fn(usize) -> String) -> (String, usize) {
    let count = std::cell::Cell::new(0);
    let items = fill(bytes, ",", |at| {
        count.set(at + 1);
        item(at)
    });
    (items, count.get())
}

fn references() -> Vec<Case> {
    let mut cases = Vec::new();
    // Definitions by their number of all, and what refers to what.
    type Definition = fn(usize, &dyn Fn(usize) -> String) -> String;
    let shapes: [(&str, Definition); 3] = [
        ("each to its own", |_, _| r#"{"type":"string"}"#.to_owned()),
        ("one to the next", |at, name| format!(r##"{{"$ref":"#/$defs/{}"}}"##, name(at + 1))),
        ("each to the first", |_, name| format!(r##"{{"items":{{"$ref":"#/$defs/{}"}}}}"##, name(0))),
    ];
    for (length, letters) in [("short names", 8), ("names of 200", 200), ("names of 2,000", 2_000)] {
        for (shape, definition) in shapes {
            for (family, model) in [("nova", NOVA), ("closed", CLOSED)] {
                cases.push(chat(
                    &format!("references of {family}, {length}, {shape}"),
                    model,
                    move |bytes| {
                        let name = |at: usize| format!("{}{at:06}", "n".repeat(letters));
                        let (definitions, count) =
                            counted(bytes / 2, |at| format!(r#""{}":{}"#, name(at), definition(at, &name)));
                        let used: Vec<String> = (0..count)
                            .map(|at| format!(r##""p{at}":{{"$ref":"#/$defs/{}"}}"##, name(at)))
                            .collect();
                        schema(&format!(
                            r#""properties":{{{}}},"$defs":{{{definitions},"{}":{{}}}}"#,
                            used.join(","),
                            name(count)
                        ))
                    },
                ));
            }
        }
    }
    for (family, model) in [("nova", NOVA), ("closed", CLOSED)] {
        cases.push(chat(&format!("references of {family} to one that is long"), model, |bytes| {
            let used = fill(bytes / 2, ",", |at| format!(r##""p{at}":{{"$ref":"#/$defs/A"}}"##));
            let long = "x".repeat(bytes / 2);
            schema(&format!(r#""properties":{{{used}}},"$defs":{{"A":{{"description":"{long}"}}}}"#))
        }));
        cases.push(chat(&format!("references of {family} that lead a long way"), model, |bytes| {
            let steps = "/properties/a".repeat(40);
            let used = fill(bytes, ",", |at| format!(r##""p{at}":{{"$ref":"#{steps}"}}"##));
            let deep = r#"{"properties":{"a":"#.repeat(40) + "{}" + &"}}".repeat(40);
            schema(&format!(r#""properties":{{"a":{deep},{used}}}"#))
        }));
        cases.push(chat(&format!("references of {family} that each hold two"), model, |bytes| {
            let (definitions, _) = counted(bytes, |at| {
                let next = at + 1;
                format!(
                    r##""d{at}":{{"anyOf":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}"}}]}}"##
                )
            });
            schema(&format!(r##""properties":{{"p":{{"$ref":"#/$defs/d0"}}}},"$defs":{{{definitions}}}"##))
        }));
        cases.push(chat(&format!("schemas of {family}, nested"), model, |bytes| {
            let level = r#"{"type":"object","properties":{"a":"#;
            let tools = fill(bytes, ",", |at| {
                let schema = level.repeat(60) + "{}" + &"}}".repeat(60);
                format!(r#"{{"type":"function","function":{{"name":"f{at}","strict":true,"parameters":{schema}}}}}"#)
            });
            format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],"tools":[{tools}]}}"#)
        }));
    }
    cases
}

fn schema(members: &str) -> String {
    format!(
        r#"{{"messages":[{{"role":"user","content":"Go"}}],"tools":[{{"type":"function","function":{{"name":"f","strict":true,
        "parameters":{{"type":"object",{members}}}}}}}]}}"#
    )
}

fn citations() -> Vec<Case> {
    let reply = |name: &str, body: fn(usize) -> String| {
        Case::new(name, Subject::Reply("chat", CLAUDE), move |bytes| {
            let blocks = body(bytes);
            format!(r#"{{"output":{{"message":{{"content":[{blocks}]}}}},"stopReason":"end_turn"}}"#)
                .into_bytes()
        })
    };
    vec![
        // Counting is quick: it takes a larger reply to see that it is done again and again.
        reply("blocks with a citation each behind a long text", |bytes| {
            let bytes = bytes * if bytes < 1_000_000 { 12 } else { 1 };
            let cited = fill(bytes / 2, ",", |_| {
                r#"{"citationsContent":{"content":[{"text":"x"}],"citations":[{"title":"t"}]}}"#.to_owned()
            });
            format!(r#"{{"text":"{}"}},{cited}"#, "x".repeat(bytes / 2))
        }),
        reply("citations of one long text", |bytes| {
            let citations = fill(bytes / 2, ",", |_| r#"{"title":"t"}"#.to_owned());
            let text = "x".repeat(bytes / 2);
            format!(r#"{{"citationsContent":{{"content":[{{"text":"{text}"}}],"citations":[{citations}]}}}}"#)
        }),
        reply("pieces of cited text", |bytes| {
            let texts = fill(bytes, ",", |_| r#"{"text":"x"}"#.to_owned());
            format!(r#"{{"citationsContent":{{"content":[{texts}],"citations":[{{"title":"t"}}]}}}}"#)
        }),
        reply("calls", |bytes| {
            fill(bytes, ",", |at| format!(r#"{{"toolUse":{{"toolUseId":"t{at}","name":"f","input":{{}}}}}}"#))
        }),
        reply("calls of a custom tool", |bytes| {
            fill(bytes, ",", |at| {
                format!(r#"{{"toolUse":{{"toolUseId":"t{at}","name":"sql","input":{{"input":"x"}}}}}}"#)
            })
        }),
        reply("reasoning", |bytes| {
            fill(bytes, ",", |_| {
                r#"{"reasoningContent":{"reasoningText":{"text":"x","signature":"c2ln"}}}"#.to_owned()
            })
        }),
    ]
}

fn delta(delta: &str) -> Vec<u8> {
    event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":0,"delta":{delta}}}"#))
}

fn streams() -> Vec<Case> {
    let mut cases = streams_of("", Subject::Stream { eighths: 8, piece: 1 }, "sql");
    cases.extend(streams_of("response: ", Subject::Response, "sql"));
    cases.extend(streams_of("response, searches: ", Subject::Response, "nova_grounding"));
    cases
}

/// The same of whoever tells it, with calls of this tool.
fn streams_of(label: &str, whole: Subject, tool: &'static str) -> Vec<Case> {
    let case = |name: &str, make: Box<dyn Fn(usize) -> Vec<u8> + Send + Sync>| Case {
        name: format!("{label}{name}"),
        subject: whole,
        make,
    };
    let many = |bytes: usize, frame: Vec<u8>| frame.repeat(bytes / frame.len());
    vec![
        case("frames of text", Box::new(move |bytes| many(bytes, delta(r#"{"text":"x"}"#)))),
        case("frames that say nothing", Box::new(move |bytes| many(bytes, delta("{}")))),
        case(
            "frames of citations behind a long text",
            Box::new(move |bytes| {
                let text = delta(&format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes / 2)));
                [text, many(bytes / 2, delta(r#"{"citation":{"title":"t"}}"#))].concat()
            }),
        ),
        case(
            "pieces of arguments",
            Box::new(move |bytes| {
                let start = format!(
                    r#"{{"contentBlockIndex":0,"start":{{"toolUse":{{"toolUseId":"t","name":"{tool}"}}}}}}"#
                );
                let start = event("contentBlockStart", &start);
                [start, many(bytes, delta(r#"{"toolUse":{"input":"xxxxxxxx"}}"#))].concat()
            }),
        ),
        case(
            "calls begun by turns",
            Box::new(move |bytes| {
                let (mut out, mut at) = (Vec::new(), 0);
                while out.len() < bytes {
                    let start = format!(
                        r#"{{"contentBlockIndex":{at},"start":{{"toolUse":{{"toolUseId":"t","name":"{tool}"}}}}}}"#
                    );
                    let stop = format!(r#"{{"contentBlockIndex":{at}}}"#);
                    out.extend(
                        [event("contentBlockStart", &start), event("contentBlockStop", &stop)].concat(),
                    );
                    at += 1;
                }
                out
            }),
        ),
    ]
}

/// Streams that come a little at a time.
fn drips() -> Vec<Case> {
    fn frame(bytes: usize) -> Vec<u8> {
        delta(&format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes)))
    }
    fn frames(bytes: usize) -> Vec<u8> {
        let frame = delta(r#"{"text":"x"}"#);
        frame.repeat(bytes / frame.len())
    }
    fn event(bytes: usize) -> Vec<u8> {
        format!(r#"data: {{"text":"{}"}}"#, "x".repeat(bytes)).into_bytes()
    }
    fn lines(bytes: usize) -> Vec<u8> {
        "data: x\n".repeat(bytes / 8).into_bytes()
    }
    let mut cases = Vec::new();
    for (how, eighths, piece) in
        [("byte by byte", 0, 1), ("by 50 bytes", 0, 50), ("most at once and then by 50 bytes", 7, 50)]
    {
        for (what, make) in [("one frame", frame as fn(usize) -> Vec<u8>), ("many frames", frames)] {
            cases.push(Case::new(format!("{what} {how}"), Subject::Stream { eighths, piece }, make));
        }
        if piece == 1 {
            continue;
        }
        let native = Subject::Native { events: false, eighths, piece };
        cases.push(Case::new(format!("a native stream's first frame {how}"), native, frame));
        let native = Subject::Native { events: true, eighths, piece };
        cases.push(Case::new(format!("a server-sent event without an end {how}"), native, event));
        cases.push(Case::new(format!("a server-sent event of many lines {how}"), native, lines));
    }
    cases
}

fn others() -> Vec<Case> {
    let image = |url: String| format!(r#"{{"type":"image_url","image_url":{{"url":"{url}"}}}}"#);
    let images = move |name: &str, url: fn(usize, usize) -> String| {
        Case::new(name, Subject::Images, move |bytes| {
            let parts = fill(bytes, ",", |at| image(url(at, bytes)));
            format!(r#"{{"messages":[{{"role":"user","content":[{parts}]}}]}}"#).into_bytes()
        })
    };
    // Larger answers are refused.
    let xml = |name: &str, inside: fn(usize) -> String| {
        Case::new(name, Subject::Credentials, move |bytes| inside(bytes.min(60_000 * 5) / 5).into_bytes())
    };
    vec![
        images("images of one URL", |_, _| "https://example.com/a.png".to_owned()),
        images("images of many URLs", |at, _| format!("https://example.com/{at}.png")),
        images("images of long URLs", |at, bytes| {
            format!("https://example.com/{}{}", "x".repeat(bytes / 64), at % 20)
        }),
        images("images of other hosts", |at, _| format!("https://{at}.example.org/")),
        Case::new("a thought that is none", Subject::Request("responses", CLAUDE), |bytes| {
            let sealed = "AAAA".repeat(bytes / 4);
            format!(r#"{{"input":[{{"role":"user","content":"Hi"}},{{"type":"reasoning","encrypted_content":"bedrock1.{sealed}"}}]}}"#)
                .into_bytes()
        }),
        Case::new("many thoughts that are none", Subject::Request("responses", CLAUDE), |bytes| {
            let items = fill(bytes, ",", |at| {
                format!(r#"{{"type":"reasoning","encrypted_content":"bedrock1.{at:08}"}}"#)
            });
            format!(r#"{{"input":[{{"role":"user","content":"Hi"}},{items}]}}"#).into_bytes()
        }),
        Case::new("a list gathered from its end", Subject::Gathered, |bytes| {
            format!(r#"{{"input":[{}]}}"#, fill(bytes, ",", |_| r#""a""#.to_owned())).into_bytes()
        }),
        Case::new("many profiles of many models", Subject::Discovery, |bytes| {
            let models = fill(bytes / 2, ",", |at| {
                format!(
                    r#"{{"modelId":"a.b{at:06}","inputModalities":["TEXT"],"outputModalities":["TEXT"],"inferenceTypesSupported":["ON_DEMAND"]}}"#
                )
            });
            let profiles = fill(bytes / 2, ",", |at| {
                format!(
                    r#"{{"inferenceProfileId":"us.a.b{at:06}","models":[{{"modelArn":"arn:aws:bedrock:us-east-1::foundation-model/a.b{at:06}"}}]}}"#
                )
            });
            format!("{{\"modelSummaries\":[{models}]}}\n{{\"inferenceProfileSummaries\":[{profiles}]}}")
                .into_bytes()
        }),
        Case::new("a profile of many regions", Subject::Discovery, |bytes| {
            let models = fill(bytes, ",", |at| {
                format!(r#"{{"modelArn":"arn:aws:bedrock:us-east-{at}::foundation-model/a.b-v1:0"}}"#)
            });
            format!("{{\"modelSummaries\":[]}}\n{{\"inferenceProfileSummaries\":[{{\"inferenceProfileId\":\"us.a.b\",\"models\":[{models}]}}]}}")
                .into_bytes()
        }),
        Case::new("a model of many modalities", Subject::Discovery, |bytes| {
            let words = fill(bytes, ",", |at| format!(r#""TEXT{at}""#));
            format!(r#"{{"modelSummaries":[{{"modelId":"a.b","inputModalities":[{words}],"outputModalities":["TEXT"]}}]}}"#)
                .into_bytes()
        }),
        xml("XML, deep", |bytes| "<a>".repeat(bytes / 7) + &"</a>".repeat(bytes / 7)),
        xml("XML, deep to 32 and wide", |bytes| {
            let wide = fill(bytes, "", |_| "<a></a>".to_owned());
            "<abcdefgh>".repeat(30) + &wide + &"</abcdefgh>".repeat(30)
        }),
        xml("XML, references", |bytes| format!("<a>{}</a>", "&#65;".repeat(bytes / 5))),
        xml("XML, attributes", |bytes| format!("<a {}></a>", fill(bytes, " ", |at| format!(r#"b{at}="c""#)))),
        xml("XML, comments", |bytes| format!("<a>{}</a>", "<!---->".repeat(bytes / 7))),
    ]
}
