//! All calls into the filter that the costs are taken of: whatever reads what others send.

use std::time::{Duration, SystemTime};

use bedrock_filter::aws::Credentials;
use bedrock_filter::aws::endpoint::Region;
use bedrock_filter::aws::providers::{self, Step};
use bedrock_filter::aws::source::{
    Base, Container, ContainerToken, Instance, Recipe, Role, TokenFile, WebIdentity,
};
use bedrock_filter::bedrock::error::Error as BedrockError;
use bedrock_filter::bedrock::eventstream::Decoder;
use bedrock_filter::bedrock::operation::Operation;
use bedrock_filter::config::Config;
use bedrock_filter::gateway::image_url::Host;
use bedrock_filter::gateway::images::{self, Images};
use bedrock_filter::gateway::limits::estimate::{self, Said};
use bedrock_filter::gateway::{discovery, native};
use bedrock_filter::openai::Endpoint;
use bedrock_filter::openai::model_member::ModelMember;
use bedrock_filter::techniques::away;
use bedrock_filter::techniques::choose::{Chosen, Rules, choose};
use bedrock_filter::techniques::{self, Call, Question, Tunables, Turn};
use bedrock_filter::translate::Streamed as _;
use bedrock_filter::translate::chat::{Guardrail, Headers, Stream};
use bedrock_filter::translate::notes::Unsupported;
use bedrock_filter::translate::split::{Gathered, PerCall, split};
use bedrock_filter::translate::terms::Tokens;
use bedrock_filter::translate::thoughts::Recall;
use bedrock_filter::translate::told::told;
use bedrock_filter::translate::{
    self, Answered, Client, Limits, Options, Reply, errors, forced_guardrail, passthrough,
};

const ANSWERED: Answered<'static> =
    Answered { request_id: "req-1", created: 1_700_000_000, input_tokens: None };

