//! Golden files: found, run, and every failure listed.

use std::path::{Path, PathBuf};

/// Runs `check` over the name and the text of each file under `tests/golden/<kind>`, and fails with the list of those that fail.
pub(crate) fn run_all(kind: &str, check: impl Fn(&str, &str) -> Result<(), Vec<String>>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(kind);
    let files = files(&root);
    assert!(!files.is_empty(), "no case under {}", root.display());
    let mut report = String::new();
    let mut failed = 0usize;
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if let Err(lines) = check(&name, &text) {
            failed += 1;
            report += &format!("\n{name}\n");
            for line in lines {
                report += &format!("    {line}\n");
            }
        }
    }
    assert!(failed == 0, "{failed} of {} cases in {kind} fail:\n{report}", files.len());
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// What a client is told, where a case expects an error.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refusal {
    status: u16,
    #[serde(rename = "type")]
    kind: Option<String>,
    param: Option<String>,
    code: Option<String>,
}

impl Refusal {
    /// How `error` differs; the type only where the case gives one.
    pub(crate) fn differences(&self, error: &bedrock_filter::openai::Error) -> Vec<String> {
        let expected = (self.status, self.param.as_deref(), self.code.as_deref());
        let got = (error.status, error.param.as_deref(), error.code);
        let mut lines = Vec::new();
        if expected != got {
            lines.push(format!("error: expected {expected:?}, got {got:?} ({})", error.message));
        }
        if self.kind.as_deref().is_some_and(|kind| kind != error.kind) {
            lines.push(format!("error: expected type {:?}, got {:?}", self.kind, error.kind));
        }
        if error.message.trim().is_empty() {
            lines.push("error: it has no message".to_owned());
        }
        lines
    }
}
