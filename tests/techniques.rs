//! What docs/techniques.md says of each technique is what the technique does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by a panic"
)]

use bedrock_filter::techniques::{KNOWN, Tunables};

/// The cells of the rows of the table that follows this head.
fn rows(head: &str) -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/techniques.md")).unwrap();
    let (_, table) = page.split_once(head).unwrap_or_else(|| panic!("no table {head}"));
    let lines = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    lines.map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// What stands between backticks in a cell.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_technique_has_a_row_with_the_most_calls_that_it_makes() {
    let mut stated: Vec<(String, String)> = rows("| technique | when to use it |")
        .into_iter()
        .map(|cells| (names(&cells[0])[0].to_owned(), cells[2].clone()))
        .collect();
    let mut known: Vec<(String, String)> = KNOWN
        .iter()
        .map(|known| {
            let calls = known.make(&Tunables::default()).most_calls();
            (known.name.to_owned(), calls.to_string())
        })
        .collect();
    stated.sort_unstable();
    known.sort_unstable();
    assert_eq!(stated, known, "left: docs/techniques.md, right: src/techniques/table.rs");
}

#[test]
fn every_tunable_has_a_row_with_its_techniques_default_and_bounds() {
    let rows = rows("| tunable | techniques |");
    let mut stated: Vec<&str> = rows.iter().map(|cells| names(&cells[0])[0]).collect();
    let mut known = Tunables::NAMES;
    stated.sort_unstable();
    known.sort_unstable();
    assert_eq!(stated, known);
    for cells in &rows {
        let [name, techniques, default, least, most, _] = cells.as_slice() else { panic!("{cells:?}") };
        let name = names(name)[0];
        let of: Vec<&str> =
            KNOWN.iter().filter(|known| known.tunables.contains(&name)).map(|known| known.name).collect();
        assert_eq!(names(techniques), of, "{name}");
        let set = |json: &str| {
            let mut tunables = Tunables::default();
            tunables.set(name, json).map(|_| tunables).map_err(|error| error.message)
        };
        for json in names(default) {
            assert_eq!(set(json), Ok(Tunables::default()), "{name}");
        }
        for bound in [least, most].into_iter().flat_map(|cell| names(cell)) {
            let message = set("\"\"").unwrap_err();
            let words: Vec<&str> = message.trim_end_matches('.').split(' ').collect();
            assert!(set(bound).is_ok() && words.contains(&bound), "{name}: {bound}: {message}");
        }
    }
}
