//! Finds the route of a request by its method and path.

use http::Method;

use super::native;
use super::tasks::{self, Task};
use crate::openai::{Endpoint, Error};

/// The route of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `GET /health`: the gateway is alive; no key needed.
    Health,
    /// An endpoint that calls Bedrock.
    Bedrock(Endpoint),
    /// The same on a path of Azure's, which names the model; the model in the body is ignored.
    Deployment(Endpoint, String),
    /// One of Bedrock's own routes.
    Native(native::Request<'static>),
    /// `GET models`, for a task; `None`: all.
    Models(Option<Task>),
    /// `GET models/{id}`.
    Model(String),
}

/// Finds the route. `method` and `path` are the request's `:method` and `:path`, `prefixes` are the configured ones (`/v1`).
///
/// A path is matched as it came; normalising is left to Envoy.
///
/// # Errors
/// 404 for an unknown path or an invalid method, 405 for the wrong method.
pub fn route(method: &str, path: &str, prefixes: &[String]) -> Result<Route, Error> {
    let (path, query) = path.split_once(['?', '#']).unwrap_or((path, ""));
    let given = Method::from_bytes(method.as_bytes()).map_err(|_| not_found(method, path))?;
    if path == "/health" {
        return only(&[Method::GET, Method::HEAD], &given, Route::Health);
    }
    if native::is_native(path, prefixes) {
        let request = native::request(path).filter(|_| given == Method::POST);
        return request.map(Route::Native).ok_or_else(|| not_found(method, path));
    }
    let rest = prefixes.iter().find_map(|prefix| path.strip_prefix(prefix.as_str())?.strip_prefix('/'));
    match rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest)) {
        Some("chat/completions") => only(&[Method::POST], &given, Route::Bedrock(Endpoint::ChatCompletions)),
        Some("completions") => only(&[Method::POST], &given, Route::Bedrock(Endpoint::Completions)),
        Some("moderations") => only(&[Method::POST], &given, Route::Bedrock(Endpoint::Moderations)),
        Some("embeddings") => only(&[Method::POST], &given, Route::Bedrock(Endpoint::Embeddings)),
        Some("messages/count_tokens") => {
            only(&[Method::POST], &given, Route::Bedrock(Endpoint::MessageTokens))
        }
        Some("messages") => only(&[Method::POST], &given, Route::Bedrock(Endpoint::Messages)),
        Some("responses") => only(&[Method::POST], &given, Route::Bedrock(Endpoint::Responses)),
        Some("responses/input_tokens") => {
            only(&[Method::POST], &given, Route::Bedrock(Endpoint::InputTokens))
        }
        Some(rest) if rest.starts_with("responses/") => Err(nothing_kept(rest)),
        Some("models") => only(&[Method::GET], &given, Route::Models(tasks::asked(query)?)),
        Some(rest) => match rest.strip_prefix("models/").map(decode) {
            Some(Some(id)) if !id.is_empty() => only(&[Method::GET], &given, Route::Model(id)),
            _ => Err(not_served(rest).unwrap_or_else(|| not_found(method, path))),
        },
        None => azure(path, query)?
            .map_or_else(|| Err(not_found(method, path)), |(methods, route)| only(methods, &given, route)),
    }
}

/// Azure's routes (Azure OpenAI REST API reference): `/openai/deployments/{model}/chat/completions`, the list of models, and a
/// single model. The deployment's name may hold slashes that the client has not encoded.
fn azure(path: &str, query: &str) -> Result<Option<(&'static [Method], Route)>, Error> {
    if path == "/openai/responses" {
        return Ok(Some((&[Method::POST], Route::Bedrock(Endpoint::Responses))));
    }
    if path == "/openai/models" {
        return Ok(Some((&[Method::GET], Route::Models(tasks::asked(query)?))));
    }
    if let Some(id) = path.strip_prefix("/openai/models/").and_then(decode).filter(|id| !id.is_empty()) {
        return Ok(Some((&[Method::GET], Route::Model(id))));
    }
    Ok(deployment(path).map(|(endpoint, model)| (&[Method::POST][..], Route::Deployment(endpoint, model))))
}

