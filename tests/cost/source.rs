//! The wire types' members, read from the source, so that none is forgotten: whatever is declared by a macro
//! (`object! { pub struct Part<'a> { kind = "type": Str<'a>, … } }`) or derives serde's `Deserialize`.

use std::collections::BTreeMap;
use std::path::Path;

/// A declared wire object.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    /// Its file, beneath `src/`.
    pub(crate) file: String,
    /// Its name there.
    pub(crate) name: String,
    /// Its members, in their order.
    pub(crate) members: Vec<Member>,
}

/// A member of one.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// What it is called on the wire.
    pub(crate) name: String,
    /// Its type as Rust writes it.
    pub(crate) kind: String,
}

/// All wire objects, by file and name.
#[derive(Debug)]
pub(crate) struct Source(BTreeMap<(String, String), Declared>);

impl Source {
    /// Reads all of `src/`.
    pub(crate) fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = BTreeMap::new();
        files(&root, &mut |path| {
            let text = std::fs::read_to_string(path).unwrap();
            let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
            // What tests declare is nobody's to send.
            let text = text.split("#[cfg(test)]").next().unwrap();
            for declared in declarations(&file, text) {
                all.insert((file.clone(), declared.name.clone()), declared);
            }
        });
        assert!(all.len() > 60, "the source is not read as it should be: {:?}", all.keys());
        Self(all)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Declared> {
        self.0.values()
    }

    pub(crate) fn get(&self, file: &str, name: &str) -> Option<&Declared> {
        self.0.get(&(file.to_owned(), name.to_owned()))
    }

    /// The object that a member's type holds, declared in the same file or, failing that, beside it.
    pub(crate) fn inner(&self, of: &Declared, kind: &str) -> Option<&Declared> {
        let folder = |file: &str| file.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        words(kind).find_map(|word| {
            self.get(&of.file, word).or_else(|| {
                let mut others = self.0.values().filter(|other| other.name == word);
                others.find(|other| folder(&other.file) == folder(&of.file))
            })
        })
    }
}

fn files(folder: &Path, each: &mut impl FnMut(&Path)) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, each);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            each(&path);
        }
    }
}

/// The words of a type: `List<Part<'a>>` has `List`, `Part`, `a`.
pub(crate) fn words(kind: &str) -> impl Iterator<Item = &str> {
    kind.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn declarations(file: &str, text: &str) -> Vec<Declared> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = struct_name(line) else { continue };
        let before = head(&lines[..at]);
        if !(before.contains("! {") || before.contains("Deserialize")) {
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let is_end = |line: &&str| {
            line.trim_start().starts_with('}') && line.len() - line.trim_start().len() <= indent
        };
        let body: Vec<&str> = lines[at + 1..].iter().copied().take_while(|line| !is_end(line)).collect();
        let camel = before.contains(r#"rename_all = "camelCase""#);
        found.push(Declared { file: file.to_owned(), name: name.to_owned(), members: members(&body, camel) });
    }
    found
}

/// The attributes, documentation and macro that a declaration begins with.
fn head(before: &[&str]) -> String {
    let belongs = |line: &&&str| {
        let line = line.trim();
        line.ends_with("! {")
            || line.starts_with('#')
            || line.starts_with("//")
            || line.ends_with(")]")
            || line.ends_with(',')
    };
    let lines: Vec<&str> = before.iter().rev().take_while(belongs).copied().collect();
    lines.into_iter().filter(|line| !line.trim().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The name of `pub struct Name<'a> {`.
fn struct_name(line: &str) -> Option<&str> {
    let rest = line.trim_start();
    let rest = rest.strip_prefix("pub(super) ").or_else(|| rest.strip_prefix("pub(crate) ")).unwrap_or(rest);
    let rest = rest.strip_prefix("pub ").unwrap_or(rest).strip_prefix("struct ")?;
    rest.trim_end().ends_with('{').then(|| words(rest).next())?
}

fn members(body: &[&str], camel: bool) -> Vec<Member> {
    let mut members = Vec::new();
    let mut attributes = String::new();
    for line in body.iter().map(|line| line.trim()) {
        if line.starts_with("//") || line.is_empty() {
            continue;
        }
        if line.starts_with('#') || !line.contains(": ") || line.ends_with(']') {
            attributes.push_str(line);
            continue;
        }
        let attributes = std::mem::take(&mut attributes);
        // `name: Type,` or `name = "wireName": Type,`
        let (name, kind) = line.trim_end_matches(',').split_once(": ").unwrap();
        let (name, written) = name.split_once(" = ").unwrap_or((name, ""));
        let name = words(name).last().unwrap();
        let renamed = attributes.split_once(r#"rename = ""#).map(|(_, rest)| rest.split('"').next().unwrap());
        let wire = match (written.trim_matches('"'), renamed) {
            ("", Some(renamed)) => renamed.to_owned(),
            ("", None) if camel => camel_case(name),
            ("", None) => name.trim_start_matches("r#").to_owned(),
            (written, _) => written.to_owned(),
        };
        let is_rest = name == "unknown" || attributes.contains("flatten") || attributes.contains("skip");
        if !is_rest {
            members.push(Member { name: wire, kind: kind.to_owned() });
        }
    }
    members
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |so_far, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        so_far + &initial.to_ascii_uppercase() + rest
    })
}

#[test]
fn declarations_are_read_as_macros_and_as_derives() {
    let text = "
object! {
    /// One.
    pub struct Part<'a> {
        /// Its kind.
        kind = \"type\": Str<'a>,
        text: Str<'a>,
    }
}

/// Two.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = \"camelCase\")]
pub struct Reply<'a> {
    /// Said.
    #[serde(borrow, default)]
    pub stop_reason: Option<Cow<'a, str>>,
    #[serde(rename = \"type\")]
    pub(super) kind: Option<String>,
    #[serde(flatten)]
    pub unknown: Unknown<'a>,
}

struct Other {
    not: usize,
}
";
    let found = declarations("x.rs", text);
    let names: Vec<Vec<&str>> =
        found.iter().map(|it| it.members.iter().map(|member| member.name.as_str()).collect()).collect();
    assert_eq!(names, [["type", "text"], ["stopReason", "type"]]);
}
