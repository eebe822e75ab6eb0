//! What the documentation says is what the code does: fields, defaults, examples, parameters, commands, links.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

use std::fs;
use std::path::{Path, PathBuf};

use bedrock_filter::aws::source::{Base, Recipe, Role, Sign, Source};
use bedrock_filter::config::{Config, Error};
use bedrock_filter::gateway::headers::Headers;
use bedrock_filter::gateway::identities::Properties;
use bedrock_filter::gateway::models::StandIn;
use bedrock_filter::techniques::Tunables;
use bedrock_filter::translate::notes::Unsupported;
use serde_json::{Map, Value, json};

/// Envoy, where it knows nothing of a request.
struct Nothing;

impl Properties for Nothing {
    fn text(&self, _: &[&str]) -> Option<String> {
        None
    }

    fn list(&self, _: &[&str]) -> Option<Vec<String>> {
        None
    }
}

/// The least that loads: nothing in it has a default.
const LEAST: &str = r#"{"api_keys":[{"name":"a","key":"k"}],"credentials":{"bearer_token":"t"}}"#;

// The fields of the configuration.

#[test]
fn every_default_in_the_page_is_the_one_that_is_loaded() {
    let config = Config::load(LEAST.as_bytes(), |_| None).unwrap();
    for Row { field, default } in rows() {
        // Of members of a list there is nothing to load; lists and objects are told by their members.
        let is_text = !default.starts_with('`');
        if field.contains("[]") || is_text && (default.starts_with("required") || default.is_empty()) {
            continue;
        }
        let loaded = loaded(&config, &field);
        if is_text {
            assert!(default.starts_with('–'), "{field}: {default:?} is no default");
            assert!(loaded.is_null(), "{field}: the page says there is none; there is {loaded}");
            continue;
        }
        let code = default.trim_matches('`');
        let stated: Value = serde_json::from_str(code).unwrap_or_else(|_| code.into());
        assert_eq!(loaded, stated, "{field}");
    }
}

#[test]
fn what_the_page_calls_required_is() {
    let whole = whole_example();
    for Row { field, default } in rows() {
        if !default.starts_with("required") {
            continue;
        }
        let mut without = whole.clone();
        let removed = places(&field).into_iter().find_map(|field| {
            let (parent, name) = match field.rsplit_once('.') {
                Some((parent, name)) => (format!("/{}", parent.replace('.', "/")), name),
                None => (String::new(), field.as_str()),
            };
            // Of each list on the way, any item that has it.
            let mut parents = (0..9 * 9).map(|index| {
                let (first, second) = (index / 9, index % 9);
                parent.replacen("[]", &format!("/{first}"), 1).replacen("[]", &format!("/{second}"), 1)
            });
            parents.find_map(|parent| without.pointer_mut(&parent)?.as_object_mut()?.remove(name))
        });
        assert!(removed.is_some(), "{field} is not in the whole example");
        assert!(load(&without).is_err(), "{field}: loads without it");
    }
}

#[test]
fn the_whole_example_has_every_field_and_loads() {
    let whole = whole_example();
    load(&whole).unwrap();
    for field in fields() {
        let is_there = places(&field).iter().any(|field| is_in(&whole, field));
        assert!(is_there, "{field} is not in the whole example");
    }
}

/// Where a field may stand: credentials are one of several, so no one place has them all.
fn places(field: &str) -> Vec<String> {
    let mut places = vec![field.to_owned()];
    if field.starts_with("credentials.") {
        places.extend(["models[].", "models[].targets[]."].map(|place| format!("{place}{field}")));
    }
    places
}

/// True where `value` has the field, in any item of the lists on its way.
fn is_in(value: &Value, field: &str) -> bool {
    let (here, rest) = field.split_once("[].").map_or((field, None), |(here, rest)| (here, Some(rest)));
    match (value.pointer(&format!("/{}", here.replace('.', "/"))), rest) {
        (Some(Value::Array(items)), Some(rest)) => items.iter().any(|item| is_in(item, rest)),
        (found, None) => found.is_some(),
        _ => false,
    }
}

