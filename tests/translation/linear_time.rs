//! Eight times the input takes about eight times as long, never sixty-four: nobody can stall a worker with a body
//! that the size limit lets through.

use std::hint::black_box;
use std::time::{Duration, Instant};

use bedrock_filter::openai::Endpoint;
use bedrock_filter::translate::Streamed as _;
use bedrock_filter::translate::chat::{self, Stream};
use bedrock_filter::translate::{Limits, Options, Reply};

use super::frames::event;
use super::{ANSWERED, chat_reply, translate, translate_to};

const MODEL: &str = "us.anthropic.claude-3-7-sonnet-20250219-v1:0";
const GROWTH: usize = 8;
/// Linear is 1, quadratic is 8; between them lies a noisy machine.
const TOO_MUCH: u32 = 3;
const TRIES: usize = 10;

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// `input` makes an input of a size. `work` on eight small ones is timed against `work` on one that is eight times as
/// large: they take equally long, so that whatever else the machine does slows both.
pub(crate) fn assert_linear<T>(name: &str, small: usize, input: impl Fn(usize) -> T, work: impl Fn(&T)) {
    let (few, many) = (input(small), input(small * GROWTH));
    let (mut eight, mut one) = (Duration::MAX, Duration::MAX);
    for _ in 0..TRIES {
        eight = eight.min(time(|| (0..GROWTH).for_each(|_| work(&few))));
        one = one.min(time(|| work(&many)));
        if one < eight * TOO_MUCH {
            return;
        }
    }
    panic!("{name}: {GROWTH} times {small} take {eight:?}, once {} takes {one:?}", small * GROWTH);
}

fn assert_linear_request(name: &str, small: usize, request: impl Fn(usize) -> String) {
    assert_linear_at(Endpoint::ChatCompletions, MODEL, name, small, request);
}

fn assert_linear_at(
    endpoint: Endpoint,
    model: &str,
    name: &str,
    small: usize,
    request: impl Fn(usize) -> String,
) {
    let limits = Limits { messages: usize::MAX, tools: usize::MAX, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    assert_linear(name, small, request, |request| {
        let headers = chat::Headers::default();
        black_box(translate_to(endpoint, headers, model, request.as_bytes(), &options).unwrap());
    });
}

fn assert_linear_stream(name: &str, small: usize, piece: usize, frames: impl Fn(usize) -> Vec<u8>) {
    let request = r#"{"messages":[{"role":"user","content":"x"}],"stream":true,
        "tools":[{"type":"custom","custom":{"name":"sql"}}]}"#;
    let options = Options::default();
    let context = chat_reply(&translate(MODEL, request.as_bytes(), &options).unwrap().reply);
    assert_linear(name, small, frames, |bytes| {
        let mut stream = Stream::new(context.clone(), ANSWERED, &Limits::default());
        let mut out = Vec::new();
        for piece in bytes.chunks(piece) {
            out.clear();
            stream.bytes(piece, &mut out).unwrap();
        }
        black_box(out);
    });
}

/// `of` each number, comma-separated.
pub(crate) fn list(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(of).collect::<Vec<_>>().join(",")
}

const QUARTER: usize = 256 << 10;

#[test]
fn one_long_text() {
    assert_linear_request("a text", QUARTER, |bytes| {
        format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "words ".repeat(bytes / 6))
    });
}

#[test]
fn one_long_text_of_escapes() {
    assert_linear_request("escapes", QUARTER, |bytes| {
        format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, r"\u00fc\n".repeat(bytes / 8))
    });
}

