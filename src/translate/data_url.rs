//! Base64 and `data:` URLs (RFC 2397), passed on undecoded after a check of their beginning.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr2, memchr3};

use crate::bedrock::image;
use crate::openai::Error;
use crate::wire::Str;

/// A `data:` URL whose base64 is not decoded.
pub(super) struct DataUrl<'a> {
    pub(super) media_type: String,
    pub(super) base64: Str<'a>,
}

/// Parses a `data:` URL. Of its base64 only the beginning is decoded.
///
/// # Errors
/// 400 naming `param`: another URL, not base64, or not in a form that Bedrock takes.
pub(super) fn data_url<'a>(url: Str<'a>, param: &str) -> Result<DataUrl<'a>, Error> {
    let refuse =
        |message: &str| Error::invalid(format!("Invalid value for '{param}': {message}")).param(param);
    if url.starts_with("http://") || url.starts_with("https://") {
        return Err(refuse("fetching from the web is not configured here; send a data: URL with base64.")
            .code("unsupported_url"));
    }
    let Some((head, _)) = url.split_once(',').filter(|(head, _)| head.starts_with("data:")) else {
        return Err(refuse("expected a data: URL with base64, or an s3:// URL."));
    };
    if !head.ends_with(";base64") {
        return Err(refuse("expected base64 in the data: URL."));
    }
    let media_type = media_type(head).to_owned();
    let base64 = head.len().saturating_add(1);
    Ok(DataUrl { media_type, base64: checked(url.from_byte(base64), param)? })
}

/// The media type: `image/png` from `data:image/png;charset=x;base64`.
fn media_type(head: &str) -> &str {
    let head = head.strip_prefix("data:").unwrap_or(head);
    head.split_once(';').map_or(head, |(media_type, _)| media_type)
}

/// Checks base64 for Bedrock: no white space, complete padding, and a beginning that decodes.
pub(super) fn checked<'a>(base64: Str<'a>, param: &str) -> Result<Str<'a>, Error> {
    let refuse = |reason: &str| Error::invalid(format!("Invalid value for '{param}': {reason}")).param(param);
    let mut base64 = base64;
    if has_white_space(base64.as_bytes()) {
        base64 = base64.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>().into();
    }
    let missing = match base64.len() % 4 {
        2 => "==",
        3 => "=",
        1 => return Err(refuse("the base64 is cut off.")),
        _ => "",
    };
    if !missing.is_empty() {
        base64 = [&base64, missing].concat().into();
    }
    if base64.is_empty() {
        return Err(refuse("it has no data."));
    }
    let padding = base64.len().saturating_sub(base64.trim_end_matches('=').len());
    if padding > 2 || first_bytes(&base64).is_none() {
        return Err(refuse("it is not base64."));
    }
    Ok(base64)
}

/// Whether there is white space, which [`u8::is_ascii_whitespace`] lists. By SIMD: media are megabytes.
fn has_white_space(bytes: &[u8]) -> bool {
    memchr3(b' ', b'\n', b'\r', bytes).is_some() || memchr2(b'\t', b'\x0c', bytes).is_some()
}

fn first_bytes(base64: &str) -> Option<Vec<u8>> {
    let head = base64.get(..base64.len().min(32))?;
    STANDARD.decode(head).ok()
}

/// The format by the first bytes, which take precedence over the stated one.
pub(super) fn image_format(base64: &str) -> Option<&'static str> {
    image::format(&first_bytes(base64)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::from_str;

    #[test]
    fn base64_is_completed_and_stripped_of_line_ends() {
        assert_eq!(&*checked("aGVs\r\nbG8".into(), "p").unwrap(), "aGVsbG8=");
        assert!(checked("aGVsb".into(), "p").is_err());
    }

    #[test]
    fn base64_with_more_padding_than_there_is_is_refused() {
        let data = "aGVsbG8gd29ybGQsIGhlbGxvIGhlbGxvIGhl";
        for (padding, is_taken) in
            [("", true), ("aA==", true), ("aGU=", true), ("====", false), ("a===", false)]
        {
            assert_eq!(checked(format!("{data}{padding}").into(), "p").is_ok(), is_taken, "{padding}");
        }
    }

    #[test]
    fn a_url_with_escapes_is_read_like_one_without() {
        let url = "data:image/png;charset=x;base64,aGVsbG8=";
        for written in [format!("\"{url}\""), format!("\"{url}\"").replace('/', "\\/")] {
            let DataUrl { media_type, base64 } = data_url(from_str(&written).unwrap(), "p").unwrap();
            assert_eq!((&*media_type, &*base64), ("image/png", "aGVsbG8="));
        }
    }
}