/// Whoever reads an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A request of an endpoint to a model: `chat`, `completions`, `embeddings`, `moderations`.
    Request(&'static str, &'static str),
    /// A body that is cut into pieces, of an endpoint.
    Split(&'static str),
    /// The reply to a piece.
    Piece(&'static str),
    /// The whole reply to such a request to a model.
    Reply(&'static str, &'static str),
    /// A stream of Converse's events: so many eighths at once, and then pieces of so many bytes.
    Stream { eighths: usize, piece: usize },
    /// A stream of Converse's events, all at once, told as a response.
    Response,
    /// A request of an endpoint whose reasoning is carried for the client: there is some for each call.
    Recalled(&'static str, &'static str),
    /// A stream of InvokeModel's chunks, all at once.
    Chunks,
    /// A stream that goes on as it is, the same: frames, or server-sent events.
    Native { events: bool, eighths: usize, piece: usize },
    /// An answer that is told as a stream.
    Told,
    /// A chat that may choose a technique, and its calls.
    Technique,
    /// The reply to such a call.
    Draft,
    /// What a model says of the examples in a chat.
    Examples,
    /// A list in pieces of one item each, whose replies come in the wrong order.
    Gathered,
    /// A body on Bedrock's own routes, or of a chat that goes on as it is.
    Body,
    /// An error's body.
    Error,
    /// A chat in which images by URL are looked for.
    Images,
    /// The configuration.
    Configuration,
    /// What gives credentials.
    Credentials,
    /// The control plane's lists.
    Discovery,
}

/// Reads `input` as the filter does.
pub(crate) fn run(subject: Subject, input: &[u8]) {
    match subject {
        Subject::Request(endpoint, model) => request(endpoint, model, input, None),
        Subject::Recalled(endpoint, model) => request(endpoint, model, input, Some(&Kept)),
        Subject::Response => response(input),
        Subject::Split(endpoint) => {
            drop(split(input, self::endpoint(endpoint), &limits(), |_| Ok(per_call(96))))
        }
        Subject::Piece(endpoint) => piece(endpoint, input),
        Subject::Reply(endpoint, model) => drop(asked(endpoint, model).whole(input, ANSWERED)),
        Subject::Stream { eighths, piece } => stream(input, eighths, piece),
        Subject::Chunks => chunks(input),
        Subject::Native { events, eighths, piece } => native_stream(events, input, eighths, piece),
        Subject::Told => drop(told(input, true)),
        Subject::Technique => technique(input),
        Subject::Examples => examples(input),
        Subject::Draft => drop(techniques::Reply::read(input)),
        Subject::Gathered => gathered(input),
        Subject::Body => body(input),
        Subject::Error => error(input),
        Subject::Images => find(input),
        Subject::Configuration => drop(Config::load(input, |name| (name == "A").then(|| "a".to_owned()))),
        Subject::Credentials => credentials(input),
        Subject::Discovery => discover(input),
    }
}

fn examples(input: &[u8]) {
    let mut leap = techniques::known("leap").expect("a technique").make(&techniques::Tunables::default());
    let text = String::from_utf8_lossy(input).into_owned();
    for replies in [Vec::new(), vec![Some(techniques::Reply { text, ..techniques::Reply::default() })]] {
        let _ = leap.next(replies);
    }
}

fn technique(input: &[u8]) {
    let tunables = &Tunables::default();
    let rules = Rules { is_model: &|name| name == "m", usual: &|_| None, elsewhere: &[], tunables };
    let Ok(Chosen { body, .. }) = choose(input, &rules) else { return };
    let body = body.as_deref().unwrap_or(input);
    let _ = away::check(body);
    let Ok(question) = Question::read(body) else { return };
    let text = || "x".to_owned();
    for turn in [Turn::AsItIs, Turn::Followed(text()), Turn::Repeated(text()), Turn::Replaced(text())] {
        let call = Call { turn, system: Some(text()), ..Call::default() };
        let _ = question.body(body, &call, false);
    }
}

fn endpoint(name: &str) -> Endpoint {
    match name {
        "chat" => Endpoint::ChatCompletions,
        "completions" => Endpoint::Completions,
        "embeddings" => Endpoint::Embeddings,
        "messages" => Endpoint::Messages,
        "responses" => Endpoint::Responses,
        "input_tokens" => Endpoint::InputTokens,
        "message_tokens" => Endpoint::MessageTokens,
        _ => Endpoint::Moderations,
    }
}

/// Numbers of things are not limited, so that reading is not cut short.
fn limits() -> Limits {
    Limits {
        messages: usize::MAX,
        tools: usize::MAX,
        images: usize::MAX,
        embedding_inputs: usize::MAX,
        ..Limits::default()
    }
}

fn options(endpoint: &str) -> Options {
    let guardrail = (endpoint == "moderations").then(guardrail);
    Options { unsupported: Unsupported::Ignore, limits: limits(), guardrail, ..Options::default() }
}

fn guardrail() -> Guardrail {
    Guardrail { identifier: "own1".to_owned(), version: "7".to_owned(), trace: None, stream_mode: None }
}

/// Has a thought for each call.
#[derive(Debug)]
struct Kept;

impl Recall for Kept {
    fn recall(&self, _: &str, calls: &[&str]) -> Vec<Option<Vec<u8>>> {
        let thought = br#"[{"reasoningText":{"text":"Hm.","signature":"s"}}]"#;
        calls.iter().map(|_| Some(thought.to_vec())).collect()
    }
}

fn request(endpoint: &str, model: &str, input: &[u8], recall: Option<&dyn Recall>) {
    let client = Client { name: "team-a", terms: None, chat: Headers::default(), recall, is_part: false };
    let resolve = |_: Option<&str>| Ok(model.to_owned());
    let result = translate::request(self::endpoint(endpoint), input, &client, &options(endpoint), resolve);
    match result {
        Ok((_, outgoing)) => drop(outgoing.body.into_vec()),
        Err(error) => drop(error.body()),
    }
}

/// What the answer is to.
fn asked(endpoint: &str, model: &str) -> Reply {
    let request = match endpoint {
        "chat" => {
            r#"{"messages":[{"role":"user","content":"Hi"}],"stream":true,"stream_options":{"include_usage":true},
            "tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"sql"}}]}"#
        }
        "completions" => r#"{"prompt":"Hi","echo":true}"#,
        "messages" => r#"{"max_tokens":10,"messages":[{"role":"user","content":"Hi"}],"stream":true}"#,
        "responses" => {
            r#"{"input":"Hi","stream":true,"tools":[{"type":"function","name":"f"},{"type":"custom","name":"sql"},
            {"type":"web_search"}]}"#
        }
        _ => r#"{"input":"Hi"}"#,
    };
    let client =
        Client { name: "team-a", terms: None, chat: Headers::default(), recall: None, is_part: false };
    let resolve = |_: Option<&str>| Ok(model.to_owned());
    let options = options(endpoint);
    let (_, outgoing) =
        translate::request(self::endpoint(endpoint), request.as_bytes(), &client, &options, resolve).unwrap();
    outgoing.reply
}

