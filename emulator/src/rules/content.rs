//! Rules about content blocks: text must not be blank, media must have the stated format.

use super::{Turn, items, text};
use crate::errors::AwsError;
use base64::Engine;
use serde_json::Value;

const IMAGES: usize = 20;
const DOCUMENTS: usize = 5;
const IMAGE_BYTES: usize = 3_932_160;
const DOCUMENT_BYTES: usize = 4_718_592;

pub(super) fn check(turns: &[Turn<'_>], body: &Value) -> Result<(), AwsError> {
    for (i, block) in items(body, "/system").iter().enumerate() {
        if text(block, "/text").is_some_and(blank) {
            return Err(AwsError::validation(format!(
                "The text field in the SystemContentBlock object at system.{i} is blank. Add text to the text field, \
                 and try again."
            )));
        }
    }
    let (mut images, mut documents) = (0, 0);
    let mut names: Vec<&str> = Vec::new();
    for turn in turns {
        for (i, block) in turn.blocks.iter().enumerate() {
            let place = format!("messages.{}.content.{i}", turn.index);
            texts(block, &place)?;
            inner_blocks(block, &place, turn.role)?;
            let parts = items(block, "/toolResult/content");
            for part in std::iter::once(block).chain(parts) {
                if let Some(image) = part.get("image") {
                    images += 1;
                    check_image(image, &place)?;
                }
                if let Some(document) = part.get("document") {
                    documents += 1;
                    check_document(document, &mut names)?;
                }
            }
        }
        if turn.has("document") && !turn.has("text") {
            return Err(AwsError::validation("A text block must be included when using documents."));
        }
    }
    if images > IMAGES {
        return Err(AwsError::validation(format!(
            "Too many images: {images} were provided, the limit is {IMAGES}."
        )));
    }
    if documents > DOCUMENTS {
        return Err(AwsError::validation(format!(
            "Too many documents: {documents} were provided, the limit is {DOCUMENTS}."
        )));
    }
    Ok(())
}

fn blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn texts(block: &Value, place: &str) -> Result<(), AwsError> {
    if text(block, "/text").is_some_and(blank) {
        return Err(AwsError::validation(format!(
            "The text field in the ContentBlock object at {place} is blank. Add text to the text field, and try again."
        )));
    }
    if text(block, "/guardContent/text/text").is_some_and(blank) {
        return Err(AwsError::validation(format!(
            "The text field in the guardContent object at {place} is blank."
        )));
    }
    // The newest Claude models return thoughts as signatures without text, and accept them back so.
    let is_signed = text(block, "/reasoningContent/reasoningText/signature").is_some_and(|s| !blank(s));
    if !is_signed && text(block, "/reasoningContent/reasoningText/text").is_some_and(blank) {
        return Err(AwsError::validation(format!(
            "The text field in the reasoningText object at {place} is blank. Add text to the text field, and try again."
        )));
    }
    for (n, part) in items(block, "/toolResult/content").iter().enumerate() {
        if text(part, "/text").is_some_and(blank) {
            return Err(AwsError::validation(format!(
                "The text field in the ToolResultContentBlock object at {place}.toolResult.content.{n} is blank. Add \
                 text to the text field, and try again."
            )));
        }
    }
    Ok(())
}

/// Which blocks a turn may contain, and JSON that must be an object.
fn inner_blocks(block: &Value, place: &str, role: &str) -> Result<(), AwsError> {
    for kind in ["image", "document", "video", "audio"] {
        if block.get(kind).is_some() && role != "user" {
            return Err(AwsError::validation(format!(
                "The {kind} block at {place} is not allowed here: {kind} blocks can only be in messages of role user."
            )));
        }
    }
    for kind in ["toolAddition", "toolRemoval"] {
        if block.get(kind).is_some() && role != "system" {
            return Err(AwsError::validation(format!(
                "{kind} at {place} can only be in messages of role system."
            )));
        }
    }
    if role == "user" && block.get("reasoningContent").is_some() {
        return Err(AwsError::validation(
            "User messages cannot contain reasoning content. Please remove the reasoning content and try again.",
        ));
    }
    let object = |value: Option<&Value>, place: String| match value {
        Some(value) if !value.is_object() => Err(AwsError::validation(format!(
            "The format of the value at {place} is invalid. Provide a json object for the field and try again."
        ))),
        _ => Ok(()),
    };
    object(block.pointer("/toolUse/input"), format!("{place}.toolUse.input"))?;
    let parts = items(block, "/toolResult/content");
    for (n, part) in parts.iter().enumerate() {
        object(part.get("json"), format!("{place}.toolResult.content.{n}.json"))?;
    }
    if text(block, "/toolResult/status") == Some("error") && parts.is_empty() {
        return Err(AwsError::validation(format!(
            "The content field at {place}.toolResult cannot be empty when status value is error."
        )));
    }
    Ok(())
}

fn check_image(image: &Value, place: &str) -> Result<(), AwsError> {
    let Some(bytes) = decoded(image) else { return Ok(()) };
    let stated = text(image, "/format").unwrap_or_default();
    let Some(real) = image_format(&bytes) else {
        return Err(AwsError::from_model("Could not process image"));
    };
    if real != stated {
        return Err(AwsError::from_model(format!(
            "{place}.image.source.base64: The image was specified using the image/{stated} media type, but the image \
             appears to be a image/{real} image"
        )));
    }
    if bytes.len() > IMAGE_BYTES {
        return Err(AwsError::validation(format!("The image at {place} is larger than 3.75 MB.")));
    }
    Ok(())
}

fn image_format(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("jpeg")
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        Some("gif")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("webp")
    } else {
        None
    }
}

fn check_document<'a>(document: &'a Value, names: &mut Vec<&'a str>) -> Result<(), AwsError> {
    let name = text(document, "/name").unwrap_or_default();
    let fine = |c: char| c.is_ascii_alphanumeric() || " -()[]_".contains(c);
    if blank(name) || name.contains("  ") || !name.chars().all(fine) {
        return Err(AwsError::validation(
            "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, \
             parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.",
        ));
    }
    if names.contains(&name) {
        return Err(AwsError::validation(format!(
            "Messages cannot contain duplicate document names: {name}. Use unique names and try again."
        )));
    }
    names.push(name);
    if decoded(document).is_some_and(|b| b.len() > DOCUMENT_BYTES) {
        return Err(AwsError::validation(format!("The document {name} is larger than 4.5 MB.")));
    }
    Ok(())
}

fn decoded(media: &Value) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text(media, "/source/bytes")?).ok()
}
