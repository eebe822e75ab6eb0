//! Limits of the labels for Bedrock's invocation log (service model, `requestMetadata`), and the gateway's own label.

/// Most labels of one request.
pub const MOST: usize = 16;
/// Longest name, and longest value, characters.
pub const LENGTH: usize = 256;
/// The label that names the caller.
pub const CALLER: &str = "api_key";

/// Whether a character is allowed in names and values, in a body and in a header alike. A body may also have tabs and line
/// ends.
pub fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || " :_@$#=/+,-.".contains(c)
}

/// Whether Bedrock takes a name or a value as it is.
pub fn fits(text: &str) -> bool {
    text.len() <= LENGTH && text.chars().all(is_legal)
}
