//! Which requests are split, and the bodies of the parts.

use super::lists::BESIDE;
use super::*;

fn run(body: &str, most: Option<usize>) -> Result<Option<Vec<String>>, Error> {
    of(Endpoint::Embeddings, body, PerCall { items: most, one_choice: true })
}

/// The parts of a chat, or of `POST completions`.
fn choices(endpoint: Endpoint, body: &str) -> Option<Vec<String>> {
    of(endpoint, body, PerCall { items: Some(1), one_choice: true }).unwrap()
}

fn of(endpoint: Endpoint, body: &str, per_call: PerCall) -> Result<Option<Vec<String>>, Error> {
    let split = split(body.as_bytes(), endpoint, &Limits::default(), |_| Ok(per_call))?;
    Ok(split.map(|split| {
        let piece = |index| String::from_utf8(split.piece(body.as_bytes(), index).unwrap()).unwrap();
        (0..split.pieces()).map(piece).collect()
    }))
}

#[test]
fn each_piece_is_the_clients_request_with_its_own_inputs() {
    let body = r#"{"model":"m","input": [ "a" , "b]\"," ,"c"],"user":"u"}"#;
    assert_eq!(
        run(body, Some(2)).unwrap().unwrap(),
        [
            r#"{"model":"m","input": ["a" , "b]\","],"user":"u"}"#,
            r#"{"model":"m","input": ["c"],"user":"u"}"#
        ]
    );
    assert_eq!(run(body, Some(1)).unwrap().unwrap().len(), 3);
}