#[test]
fn many_messages() {
    assert_linear_request("messages", QUARTER / 80, |count| {
        let pair = r#"{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho"}"#;
        format!(r#"{{"messages":[{},{{"role":"user","content":"x"}}]}}"#, list(count, |_| pair.to_owned()))
    });
}

#[test]
fn many_messages_of_one_role() {
    assert_linear_request("messages of one role", QUARTER / 40, |count| {
        format!(r#"{{"messages":[{}]}}"#, list(count, |_| r#"{"role":"user","content":"Hi"}"#.to_owned()))
    });
}

#[test]
fn one_huge_data_url() {
    assert_linear_request("a data URL", QUARTER, |bytes| {
        let data = format!("iVBORw0KGgoAAAAN{}", "AAAA".repeat(bytes / 4));
        let url = format!(r#"{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{data}"}}}}"#);
        format!(r#"{{"messages":[{{"role":"user","content":[{url}]}}]}}"#)
    });
}

/// A conversation of `count` calls, the calls and results of each given by its number; `turns` puts each into its own.
fn calls(
    count: usize,
    turns: bool,
    call: impl Fn(usize) -> String,
    result: impl Fn(usize) -> String,
) -> String {
    let assistant = |calls: String| format!(r#"{{"role":"assistant","tool_calls":[{calls}]}}"#);
    let messages = if turns {
        list(count, |at| assistant(call(at)) + "," + &result(at))
    } else {
        assistant(list(count, call)) + "," + &list(count, result)
    };
    format!(r#"{{"messages":[{{"role":"user","content":"Go"}},{messages}]}}"#)
}

fn call(id: &str, name: &str) -> String {
    format!(r#"{{"id":"{id}","type":"function","function":{{"name":"{name}","arguments":"{{}}"}}}}"#)
}

fn result(id: &str) -> String {
    format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"ok"}}"#)
}

#[test]
fn ten_thousand_calls_in_turns_of_their_own() {
    assert_linear_request("calls", 1_250, |count| {
        calls(count, true, |at| call(&format!("id{at}"), "f"), |at| result(&format!("id{at}")))
    });
}

#[test]
fn ten_thousand_calls_in_one_turn() {
    assert_linear_request("calls", 1_250, |count| {
        calls(count, false, |at| call(&format!("id{at}"), "f"), |at| result(&format!("id{at}")))
    });
}

#[test]
fn ten_thousand_calls_in_one_turn_answered_from_behind() {
    assert_linear_request("calls", 1_250, |count| {
        calls(count, false, |at| call(&format!("id{at}"), "f"), |at| result(&format!("id{}", count - 1 - at)))
    });
}

#[test]
fn ten_thousand_calls_of_one_id() {
    assert_linear_request("calls", 1_250, |count| {
        calls(count, false, |_| call("same", "f"), |_| result("same"))
    });
}

#[test]
fn ten_thousand_results_of_no_call() {
    assert_linear_request("results", 1_250, |count| {
        let results = list(count, |at| result(&format!("id{at}")));
        format!(r#"{{"messages":[{{"role":"user","content":"Go"}},{}]}}"#, results)
    });
}

#[test]
fn many_tools_of_one_legal_name() {
    // No more than a thousand tools are let through.
    assert_linear_request("tools", 125, |count| {
        let tools = list(count, |at| {
            let name: String =
                format!("{at:010b}").chars().map(|c| if c == '0' { 'ä' } else { 'ö' }).collect();
            format!(r#"{{"type":"function","function":{{"name":"{name}"}}}}"#)
        });
        format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],"tools":[{tools}]}}"#)
    });
}

#[test]
fn many_functions_of_the_older_form() {
    assert_linear_request("functions", 1_000, |count| {
        let functions = list(count, |at| format!(r#"{{"name":"f{at}"}}"#));
        format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],"functions":[{functions}]}}"#)
    });
}

#[test]
fn many_allowed_tools_beside_a_long_history() {
    assert_linear_request("allowed tools", 500, |count| {
        let tools = list(count, |at| format!(r#"{{"type":"function","function":{{"name":"f{at}"}}}}"#));
        let turns = calls(
            count,
            false,
            |at| call(&format!("id{at}"), &format!("f{at}")),
            |at| result(&format!("id{at}")),
        );
        let head = turns.strip_suffix('}').unwrap();
        format!(
            r#"{head},"tools":[{tools}],"tool_choice":{{"type":"allowed_tools",
            "allowed_tools":{{"mode":"auto","tools":[{tools}]}}}}}}"#
        )
    });
}

#[test]
fn tools_and_functions_count_together() {
    let functions = list(1_001, |at| format!(r#"{{"name":"f{at}"}}"#));
    let request =
        format!(r#"{{"messages":[{{"role":"user","content":"Go"}}],"tools":[],"functions":[{functions}]}}"#);
    let options = Options::default();
    assert_eq!(
        translate(MODEL, request.as_bytes(), &options).unwrap_err().param.as_deref(),
        Some("functions")
    );
}

#[test]
fn many_names_in_the_history() {
    let name = |at: usize| format!("tool{at}");
    assert_linear_request("names", 500, |count| {
        calls(count, false, |at| call(&format!("id{at}"), &name(at)), |at| result(&format!("id{at}")))
    });
}

#[test]
fn many_names_in_the_history_of_one_legal_name() {
    let name = |at: usize| format!("{at:012b}").replace('0', "ä").replace('1', "ö");
    assert_linear_request("names", 125, |count| {
        calls(count, false, |at| call(&format!("id{at}"), &name(at)), |at| result(&format!("id{at}")))
    });
}

#[test]
fn many_documents_of_one_name() {
    assert_linear_request("documents", 60, |count| {
        let file = r#"{"type":"file","file":{"file_data":"data:text/plain;base64,aGk=","filename":"a.txt"}}"#;
        format!(r#"{{"messages":[{{"role":"user","content":[{}]}}]}}"#, list(count, |_| file.to_owned()))
    });
}

#[test]
fn many_additional_fields() {
    assert_linear_request("fields", 1_000, |count| {
        let fields = list(count, |at| format!(r#""field{at}":1"#));
        format!(
            r#"{{"messages":[{{"role":"user","content":"Hi"}}],"additionalModelRequestFields":{{{fields}}}}}"#
        )
    });
}

#[test]
fn many_labels() {
    assert_linear_request("labels", 2_000, |count| {
        let labels = list(count, |at| format!(r#""label{at}":"x""#));
        format!(r#"{{"messages":[{{"role":"user","content":"Hi"}}],"metadata":{{{labels}}}}}"#)
    });
}

#[test]
fn many_unknown_members() {
    assert_linear_request("members", 2_000, |count| {
        let members = list(count, |at| format!(r#""member{at}":[{at}]"#));
        format!(r#"{{"messages":[{{"role":"user","content":"Hi"}}],{members}}}"#)
    });
}

#[test]
fn many_cache_points() {
    assert_linear_request("points", 2_000, |count| {
        let part = r#"{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}"#;
        format!(r#"{{"messages":[{{"role":"user","content":[{}]}}]}}"#, list(count, |_| part.to_owned()))
    });
}

#[test]
fn many_features_of_anthropics() {
    for model in [MODEL, "us.amazon.nova-pro-v1:0"] {
        assert_linear_at(Endpoint::Messages, model, "features", 5_000, |count| {
            let names = list(count, |at| format!(r#""computer-use-{at:08}""#));
            format!(
                r#"{{"max_tokens":9,"messages":[{{"role":"user","content":"Hi"}}],"anthropic_beta":[{names}]}}"#
            )
        });
    }
}

#[test]
fn many_tools_in_a_namespace() {
    assert_linear_at(Endpoint::Responses, MODEL, "tools in a namespace", 1_000, |count| {
        let tools = list(count, |at| format!(r#"{{"type":"function","name":"f{at}"}}"#));
        let name = "n".repeat(200);
        format!(r#"{{"input":"Hi","tools":[{{"type":"namespace","name":"{name}","tools":[{tools}]}}]}}"#)
    });
}

#[test]
fn many_items() {
    for item in [
        r#"{"role":"user","content":[{"type":"input_text","text":"x"}]}"#,
        r#"{"type":"function_call","call_id":"a","name":"f","arguments":"{}"}"#,
        r#"{"type":"function_call_output","call_id":"a","output":"x"}"#,
        r#"{"type":"reasoning","summary":[],"encrypted_content":"bedrock1.AAAA"}"#,
        r#"{"type":"additional_tools","tools":[{"type":"web_search"}]}"#,
    ] {
        assert_linear_at(Endpoint::Responses, MODEL, item, 2_000, |count| {
            let items = list(count, |_| item.to_owned());
            format!(r#"{{"input":[{{"role":"user","content":"Hi"}},{items}]}}"#)
        });
    }
}

#[test]
fn many_blocks_of_messages() {
    for block in [
        r#"{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}"#,
        r#"{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"x"}]}"#,
        r#"{"type":"document","source":{"type":"text","data":"x"},"title":"x"}"#,
        r#"{"type":"search_result","source":"x","title":"x","content":[{"type":"text","text":"x"}]}"#,
    ] {
        for model in ["us.amazon.nova-pro-v1:0", MODEL] {
            assert_linear_at(Endpoint::Messages, model, block, 1_000, |count| {
                let blocks = list(count, |_| block.to_owned());
                format!(r#"{{"max_tokens":9,"messages":[{{"role":"user","content":[{blocks}]}}]}}"#)
            });
        }
    }
}

fn delta(delta: &str) -> Vec<u8> {
    event("contentBlockDelta", &format!(r#"{{"contentBlockIndex":0,"delta":{delta}}}"#))
}

#[test]
fn many_small_frames() {
    let frame = delta(r#"{"text":"x"}"#);
    for piece in [64, 16 << 10, usize::MAX] {
        assert_linear_stream(&format!("frames in pieces of {piece}"), 1_000, piece, |count| {
            frame.repeat(count)
        });
    }
}

#[test]
fn one_huge_frame_in_small_pieces() {
    assert_linear_stream("a frame", QUARTER, 512, |bytes| {
        delta(&format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes)))
    });
}

#[test]
fn many_pieces_of_arguments() {
    let frame = delta(r#"{"toolUse":{"input":"xxxxxxxx"}}"#);
    let start = r#"{"contentBlockIndex":0,"start":{"toolUse":{"toolUseId":"t","name":"sql"}}}"#;
    assert_linear_stream("arguments", 1_000, 4_096, |count| {
        [event("contentBlockStart", start), frame.repeat(count)].concat()
    });
}

#[test]
fn many_calls_of_one_answer() {
    // No more than 1,024 are open at a time.
    assert_linear_stream("calls", 120, 4_096, |count| {
        (0..count)
            .flat_map(|at| {
                let start = format!(
                    r#"{{"contentBlockIndex":{at},"start":{{"toolUse":{{"toolUseId":"t","name":"f"}}}}}}"#
                );
                let delta =
                    format!(r#"{{"contentBlockIndex":{at},"delta":{{"toolUse":{{"input":"{{}}"}}}}}}"#);
                [event("contentBlockStart", &start), event("contentBlockDelta", &delta)].concat()
            })
            .collect()
    });
}

#[test]
fn one_long_reply() {
    let options = Options::default();
    let request = br#"{"messages":[{"role":"user","content":"x"}]}"#;
    let context: Reply = translate(MODEL, request, &options).unwrap().reply;
    let block =
        r#"{"citationsContent":{"content":[{"text":"cited"}],"citations":[{"title":"t"}]}},{"text":"plain"}"#;
    // Two at least: a single text goes on as it is written, several are joined.
    for (name, small, block) in
        [("texts", 2, format!(r#"{{"text":"{}"}}"#, "x".repeat(QUARTER))), ("blocks", 500, block.to_owned())]
    {
        assert_linear(
            name,
            small,
            |count| {
                let blocks = list(count, |_| block.clone());
                format!(r#"{{"output":{{"message":{{"content":[{blocks}]}}}},"stopReason":"end_turn"}}"#)
            },
            |reply| {
                black_box(context.whole(reply.as_bytes(), ANSWERED).unwrap());
            },
        );
    }
}
