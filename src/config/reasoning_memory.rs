//! `reasoning_memory`: reasoning kept for clients that do not send it back.

use super::switch::Switch;
use super::values::{error_in, positive};
use super::{Error, file};
use crate::gateway::memory::Settings;

const AT: &str = "reasoning_memory";
const BYTES: usize = 64 << 20;
/// Largest memory, bytes: Envoy never frees it.
const LARGEST: usize = 1 << 30;
/// Default lifetime: an agent may wait for a human between two calls.
const SECONDS: u32 = 3_600;
const LONGEST: u32 = 86_400;

/// Reads the settings, unless they are `false`; the default where absent.
pub(super) fn reasoning_memory_of(
    written: Option<&Switch<file::ReasoningMemory>>,
) -> Result<Option<Settings>, Error> {
    let usual = file::ReasoningMemory::default();
    let file::ReasoningMemory { bytes, seconds } = match written {
        Some(Switch::Only(false)) => return Ok(None),
        Some(Switch::Only(true)) | None => &usual,
        Some(Switch::With(written)) => written,
    };
    let seconds = seconds.unwrap_or(SECONDS);
    if !(1..=LONGEST).contains(&seconds) {
        return Err(error_in(AT, "seconds", &format!("must be 1 to {LONGEST}")));
    }
    let bytes = positive(AT, "bytes", bytes.unwrap_or(BYTES))?;
    if bytes > LARGEST {
        return Err(error_in(AT, "bytes", &format!("must be at most {LARGEST}")));
    }
    Ok(Some(Settings { bytes, seconds: seconds.into() }))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::gateway::memory::Settings;

    fn load(written: &str) -> Result<Option<Settings>, String> {
        let text =
            r#"{"api_keys": [{"name": "a", "key": "k"}], "credentials": {"bearer_token": "t0ken"}MORE}"#;
        let config = Config::load(text.replace("MORE", written).as_bytes(), |_| None);
        config.map(|config| config.reasoning_memory).map_err(|error| error.to_string())
    }

    #[test]
    fn reasoning_is_kept_unless_that_is_switched_off() {
        let usual = Some(Settings { bytes: 64 << 20, seconds: 3_600 });
        for written in ["", r#","reasoning_memory":true"#, r#","reasoning_memory":{}"#] {
            assert_eq!(load(written), Ok(usual), "{written}");
        }
        assert_eq!(load(r#","reasoning_memory":false"#), Ok(None));
        let most = Some(Settings { bytes: 1 << 30, seconds: 86_400 });
        assert_eq!(load(r#","reasoning_memory":{"bytes":1073741824,"seconds":86400}"#), Ok(most));
        let least = Some(Settings { bytes: 1, seconds: 1 });
        assert_eq!(load(r#","reasoning_memory":{"bytes":1,"seconds":1}"#), Ok(least));
    }

    #[test]
    fn what_would_keep_nothing_or_too_much_or_for_too_long_is_refused() {
        for (written, path) in [
            (r#"{"bytes":0}"#, "reasoning_memory.bytes: must be at least 1"),
            (r#"{"bytes":1073741825}"#, "reasoning_memory.bytes: must be at most 1073741824"),
            (r#"{"seconds":0}"#, "reasoning_memory.seconds: must be 1 to 86400"),
            (r#"{"seconds":86401}"#, "reasoning_memory.seconds: must be 1 to 86400"),
        ] {
            let told = load(&format!(r#","reasoning_memory":{written}"#)).unwrap_err();
            assert!(told.contains(path), "{told}");
        }
    }
}
