//! Parses the candidate's number in a judge's reply.

/// The line that judges are asked to end with.
pub(super) const BEST: &str = "BEST CANDIDATE: number";

const MARK: &str = "best candidate";
/// Largest distance of the number from these words, bytes.
const BEHIND: usize = 64;

/// The number that the judge chose, from 1 to `count`: the last one after `BEST CANDIDATE`, or one that stands alone. `None`
/// where there is none, several are named at once, or it is out of range.
pub(super) fn best(text: &str, count: usize) -> Option<usize> {
    let alone = text.trim_matches(|c: char| c.is_whitespace() || "*#[]().".contains(c));
    if !alone.is_empty() && alone.bytes().all(|byte| byte.is_ascii_digit()) {
        return in_range(alone, count);
    }
    let lower = text.to_ascii_lowercase();
    lower.rmatch_indices(MARK).find_map(|(place, _)| {
        let start = place.saturating_add(MARK.len());
        let end = lower.floor_char_boundary(start.saturating_add(BEHIND));
        number(lower.get(start..end)?.lines().next()?, count)
    })
}

/// The number at the beginning of a line, after punctuation and filler words.
fn number(line: &str, count: usize) -> Option<usize> {
    let mut rest = line;
    loop {
        let before = rest;
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || "*_:=#[](\"'`".contains(c));
        for word in ["is ", "is:", "candidate ", "number ", "no. "] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        if rest == before {
            break;
        }
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, behind) = rest.split_at_checked(end)?;
    let closed = behind.trim_start_matches(|c: char| c.is_whitespace() || "*_])\"'`".contains(c));
    let mut next = closed.trim_start_matches([',', '/', '&', '.', '-', '|']).trim_start();
    let has_mark = next.len() < closed.len();
    for word in ["or ", "and "] {
        next = next.strip_prefix(word).unwrap_or(next);
    }
    let has_word = next.len() < closed.len() && !has_mark;
    let names_more = (has_mark || has_word)
        && next.trim_start_matches("candidate ").starts_with(|c: char| c.is_ascii_digit());
    if names_more { None } else { in_range(digits, count) }
}

pub(super) fn in_range(digits: &str, count: usize) -> Option<usize> {
    digits.parse().ok().filter(|number| (1..=count).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_behind_the_mark_is_the_verdict_however_it_is_dressed() {
        for text in [
            "BEST CANDIDATE: 2",
            "best candidate: 2.",
            "**BEST CANDIDATE:** 2",
            "Best Candidate is **2**, since it is right",
            "BEST CANDIDATE: [2]",
            "BEST CANDIDATE: Candidate 2",
            "BEST CANDIDATE: #2 - it alone is right",
            "BEST CANDIDATE: 2 (the others err in 3 places)",
            "BEST CANDIDATE: number\nBEST CANDIDATE: 2",
            "BEST CANDIDATE: 1\nNo, wait.\nBEST CANDIDATE: 2",
            "BEST CANDIDATE: 2\nBEST CANDIDATE: 9",
            "2",
            " **2.**\n",
        ] {
            assert_eq!(best(text, 3), Some(2), "{text}");
        }
    }

    #[test]
    fn nonsense_is_no_verdict() {
        for text in [
            "",
            "I like them all",
            "BEST CANDIDATE: 0",
            "BEST CANDIDATE: 4",
            "BEST CANDIDATE: 18446744073709551617",
            "BEST CANDIDATE: not 2",
            "The best candidate isn't 2",
            "BEST CANDIDATE: 1 or 2",
            "BEST CANDIDATE: 1, 2",
            "BEST CANDIDATE: 1 and candidate 2",
            "BEST CANDIDATE: 2/3",
            "BEST CANDIDATE: 2.5",
            "BEST CANDIDATE: -1",
            "BEST CANDIDATE",
            "BEST CANDIDATE:\n2",
            "7",
        ] {
            assert_eq!(best(text, 3), None, "{text}");
        }
    }

    #[test]
    fn many_marks_on_a_line_are_read_in_linear_time() {
        for piece in
            ["best candidate", "best candidate: 9, ", "best candidate\u{e9}", "best candidate: ((((("]
        {
            assert_eq!(best(&piece.repeat(100_000), 3), None);
        }
    }
}
