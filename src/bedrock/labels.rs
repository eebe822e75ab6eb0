//! Limits of the labels for Bedrock's invocation log (service model, `requestMetadata`), and the gateway's own among them.

/// Most labels of one request.
pub const MOST: usize = 16;
/// Longest name, and longest value, characters.
pub const LENGTH: usize = 256;
/// The label that names the caller.
pub const CALLER: &str = "api_key";

/// A character that names and values may have, in a body and in a header alike; a body's may be tabs and line ends besides.
pub fn is_legal(c: char) -> bool {
    c.is_ascii_alphanumeric() || " :_@$#=/+,-.".contains(c)
}

/// True for a name or a value that Bedrock takes as it is.
pub fn fits(text: &str) -> bool {
    text.len() <= LENGTH && text.chars().all(is_legal)
}
