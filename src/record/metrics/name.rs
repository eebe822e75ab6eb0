//! Names of metrics with labels in them, in Istio's way: `NAME.label=.=value;.;label=.=value;.;`. Envoy's `stats_tags`, and Istio's
//! `extraStatTags`, take the labels out again.

use std::fmt::Write as _;

/// The value of an unknown label.
pub const NONE: &str = "-";
/// The value for all that have no series of their own.
pub const OTHER: &str = "other";
/// Longest value, bytes. ARNs are shorter.
const LONGEST: usize = 256;

/// A label. In metric names each begins with `bedrock_`: Istio's expressions are not anchored, and one for `status` would match
/// within Istio's own `grpc_response_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// The name of the caller.
    Caller,
    /// The caller's team.
    Team,
    /// The id of the model.
    Model,
    /// The region that was called.
    Region,
    /// The HTTP status.
    Status,
    /// How the request ended.
    Outcome,
    /// An error's code.
    Code,
    /// A kind of tokens.
    Type,
    /// A limit's name.
    Limit,
    /// The account of credentials.
    Account,
}

impl Label {
    /// All labels.
    pub const ALL: [Self; 10] = [
        Self::Caller,
        Self::Team,
        Self::Model,
        Self::Region,
        Self::Status,
        Self::Outcome,
        Self::Code,
        Self::Type,
        Self::Limit,
        Self::Account,
    ];

    /// The label in a metric's name.
    pub fn written(self) -> &'static str {
        match self {
            Self::Caller => "bedrock_caller",
            Self::Team => "bedrock_team",
            Self::Model => "bedrock_model",
            Self::Region => "bedrock_region",
            Self::Status => "bedrock_status",
            Self::Outcome => "bedrock_outcome",
            Self::Code => "bedrock_code",
            Self::Type => "bedrock_type",
            Self::Limit => "bedrock_limit",
            Self::Account => "bedrock_account",
        }
    }
}

/// The name of a metric with these labels.
pub fn name(metric: &str, labels: &[(Label, &str)]) -> String {
    let mut name = String::with_capacity(metric.len().saturating_add(labels.len().saturating_mul(48)));
    name.push_str(metric);
    name.push('.');
    for (label, value) in labels {
        name.push_str(label.written());
        name.push_str("=.=");
        push(&mut name, if value.is_empty() { NONE } else { value });
        name.push_str(";.;");
    }
    if labels.is_empty() {
        name.pop();
    }
    name
}

/// Percent-encodes a value, so that it cannot contain a separator.
fn push(name: &mut String, value: &str) {
    for character in value.get(..value.floor_char_boundary(LONGEST)).unwrap_or(value).chars() {
        match character {
            ';' | '=' | '%' | '"' | '\\' | '\0'..='\x1f' | '\x7f' => {
                // Writing to a string does not fail.
                let _ = write!(name, "%{:02X}", u32::from(character));
            }
            character => name.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_its_labels_in_istios_way() {
        let labels =
            [(Label::Model, "us.anthropic.claude-4-v1:0"), (Label::Caller, "team a"), (Label::Team, "")];
        assert_eq!(
            name("bedrock.requests", &labels),
            "bedrock.requests.bedrock_model=.=us.anthropic.claude-4-v1:0;.;bedrock_caller=.=team a;.;bedrock_team=.=-;.;"
        );
        assert_eq!(name("bedrock.requests", &[]), "bedrock.requests");
    }

    #[test]
    fn no_value_ends_early_or_makes_a_label() {
        for (value, written) in [
            ("a;.;b", "a%3B.%3Bb"),
            ("bedrock_team=.=x", "bedrock_team%3D.%3Dx"),
            ("100%", "100%25"),
            ("a\"\\\n\0", "a%22%5C%0A%00"),
            ("é", "é"),
        ] {
            let expected = format!("m.bedrock_caller=.={written};.;");
            assert_eq!(name("m", &[(Label::Caller, value)]), expected);
        }
    }

    #[test]
    fn a_long_value_is_cut_between_characters() {
        let value = "é".repeat(200);
        let written = name("m", &[(Label::Caller, &value)]);
        assert_eq!(written, format!("m.bedrock_caller=.={};.;", "é".repeat(128)));
    }

    #[test]
    fn no_label_is_the_end_of_another() {
        for label in Label::ALL {
            let others = Label::ALL.into_iter().filter(|other| *other != label);
            assert!(others.map(Label::written).all(|other| !other.ends_with(label.written())));
        }
    }
}