#[test]
fn the_readmes_configuration_loads() {
    let example = yaml(&after(&read("README.md"), "documentation.rs loads this block", "```yaml\n", "\n```"));
    let config = load(&example).unwrap();
    assert_eq!(config.keys.all().len(), 2);
    assert_eq!(config.models.fallback, Some(StandIn::Named("fast".into())));
    // The text beside it says whose hash that is.
    let headers = Headers::from_iter([("x-api-key", "batch-key")]);
    assert_eq!(config.keys.authenticate(&headers, || 0, &Nothing).unwrap().caller.name, "batch");
}

#[test]
fn every_example_of_credentials_loads() {
    let section = after(&read("docs/configuration.md"), "", "\n## Credentials\n", "\n## ");
    let examples: Vec<Value> =
        section.split("```yaml\n").skip(1).map(|text| yaml(text.split("```").next().unwrap())).collect();
    assert_eq!(examples.len(), 5, "the page is not read as it should be");
    for mut example in examples {
        example["api_keys"] = json!([{"name": "a", "key": "k"}]);
        let variable = |name: &str| match name {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI" => Some("http://169.254.170.23/v1/credentials".to_owned()),
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" => Some("/v2/credentials/0123".to_owned()),
            "AWS_ROLE_ARN" => Some(ROLE.to_owned()),
            "EXTERNAL_ID" => Some("id".to_owned()),
            _ => None,
        };
        let config = Config::load(example.to_string().as_bytes(), variable).unwrap();
        assert!(config.upstream.accounts.iter().all(|account| matches!(account.source, Source::Fetched(_))));
    }
}

/// A row of the table of fields.
struct Row {
    field: String,
    default: String,
}

fn rows() -> Vec<Row> {
    let table = after(&read("docs/configuration.md"), "## Fields", "| --- | --- | --- | --- |\n", "\n\n");
    let rows = table.lines().map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        assert_eq!(cells.len(), 4, "{line}");
        Row { field: cells[0].trim_matches('`').to_owned(), default: cells[2].to_owned() }
    });
    rows.collect()
}

/// The paths of all fields, as the schema has them: `limits.tools`, `models[].name`. Each has a row of the page: src/config/schema sees
/// to it.
fn fields() -> Vec<String> {
    let schema: Value = serde_json::from_str(&read("docs/configuration.schema.json")).unwrap();
    let mut paths = Vec::new();
    add_fields("", &schema, &mut paths);
    // A type that occurs in several places is called by the first of them.
    for object in schema["definitions"].as_object().unwrap().values() {
        add_fields(&format!("{}.", object["title"].as_str().unwrap()), object, &mut paths);
    }
    assert!(paths.len() > 250, "the schema is not read as it should be: {paths:?}");
    paths
}

fn add_fields(place: &str, object: &Value, paths: &mut Vec<String>) {
    for (name, member) in object["properties"].as_object().unwrap() {
        paths.push(format!("{place}{name}"));
        let either = member.get("anyOf").and_then(Value::as_array).into_iter().flatten();
        for object in either.filter(|one| one.get("properties").is_some()) {
            add_fields(&format!("{place}{name}."), object, paths);
        }
    }
}

