//! What models write into their texts by markup: whole and in any pieces it is read alike, nothing is lost, and in a linear time.

use bedrock_filter::translate::Reply;
use bedrock_filter::translate::notes::Unsupported;
use serde_json::{Value, json};

use super::frames::event;
use super::linear_time::{assert_linear, list};
use super::random::Random;
use super::replies::{Message, accumulated, events, message, stream};
use super::{ANSWERED, chat_reply, options, translate};

const NOVA: &str = "us.amazon.nova-pro-v1:0";
const QWEN: &str = "qwen.qwen3-32b-v1:0";
const KIMI: &str = "moonshotai.kimi-k2.5";

const PIECES: &[&str] = &[
    "<thinking>",
    "</thinking>",
    "<think>",
    "</think>",
    "<",
    "I é think. ",
    "\n",
    " ",
    "<|tool_calls_section_begin|>",
    "<|tool_calls_section_end|>",
    "<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{}<|tool_call_end|>",
    "<|tool_call_begin|> f <|tool_call_argument_begin|>{\"a\":1}<|tool_call_end|>",
    "<|tool_call_begin|>",
    "<|tool_call_end|>",
];

fn context(model: &str) -> Reply {
    let request = br#"{"messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"f"}}]}"#;
    translate(model, request, &options(Unsupported::Refuse)).unwrap().reply
}

/// Any of the pieces.
fn text(random: &mut Random) -> String {
    (0..random.below(12)).map(|_| random.pick(PIECES)).collect()
}

/// The text as deltas of any lengths.
fn deltas(random: &mut Random, block: usize, kind: &str, text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut at = (random.below(30) + 1).min(rest.len());
        while !rest.is_char_boundary(at) {
            at += 1;
        }
        let (piece, after) = rest.split_at(at);
        let delta = if kind == "text" { json!({"text": piece}) } else { json!({kind: {"text": piece}}) };
        let payload = json!({"contentBlockIndex": block, "delta": delta});
        out.extend(event("contentBlockDelta", &payload.to_string()));
        rest = after;
    }
    if random.once_in(2) {
        out.extend(event("contentBlockStop", &json!({"contentBlockIndex": block}).to_string()));
    }
    out
}

fn whole(context: &Reply, content: &Value) -> Message {
    let body = json!({"output": {"message": {"content": content}}, "stopReason": "end_turn"}).to_string();
    message(&serde_json::from_slice(&context.whole(body.as_bytes(), ANSWERED).unwrap()).unwrap())
}

#[test]
fn what_is_written_into_a_text_is_read_alike_whole_and_in_pieces() {
    let contexts = [NOVA, QWEN, KIMI].map(context);
    let (mut thoughts, mut calls, mut texts) = (0, 0, 0);
    for seed in 0..4_000 {
        let mut random = Random::new(7_000_000 + seed);
        let context = &contexts[random.below(contexts.len())];
        let blocks: Vec<_> = (0..=random.below(2)).map(|_| text(&mut random)).collect();
        let content: Vec<_> = blocks.iter().map(|text| json!({"text": text})).collect();
        let whole = whole(context, &Value::from(content));
        let mut bytes = Vec::new();
        for (at, text) in blocks.iter().enumerate() {
            bytes.extend(deltas(&mut random, at, "text", text));
        }
        bytes.extend(event("messageStop", r#"{"stopReason":"end_turn"}"#));
        let chunks = events(&stream(&mut random, &chat_reply(context), &bytes).unwrap());
        assert_eq!(whole, accumulated(&chunks), "seed {seed}: {blocks:?}");
        thoughts += usize::from(!whole.reasoning.is_empty());
        calls += usize::from(!whole.calls.is_empty());
        texts += usize::from(whole.content.contains('<'));
    }
    assert!(thoughts > 100 && calls > 100 && texts > 1_000, "{thoughts} {calls} {texts}");
}

#[test]
fn a_text_without_markup_loses_nothing() {
    for model in [NOVA, QWEN, KIMI] {
        let context = context(model);
        for text in ["a < b <c> </c>", " <thin", "It says <think>a</think>.", "<|tool_", "  \n", "<"] {
            let message = whole(&context, &json!([{"text": text}]));
            assert_eq!((message.content.as_str(), message.reasoning.as_str()), (text, ""), "{model}");
        }
    }
}

#[test]
fn calls_and_tags_are_found_in_a_linear_time() {
    let call = PIECES[10];
    for (model, unit) in
        [(NOVA, "<thinking>a</thinking> "), (NOVA, "< "), (KIMI, call), (KIMI, "<|tool_call_begin|>")]
    {
        let context = context(model);
        assert_linear(
            unit,
            1_000,
            |count| {
                let text = json!(list(count, |_| unit.to_owned()).replace(',', ""));
                format!(
                    r#"{{"output":{{"message":{{"content":[{{"text":{text}}}]}}}},"stopReason":"end_turn"}}"#
                )
            },
            |reply| {
                std::hint::black_box(context.whole(reply.as_bytes(), ANSWERED).unwrap());
            },
        );
    }
}
