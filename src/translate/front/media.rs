//! Images, documents, audio and video: their data, and their format by its first bytes.

use crate::bedrock::converse::{DocumentBlock, Media, S3Location, Source};
use crate::openai::Error;
use crate::translate::conversation::Content;
use crate::translate::data_url::{DataUrl, checked, data_url, image_format as sniffed};
use crate::wire::Str;

/// An image, or a video in the place of one, as some clients send.
pub(in crate::translate) fn image_or_video<'a>(url: Str<'a>, param: &str) -> Result<Content<'a>, Error> {
    if url.starts_with("data:video/") {
        return video(url, param).map(Content::Video);
    }
    image(url, param).map(Content::Image)
}

/// An image from `image_url`.
fn image<'a>(url: Str<'a>, param: &str) -> Result<Media<'a>, Error> {
    if let Some(source) = s3(&url, param)? {
        let format = extension(&url).and_then(image_format).unwrap_or("png");
        return Ok(Media { format: format.into(), source });
    }
    of_base64(data_url(url, param)?.base64, param)
}

/// An image from bare base64.
pub(in crate::translate) fn base64_image<'a>(data: Str<'a>, param: &str) -> Result<Media<'a>, Error> {
    of_base64(checked(data, param)?, param)
}

fn of_base64<'a>(base64: Str<'a>, param: &str) -> Result<Media<'a>, Error> {
    let format = sniffed(&base64).ok_or_else(|| {
        let message =
            format!("'{param}' is not an image that Bedrock takes: its data is not PNG, JPEG, GIF or WebP.");
        Error::invalid(message).param(param).code("invalid_image")
    })?;
    Ok(Media { format: format.into(), source: Source::Bytes(base64) })
}

/// A video from `video_url`.
pub(in crate::translate) fn video<'a>(url: Str<'a>, param: &str) -> Result<Media<'a>, Error> {
    if let Some(source) = s3(&url, param)? {
        let format = extension(&url).and_then(video_format).unwrap_or("mp4");
        return Ok(Media { format: format.into(), source });
    }
    let data = data_url(url, param)?;
    let format = data.media_type.strip_prefix("video/").and_then(video_format);
    let format = format.ok_or_else(|| unknown_format(param, &data.media_type))?;
    Ok(Media { format: format.into(), source: Source::Bytes(data.base64) })
}

/// Audio from `input_audio`: base64 and a format.
pub(in crate::translate) fn audio<'a>(data: Str<'a>, format: &str, param: &str) -> Result<Media<'a>, Error> {
    const FORMATS: &[&str] = &[
        "mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga",
        "pcm", "webm",
    ];
    let known = FORMATS.iter().find(|known| **known == format);
    let format = known.ok_or_else(|| unknown_format(&format!("{param}.format"), format))?;
    let bytes = checked(data, &format!("{param}.data"))?;
    Ok(Media { format: (*format).into(), source: Source::Bytes(bytes) })
}

/// A document from `file`: a `data:` URL, or base64 with the type in the file's name.
pub(in crate::translate) fn document<'a>(
    data: Str<'a>,
    filename: Option<&str>,
    name: String,
    param: &str,
) -> Result<DocumentBlock<'a>, Error> {
    let by_name = filename.and_then(extension).and_then(document_format);
    let (format, base64) = if data.starts_with("data:") {
        let DataUrl { media_type, base64 } = data_url(data, param)?;
        let format = document_format_of_type(&media_type).or(by_name);
        (format.ok_or_else(|| unknown_format(param, &media_type))?, base64)
    } else {
        let format = by_name.ok_or_else(|| unknown_format(param, filename.unwrap_or("no name")))?;
        (format, checked(data, param)?)
    };
    let source = Source::Bytes(base64);
    Ok(DocumentBlock { format: format.into(), name, source, context: None, citations: None })
}

/// Whether a file's data is an image or a video, which some clients send as a file.
pub(in crate::translate) fn is_image_or_video(data: &str) -> bool {
    data.starts_with("data:image/") || data.starts_with("data:video/")
}

fn s3<'a>(url: &str, param: &str) -> Result<Option<Source<'a>>, Error> {
    let Some(place) = url.strip_prefix("s3://") else { return Ok(None) };
    let is_object = place.split_once('/').is_some_and(|(bucket, key)| is_bucket(bucket) && is_key(key));
    if !is_object || url.len() > S3_URL {
        let message = format!("Invalid value for '{param}': not an object of S3, 's3://bucket/key'.");
        return Err(Error::invalid(message).param(param).code("invalid_image_url"));
    }
    Ok(Some(Source::S3Location(S3Location { uri: url.to_owned().into() })))
}

/// Longest S3 URL, characters (service model, `S3Uri`).
const S3_URL: usize = 1_024;