/// What is in force for a field.
fn loaded(config: &Config, field: &str) -> Value {
    let Config {
        prefixes,
        keys: _,
        models,
        upstream,
        options,
        forward_headers,
        header_bytes,
        body_bytes,
        reply_bytes,
        held_bytes,
        worker_bytes,
        list_time,
        images,
        fan_out: _,
        techniques: _,
        discover: _,
        reasoning_memory,
        prices,
        metric_series,
        warnings: _,
    } = config;
    let limits = &options.limits;
    match field {
        "prefixes" => json!(prefixes),
        "models" => json!(models.named.iter().map(|model| &model.name).collect::<Vec<_>>()),
        "prices" => json!(prices.0.iter().map(|price| &price.pattern).collect::<Vec<_>>()),
        // They end up in their keys.
        "api_keys" | "teams" | "identities" => Value::Null,
        "default_model" if models.default.is_none() => Value::Null,
        "fallback_model" if models.fallback.is_none() => Value::Null,
        "default_embedding_model" if models.default_embedding.is_none() => Value::Null,
        "region" => json!(upstream.region.as_str()),
        "regions" if upstream.regions.is_none() => Value::Null,
        "fips" => json!(upstream.variant.fips),
        "dual_stack" => json!(upstream.variant.dual_stack),
        // Without one it is the region's own, and so for each member of the credentials.
        "endpoint" if upstream.host.is_none() => Value::Null,
        "credentials.web_identity.session_name" => json!(web_identity().session_name),
        "credentials.assume_role.session_name" => json!(assumed().session_name),
        "credentials.sign" => match upstream.accounts[0].sign {
            Sign::SigV4 => "sigv4".into(),
            Sign::Token(_) => "token".into(),
            Sign::Envoy => "envoy".into(),
        },
        "credentials.token_lifetime_seconds" => {
            let mut least: Value = serde_json::from_str(LEAST).unwrap();
            least["credentials"]["sign"] = "token".into();
            match load(&least).unwrap().upstream.accounts[0].sign {
                Sign::Token(lifetime) => json!(lifetime.as_secs()),
                _ => panic!("not a token"),
            }
        }
        field if field.starts_with("credentials.") => Value::Null,
        "cluster" => json!(upstream.cluster),
        "unsupported_parameters" => match options.unsupported {
            Unsupported::Refuse => "refuse".into(),
            Unsupported::Ignore => "ignore".into(),
        },
        "guardrail" if options.guardrail.is_none() => Value::Null,
        field if field.starts_with("guardrail.") => Value::Null,
        "fan_out" if config.fan_out.is_none() => Value::Null,
        // Where the block is written at all.
        "fan_out.parallel" | "fan_out.open" => {
            let with = LEAST.replacen('{', r#"{"fan_out":{"cluster":"gateway"},"#, 1);
            let fan_out = Config::load(with.as_bytes(), |_| None).unwrap().fan_out.unwrap();
            json!(if field == "fan_out.open" { fan_out.open } else { fan_out.parallel })
        }
        "techniques" if config.techniques.is_none() => Value::Null,
        field if field.starts_with("techniques.") => {
            let with = LEAST.replacen('{', r#"{"techniques":{"cluster":"gateway"},"#, 1);
            let techniques = Config::load(with.as_bytes(), |_| None).unwrap().techniques.unwrap();
            match field {
                "techniques.max_calls" => json!(techniques.max_calls),
                "techniques.max_parallel" => json!(techniques.max_parallel),
                "techniques.timeout" => json!(techniques.timeout.as_secs()),
                "techniques.allow" => json!(techniques.allow),
                "techniques.max_tokens" => json!(techniques.max_tokens),
                "techniques.default" => json!(techniques.default.as_ref().map(ToString::to_string)),
                "techniques.models" if techniques.models.is_empty() => Value::Null,
                "techniques.tunables" if techniques.tunables == Tunables::default() => Value::Null,
                "techniques.upstream" if techniques.upstream.is_none() => Value::Null,
                field => panic!("{field} has no default"),
            }
        }
        "discover" => json!(config.discover.is_some()),
        // Where it is on at all.
        "discover.cluster" => json!(with_discovery().discover.unwrap().cluster),
        "discover.refresh_seconds" => json!(with_discovery().discover.unwrap().refresh.as_secs()),
        "discover.endpoint" => Value::Null,
        "reasoning_memory" => json!(reasoning_memory.is_some()),
        "reasoning_memory.bytes" => json!(reasoning_memory.unwrap().bytes),
        "metrics" => Value::Null,
        "metrics.series" => json!(metric_series),
        "reasoning_memory.seconds" => json!(reasoning_memory.unwrap().seconds),
        "automatic_caching" => json!(options.automatic_caching),
        "forward_headers" => json!(forward_headers),
        "anthropic_betas" => json!(options.anthropic_betas),
        "families" => json!(options.families.iter().map(|family| &family.pattern.begins).collect::<Vec<_>>()),
        "limits.body_bytes" => json!(body_bytes),
        "limits.reply_bytes" => json!(reply_bytes),
        "limits.held_bytes" => json!(held_bytes),
        "limits.worker_bytes" => json!(worker_bytes),
        "limits.list_seconds" => json!(list_time.as_secs()),
        "limits.messages" => json!(limits.messages),
        "limits.tools" => json!(limits.tools),
        "limits.header_bytes" => json!(header_bytes),
        "limits.model_name_bytes" => json!(models.name_bytes),
        "limits.images" => json!(limits.images),
        "limits.schema_depth" => json!(limits.schema_depth),
        "limits.silent_frames" => json!(limits.silent_frames),
        "limits.json_depth" => json!(limits.json_depth),
        "limits.embedding_inputs" => json!(limits.embedding_inputs),
        "limits.frame_bytes" => json!(limits.frame_bytes),
        "images" if images.is_none() => Value::Null,
        field if field.starts_with("images.") => {
            let images = with_images().images.unwrap();
            match field {
                "images.http_cluster" => json!(images.http_cluster),
                "images.private_networks" if images.private_networks.is_empty() => json!([]),
                "images.bytes" => json!(images.bytes),
                "images.timeout_seconds" => json!(images.timeout.as_secs()),
                "images.per_request" => json!(images.per_request),
                "images.redirects" => json!(images.redirects),
                field => panic!("{field}: this test does not know where its default is"),
            }
        }
        field => panic!("{field}: this test does not know where its default is"),
    }
}

/// The recipe by these credentials.
fn recipe(credentials: Value) -> Recipe {
    let mut least: Value = serde_json::from_str(LEAST).unwrap();
    least["credentials"] = credentials;
    match &load(&least).unwrap().upstream.accounts[0].source {
        Source::Fetched(recipe) => (**recipe).clone(),
        Source::Envoy | Source::Given(_) => panic!("it is not fetched"),
    }
}

const ROLE: &str = "arn:aws:iam::123456789012:role/x";

/// The least that is written of a role.
fn assumed() -> Role {
    let role = json!({"cluster": "sts", "role_arn": ROLE});
    recipe(json!({"instance": {"cluster": "imds"}, "assume_role": role})).role.unwrap()
}

/// The same by a token.
fn web_identity() -> Role {
    let token = json!({"cluster": "files", "path": "/t"});
    let written = json!({"web_identity": {"cluster": "sts", "role_arn": ROLE, "token": token}});
    match recipe(written).base {
        Base::WebIdentity(web) => web.role,
        other => panic!("{other:?}"),
    }
}

/// The least that loads where models are discovered.
fn with_discovery() -> Config {
    let mut least: Value = serde_json::from_str(LEAST).unwrap();
    least["discover"] = true.into();
    load(&least).unwrap()
}

/// The least that loads where images are fetched.
fn with_images() -> Config {
    let mut least: Value = serde_json::from_str(LEAST).unwrap();
    least["images"] = json!({"cluster": "images", "hosts": ["images.example.com"]});
    load(&least).unwrap()
}

fn whole_example() -> Value {
    yaml(&after(&read("docs/configuration.md"), "documentation.rs loads this block", "```yaml\n", "\n```"))
}

/// Loads with the variables that whoever tries an example has to set.
fn load(example: &Value) -> Result<Config, Error> {
    let set = ["WEB_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    Config::load(example.to_string().as_bytes(), |name| {
        set.contains(&name).then(|| format!("value-of-{name}"))
    })
}

// Parameters.

#[test]
fn every_parameter_is_in_the_page_about_translation() {
    let page = read("docs/translation.md");
    let responses = read("docs/responses.md");
    let (chat, embeddings) = page.split_once("## Embeddings").unwrap();
    let (_, completions) = chat.split_once("## Completions").unwrap();
    let (completions, moderations) = completions.split_once("## Moderations").unwrap();
    for (source, part) in [
        ("src/openai/chat.rs", chat),
        ("src/openai/text_completion.rs", completions),
        ("src/openai/moderations.rs", moderations),
        ("src/openai/embeddings.rs", embeddings),
        ("src/openai/responses/request.rs", &responses),
    ] {
        let body = after(&read(source), "", "pub struct Request<'a> {\n", "\n    }");
        let mut count = 0;
        for line in body.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
            // `name: Type` or `name = "wireName": Type`
            let (name, _) = line.split_once(": ").expect("a member");
            let name = name.split_once(" = ").map_or(name, |(_, wire)| wire.trim_matches('"'));
            assert!(part.contains(&format!("`{name}`")), "{name} of {source} has no row");
            count += 1;
        }
        assert!(count > 1, "{source} is not read as it should be");
    }
}

