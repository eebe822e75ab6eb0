//! Fetching credentials, call by call.

use std::time::{Duration, SystemTime};

use super::*;
use crate::aws::endpoint::Region;
use crate::aws::source::{Container, Instance, WebIdentity};

const EXPIRES: &str = "2026-11-22T13:00:00Z";

fn noon() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_348_800)
}

fn role() -> Role {
    Role {
        cluster: "sts".into(),
        region: Region::new("eu-west-1").unwrap(),
        host: "sts.eu-west-1.amazonaws.com".into(),
        arn: "arn:aws:iam::123456789012:role/x".into(),
        session_name: "s@1".into(),
        external_id: Some("id:/1".into()),
        duration_seconds: Some(900),
        tags: Vec::new(),
    }
}

fn container(token: Option<ContainerToken>) -> Recipe {
    let container = Container {
        cluster: "pod".into(),
        host: "169.254.170.23".into(),
        path: "/v1/credentials".into(),
        token,
    };
    Recipe { base: Base::Container(container), role: None }
}

fn token_file() -> TokenFile {
    TokenFile { cluster: "files".into(), path: "/token".into() }
}

fn instance(name: Option<&str>) -> Recipe {
    let instance = Instance { cluster: "imds".into(), role: name.map(Into::into) };
    Recipe { base: Base::Instance(instance), role: None }
}

fn web_identity() -> Recipe {
    let role = Role { external_id: None, duration_seconds: None, ..role() };
    Recipe { base: Base::WebIdentity(WebIdentity { token: token_file(), role }), role: None }
}

fn given() -> Recipe {
    let base = Base::Given(Credentials {
        access_key_id: "AKID".into(),
        secret_access_key: "b4se".into(),
        session_token: Some("b4se-token".into()),
    });
    Recipe { base, role: Some(role()) }
}

/// Runs a recipe against these responses in order; returns the calls and the result.
fn run(recipe: &Recipe, answers: &[(u16, &str)]) -> (Vec<Call>, Result<Temporary, String>) {
    let (mut fetch, mut step) = Fetch::begin(recipe, None, noon());
    let mut answers = answers.iter();
    let mut calls = Vec::new();
    loop {
        match step {
            Step::Ask(call) => {
                calls.push(call);
                let Some((status, body)) = answers.next() else { return (calls, Err("asks".into())) };
                let status = Some(*status).filter(|status| *status > 0);
                step = fetch.answered(Answer { status, body: body.as_bytes() }, noon());
            }
            Step::Have(temporary) => return (calls, Ok(temporary)),
            Step::Failed(why) => return (calls, Err(why)),
        }
    }
}

fn failure(recipe: &Recipe, answers: &[(u16, &str)]) -> String {
    run(recipe, answers).1.unwrap_err()
}

fn shown(calls: &[Call]) -> Vec<String> {
    let line = |call: &Call| format!("{} {} {}{}", call.cluster, call.method, call.host, call.path);
    calls.iter().map(line).collect()
}

fn header<'c>(call: &'c Call, name: &str) -> Option<&'c str> {
    call.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
}

fn json(id: &str) -> String {
    format!(
        r#"{{"Code":"Success","AccessKeyId":"{id}","SecretAccessKey":"s3cret/+","Token":"t0ken==","Expiration":"{EXPIRES}","RoleArn":"x"}}"#
    )
}

fn sts_json(action: &str) -> String {
    format!(
        r#"{{"{action}Response":{{"{action}Result":{{"Credentials":{{"AccessKeyId":"ASIA","SecretAccessKey":"s3cret/+","SessionToken":"t0ken==","Expiration":1795352400.0}}}}}}}}"#
    )
}

fn sts_xml(action: &str) -> String {
    format!(
        r#"<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <{action}Result>
    <AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/x/s</Arn></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>s3cret/+</SecretAccessKey>
      <SessionToken>t0ken==</SessionToken><Expiration>{EXPIRES}</Expiration></Credentials>
  </{action}Result>
</{action}Response>"#
    )
}

