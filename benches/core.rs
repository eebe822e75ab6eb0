//! The core's time, natively: `cargo bench --bench core`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a benchmark fails by a panic"
)]

mod cases;

fn main() {
    divan::main();
}

#[divan::bench(args = cases::NAMES)]
fn core(bencher: divan::Bencher<'_, '_>, name: &str) {
    let case = cases::Case::of(name);
    bencher.bench_local(|| case.run());
}
