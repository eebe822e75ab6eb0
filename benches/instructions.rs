//! Runs the case that is named once, for callgrind to count what happens in `measured`; tools/instructions.py calls it. Without a
//! name it prints those there are.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark fails by a panic"
)]

mod cases;

use cases::Case;

fn main() {
    let named = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let Some(name) = named else {
        println!("{}", cases::NAMES.join("\n"));
        return;
    };
    let case = Case::of(&name);
    // What happens only the first time is not counted.
    case.run();
    measured(&case);
}

#[inline(never)]
fn measured(case: &Case) {
    case.run();
    // Not the last thing here, or the call would become a jump.
    std::hint::black_box(case);
}
