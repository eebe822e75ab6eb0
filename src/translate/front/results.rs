//! Tool results.

use std::fmt::Display;

use crate::bedrock::converse::{CachePoint, ResultBlock};
use crate::openai::Error;
use crate::translate::conversation::Content;

/// The content of a tool result, and the cache points in it. `place` is its path.
///
/// # Errors
/// 400 for content that a tool result cannot have.
pub(in crate::translate) fn result<'a>(
    content: Vec<Content<'a>>,
    place: &dyn Display,
) -> Result<(Vec<ResultBlock<'a>>, Vec<CachePoint>), Error> {
    let mut blocks = Vec::with_capacity(content.len());
    let mut points = Vec::new();
    for content in content {
        blocks.push(match content {
            Content::Text(text) => ResultBlock::Text(text),
            Content::Image(image) => ResultBlock::Image(image),
            Content::Document(document) => ResultBlock::Document(document),
            Content::Video(video) => ResultBlock::Video(video),
            Content::CachePoint(point) => {
                points.push(point);
                continue;
            }
            _ => {
                let message =
                    format!("'{place}' may hold only text, images, documents and video in this role.");
                return Err(Error::invalid(message).param(place.to_string()));
            }
        });
    }
    Ok((blocks, points))
}