fn deployment(path: &str) -> Option<(Endpoint, String)> {
    let rest = path.strip_prefix("/openai/deployments/")?;
    let ends = [
        ("/chat/completions", Endpoint::ChatCompletions),
        ("/completions", Endpoint::Completions),
        ("/embeddings", Endpoint::Embeddings),
    ];
    let (model, endpoint) =
        ends.into_iter().find_map(|(end, endpoint)| Some((rest.strip_suffix(end)?, endpoint)))?;
    let model = decode(model).filter(|model| !model.trim().is_empty())?;
    Some((endpoint, model))
}

fn only(methods: &[Method], given: &Method, route: Route) -> Result<Route, Error> {
    if methods.contains(given) {
        return Ok(route);
    }
    let given: String = given.as_str().chars().take(32).collect();
    let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
    let message = format!("Not allowed to {given} here; use {}.", methods.join(" or "));
    Err(Error::new(405, message).code("method_not_allowed"))
}

/// The error for requests of stored responses, or to compact one: nothing is stored.
fn nothing_kept(rest: &str) -> Error {
    if rest == "responses/compact" {
        let message = "Responses are not made shorter here: what OpenAI makes of them only OpenAI can read. Send fewer items.";
        return Error::new(404, message).code("unsupported_endpoint");
    }
    let message = "This gateway keeps no responses: there is none to get, delete or cancel. Send the whole conversation as 'input'.";
    Error::new(404, message).code("response_not_found")
}

/// Parts of OpenAI's API that are not served, by the first segments of their paths (OpenAI, "API reference").
const NOT_SERVED: &[(&str, &str)] = &[
    ("assistants", "assistants"),
    ("audio", "speech and transcription"),
    ("batches", "batches"),
    ("chatkit", "ChatKit"),
    ("containers", "containers"),
    ("conversations", "kept conversations"),
    ("evals", "evaluations"),
    ("files", "files"),
    ("fine_tuning", "fine-tuning"),
    ("fine-tunes", "fine-tuning"),
    ("images", "making of images"),
    ("realtime", "realtime sessions"),
    ("threads", "threads"),
    ("uploads", "uploads"),
    ("vector_stores", "vector stores"),
    ("videos", "videos"),
];

/// The error for a part of OpenAI's or Anthropic's API that is not served.
fn not_served(rest: &str) -> Option<Error> {
    // Anthropic's batches are below its messages.
    let rest = rest.strip_prefix("messages/").unwrap_or(rest);
    let first = rest.split('/').next().unwrap_or(rest);
    let (_, what) = NOT_SERVED.iter().find(|(name, _)| first == *name)?;
    let message = format!(
        "This gateway has no {what}. It serves chat/completions, completions, responses, messages, embeddings, moderations and models."
    );
    Some(Error::new(404, message).code("unsupported_endpoint"))
}

fn not_found(method: &str, path: &str) -> Error {
    let (method, path): (String, String) =
        (method.chars().take(32).collect(), path.chars().take(256).collect());
    Error::new(404, format!("Invalid URL ({method} {path}).")).code("unknown_url")
}

