//! The worst cases, as a text.

use std::fmt::Write as _;

use super::Taken;

/// How many are told of each kind.
const WORST: usize = 10;

pub(crate) fn told(all: &[Taken]) -> String {
    let mut text = format!("{} cases\n", all.len());
    let mut worst = |title: &str, figure: &dyn Fn(&Taken) -> f64| {
        let mut sorted: Vec<&Taken> = all.iter().collect();
        sorted.sort_by(|one, other| figure(other).total_cmp(&figure(one)));
        let _ = writeln!(text, "\n{title}");
        for taken in sorted.into_iter().take(WORST) {
            let _ = writeln!(text, "{:9.1}  {}", figure(taken), line(taken));
        }
    };
    worst("Processor time, ns for a byte:", &|taken| taken.cost.time.as_nanos() as f64 / taken.bytes as f64);
    worst("Held, bytes for a byte:", &|taken| taken.cost.peak as f64 / taken.bytes as f64);
    worst("Asked for, bytes for a byte:", &|taken| taken.cost.asked as f64 / taken.bytes as f64);
    let _ = writeln!(text, "\nToo much:");
    for taken in all.iter().filter(|taken| !taken.wrong.is_empty()) {
        let wrong: Vec<String> = taken.wrong.iter().map(|(what, why)| format!("{what:?}: {why}")).collect();
        let _ = writeln!(text, "{}: {}", line(taken), wrong.join("; "));
    }
    text
}

fn line(taken: &Taken) -> String {
    format!(
        "{} ({} bytes, {:.1} ms, {} held)",
        taken.name,
        taken.bytes,
        taken.cost.time.as_secs_f64() * 1e3,
        size(taken.cost.peak)
    )
}

/// `1.5 MiB`.
pub(crate) fn size(bytes: usize) -> String {
    if bytes < 1 << 20 {
        format!("{:.0} KiB", bytes as f64 / 1_024.0)
    } else {
        format!("{:.1} MiB", bytes as f64 / 1_048_576.0)
    }
}