fn fetched(id: &str) -> Temporary {
    Temporary {
        credentials: Credentials {
            access_key_id: id.into(),
            secret_access_key: "s3cret/+".into(),
            session_token: Some("t0ken==".into()),
        },
        expires: noon() + Duration::from_secs(3600),
    }
}

#[test]
fn a_container_is_asked_with_its_token_alone() {
    for (token, files) in [
        (None, 0),
        (Some(ContainerToken::Given("pod-token".into())), 0),
        (Some(ContainerToken::File(token_file())), 1),
    ] {
        let is_known = token.is_some();
        let mut answers = vec![(200, "pod-token\n"); files];
        let answer = json("ASIA");
        answers.push((200, &answer));
        let (calls, came) = run(&container(token), &answers);
        assert_eq!(came, Ok(fetched("ASIA")));
        assert_eq!(shown(&calls)[files..], ["pod GET 169.254.170.23/v1/credentials"]);
        assert_eq!(shown(&calls)[..files], vec!["files GET localhost/token"; files]);
        assert_eq!(header(&calls[files], "authorization"), Some("pod-token").filter(|_| is_known));
    }
}

#[test]
fn an_instance_is_asked_for_a_token_its_role_and_the_roles_credentials() {
    let (calls, came) =
        run(&instance(None), &[(200, "imds-token"), (200, "role-1\nrole-2"), (200, &json("ASIA"))]);
    assert_eq!(came, Ok(fetched("ASIA")));
    assert_eq!(
        shown(&calls),
        [
            "imds PUT 169.254.169.254/latest/api/token",
            "imds GET 169.254.169.254/latest/meta-data/iam/security-credentials/",
            "imds GET 169.254.169.254/latest/meta-data/iam/security-credentials/role-1",
        ]
    );
    assert_eq!(header(&calls[0], "x-aws-ec2-metadata-token-ttl-seconds"), Some("300"));
    assert_eq!(header(&calls[0], "x-aws-ec2-metadata-token"), None);
    for call in &calls[1..] {
        assert_eq!(header(call, "x-aws-ec2-metadata-token"), Some("imds-token"));
    }
    let (calls, came) = run(&instance(Some("r+1")), &[(200, "imds-token"), (200, &json("ASIA"))]);
    assert_eq!(came, Ok(fetched("ASIA")));
    assert_eq!(calls[1].path, "/latest/meta-data/iam/security-credentials/r%2B1");
}

#[test]
fn a_web_identity_is_exchanged_unsigned() {
    for answer in [sts_json("AssumeRoleWithWebIdentity"), sts_xml("AssumeRoleWithWebIdentity")] {
        let (calls, came) = run(&web_identity(), &[(200, "e.y.J\n"), (200, &answer)]);
        assert_eq!(came, Ok(fetched("ASIA")));
        assert_eq!(shown(&calls), ["files GET localhost/token", "sts POST sts.eu-west-1.amazonaws.com/"]);
        assert_eq!(
            calls[1].body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx\
             &RoleSessionName=s%401&WebIdentityToken=e.y.J"
        );
        assert_eq!(header(&calls[1], "authorization"), None);
        assert_eq!(header(&calls[1], "accept"), Some("application/json"));
    }
}

#[test]
fn a_role_is_assumed_with_whatever_the_base_gives() {
    let base = json("ASIABASE");
    let web = sts_json("AssumeRoleWithWebIdentity").replace("\"ASIA\"", "\"ASIABASE\"");
    let assumed = sts_xml("AssumeRole");
    let with_role = |recipe: Recipe| Recipe { role: Some(role()), ..recipe };
    for (recipe, mut answers, id) in [
        (given(), vec![], "AKID"),
        (with_role(container(None)), vec![(200, base.as_str())], "ASIABASE"),
        (with_role(instance(Some("r"))), vec![(200, "t"), (200, &base)], "ASIABASE"),
        (with_role(web_identity()), vec![(200, "e.y.J"), (200, &web)], "ASIABASE"),
    ] {
        answers.push((200, &assumed));
        let (calls, came) = run(&recipe, &answers);
        assert_eq!(came, Ok(fetched("ASIA")));
        let call = calls.last().unwrap();
        assert_eq!(
            call.body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fx\
             &RoleSessionName=s%401&DurationSeconds=900&ExternalId=id%3A%2F1"
        );
        let signature = header(call, "authorization").unwrap();
        let scope = format!("AWS4-HMAC-SHA256 Credential={id}/20261122/eu-west-1/sts/aws4_request, ");
        assert!(signature.starts_with(&scope), "{signature}");
        assert!(header(call, "x-amz-security-token").is_some());
    }
}

