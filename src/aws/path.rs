//! Encodes a model id for a path.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes `label` as one path segment, the way AWS's REST-JSON clients do (Smithy, "HTTP bindings",
/// `httpLabel` trait): everything but `A-Za-z0-9-._~` becomes `%XX`, upper case, the slashes of an ARN too.
///
/// ```
/// # use bedrock_filter::aws::path::encode_label;
/// assert_eq!(encode_label("us.amazon.nova-pro-v1:0"), "us.amazon.nova-pro-v1%3A0");
/// ```
pub fn encode_label(label: &str) -> Cow<'_, str> {
    utf8_percent_encode(label, RESERVED).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unreserved_characters_stay_and_cost_no_copy() {
        assert!(matches!(encode_label("aZ09-._~"), Cow::Borrowed("aZ09-._~")));
    }

    #[test]
    fn an_arn_stays_one_segment() {
        assert_eq!(
            encode_label("arn:aws:bedrock:us-east-1:123456789012:inference-profile/abc"),
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fabc"
        );
    }

    #[test]
    fn nothing_can_leave_the_segment() {
        assert_eq!(encode_label("a/../b?c#d%2F e\r\n"), "a%2F..%2Fb%3Fc%23d%252F%20e%0D%0A");
    }

    #[test]
    fn other_scripts_are_encoded_as_utf_8() {
        assert_eq!(encode_label("é😀"), "%C3%A9%F0%9F%98%80");
    }
}
