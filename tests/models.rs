//! `docs/models.md` is what the table of families says. `make models` writes it anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bedrock_filter::translate::fit::family::{
    CAREFUL, Capabilities, FAMILIES, Fact, Family, Grade, Source, USUAL,
};

const VENDORS: [&str; 4] = ["Amazon", "Anthropic", "OpenAI", "Others"];

const HEAD: &str = "# What each family of models takes

Made by `make models` from the [table of families](../src/translate/fit/family/), which requests are made to fit; a test holds both
together. The names are those of [`capabilities`](configuration.md#capabilities), by which the configuration overrules any of it,
for one model or for a [pattern of ids](configuration.md#capabilities).

An id is looked up without a profile's prefix (`us.`, `global.`, …), and in an ARN's last part. The longest beginning in these tables
holds. A model that has none gets what hardly any refuses.
";

#[test]
fn the_page_about_models_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/models.md");
    let page = page();
    if std::env::var_os("RENEW").is_some() {
        std::fs::write(&path, page).unwrap();
        return;
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(there == page, "docs/models.md is not what the table says: make models");
}

#[test]
fn each_fact_is_of_a_capability() {
    let known: Vec<_> = words(&USUAL).into_iter().map(|(name, _)| name).collect();
    for Family { name, facts, .. } in families() {
        for Fact { capability, .. } in *facts {
            assert!(known.iter().any(|known| known == field(capability)), "{name}: {capability}");
        }
    }
}

fn families() -> impl Iterator<Item = &'static Family> {
    const ALL: [&[Family]; 4] = FAMILIES;
    ALL.into_iter().flatten()
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let sources = sources();
    counts(&mut page);
    usual(&mut page);
    for (vendor, families) in VENDORS.into_iter().zip(FAMILIES) {
        writeln!(page, "\n## {vendor}").unwrap();
        for family in families {
            section(&mut page, family, &sources);
        }
    }
    writeln!(page, "\n## Sources\n\n| | grade | who says so | read |\n| --: | --- | --- | --- |").unwrap();
    let mut sources: Vec<_> = sources.into_iter().collect();
    sources.sort_by_key(|(_, number)| *number);
    for (Source { grade, said, read }, number) in sources {
        writeln!(page, "| {number} | {} | {said} | {read} |", grade_of(grade)).unwrap();
    }
    page
}

/// Each source's number, in the order in which the page has them.
fn sources() -> BTreeMap<Source, usize> {
    let mut sources = BTreeMap::new();
    for source in families().flat_map(|family| family.facts).flat_map(|fact| fact.sources) {
        let next = sources.len() + 1;
        sources.entry(*source).or_insert(next);
    }
    sources
}

fn counts(page: &mut String) {
    let facts = || families().flat_map(|family| family.facts);
    let of = |grade: Grade| facts().filter(|fact| fact.grade() == grade).count();
    writeln!(
        page,
        "\n| families | beginnings of ids | facts | documented | reported | assumed |\n| --: | --: | --: | --: | --: | --: |\n\
         | {} | {} | {} | {} | {} | {} |\n\n\
         *Documented*: AWS or the vendor writes so. *Reported*: somebody ran into it, or has code for it. *Assumed*: it follows from \
         likeness, or is the safer way. A fact is as sure as the surest of its sources.",
        families().filter(|family| !family.ids.is_empty()).count(),
        families().map(|family| family.ids.len()).sum::<usize>(),
        facts().count(),
        of(Grade::Documented),
        of(Grade::Reported),
        of(Grade::Assumed),
    )
    .unwrap();
}

fn usual(page: &mut String) {
    writeln!(
        page,
        "\n## Most models, and unknown ones\n\nWhere a family's own table says nothing, this holds.\n\n\
         | capability | most models | a model that is not in the table |\n| --- | --- | --- |"
    )
    .unwrap();
    for ((name, most), (_, careful)) in words(&USUAL).into_iter().zip(words(&CAREFUL)) {
        let careful = if careful == most { "" } else { &careful };
        writeln!(page, "| `{name}` | {most} | {careful} |").unwrap();
    }
}

fn section(page: &mut String, family: &Family, sources: &BTreeMap<Source, usize>) {
    let Family { name, ids, like, takes, facts } = family;
    writeln!(page, "\n### {name}\n").unwrap();
    let ids: Vec<_> = ids.iter().map(|id| format!("`{id}`")).collect();
    let like = like.map(|like| format!("As {}", like.name));
    let sentence = [ids.join(", "), like.unwrap_or_default()];
    let sentence: Vec<_> = sentence.iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
    let end = if facts.is_empty() { "." } else { ", but:" };
    writeln!(page, "{}{end}", sentence.join(". ")).unwrap();
    if facts.is_empty() {
        return;
    }
    writeln!(page, "\n| capability | | grade | sources |\n| --- | --- | --- | --- |").unwrap();
    let words = words(takes);
    for fact in *facts {
        let name = field(fact.capability);
        let (_, word) = words.iter().find(|(known, _)| *known == name).unwrap();
        let numbers: Vec<_> = fact.sources.iter().map(|source| sources[source].to_string()).collect();
        writeln!(page, "| `{name}` | {word} | {} | {} |", grade_of(fact.grade()), numbers.join(", "))
            .unwrap();
    }
}

fn grade_of(grade: Grade) -> &'static str {
    match grade {
        Grade::Documented => "documented",
        Grade::Reported => "reported",
        Grade::Assumed => "assumed",
    }
}

/// A capability's name in the configuration.
fn field(capability: &str) -> &str {
    if capability == "off" { "reasoning_off" } else { capability }
}

/// Each capability by its name in the configuration, and in the words that are written there: read off the structure as it is
/// written for debugging, so that a new one needs no line here.
fn words(capabilities: &Capabilities) -> Vec<(String, String)> {
    let written = format!("{capabilities:?}");
    let inner = written.strip_prefix("Capabilities { ").and_then(|rest| rest.strip_suffix(" }")).unwrap();
    let mut depth = 0_i32;
    let members = inner.split(|c| {
        depth += i32::from("([{".contains(c)) - i32::from(")]}".contains(c));
        c == ',' && depth == 0
    });
    members
        .map(|member| {
            let (name, value) = member.trim().split_once(": ").unwrap();
            (field(name).to_owned(), word(name, value))
        })
        .collect()
}

fn word(name: &str, value: &str) -> String {
    let plain = value.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(value);
    let code = |word: &str| format!("`{word}`");
    match (name, plain) {
        ("messages", value) => code(if value == "true" { "native" } else { "converse" }),
        (_, "true") => "yes".to_owned(),
        (_, "false") => "no".to_owned(),
        ("max_tokens" | "max_stops", "None") => "not known".to_owned(),
        (_, "No" | "None") => code("none"),
        (_, "FiveMinutes") => code("5m"),
        (_, "OneHour") => code("1h"),
        (_, "OpenAi") => code("openai"),
        (_, list) if list.starts_with('[') => list.trim_matches(['[', ']']).replace('"', "`"),
        (_, number) if number.starts_with(|c: char| c.is_ascii_digit()) => number.to_owned(),
        (_, named) if named.contains('"') => code(named.split('"').nth(1).unwrap()),
        (_, variant) => {
            let mut word = String::new();
            for c in variant.chars() {
                if c.is_ascii_uppercase() && !word.is_empty() {
                    word.push('_');
                }
                word.push(c.to_ascii_lowercase());
            }
            code(&word)
        }
    }
}
