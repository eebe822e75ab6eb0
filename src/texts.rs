//! Makes texts of clients and servers safe to repeat, in log lines and in errors.

use std::borrow::Cow;

/// Longest part of a client's text that an error repeats, characters.
pub const REPEATED: usize = 200;
/// Longest part of a server's text that a log line repeats, characters.
const LOGGED: usize = 300;
/// Length from which a word that looks like base64 counts as a secret.
const SECRET: usize = 20;
/// Length from which a hexadecimal word counts as a key, a hash or a signature.
const HEX: usize = 32;
/// Prefixes of AWS's keys: key ids (IAM User Guide, "IAM identifiers"), Bedrock API keys, session tokens.
const KEYS: &[&str] = &["AKIA", "ASIA", "ABSK", "bedrock-api-key-", "FwoG", "IQoJ"];
/// Digits of an AWS account number.
const ACCOUNT: usize = 12;
const MASK: &str = "************";
/// Prefixes of names in ARNs: such a name is not a secret, whatever it looks like.
const RESOURCES: &[&str] = &[
    "assumed-role/",
    "role/",
    "user/",
    "foundation-model/",
    "inference-profile/",
    "application-inference-profile/",
];

/// Whether a text matches a pattern of the configuration: `*` at the end stands for any rest, including none.
pub fn fits(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => text.starts_with(beginning),
        None => pattern == text,
    }
}

/// A client's text for an error: at most [`REPEATED`] characters, with a mark where it is cut.
pub fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(REPEATED) {
        Some((end, _)) => Cow::Owned([text.get(..end).unwrap_or_default(), "…"].concat()),
        None => Cow::Borrowed(text),
    }
}

/// A server's text for a log line: its first line, without control characters, and with words that look like secrets masked.
/// (AWS's error about a wrong signature continues with the canonical request, which contains the session token.)
pub fn for_log(text: &str) -> String {
    let line = text.trim_start().split(is_line_end).next().unwrap_or_default();
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LOGGED).collect();
    let mut out = String::with_capacity(line.len());
    let mut rest = line.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        // A cut word may be the beginning of a longer one.
        out.push_str(if is_secret(word) { "…" } else { word });
        let mut others = behind.chars();
        out.extend(others.next());
        rest = others.as_str();
    }
    out
}

/// A server's text for the client, with AWS account numbers masked by asterisks.
pub fn for_client(text: &str) -> Cow<'_, str> {
    let accounts: Vec<usize> = accounts(text.as_bytes()).collect();
    if accounts.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_owned();
    for start in accounts {
        out.replace_range(start..start.saturating_add(ACCOUNT), MASK);
    }
    Cow::Owned(out)
}

/// Masks AWS account numbers in a body without changing its length; tells whether there were any.
pub fn mask_accounts(body: &mut [u8]) -> bool {
    let found: Vec<usize> = accounts(body).collect();
    for start in &found {
        let start = *start;
        if let Some(digits) = body.get_mut(start..start.saturating_add(ACCOUNT)) {
            digits.fill(b'*');
        }
    }
    !found.is_empty()
}

/// Positions of AWS account numbers: twelve digits without a letter or digit beside them.
fn accounts(text: &[u8]) -> impl Iterator<Item = usize> {
    let mut at = 0_usize;
    let words = text.split(|byte| !byte.is_ascii_alphanumeric());
    words.filter_map(move |word| {
        let start = at;
        at = at.saturating_add(word.len()).saturating_add(1);
        (word.len() == ACCOUNT && word.iter().all(u8::is_ascii_digit)).then_some(start)
    })
}

/// A member's name for an error; a placeholder where it does not look like a member's name, because it may be a key.
pub fn told(name: &str) -> &str {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if name.bytes().all(is_word) && is_tellable(name) { name } else { "…" }
}