/// Percent-decodes a model's id; clients may or may not have encoded its slashes and colons.
fn decode(id: &str) -> Option<String> {
    percent_encoding::percent_decode_str(id).decode_utf8().ok().map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bedrock::operation::Operation;

    fn run(method: &str, path: &str) -> Result<Route, u16> {
        let prefixes = ["/v1".to_owned(), "/api/v1".to_owned()];
        route(method, path, &prefixes).map_err(|error| error.status)
    }

    #[test]
    fn each_prefix_leads_to_the_same_endpoints() {
        for prefix in ["/v1", "/api/v1"] {
            let chat = run("POST", &format!("{prefix}/chat/completions?x=1"));
            assert_eq!(chat, Ok(Route::Bedrock(Endpoint::ChatCompletions)));
            assert_eq!(
                run("POST", &format!("{prefix}/embeddings")),
                Ok(Route::Bedrock(Endpoint::Embeddings))
            );
            assert_eq!(run("GET", &format!("{prefix}/models/")), Ok(Route::Models(None)));
            let chats = tasks::asked("type=chat").unwrap();
            assert_eq!(run("GET", &format!("{prefix}/models?type=chat")), Ok(Route::Models(chats)));
            assert_eq!(run("GET", &format!("{prefix}/models?type=what")), Err(400));
        }
        assert_eq!(run("GET", "/health"), Ok(Route::Health));
    }

    #[test]
    fn ids_with_slashes_and_colons_are_found_encoded_or_not() {
        let arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.x-v1:0";
        for path in [arn.to_owned(), arn.replace('/', "%2F").replace(':', "%3A")] {
            assert_eq!(run("GET", &format!("/v1/models/{path}")), Ok(Route::Model(arn.to_owned())));
        }
    }

    #[test]
    fn bedrocks_own_routes_are_at_the_root_and_an_id_is_one_segment_decoded_once() {
        for (label, model) in [
            ("us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0"),
            ("us.amazon.nova-pro-v1%3A0", "us.amazon.nova-pro-v1:0"),
            (
                "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx",
                "arn:aws:bedrock:us-east-1:1:inference-profile/x",
            ),
            ("a%252Fb", "a%2Fb"),
            ("%2e%2e", ".."),
            ("a%0D%0A", "a\r\n"),
        ] {
            for operation in Operation::ALL {
                let path = format!("/model/{label}/{}?x=1", operation.segment());
                let request = native::Request { operation, model: model.into() };
                assert_eq!(run("POST", &path), Ok(Route::Native(request)), "{path}");
            }
        }
    }

    #[test]
    fn what_is_no_operation_of_bedrocks_is_404() {
        for path in [
            "/model/x",
            "/model//converse",
            "/model/x/",
            "/model/x/converse/",
            "/model/x/y/converse",
            "/model/x/Converse",
            "/model/x/invoke-with-bidirectional-stream",
            "/model/x/async-invoke",
            "/model/%ff/converse",
            "/model/x%2Fconverse",
            "/v1/model/x/converse",
            "/model/../x/converse",
        ] {
            assert_eq!(run("POST", path), Err(404), "{path}");
        }
        assert_eq!(run("GET", "/model/x/converse"), Err(404));
        // A configured prefix takes precedence.
        let prefixes = ["/model".to_owned()];
        assert_eq!(route("POST", "/model/embeddings", &prefixes), Ok(Route::Bedrock(Endpoint::Embeddings)));
    }

    #[test]
    fn azures_paths_name_the_model() {
        for (path, endpoint, model) in [
            ("gpt-4o/chat/completions?api-version=2024-10-21", Endpoint::ChatCompletions, "gpt-4o"),
            ("gpt-4o/completions", Endpoint::Completions, "gpt-4o"),
            ("us.amazon.titan-v2%3A0/embeddings", Endpoint::Embeddings, "us.amazon.titan-v2:0"),
            ("bedrock/fast/chat/completions", Endpoint::ChatCompletions, "bedrock/fast"),
        ] {
            let route = Route::Deployment(endpoint, model.to_owned());
            assert_eq!(run("POST", &format!("/openai/deployments/{path}")), Ok(route), "{path}");
        }
        assert_eq!(run("GET", "/openai/models?api-version=2024-10-21"), Ok(Route::Models(None)));
        assert_eq!(run("GET", "/openai/models/a%2Fb?api-version=2024-10-21"), Ok(Route::Model("a/b".into())));
        for (method, path, status) in [
            ("GET", "deployments/x/chat/completions", 405),
            ("POST", "deployments//chat/completions", 404),
            ("POST", "deployments/%20/embeddings", 404),
            ("POST", "deployments/%ff/embeddings", 404),
            ("POST", "deployments/x/images/generations", 404),
            ("POST", "chat/completions", 404),
            ("POST", "models", 405),
        ] {
            assert_eq!(run(method, &format!("/openai/{path}")), Err(status), "{method} {path}");
        }
        let prefixes = ["/openai/deployments/x".to_owned()];
        let route = route("POST", "/openai/deployments/x/embeddings", &prefixes);
        assert_eq!(route, Ok(Route::Bedrock(Endpoint::Embeddings)));
    }

    #[test]
    fn who_asks_for_a_part_that_is_not_served_hears_what_is() {
        let prefixes = ["/v1".to_owned(), "/api/v1".to_owned()];
        for (path, what) in [
            ("/v1/images/generations", "making of images"),
            ("/api/v1/audio/transcriptions", "speech and transcription"),
            ("/v1/files", "files"),
            ("/v1/files/file-1/content?x=1", "files"),
            ("/v1/messages/batches", "batches"),
            ("/v1/threads/t/runs", "threads"),
        ] {
            let error = route("POST", path, &prefixes).unwrap_err();
            assert_eq!((error.status, error.code), (404, Some("unsupported_endpoint")), "{path}");
            assert!(error.message.contains(what) && error.message.contains("chat/completions"), "{path}");
        }
        for path in ["/v1/no/such", "/v1/file", "/files", "/v1/messages/x"] {
            let error = route("POST", path, &prefixes).unwrap_err();
            assert_eq!(error.code, Some("unknown_url"), "{path}");
        }
    }

    #[test]
    fn responses_are_made_and_counted_and_none_is_kept() {
        for prefix in ["/v1", "/api/v1"] {
            assert_eq!(run("POST", &format!("{prefix}/responses")), Ok(Route::Bedrock(Endpoint::Responses)));
            assert_eq!(
                run("POST", &format!("{prefix}/responses/input_tokens")),
                Ok(Route::Bedrock(Endpoint::InputTokens))
            );
        }
        assert_eq!(
            run("POST", "/openai/responses?api-version=2025-04-01-preview"),
            Ok(Route::Bedrock(Endpoint::Responses))
        );
        for (method, path, status, code) in [
            ("GET", "responses/resp_1", 404, "response_not_found"),
            ("DELETE", "responses/resp_1", 404, "response_not_found"),
            ("POST", "responses/resp_1/cancel", 404, "response_not_found"),
            ("GET", "responses/resp_1/input_items", 404, "response_not_found"),
            ("POST", "responses/compact", 404, "unsupported_endpoint"),
            ("GET", "responses", 405, "method_not_allowed"),
        ] {
            let error = route(method, &format!("/v1/{path}"), &["/v1".to_owned()]).unwrap_err();
            assert_eq!((error.status, error.code), (status, Some(code)), "{method} {path}");
        }
    }

    #[test]
    fn what_is_not_served_is_404_and_the_wrong_method_405() {
        for (method, path, status) in [
            ("GET", "/", 404),
            ("POST", "/v1", 404),
            ("POST", "/v1x/chat/completions", 404),
            ("POST", "/v1/chat", 404),
            ("POST", "/v1/../v1/embeddings", 404),
            ("GET", "/v1/models/%ff", 404),
            ("GET", "/v1/chat/completions", 405),
            ("DELETE", "/v1/models/x", 405),
            ("POST", "/health", 405),
            ("get", "/health", 405),
            ("PURGE", "/health", 405),
            ("GET /", "/health", 404),
            ("", "/health", 404),
        ] {
            assert_eq!(run(method, path), Err(status), "{method} {path}");
        }
    }
}
