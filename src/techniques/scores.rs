//! Parses scores in a judge's reply.

use super::verdict::in_range;

/// The scores, 0 to 10, of `count` candidates, each after `SCORE n:`; the last one for each counts. One out of range or missing
/// is `None`.
pub(super) fn scores(text: &str, count: usize) -> Vec<Option<f64>> {
    let mut scores = vec![None; count];
    for line in text.to_ascii_lowercase().lines() {
        let line = line.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
        let Some((head, tail)) = line.strip_prefix("score").and_then(|rest| rest.split_once(':')) else {
            continue;
        };
        let digits: String = head.chars().filter(char::is_ascii_digit).collect();
        let slot = in_range(&digits, count).and_then(|number| scores.get_mut(number.checked_sub(1)?));
        let value = tail.trim_matches(|c: char| c.is_whitespace() || "*_`[]().".contains(c));
        let value = value.strip_suffix("/10").unwrap_or(value).trim_end();
        if let (Some(slot), Ok(value)) = (slot, value.parse::<f64>()) {
            *slot = Some(value).filter(|value| (0.0..=10.0).contains(value));
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_read_line_by_line_and_the_rest_has_none() {
        let text =
            "SCORE 1: 7\n- **Score 2:** 8.5/10\nSCORE 3: 11\nSCORE 4: good\nSCORE 9: 1\nscore: 3\nSCORE 1: 6";
        assert_eq!(scores(text, 5), [Some(6.0), Some(8.5), None, None, None]);
        assert_eq!(scores("SCORE 1: NaN\nSCORE 2: inf", 2), [None, None]);
        assert_eq!(scores("", 0), []);
    }
}