fn per_call(items: usize) -> PerCall {
    PerCall { items: Some(items), one_choice: true }
}

fn piece(endpoint: &str, input: &[u8]) {
    // The request had as many items as the reply has, or two.
    let items = input.windows(9).filter(|window| window == b"\"index\":0").count().max(2);
    let list = vec![r#""a""#; items + 1].join(",");
    let name = if endpoint == "completions" { "prompt" } else { "input" };
    let body = format!(r#"{{"{name}":[{list}]}}"#);
    let pieces = split(body.as_bytes(), self::endpoint(endpoint), &limits(), |_| Ok(per_call(items)));
    let mut gathered = Gathered::new(&pieces.unwrap().unwrap());
    drop(gathered.add(0, input));
    drop(gathered.finish());
}

fn gathered(input: &[u8]) {
    let pieces = split(input, Endpoint::Embeddings, &limits(), |_| Ok(per_call(1)));
    let Ok(Some(pieces)) = pieces else { return };
    let mut gathered = Gathered::new(&pieces);
    for at in (0..pieces.pieces()).rev() {
        drop(gathered.add(at, br#"{"model":"m","data":[{"embedding":[1],"index":0}]}"#));
    }
    drop(gathered.finish());
}

/// The pieces of an input.
fn pieces(input: &[u8], eighths: usize, piece: usize) -> impl Iterator<Item = &[u8]> {
    let (first, rest) = input.split_at(input.len() * eighths / 8);
    std::iter::once(first).chain(rest.chunks(piece))
}

fn stream(input: &[u8], eighths: usize, piece: usize) {
    let Reply::Chat(context) = asked("chat", "us.anthropic.claude-sonnet-4-20250514-v1:0") else { return };
    let mut stream = Stream::new(context, ANSWERED, &Limits::default());
    let mut decoder = Decoder::new(Limits::default().frame_bytes);
    let mut out = Vec::new();
    for bytes in pieces(input, eighths, piece) {
        // What has been written is sent.
        out.clear();
        if stream.bytes(bytes, &mut out).is_err() {
            break;
        }
    }
    drop(stream.end(&mut out));
    for bytes in pieces(input, eighths, piece) {
        decoder.push(bytes);
        while let Ok(Some(_)) = decoder.next_frame() {}
    }
}

fn response(input: &[u8]) {
    at_once(asked("responses", "us.amazon.nova-2-lite-v1:0"), input);
}

fn chunks(input: &[u8]) {
    at_once(asked("messages", "us.anthropic.claude-sonnet-4-20250514-v1:0"), input);
}

fn at_once(mut reply: Reply, input: &[u8]) {
    let mut stream = reply.stream(ANSWERED, &Limits::default()).unwrap();
    let mut out = Vec::new();
    if stream.bytes(input, &mut out).is_ok() {
        drop(stream.end(&mut out));
    }
}

/// As the upstream role does: with each piece it looks anew at what Envoy holds, until it has decided.
fn native_stream(events: bool, input: &[u8], eighths: usize, piece: usize) {
    use passthrough::{Beginning, FirstEvent, FirstFrame};
    let limit = Limits::default().frame_bytes;
    let (mut event, mut frame) = (FirstEvent::default(), FirstFrame::new(limit));
    let mut held = 0;
    for bytes in pieces(input, eighths, piece) {
        held += bytes.len();
        let read = |from: usize, length: usize| input[from..held.min(from + length)].to_vec();
        let decided = if events {
            !matches!(event.look(held.min(limit), read), Beginning::Incomplete)
        } else {
            !matches!(frame.look(held, |length| read(0, length)), Ok(Beginning::Incomplete))
        };
        if decided {
            break;
        }
    }
}

fn body(input: &[u8]) {
    let said = Said::read(input).unwrap_or_default();
    std::hint::black_box((said.output(None, Tokens::default()), estimate::input(input)));
    if let Ok(member) = ModelMember::find(input) {
        drop(member.replaced(input, "new"));
    }
    for operation in Operation::ALL {
        drop(forced_guardrail::check(operation, input, &guardrail()));
    }
}

fn error(input: &[u8]) {
    for status in [400, 500] {
        let own = BedrockError::from_reply(status, None, input);
        drop(own.summary());
        drop(errors::error(&own).body());
        let other = passthrough::openai_error(status, None, input);
        drop(passthrough::told(&other, input).body());
        drop(native::as_aws(status, input));
    }
}

fn find(input: &[u8]) {
    let images = Images {
        cluster: "images".to_owned(),
        http_cluster: None,
        hosts: vec![Host::parse("example.com").unwrap()],
        private_networks: Vec::new(),
        bytes: 1 << 20,
        timeout: Duration::from_secs(1),
        // As much as a configuration may say is not known here; what it says by itself is.
        per_request: 20,
        redirects: 3,
    };
    images::may_hold_urls(input);
    if let Ok(found) = images::find(input, &images) {
        let image = images::Image::of(b"GIF89a").unwrap();
        let places = found.iter().flat_map(|found| &found.places);
        drop(images::splice(input, places.map(|place| (place.range.clone(), image.text(&place.form)))));
    }
}

fn credentials(input: &[u8]) {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    for recipe in recipes() {
        let (mut fetch, mut step) = providers::Fetch::begin(&recipe, None, now);
        for at in 0..4 {
            let Step::Ask(_) = step else { break };
            // What is asked first may be a token, or a role's name.
            let body =
                if at == 0 && matches!(recipe.base, Base::Instance(_)) { &b"token"[..] } else { input };
            step = fetch.answered(providers::Answer { status: Some(200), body }, now);
        }
        let (mut fetch, _) = providers::Fetch::begin(&recipe, None, now);
        drop(fetch.answered(providers::Answer { status: Some(400), body: input }, now));
    }
}

fn recipes() -> Vec<Recipe> {
    let cluster = || "c".to_owned();
    let token = || TokenFile { cluster: cluster(), path: "/token".to_owned() };
    let role = || Role {
        cluster: cluster(),
        region: Region::new("us-east-1").unwrap(),
        host: "sts.us-east-1.amazonaws.com".to_owned(),
        arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        session_name: "s".to_owned(),
        external_id: None,
        duration_seconds: None,
        tags: Vec::new(),
    };
    let given = Credentials {
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: None,
    };
    let container = Container {
        cluster: cluster(),
        host: "h".to_owned(),
        path: "/v2".to_owned(),
        token: Some(ContainerToken::Given("token".to_owned())),
    };
    let base = [
        (Base::Container(container), None),
        (Base::Instance(Instance { cluster: cluster(), role: Some("r".to_owned()) }), None),
        (Base::WebIdentity(WebIdentity { token: token(), role: role() }), None),
        (Base::Given(given), Some(role())),
    ];
    base.map(|(base, role)| Recipe { base, role }).into()
}

fn discover(input: &[u8]) {
    let models = br#"{"modelSummaries":[{"modelId":"a.b-v1:0","inputModalities":["TEXT"],
        "outputModalities":["TEXT"],"inferenceTypesSupported":["ON_DEMAND"]}]}"#;
    // Models and then profiles.
    let end = input.iter().position(|byte| *byte == b'\n');
    let (models, input) = end.map_or((&models[..], input), |end| input.split_at(end));
    let answer = |body| discovery::Answer { status: Some(200), error_type: None, body };
    let (mut fetch, _) = discovery::Fetch::begin();
    drop(fetch.answered(answer(input)));
    let (mut fetch, _) = discovery::Fetch::begin();
    drop(fetch.answered(answer(models)));
    drop(fetch.answered(answer(input)));
    drop(fetch.answered(answer(input)));
    let (mut fetch, _) = discovery::Fetch::begin();
    drop(fetch.answered(discovery::Answer { status: Some(400), error_type: None, body: input }));
}
