//! Answers of any bytes from whoever gives credentials: fetching ends, and no error tells what was sent or what came.

use std::time::{Duration, SystemTime};

use bedrock_filter::aws::Credentials;
use bedrock_filter::aws::endpoint::Region;
use bedrock_filter::aws::providers::{Answer, Fetch, Step};
use bedrock_filter::aws::renewal::Record;
use bedrock_filter::aws::source::{
    Base, Container, ContainerToken, Instance, Recipe, Role, TokenFile, WebIdentity,
};
use serde_json::Value;

use super::allocation::{Bound, bounded};

const BOUND: Bound = Bound { per_byte: 200, any: 64 << 10 };
const TOKEN: &str = "token-of-the-configuration";
const SECRET: &str = "secret-of-the-configuration";

/// What separates one answer from the next.
const END: &[u8] = b"\n--\n";

/// The first byte chooses the recipe; the rest are answers, each a byte for its status and a body.
pub fn check(bytes: &[u8]) {
    let [recipe, answers @ ..] = bytes else { return };
    shared(answers);
    let recipe = self::recipe(*recipe);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let (mut fetch, mut step) = Fetch::begin(&recipe, None, now);
    let mut sent = vec![TOKEN.to_owned(), SECRET.to_owned()];
    let mut rest = answers;
    for _ in 0..8 {
        let call = match step {
            Step::Have(got) => {
                assert!(
                    !got.credentials.access_key_id.is_empty()
                        && !got.credentials.secret_access_key.is_empty()
                );
                assert!(got.expires > now, "credentials that have ended");
                let is_clean = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
                assert!(is_clean(&got.credentials.access_key_id), "{:?}", got.credentials.access_key_id);
                assert!(
                    got.credentials.session_token.as_deref().is_none_or(is_clean),
                    "a token that is no header"
                );
                return;
            }
            Step::Failed(why) => {
                assert!(!why.is_empty());
                for secret in &sent {
                    assert!(!why.contains(secret.as_str()), "{secret:?} is told: {why}");
                }
                return;
            }
            Step::Ask(call) => call,
        };
        assert!(
            call.path.starts_with('/') && !call.path.bytes().any(|b| b <= b' ' || b == 0x7f),
            "{:?}",
            call.path
        );
        for (name, value) in &call.headers {
            assert!(
                !value.bytes().any(|byte| byte < b' ' && byte != b'\t' || byte == 0x7f),
                "{name} is no header"
            );
            if name.contains("token") || *name == "authorization" {
                sent.extend((value.len() >= 12).then(|| value.clone()));
            }
        }
        let end = rest.windows(END.len()).position(|window| window == END);
        let (answer, after) = match end {
            Some(end) => (&rest[..end], &rest[end + END.len()..]),
            None => (rest, &[][..]),
        };
        rest = after;
        let (status, body) = match answer {
            [] => (None, &[][..]),
            [status, body @ ..] => {
                (Some([200, 200, 200, 400, 403, 404, 500, 301][usize::from(*status) % 8]), body)
            }
        };
        sent.extend(secrets_in(body));
        step = bounded("an answer", body.len(), BOUND, || fetch.answered(Answer { status, body }, now));
    }
    panic!("it never ends");
}

/// Secrets that stand once in an answer, so that nothing else repeats them.
fn secrets_in(body: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    let Ok(Value::Object(members)) = serde_json::from_str(text) else { return Vec::new() };
    let secrets = ["SecretAccessKey", "Token"].iter().filter_map(|name| members.get(*name)?.as_str());
    secrets
        .filter(|secret| secret.len() >= 12 && text.matches(secret).count() == 1)
        .map(str::to_owned)
        .collect()
}

/// What workers share is read as far as it is ours, and comes back as it went.
fn shared(bytes: &[u8]) {
    let held = Record::from_bytes(bytes);
    assert_eq!(Record::from_bytes(&held.to_bytes()), held);
}

fn recipe(choice: u8) -> Recipe {
    let cluster = || "c".to_owned();
    let file = || TokenFile { cluster: cluster(), path: "/token".to_owned() };
    let role = || Role {
        cluster: cluster(),
        region: Region::new("us-east-1").expect("a region"),
        host: "sts.us-east-1.amazonaws.com".to_owned(),
        arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        session_name: "s".to_owned(),
        external_id: Some("e".to_owned()),
        duration_seconds: Some(3_600),
        tags: Vec::new(),
    };
    let container = |token| {
        Base::Container(Container { cluster: cluster(), host: "h".to_owned(), path: "/v2".to_owned(), token })
    };
    let given = Credentials {
        access_key_id: "AKIAEXAMPLE".to_owned(),
        secret_access_key: SECRET.to_owned(),
        session_token: Some(TOKEN.to_owned()),
    };
    let base = match choice % 7 {
        0 => container(None),
        1 => container(Some(ContainerToken::Given(TOKEN.to_owned()))),
        2 => container(Some(ContainerToken::File(file()))),
        3 => Base::Instance(Instance { cluster: cluster(), role: None }),
        4 => Base::Instance(Instance { cluster: cluster(), role: Some("r".to_owned()) }),
        5 => Base::WebIdentity(WebIdentity { token: file(), role: role() }),
        _ => Base::Given(given),
    };
    let role = (choice % 7 == 6 || choice & 128 != 0).then(role);
    Recipe { base, role }
}