/// Whether a name is a bucket's (service model, `S3Uri`), without adjacent dots (Amazon S3 User Guide, "General purpose bucket
/// naming rules").
fn is_bucket(name: &str) -> bool {
    let is_end = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let bytes = name.as_bytes();
    (3..=63).contains(&bytes.len())
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(b))
        && !name.contains("..")
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && !key.chars().any(char::is_control)
}

fn extension(name: &str) -> Option<&str> {
    name.rsplit_once('.').map(|(_, extension)| extension)
}

fn image_format(extension: &str) -> Option<&'static str> {
    const FORMATS: &[(&str, &str)] =
        &[("png", "png"), ("jpg", "jpeg"), ("jpeg", "jpeg"), ("gif", "gif"), ("webp", "webp")];
    FORMATS.iter().find(|(known, _)| extension.eq_ignore_ascii_case(known)).map(|(_, format)| *format)
}

/// File extension or media subtype, media type, Bedrock's format.
const VIDEO_FORMATS: &[(&str, &str, &str)] = &[
    ("mp4", "video/mp4", "mp4"),
    ("mov", "video/mov", "mov"),
    ("quicktime", "video/quicktime", "mov"),
    ("mkv", "video/mkv", "mkv"),
    ("x-matroska", "video/x-matroska", "mkv"),
    ("webm", "video/webm", "webm"),
    ("flv", "video/flv", "flv"),
    ("x-flv", "video/x-flv", "flv"),
    ("mpeg", "video/mpeg", "mpeg"),
    ("mpg", "video/mpg", "mpg"),
    ("wmv", "video/wmv", "wmv"),
    ("x-ms-wmv", "video/x-ms-wmv", "wmv"),
    ("3gp", "video/3gp", "three_gp"),
    ("3gpp", "video/3gpp", "three_gp"),
];

fn video_format(name: &str) -> Option<&'static str> {
    VIDEO_FORMATS.iter().find(|(known, _, _)| name.eq_ignore_ascii_case(known)).map(|(_, _, format)| *format)
}

/// Bedrock's format, which is also the file extension, and media type.
const DOCUMENT_FORMATS: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("csv", "text/csv"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("html", "text/html"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
];

fn document_format(extension: &str) -> Option<&'static str> {
    DOCUMENT_FORMATS
        .iter()
        .find(|(format, _)| extension.eq_ignore_ascii_case(format))
        .map(|(format, _)| *format)
}

fn document_format_of_type(media_type: &str) -> Option<&'static str> {
    DOCUMENT_FORMATS.iter().find(|(_, known)| *known == media_type).map(|(format, _)| *format)
}

fn unknown_format(param: &str, found: &str) -> Error {
    let found: String = found.chars().take(64).collect();
    Error::invalid(format!("Invalid value for '{param}': Bedrock does not take the format '{found}'."))
        .param(param)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &str =
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    #[test]
    fn the_first_bytes_win_over_what_the_client_says() {
        let media = image(format!("data:image/jpg;base64,{PNG}").into(), "p").unwrap();
        assert_eq!(media.format, "png");
        assert!(matches!(media.source, Source::Bytes(bytes) if &*bytes == PNG));
    }

    #[test]
    fn an_s3_url_is_of_a_bucket_that_there_may_be() {
        for url in ["s3://abc/x", "s3://my.bucket-1/a/b c/ü.png", &format!("s3://{}/k", "a".repeat(63))] {
            let media = image((*url).into(), "p").unwrap();
            assert!(matches!(media.source, Source::S3Location(at) if &*at.uri == url));
        }
        for url in [
            "s3://",
            "s3://ab/x",
            "s3://Bucket/x",
            "s3://my_bucket/x",
            "s3://-ab/x",
            "s3://ab./x",
            "s3://a..b/x",
            "s3://abc",
            "s3://abc/",
            "s3://abc/x\ny",
            "s3://user@abc/x",
            "s3://abc:80/x",
            &format!("s3://{}/k", "a".repeat(64)),
            &format!("s3://abc/{}", "k".repeat(1_024)),
        ] {
            for told in [image(url.into(), "p").map(drop), video(url.into(), "p").map(drop)] {
                let error = told.unwrap_err();
                assert_eq!((error.status, error.param.as_deref()), (400, Some("p")), "{url:?}");
            }
        }
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for url in [
            "data:image/png;base64,aGVsbG8gd29ybGQ=",
            "data:image/png;base64,",
            "data:image/png;base64,%%%%",
            "data:image/png,raw",
            "hello",
            "https://example.com/a.png",
        ] {
            assert_eq!(image(url.into(), "p").unwrap_err().param.as_deref(), Some("p"), "{url}");
        }
    }
}