// Commands and links.

#[test]
fn every_command_and_variable_is_there() {
    let makefile = read("Makefile");
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for (_, after) in text.match_indices("make ").map(|(at, word)| text.split_at(at + word.len())) {
            let before = text.len() - after.len() - "make ".len();
            // Commands are in code or begin a line of it; elsewhere it is a verb.
            if before != 0 && !text[..before].ends_with(['`', '\n']) {
                continue;
            }
            let target: String = after.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            let exists = makefile.contains(&format!("\n{target}:"));
            assert!(exists, "{}: `make {target}` does not exist", page.display());
        }
    }
    let page = read("docs/operations.md");
    let help = after(&makefile, "", "run and demo take: ", "wasm takes:");
    for name in help.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).filter(|name| name.len() > 2) {
        assert!(page.contains(&format!("`{name}")), "{name} is not in docs/operations.md");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    for page in pages() {
        let text = without_code(&fs::read_to_string(&page).unwrap());
        for (at, _) in text.match_indices("](") {
            let link = text[at + 2..].split(')').next().unwrap();
            if link.starts_with("https://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if !anchor.is_empty() {
                let there = fs::read_to_string(&target).unwrap();
                let found =
                    there.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor);
                assert!(found, "{}: {link} has no such heading", page.display());
            }
        }
    }
}

