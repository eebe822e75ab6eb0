//! Paths and queries as signatures see them (AWS General Reference, "Create a canonical request").

use std::borrow::Cow;

use percent_encoding::{percent_decode, percent_encode, utf8_percent_encode};

use super::path::RESERVED;

/// Adds the path: its dot segments and empty segments resolved, then encoded once more than on the wire, slashes apart.
pub(super) fn push_path(out: &mut String, path: &str) {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    for segment in &segments {
        out.push('/');
        out.extend(utf8_percent_encode(segment, RESERVED));
    }
    let is_open = ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    if segments.is_empty() || is_open {
        out.push('/');
    }
}

/// Adds the query: its parameters decoded, encoded again and sorted.
pub(super) fn push_query(out: &mut String, query: &str) {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let parameter = (encoded_again(name), encoded_again(value));
        // There are one or two of them.
        parameters.insert(parameters.partition_point(|other| *other <= parameter), parameter);
    }
    for (at, (name, value)) in parameters.iter().enumerate() {
        if at > 0 {
            out.push('&');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(value);
    }
}

/// What is encoded already stays so; what is not is encoded. A plus is a space.
fn encoded_again(text: &str) -> String {
    let spaced = text.replace('+', " ");
    let decoded: Cow<'_, [u8]> = percent_decode(spaced.as_bytes()).into();
    percent_encode(&decoded, RESERVED).to_string()
}

/// Adds a header's value: no white space at its ends, and none doubled inside.
pub(super) fn push_value(out: &mut String, value: &str) {
    for (at, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Whether `text` can be a path or a query on the wire: visible ASCII, and nothing that would end it.
pub(super) fn is_sendable(text: &str) -> bool {
    const ALSO: &[u8] = b"-._~!$&'()*+,;=:@%/?[]|\"{}";
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || ALSO.contains(&byte))
}

/// Far more than any path of Bedrock's has, bytes.
const LONGEST: usize = 65_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn made(push: fn(&mut String, &str), from: &str) -> String {
        let mut out = String::new();
        push(&mut out, from);
        out
    }

    #[test]
    fn a_path_is_resolved_and_encoded_once_more() {
        for (path, canonical) in [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/model/a%3Ab/converse", "/model/a%253Ab/converse"),
            ("//a///b/", "/a/b/"),
            ("/a/./b/../c", "/a/c"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/a/b/..", "/a/"),
            ("/../a", "/a"),
            ("/a.b/..c/d..", "/a.b/..c/d.."),
        ] {
            assert_eq!(made(push_path, path), canonical, "{path}");
        }
    }

    #[test]
    fn a_query_is_sorted_and_encoded_alike() {
        for (query, canonical) in [
            ("", ""),
            ("b=2&a=1", "a=1&b=2"),
            ("a", "a="),
            ("a=b%2fc%3D", "a=b%2Fc%3D"),
            ("a=b/c=", "a=b%2Fc%3D"),
            ("a=1+2&a=1%20", "a=1%20&a=1%202"),
            ("a=%zz%4", "a=%25zz%254"),
            ("&&a=1&", "a=1"),
            ("a-b=1&a=1", "a=1&a-b=1"),
        ] {
            assert_eq!(made(push_query, query), canonical, "{query}");
        }
    }

    #[test]
    fn white_space_in_a_value_is_folded() {
        assert_eq!(made(push_value, "  a;  b c "), "a; b c");
    }
}
