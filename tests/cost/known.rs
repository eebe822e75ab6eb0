//! What is known to be too much: each line of `known.txt` is a case, with what it took. One that is mended has to be taken off
//! the list; the list has to become empty. `COST_RENEW=1` writes it anew.

use std::collections::{BTreeMap, BTreeSet};

use super::Taken;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cost/known.txt");

/// Fails where a case is too much that is not on the list, and where one on the list is not any more.
pub(crate) fn compare(all: &[Taken]) {
    let bad: BTreeMap<String, String> = all
        .iter()
        .flat_map(|taken| {
            taken.wrong.iter().map(|(what, why)| (format!("{what:?} {}", taken.name), why.clone()))
        })
        .collect();
    if std::env::var_os("COST_RENEW").is_some() {
        let lines: String = bad.iter().map(|(case, why)| format!("{case} | {why}\n")).collect();
        std::fs::write(FILE, lines).unwrap();
        return;
    }
    let text = std::fs::read_to_string(FILE).unwrap();
    let known: BTreeSet<&str> =
        text.lines().map(|line| line.rsplit_once(" | ").map_or(line, |(case, _)| case)).collect();
    let new: Vec<String> = bad
        .iter()
        .filter(|(case, _)| !known.contains(case.as_str()))
        .map(|(case, why)| format!("{case}: {why}"))
        .collect();
    let mended: Vec<&&str> =
        known.iter().filter(|case| !bad.contains_key(**case) && !is_slow_still(all, case)).collect();
    assert!(new.is_empty(), "inputs that cost too much:\n{}", new.join("\n"));
    assert!(mended.is_empty(), "no longer too much, to be taken off tests/cost/known.txt:\n{mended:#?}");
}

/// On a quick machine what is known to be slow takes less than is judged of others, and grows as before.
fn is_slow_still(all: &[Taken], case: &str) -> bool {
    let Some(name) = case.strip_prefix("Time ") else { return false };
    all.iter().any(|taken| taken.name == name && (taken.growth > 2.2 || !taken.wrong.is_empty()))
}