#[test]
fn what_fails_says_where_and_why() {
    let sts_error =
        r#"{"Error":{"Code":"AccessDenied","Message":"User x may not.\nCanonical: y","Type":"Sender"}}"#;
    let sts_error_xml = "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>It has \
                         expired.</Message></Error></ErrorResponse>";
    let file = Some(ContainerToken::File(token_file()));
    let sts = "STS (cluster 'sts', role 'arn:aws:iam::123456789012:role/x')";
    let pod = "the container endpoint (cluster 'pod')";
    let imds = "the instance metadata (cluster 'imds')";
    let the_file = "the token file (cluster 'files', path '/token')";
    for (recipe, answers, why) in [
        (container(None), vec![(0, "")], format!("{pod} did not answer")),
        (container(None), vec![(404, "")], format!("{pod} answered 404")),
        (
            container(None),
            vec![(403, r#"{"code":"AccessDeniedException","message":"x"}"#)],
            format!("{pod} answered 403: AccessDeniedException"),
        ),
        (container(None), vec![(403, r#"{"code":"a b"}"#)], format!("{pod} answered 403")),
        (container(None), vec![(200, "<html>")], format!("{pod} answered with no JSON of credentials")),
        (container(None), vec![(200, "{}")], format!("{pod} answered without a good key id")),
        (
            container(None),
            vec![(200, r#"{"AccessKeyId":"a","SecretAccessKey":"s\n"}"#)],
            format!("{pod} answered without a good secret key"),
        ),
        (
            container(None),
            vec![(200, r#"{"AccessKeyId":"a","SecretAccessKey":"s","Token":"t","Expiration":"soon"}"#)],
            format!("{pod} answered without a good expiration"),
        ),
        (container(file.clone()), vec![(404, "")], format!("{the_file} answered 404")),
        (container(file.clone()), vec![(200, " \n")], format!("{the_file} is empty")),
        (container(file), vec![(200, "a\nb")], format!("{the_file} has characters that no header can carry")),
        (instance(None), vec![(403, "")], format!("{imds} answered 403")),
        (
            instance(None),
            vec![(200, "t"), (404, "")],
            format!("{imds} knows no role: the instance has no instance profile"),
        ),
        (
            instance(None),
            vec![(200, "t"), (200, "r"), (200, r#"{"Code":"AssumeRoleUnauthorizedAccess"}"#)],
            format!("{imds} has no credentials: AssumeRoleUnauthorizedAccess"),
        ),
        (given(), vec![(403, sts_error)], format!("{sts} answered 403: AccessDenied: User x may not.")),
        (
            web_identity(),
            vec![(200, "e"), (400, sts_error_xml)],
            format!("{sts} answered 400: ExpiredToken: It has expired."),
        ),
        (given(), vec![(500, "oops")], format!("{sts} answered 500")),
        (given(), vec![(0, "")], format!("{sts} did not answer")),
        (given(), vec![(200, "oops")], format!("{sts} answered with neither XML nor JSON")),
        (given(), vec![(200, "")], format!("{sts} answered with neither XML nor JSON")),
        (given(), vec![(200, "<a><b></a>")], format!("{sts} answered with neither XML nor JSON")),
        (given(), vec![(200, "[]")], format!("{sts} answered with neither XML nor JSON")),
        (given(), vec![(200, "{}")], format!("{sts} answered without a good key id")),
        (given(), vec![(200, "<html/>")], format!("{sts} answered without a good key id")),
        (
            given(),
            vec![(200, &sts_json("AssumeRoleWithWebIdentity"))],
            format!("{sts} answered without a good key id"),
        ),
    ] {
        assert_eq!(failure(&recipe, &answers), why);
    }
}

#[test]
fn an_answer_too_large_is_not_read() {
    let large = " ".repeat(answer::LARGEST) + &json("ASIA");
    assert!(failure(&container(None), &[(200, &large)]).ends_with("answered too much"));
    let large = " ".repeat(answer::LARGEST) + &sts_json("AssumeRole");
    assert!(failure(&given(), &[(200, &large)]).ends_with("neither XML nor JSON"));
}

#[test]
fn credentials_that_have_expired_are_none() {
    let late = json("ASIA").replace(EXPIRES, "2026-11-22T11:59:00Z");
    assert_eq!(
        failure(&container(None), &[(200, &late)]),
        "the credentials that came had expired 60 s before: is the clock right?"
    );
}

#[test]
fn no_error_repeats_what_was_sent() {
    let repeating =
        r#"{"Error":{"Code":"SignatureDoesNotMatch","Message":"b4se and b4se-token and id:/1 and b4se"}}"#;
    let why = failure(&given(), &[(403, repeating)]);
    assert!(
        why.contains("SignatureDoesNotMatch") && !why.contains("b4se") && !why.contains("id:/1"),
        "{why}"
    );
    let repeating = r#"{"Error":{"Code":"InvalidIdentityToken","Message":"e.y.J is bad"}}"#;
    let why = failure(&web_identity(), &[(200, "e.y.J"), (400, repeating)]);
    assert!(why.contains("InvalidIdentityToken") && !why.contains("e.y.J"), "{why}");
}

#[test]
fn whatever_bytes_come_nothing_panics() {
    let whole = [json("ASIA"), sts_json("AssumeRole"), sts_xml("AssumeRole")];
    for text in &whole {
        for end in 0..text.len() {
            for recipe in [container(None), given(), instance(None), web_identity()] {
                let (mut fetch, _) = Fetch::begin(&recipe, None, noon());
                let body = &text.as_bytes()[..end];
                let step = fetch.answered(Answer { status: Some(200), body }, noon());
                assert!(!matches!(step, Step::Have(_)), "{} bytes", end);
                fetch.answered(Answer { status: Some(200), body: &[0xff, b'<', 0] }, noon());
            }
        }
    }
}

#[test]
fn a_callers_role_is_assumed_by_the_usual_account_with_the_sessions_tags() {
    let tags = vec![("caller".into(), "team b/web".into()), ("team".into(), "search".into())];
    let recipe = Recipe { base: Base::Usual("f".into()), role: Some(Role { tags, ..role() }) };
    let usual = Credentials {
        access_key_id: "AKIDUSUAL".into(),
        secret_access_key: "b4se".into(),
        session_token: None,
    };
    let (mut fetch, step) = Fetch::begin(&recipe, Some(&usual), noon());
    let Step::Ask(call) = step else { panic!() };
    assert!(header(&call, "authorization").unwrap().contains("Credential=AKIDUSUAL/20261122/eu-west-1/sts/"));
    assert!(call.body.ends_with(
        "&ExternalId=id%3A%2F1&Tags.member.1.Key=caller&Tags.member.1.Value=team%20b%2Fweb\
         &Tags.member.2.Key=team&Tags.member.2.Value=search"
    ));
    let body = sts_json("AssumeRole");
    let Step::Have(temporary) = fetch.answered(Answer { status: Some(200), body: body.as_bytes() }, noon())
    else {
        panic!();
    };
    assert_eq!(temporary.credentials.access_key_id, "ASIA");
    // If the default account has no credentials, no others are used in their place.
    let (_, step) = Fetch::begin(&recipe, None, noon());
    assert!(matches!(step, Step::Failed(why) if why == "the gateway's own credentials are not there"));
}
