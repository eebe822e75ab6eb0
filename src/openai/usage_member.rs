//! The member `stream_options` of a chat that is sent untranslated: the gateway asks for the stream's usage where the client
//! does not.

use crate::wire::{self, Members, Raw};

/// Whether a body asks for a stream, and for its usage.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    stream: Option<Raw<'a>>,
    stream_options: Option<Raw<'a>>,
}

impl<'a> Asked<'a> {
    /// Parses a body. If it is invalid, or has a member twice, it counts as asking for nothing.
    pub fn find(body: &'a [u8]) -> Self {
        let Members(members) = super::parse::<Members<'_, Raw<'_>>>(body).unwrap_or(Members(Vec::new()));
        let mut asked = Self::default();
        for (name, value) in members {
            let place = match &*name {
                "stream" => &mut asked.stream,
                "stream_options" => &mut asked.stream_options,
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Self::default();
            }
        }
        asked
    }

    /// Whether the body asks for a stream.
    pub fn is_stream(&self) -> bool {
        self.stream.is_some_and(|stream| stream.get() == "true")
    }

    /// The body with a request for the stream's usage; `None` where it has one, or asks for no stream.
    pub fn asking(&self, body: &[u8]) -> Option<Vec<u8>> {
        if !self.is_stream() {
            return None;
        }
        let Some(written) = self.stream_options else {
            let at = body.iter().position(|byte| *byte == b'{')?.checked_add(1)?;
            let (before, after) = body.split_at_checked(at)?;
            return Some([before, br#""stream_options":{"include_usage":true},"#, after].concat());
        };
        let members = match written.get() {
            "null" => Vec::new(),
            text => wire::from_str::<Members<'_, Raw<'_>>>(text).ok()?.0,
        };
        let is_option = |name: &str| name == "include_usage";
        if members.iter().any(|(name, value)| is_option(name) && value.get() == "true") {
            return None;
        }
        let mut options = br#"{"include_usage":true"#.to_vec();
        for (name, value) in members.iter().filter(|(name, _)| !is_option(name)) {
            options.push(b',');
            wire::append(&mut options, name);
            options.push(b':');
            options.extend_from_slice(value.get().as_bytes());
        }
        options.push(b'}');
        // The value borrows from the body, so its address gives its position.
        let start = written.get().as_ptr().addr().checked_sub(body.as_ptr().addr())?;
        let after = body.get(start.checked_add(written.get().len())?..)?;
        Some([body.get(..start)?, &options, after].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_asked_for_its_tokens_where_the_client_does_not_ask() {
        let asking = |body: &str| {
            Asked::find(body.as_bytes()).asking(body.as_bytes()).map(|body| String::from_utf8(body).unwrap())
        };
        for (body, expected) in [
            (r#" {"stream":true}"#, Some(r#" {"stream_options":{"include_usage":true},"stream":true}"#)),
            (
                r#"{"stream_options": null ,"stream":true}"#,
                Some(r#"{"stream_options": {"include_usage":true} ,"stream":true}"#),
            ),
            (
                r#"{"stream":true,"stream_options":{"a":[1],"include_usage":false}}"#,
                Some(r#"{"stream":true,"stream_options":{"include_usage":true,"a":[1]}}"#),
            ),
            (r#"{"stream":true,"stream_options":{"include_usage":true}}"#, None),
            (r#"{"stream":true,"stream_options":7}"#, None),
            (r#"{"stream":false}"#, None),
            (r#"{"stream":true,"stream":true}"#, None),
            ("[true]", None),
        ] {
            assert_eq!(asking(body).as_deref(), expected, "{body}");
        }
    }
}
