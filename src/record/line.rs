//! The record as JSON on one line. Envoy writes a string into its access log as it is; converting a Struct to JSON takes Envoy
//! longer than the filter takes for the whole record.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::members::{Members, Value, in_ones};
use crate::wire;

impl Members<'_> {
    /// As a JSON object.
    pub fn to_line(&self) -> Vec<u8> {
        wire::to_vec(self)
    }
}

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut result = Ok(());
        self.each(|name, value| {
            if result.is_ok() {
                result = map.serialize_entry(name, &value);
            }
        });
        result?;
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Count(count) => serializer.serialize_u64(*count),
            Self::Millionths(micros) => serializer.serialize_f64(in_ones(*micros)),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Labels(labels) => serializer.collect_map(labels.iter().map(|(name, text)| (name, text))),
        }
    }
}