// Proofs.

#[test]
fn every_case_and_test_that_proves_a_decision_is_there() {
    let page = read("tests/golden/README.md");
    // What stands before the first table of decisions names tests too.
    let (before, tables) = page.split_once("The tables say").unwrap();
    assert!(before.contains("| folder |"));
    let mut count = 0;
    for line in tables.lines() {
        let proofs: Vec<&str> = if line.starts_with('|') {
            let cells: Vec<&str> = line.trim_matches('|').split('|').collect();
            assert_eq!(cells.len(), 2, "{line}");
            let is_head = cells[0].trim().starts_with("---") || cells[1].trim().starts_with("proof");
            let proofs: Vec<&str> = cells[1].split('`').skip(1).step_by(2).collect();
            let is_elsewhere = cells[1].trim() == "elsewhere" || cells[1].trim().starts_with('[');
            assert!(is_head || is_elsewhere || !proofs.is_empty(), "nothing proves this: {line}");
            proofs
        } else {
            line.split('`').skip(1).step_by(2).filter(|code| code.contains(".rs::")).collect()
        };
        for proof in proofs.into_iter().filter(|proof| proof.contains("::") || proof.contains('/')) {
            assert!(is_there(proof), "{proof} does not exist: {line}");
            count += 1;
        }
    }
    assert!(count > 200, "the page is not read as it should be: {count}");
}

/// Whether there is a test `file::name`, or a golden case of that path, in which `*` stands for anything.
fn is_there(proof: &str) -> bool {
    if let Some((file, name)) = proof.split_once("::") {
        let source = read(file);
        return source.contains(&format!("fn {name}(")) || source.contains(&format!("def {name}("));
    }
    let (folder, name) = proof.rsplit_once('/').unwrap();
    let Ok(entries) = fs::read_dir(root().join("tests/golden").join(folder)) else { return false };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let (begin, end) = name.split_once('*').unwrap_or((name, ""));
    let mut names =
        names.filter(|other| if name.contains('*') { other.starts_with(begin) } else { other == name });
    names.any(|other| other.ends_with(end))
}

