//! Nesting depth of JSON.

use memchr::memchr2;

/// Whether arrays and objects in `json` nest at most `limit` deep. `json` must be well-formed (a [`Raw`](super::Raw)'s text).
pub fn is_within_depth(json: &str, limit: usize) -> bool {
    let mut depth = 0usize;
    let mut rest = json.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b'"' => behind_string(after),
            b'[' | b'{' => {
                depth = depth.saturating_add(1);
                if depth > limit {
                    return false;
                }
                after
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
    }
    true
}

/// The bytes after a string whose opening quote has been read.
fn behind_string(mut bytes: &[u8]) -> &[u8] {
    while let Some(at) = memchr2(b'"', b'\\', bytes) {
        bytes = match bytes.get(at..) {
            Some([b'\\', _, after @ ..]) => after,
            Some([b'"', after @ ..]) => return after,
            _ => return &[],
        };
    }
    &[]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_inside_strings_are_no_depth() {
        assert!(is_within_depth(r#"{"a":"[[[[\"[["}"#, 1));
        assert!(is_within_depth("[[]]", 2));
        assert!(!is_within_depth("[[[]]]", 2));
        assert!(!is_within_depth(r#"["\\",[[]]]"#, 2));
    }
}