/// Whether a name has the length of a member's name, few digits (`sha256`, a token of `logit_bias`), and does not look like a
/// key.
pub fn is_tellable(name: &str) -> bool {
    const LONGEST: usize = 40;
    const DIGITS: usize = 6;
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    name.len() <= LONGEST && digits <= DIGITS && !name.split(|c| !is_of_word(c)).any(is_secret)
}

/// A client's text for one line of a log: ends of lines, whichever a reader takes for one, and control characters are spaces.
pub fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || is_line_end(c) { ' ' } else { c }).collect()
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a character belongs to a word: to either alphabet of base64, or to the prefixes of keys.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=_-%".contains(c)
}

fn is_secret(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.bytes().any(|byte| is(&byte));
    let is_mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let is_key = |key: &&str| word.split_once(*key).is_some_and(|(_, rest)| rest.len() >= 8);
    let is_name = RESOURCES.iter().any(|resource| word.starts_with(resource));
    word.len() >= SECRET && is_mixed && !is_name
        || word.split(|c: char| !c.is_ascii_hexdigit()).any(|part| part.len() >= HEX)
        || KEYS.iter().any(is_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_text_or_the_beginning_of_one() {
        for (pattern, text, fit) in [
            ("a.b", "a.b", true),
            ("a.b", "a.bc", false),
            ("a.*", "a.b", true),
            ("a.*", "a.", true),
            ("a.*", "a", false),
            ("*", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
    }

    #[test]
    fn no_control_character_reaches_a_log_line_and_no_second_line() {
        assert_eq!(for_log("one\u{1b}[31mtwo\u{7f}\u{9b}x\0y"), "one [31mtwo  x y");
        for end in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}"] {
            assert_eq!(for_log(&format!("one{end}two")), "one", "{end:?}");
        }
        assert_eq!(for_log(&"ä".repeat(1_000)).chars().count(), LOGGED);
    }

    #[test]
    fn what_looks_like_a_secret_is_not_logged_and_what_helps_is() {
        for secret in [
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "bedrock-api-key-YmVkcm9jaw==",
            "ABSKQmVkcm9ja0FQSUtleS0x",
            "FwoGZXIvYXdzEBYaDHqa0AP",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "X-Amz-Security-Token=IQoJb3JpZ2luX2VjEAoaCXVzLWVhc3QtMSJH",
        ] {
            for text in
                [format!("The token {secret} is bad."), format!("'{secret}'"), format!("a={secret}&b")]
            {
                assert!(!for_log(&text).contains(&secret[secret.len() - 8..]), "{}", for_log(&text));
            }
        }
        for text in [
            "The security token included in the request is invalid.",
            "User: arn:aws:sts::123456789012:assumed-role/gateway/i-0123456789abcdef0 is not authorized to perform: \
             bedrock:InvokeModelWithResponseStream on resource: arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "User: arn:aws:sts::123456789012:assumed-role/BedrockGatewayRole2/eks-Session",
            "Request id 01234567-89ab-cdef-0123-456789abcdef",
        ] {
            assert_eq!(for_log(text), text);
        }
    }

    #[test]
    fn an_accounts_number_is_masked_and_the_rest_of_an_arn_stays() {
        let told = for_client(
            "No access to arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x in 123456789012.",
        );
        assert_eq!(
            told,
            "No access to arn:aws:bedrock:us-east-1:************:inference-profile/us.x in ************."
        );
        for text in
            ["1234567890123", "12345678901", "a123456789012", "anthropic.claude-20250929-v1:0", "ä 12"]
        {
            assert_eq!(for_client(text), text);
        }
        let mut body = b"{\"message\":\"of 123456789012\"}".to_vec();
        assert!(mask_accounts(&mut body) && !mask_accounts(&mut body.clone()));
        assert_eq!(body, b"{\"message\":\"of ************\"}");
    }

    #[test]
    fn what_is_repeated_of_a_text_has_an_end() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&"ä".repeat(200)), "ä".repeat(200));
        assert_eq!(cut(&"ä".repeat(10_000_000)).chars().count(), 201);
    }
}