#[test]
fn what_needs_no_cutting_is_left_alone() {
    for (body, most) in [
        (r#"{"input":["a","b"]}"#, Some(2)),
        (r#"{"input":["a","b"]}"#, None),
        (r#"{"input":"a"}"#, Some(1)),
        (r#"{"input":[]}"#, Some(1)),
        (r#"{"input":5}"#, Some(1)),
        (r"{}", Some(1)),
    ] {
        assert_eq!(run(body, most).unwrap(), None, "{body}");
    }
}

#[test]
fn an_input_that_is_wrong_is_named_by_its_place_in_the_whole() {
    for (body, param) in [
        (r#"{"input":["a","b",""]}"#, "input[2]"),
        (r#"{"input":["a","b",5]}"#, "input[2]"),
        (r#"{"input":["a",["b"]]}"#, "input[1]"),
    ] {
        assert_eq!(run(body, Some(1)).unwrap_err().param.as_deref(), Some(param), "{body}");
    }
    // Two thousand parts would each repeat it.
    let body = format!(r#"{{"input":["a","b"],"user":"{}"}}"#, "x".repeat(BESIDE));
    assert_eq!(run(&body, Some(1)).unwrap_err().param.as_deref(), Some("input"));
    assert_eq!(run(&body, Some(2)).unwrap(), None);
    let body = format!(r#"{{"input":[{}"a"]}}"#, "\"a\",".repeat(2_048));
    assert_eq!(run(&body, Some(96)).unwrap_err().param.as_deref(), Some("input"));
}

#[test]
fn each_choice_is_the_clients_request_for_one_and_whole() {
    let body = r#"{"model":"m","n" : 3 , "stream":true,"messages":["\"n\""],"stream_options":{"include_usage":true}}"#;
    let piece = r#"{"model":"m","n" : 1 , "stream":false,"messages":["\"n\""],"stream_options":{"include_usage":true}}"#;
    assert_eq!(choices(Endpoint::ChatCompletions, body).unwrap(), [piece; 3]);
    let body = r#"{"stream":false,"n":2}"#;
    assert_eq!(choices(Endpoint::ChatCompletions, body).unwrap(), [r#"{"stream":false,"n":1}"#; 2]);
    // The last of two members counts, as in the translation.
    let body = r#"{"n":5,"n":2}"#;
    assert_eq!(choices(Endpoint::ChatCompletions, body).unwrap(), [r#"{"n":5,"n":1}"#; 2]);
}

#[test]
fn each_prompt_gets_its_choices_one_after_the_other() {
    let body = r#"{"n":2,"prompt":["a","b"],"best_of":2}"#;
    assert_eq!(
        choices(Endpoint::Completions, body).unwrap(),
        [
            r#"{"n":1,"prompt":["a"],"best_of":1}"#,
            r#"{"n":1,"prompt":["a"],"best_of":1}"#,
            r#"{"n":1,"prompt":["b"],"best_of":1}"#,
            r#"{"n":1,"prompt":["b"],"best_of":1}"#,
        ]
    );
    let body = r#"{"prompt":["a"],"n":2}"#;
    assert_eq!(choices(Endpoint::Completions, body).unwrap(), [r#"{"prompt":["a"],"n":1}"#; 2]);
    let body = r#"{"prompt":"a","n":2}"#;
    assert_eq!(choices(Endpoint::Completions, body).unwrap(), [r#"{"prompt":"a","n":1}"#; 2]);
    let body = r#"{"prompt":["a","b"],"stream":true}"#;
    assert_eq!(
        choices(Endpoint::Completions, body).unwrap(),
        [r#"{"prompt":["a"],"stream":false}"#, r#"{"prompt":["b"],"stream":false}"#]
    );
}

#[test]
fn what_is_wrong_with_the_number_of_choices_is_said_of_the_whole() {
    for n in ["0", "1", "17", "-1", "null", "\"2\"", "2.0", "2e0", "[2]", "true", "99999999999999999999"] {
        let body = format!(r#"{{"messages":[],"prompt":"a","n":{n}}}"#);
        assert_eq!(choices(Endpoint::ChatCompletions, &body), None, "{n}");
        assert_eq!(choices(Endpoint::Completions, &body), None, "{n}");
    }
    for body in [
        r#"{"n":2,"stream":1}"#,
        r#"{"n":2,"stream":true,"stream_options":5}"#,
        r#"{"n":2,"stream":true,"stream_options":{"include_usage":"yes"}}"#,
    ] {
        assert_eq!(choices(Endpoint::ChatCompletions, body), None, "{body}");
    }
    for body in [
        r#"{"prompt":"a","n":2,"best_of":3}"#,
        r#"{"prompt":"a","n":2,"best_of":1}"#,
        r#"{"prompt":"a","best_of":2}"#,
    ] {
        assert_eq!(choices(Endpoint::Completions, body), None, "{body}");
    }
    for endpoint in [Endpoint::Responses, Endpoint::Messages, Endpoint::Embeddings, Endpoint::Moderations] {
        assert_eq!(choices(endpoint, r#"{"n":2,"input":"a"}"#), None);
    }
}

#[test]
fn a_model_that_counts_choices_itself_is_asked_once() {
    let itself = PerCall { items: Some(1), one_choice: false };
    assert_eq!(of(Endpoint::ChatCompletions, r#"{"n":2}"#, itself).unwrap(), None);
}

#[test]
fn how_an_answer_is_told_is_what_the_request_asks_for() {
    for (body, expected) in [
        (r#"{"n":2}"#, Told::Whole),
        (r#"{"n":2,"stream":null}"#, Told::Whole),
        (r#"{"n":2,"stream":true}"#, Told::Stream { include_usage: false }),
        (r#"{"n":2,"stream":true,"stream_options":{}}"#, Told::Stream { include_usage: false }),
        (r#"{"n":2,"stream":true,"stream_options":null}"#, Told::Stream { include_usage: false }),
        (
            r#"{"n":2,"stream":true,"stream_options":{"include_usage":true}}"#,
            Told::Stream { include_usage: true },
        ),
    ] {
        let per_call = PerCall { items: Some(1), one_choice: true };
        let split = split(body.as_bytes(), Endpoint::ChatCompletions, &Limits::default(), |_| Ok(per_call));
        assert_eq!(split.unwrap().unwrap().told(), expected, "{body}");
    }
}

#[test]
fn prompts_times_choices_have_the_limit_of_a_list() {
    let prompts = vec![r#""a""#; 129].join(",");
    let body = format!(r#"{{"n":16,"prompt":[{prompts}]}}"#);
    let per_call = PerCall { items: Some(1), one_choice: true };
    assert_eq!(of(Endpoint::Completions, &body, per_call).unwrap_err().param.as_deref(), Some("n"));
    let body = body.replacen(r#""a","#, "", 1);
    assert_eq!(choices(Endpoint::Completions, &body).unwrap().len(), 2_048);
}