// The threat model.

#[test]
fn every_threat_names_tests_that_exist() {
    let page = read("SECURITY.md");
    let (_, threats) = page.split_once("## Threats").unwrap();
    let rows = threats.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    let rows: Vec<&str> = rows.filter(|line| *line != "| threat | what stands against it | test |").collect();
    assert!(rows.len() > 20, "{}", rows.len());
    for row in rows {
        let tests: Vec<(&str, &str)> =
            row.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::")).collect();
        assert!(!tests.is_empty() || row.contains("`make "), "no test: {row}");
        for (file, name) in tests {
            let path = if file.ends_with(".py") { format!("tests/e2e/{file}") } else { file.to_owned() };
            let word = if file.ends_with(".py") { "def" } else { "fn" };
            assert!(read(&path).contains(&format!("{word} {name}(")), "{path} has no {name}");
        }
    }
}

fn pages() -> Vec<PathBuf> {
    let root = root();
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let others = [
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "emulator/README.md",
        "tests/golden/README.md",
    ];
    let docs = docs.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    docs.chain(others.map(|page| root.join(page))).collect()
}

fn without_code(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// The anchor that GitHub gives a heading.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

// Reading.

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text between `begin` and `end`, the first that follows `mark`.
fn after(text: &str, mark: &str, begin: &str, end: &str) -> String {
    let found = text.split_once(mark).and_then(|(_, text)| text.split_once(begin));
    let (_, text) = found.unwrap_or_else(|| panic!("no {begin:?} after {mark:?}"));
    text.split_once(end).unwrap_or_else(|| panic!("no {end:?} after {begin:?}")).0.to_owned()
}

/// Reads as much of YAML as the examples are written in: blocks of mappings and lists, lists in brackets, texts plain or
/// in double quotes, whole numbers.
fn yaml(text: &str) -> Value {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).map(|line| {
        let line = line.split(" #").next().unwrap_or_default().trim_end();
        (line.len() - line.trim_start().len(), line.trim_start().to_owned())
    });
    let mut lines: Vec<_> = lines.collect();
    lines.reverse();
    let value = block(&mut lines, 0);
    assert!(lines.is_empty(), "not read: {lines:?}");
    value
}

/// Reads what is indented by `indent`; the next line is the last of `lines`.
fn block(lines: &mut Vec<(usize, String)>, indent: usize) -> Value {
    let is_item = |(depth, line): &mut (usize, String)| *depth == indent && line.starts_with("- ");
    let mut items = Vec::new();
    while let Some((_, line)) = lines.pop_if(is_item) {
        lines.push((indent + 2, line["- ".len()..].to_owned()));
        items.push(block(lines, indent + 2));
    }
    if !items.is_empty() {
        return Value::Array(items);
    }
    let is_member = |(depth, line): &mut (usize, String)| *depth == indent && !line.starts_with("- ");
    let mut members = Map::new();
    while let Some((_, line)) = lines.pop_if(is_member) {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("neither item nor member: {line}"));
        let value = match value.trim() {
            "" => {
                let depth = lines.last().expect("a value").0;
                block(lines, depth)
            }
            value => scalar(value),
        };
        assert!(members.insert(name.to_owned(), value).is_none(), "{name} stands twice");
    }
    Value::Object(members)
}

fn scalar(text: &str) -> Value {
    if let Some(list) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        return list.split(',').map(|item| scalar(item.trim())).collect();
    }
    if let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return text.into();
    }
    assert!(!text.starts_with(['{', '&', '*', '|', '>', '\'']), "the examples have none of these: {text}");
    match text {
        "true" => true.into(),
        "false" => false.into(),
        text => {
            let float =
                || text.parse::<f64>().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()));
            text.parse::<u64>().map_or_else(|_| float().map_or_else(|| text.into(), Value::from), Value::from)
        }
    }
}
