//! Notes on a request's parameters that have no counterpart and are ignored.

use std::fmt;

use super::Limits;
use crate::openai::Error;
use crate::texts::cut;
use crate::wire::{Raw, Unknown, is_within_depth};

/// How to handle a parameter that has no counterpart at Bedrock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsupported {
    /// 400, naming it.
    #[default]
    Refuse,
    /// Ignored and named in `x-ignored-parameters`.
    Ignore,
}

/// Longest name; longer ones are cut, because they go into a header.
const NAME: usize = 64;
/// Most names.
const NAMES: usize = 32;

/// Collects the names of ignored parameters.
#[derive(Debug)]
pub struct Notes<'o> {
    unsupported: Unsupported,
    limits: &'o Limits,
    ignored: Vec<String>,
    /// Number of images so far.
    images: usize,
}

impl<'o> Notes<'o> {
    /// Empty notes.
    pub fn new(unsupported: Unsupported, limits: &'o Limits) -> Self {
        Self { unsupported, limits, ignored: Vec::new(), images: 0 }
    }

    /// The request's limits.
    pub fn limits(&self) -> &'o Limits {
        self.limits
    }

    /// Notes a parameter as ignored, once.
    pub fn ignore(&mut self, name: &str) {
        let name: String = name.chars().filter(|c| c.is_ascii_graphic() && *c != ',').take(NAME).collect();
        if self.ignored.len() < NAMES && !self.ignored.contains(&name) && !name.is_empty() {
            self.ignored.push(name);
        }
    }

    /// Notes a parameter as ignored if it was given.
    pub fn ignore_if(&mut self, given: bool, name: &str) {
        if given {
            self.ignore(name);
        }
    }

    /// Refuses a parameter without a counterpart, or notes it as ignored, as configured.
    ///
    /// # Errors
    /// 400 naming `param`, unless the configuration says to ignore.
    pub fn unsupported(&mut self, param: &str, message: &'static str) -> Result<(), Error> {
        match self.unsupported {
            Unsupported::Refuse => Err(Error::invalid_param(param, message).code("unsupported_parameter")),
            Unsupported::Ignore => {
                self.ignore(param);
                Ok(())
            }
        }
    }

    /// Notes an object's unknown members. `place` is the object's path: `messages[].` or empty.
    ///
    /// # Errors
    /// 400 where one of them nests deeper than the limit.
    pub fn unknown(&mut self, place: &str, members: Unknown<'_>) -> Result<(), Error> {
        for (name, value) in members {
            self.check_depth(value, || format!("{place}{}", &*name))?;
            // `null` counts as absent.
            if value.get() != "null" {
                self.ignore(&format!("{place}{}", &*name));
            }
        }
        Ok(())
    }

    /// Checks the nesting of JSON that is passed on unparsed.
    ///
    /// # Errors
    /// 400 with the path where it exceeds the limit.
    pub fn check_depth(&self, json: Raw<'_>, param: impl FnOnce() -> String) -> Result<(), Error> {
        check_depth(json, self.limits.json_depth, param)
    }

    /// Checks the nesting below the outermost `levels`, which belong to the API.
    ///
    /// # Errors
    /// 400 with the path where it exceeds the limit.
    pub fn check_depth_below(
        &self,
        json: Raw<'_>,
        levels: usize,
        param: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        check_depth(json, self.limits.json_depth.saturating_add(levels), param)
    }

    /// Checks the number of messages.
    ///
    /// # Errors
    /// 400 where there are too many.
    pub fn check_messages(&self, count: usize) -> Result<(), Error> {
        let limit = self.limits.messages;
        if count <= limit {
            return Ok(());
        }
        let message = format!("'messages' has {count} entries; the limit is {limit}.");
        Err(Error::invalid_param("messages", message))
    }

    /// Checks the nesting of a schema.
    ///
    /// # Errors
    /// 400 with the path where it exceeds the limit.
    pub fn check_schema_depth(&self, schema: Raw<'_>, param: impl FnOnce() -> String) -> Result<(), Error> {
        check_depth(schema, self.limits.schema_depth, param)
    }

    /// Counts an image.
    ///
    /// # Errors
    /// 400 with the path of the first image beyond the limit.
    pub fn count_image(&mut self, param: &dyn fmt::Display) -> Result<(), Error> {
        let limit = self.limits.images;
        self.images = self.images.saturating_add(1);
        if self.images <= limit {
            return Ok(());
        }
        let message = format!("At most {limit} images are taken in one request.");
        Err(Error::invalid_param(param.to_string(), message).code("too_many_images"))
    }

    /// The names, in the order they were met.
    pub fn into_ignored(self) -> Vec<String> {
        self.ignored
    }
}

fn check_depth(json: Raw<'_>, limit: usize, param: impl FnOnce() -> String) -> Result<(), Error> {
    if is_within_depth(json.get(), limit) {
        return Ok(());
    }
    let param = cut(&param()).into_owned();
    Err(Error::invalid(format!("'{param}' nests deeper than {limit} levels.")).param(param))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_fit_for_a_header_and_stand_once() {
        let limits = Limits::default();
        let mut notes = Notes::new(Unsupported::Refuse, &limits);
        for name in ["seed", "seed", "a,b\r\nx: y", "\u{1F600}", &"n".repeat(500)] {
            notes.ignore(name);
        }
        assert_eq!(notes.into_ignored(), ["seed".to_owned(), "abx:y".to_owned(), "n".repeat(NAME)]);
    }
}
