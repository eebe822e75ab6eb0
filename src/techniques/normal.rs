//! Normalises short answers, so that equal ones become equal texts.

/// Words that scale the number before them.
const FACTORS: &[&str] = &[
    "hundred", "thousand", "million", "billion", "trillion", "dozen", "plus", "minus", "times", "over",
    "divided", "to", "and", "or", "squared", "cubed", "pi",
];

/// White space and punctuation around an answer.
pub(super) fn is_dress(c: char) -> bool {
    c.is_whitespace() || "*_`\"'“”:：=".contains(c)
}

/// The normalised form of an answer.
pub(super) fn normalised(answer: &str) -> String {
    let mut text = answer.trim().to_owned();
    for gone in ["$", "\\(", "\\)", "\\[", "\\]", "\\,", "\\!", "\\;", "\\left", "\\right", "**", "`"] {
        text = text.replace(gone, "");
    }
    text = text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac").replace("\\%", "%");
    for wrapped in ["\\text{", "\\textbf{", "\\mathrm{", "\\mathbf{", "\\boxed{"] {
        text = unwrapped(&text, wrapped);
    }
    text = fraction(&text).unwrap_or(text).to_lowercase();
    let ends = |c: char| is_dress(c) || ".。,;!".contains(c);
    let mut bare = text.trim_start_matches(is_dress).trim_end_matches(ends);
    // `x = 42`: the unknown's name is not part of the answer.
    if let Some((name, value)) = bare.split_once('=') {
        bare = if name.trim().len() <= 1 { value.trim_matches(is_dress) } else { bare };
    }
    for article in ["the ", "a ", "an "] {
        bare = bare.strip_prefix(article).unwrap_or(bare);
    }
    bare = bare.trim_matches(is_dress);
    if let Some(letter) = choice(bare) {
        return letter;
    }
    number(bare).unwrap_or_else(|| bare.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Unwraps a command: `\text{a}` becomes `a`.
fn unwrapped(text: &str, mark: &str) -> String {
    match text.split_once(mark).and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (inside, behind))) => [before, inside, behind].concat(),
        None => text.to_owned(),
    }
}

/// `\frac{1}{2}` becomes `1/2`, if that is the whole text.
fn fraction(text: &str) -> Option<String> {
    let (sign, rest) = text.split_once("\\frac{")?;
    let (over, under) = rest.split_once("}{")?;
    let under = under.strip_suffix('}')?;
    let is_simple =
        matches!(sign.trim(), "" | "-") && ![over, under].iter().any(|part| part.contains(['{', '}']));
    is_simple.then(|| format!("{}{}/{}", sign.trim(), over.trim(), under.trim()))
}

/// The letter of a choice: `(b)`, `b)`, `b) paris`, `(b) paris`, `b: paris`.
fn choice(text: &str) -> Option<String> {
    let inside = text.strip_prefix('(').unwrap_or(text);
    let mut characters = inside.chars();
    let letter = characters.next().filter(char::is_ascii_lowercase)?;
    let is_marked = match characters.next() {
        None => inside.len() < text.len(),
        Some(')') => characters.next().is_none_or(char::is_whitespace),
        Some(':') => inside.len() == text.len(),
        Some(_) => false,
    };
    is_marked.then(|| letter.to_string())
}

/// The number at the beginning of a text that only continues with its unit.
fn number(text: &str) -> Option<String> {
    let text = text.trim_start_matches(['€', '£', '¥']);
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".,+-−".contains(c))).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    let digits = digits.trim_end_matches(['.', ',']).replace('−', "-");
    let is_apart = unit.is_empty()
        || unit.starts_with(['%', '€', '£', '¥', '°'])
        || unit.starts_with(char::is_whitespace);
    let first = unit.split_whitespace().next().unwrap_or_default();
    let is_unit = unit.chars().all(|c| c.is_alphabetic() || c.is_whitespace() || "%€£¥°.,'’-".contains(c))
        && !FACTORS.contains(&first)
        && !(first.len() == 1 && first.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if !is_apart || !is_unit || !is_number(&digits) {
        return None;
    }
    let digits = digits.replace(',', "");
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match part.trim_end_matches('0') {
        "" => format!("{sign}{whole}"),
        part => format!("{sign}{whole}.{part}"),
    })
}

/// Whether a text is digits, optionally with a sign, thousands separators and a fraction.
pub(super) fn is_number(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_first = is_digits(first) || whole.is_empty() && text.contains('.');
    is_first && groups.all(|group| group.len() == 3 && is_digits(group)) && is_digits(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_whatever_they_count_and_however_they_are_written() {
        for (answer, normal) in [
            ("42", "42"),
            (" 42. ", "42"),
            ("42 apples", "42"),
            ("42 apples, in all", "42"),
            ("$1,000.50", "1000.5"),
            ("1,00", "1,00"),
            ("-0.50 °C", "-0.5"),
            ("5 %", "5"),
            ("5 dozen", "5 dozen"),
            ("5km", "5km"),
            ("2^10", "2^10"),
            ("3, 4", "3, 4"),
            ("1.2.3", "1.2.3"),
            ("-", "-"),
            ("", ""),
        ] {
            assert_eq!(normalised(answer), normal, "{answer}");
        }
    }

    #[test]
    fn letters_of_choices_are_equal_with_and_without_what_they_stand_for() {
        for (answer, normal) in [
            ("(B)", "b"),
            ("B", "b"),
            ("b) Paris", "b"),
            ("B: Paris", "b"),
            ("(B) Paris", "b"),
            ("be", "be"),
            ("f(x)", "f(x)"),
        ] {
            assert_eq!(normalised(answer), normal, "{answer}");
        }
    }
}
