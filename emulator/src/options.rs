//! Options from the command line and the environment.

use crate::deliver::Manner;
use crate::faults::{Faults, Split};
use std::path::PathBuf;

/// The text of `--help`.
pub const HELP: &str = "\
bedrock-emulator: an Amazon Bedrock that runs on your machine.

It checks what AWS checks (SigV4 or bearer token, the shapes of the service model, the rules
of the service and of each model family) and answers from the request itself. Stricter than
AWS in three things: members the service model does not have are refused (AWS ignores them),
every x-amz-* header must be signed, and SignedHeaders must be sorted.

usage: bedrock-emulator [options]

  --port N            port to listen on; 0 takes a free one           [9100]
  --host ADDRESS      address to listen on                            [127.0.0.1]
  --region NAME       region of the credential scope and of ARNs      [us-east-1]
  --service NAME      service of the credential scope; bedrock-mantle answers
                      /openai/v1/chat/completions alone               [bedrock]
  --access-key ID     access key id                                   [AKIDEMULATOR]
  --secret-key KEY    its secret                                      [emulator-secret]
  --session-token T   session token that must come along              [none]
  --expired-token T   session token answered with ExpiredTokenException
  --bearer-token T    the API key that is good                        [emulator-token]
  --no-auth           let everyone in
  --model ID          one more model id that is known (may be repeated)
  --clock-ahead N     seconds by which its clock is ahead where signatures are checked; may be negative  [0]
  --any-length        requests longer than what a model reads are taken
  --pace-ms N         milliseconds between the events of a stream     [0]
  --split N|random    cut answers into pieces of N (1..64) bytes, regardless of frames
  --coalesce          send each answer's body in one piece
  --fault DIRECTIVES  faults for all requests, as in the header x-emulator (see README.md)
  --record DIR        write each body of an operation on a model as DIR/NNNN-Operation.json
  --name NAME         said in the log and in the header x-emulator-name
  --quiet             no line per request
  --help

Each option can also come from the environment: EMULATOR_PORT, EMULATOR_ACCESS_KEY and so on;
flags without a value are on when their variable is 1 or true.

  POST /_emulator/faults      body: directives; replaces those in force (an empty body ends them)
  GET  /_emulator/faults      those in force
  GET  /_emulator/requests    the last 1,000 requests as JSON; DELETE forgets them
  POST /_emulator/credentials body: temporary credentials that are good from now on until they expire, as JSON
  GET  /_emulator/credentials how many requests each has signed
  GET  /_emulator/health
";

/// All settings.
#[derive(Debug, Clone)]
pub struct Options {
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Address to listen on.
    pub host: String,
    /// Region of the credential scope.
    pub region: String,
    /// Service of the credential scope.
    pub service: String,
    /// Access key id.
    pub access_key: String,
    /// Its secret.
    pub secret_key: String,
    /// Session token that is required.
    pub session_token: Option<String>,
    /// Session token that counts as expired.
    pub expired_token: Option<String>,
    /// Accepted bearer token.
    pub bearer_token: Option<String>,
    /// Whether authentication is off.
    pub no_auth: bool,
    /// Whether requests longer than a model's context are accepted.
    pub any_length: bool,
    /// Seconds by which the emulator's clock is ahead, for signatures.
    pub clock_ahead: i64,
    /// More model ids.
    pub models: Vec<String>,
    /// Pace and splitting of answers.
    pub manner: Manner,
    /// Faults for all requests.
    pub faults: Faults,
    /// Directory for recorded bodies.
    pub record: Option<PathBuf>,
    /// The emulator's name.
    pub name: Option<String>,
    /// Whether the log line per request is off.
    pub quiet: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 9100,
            host: "127.0.0.1".to_owned(),
            region: "us-east-1".to_owned(),
            service: "bedrock".to_owned(),
            access_key: "AKIDEMULATOR".to_owned(),
            secret_key: "emulator-secret".to_owned(),
            session_token: None,
            expired_token: None,
            bearer_token: Some("emulator-token".to_owned()),
            no_auth: false,
            any_length: false,
            clock_ahead: 0,
            models: Vec::new(),
            manner: Manner::default(),
            faults: Faults::default(),
            record: None,
            name: None,
            quiet: false,
        }
    }
}

/// Options that take a value.
const VALUED: &[&str] = &[
    "port",
    "host",
    "region",
    "service",
    "access-key",
    "secret-key",
    "session-token",
    "expired-token",
    "bearer-token",
    "model",
    "pace-ms",
    "split",
    "fault",
    "record",
    "name",
    "clock-ahead",
];
/// Options that are on or off.
const FLAGS: &[&str] = &["no-auth", "any-length", "coalesce", "quiet"];

impl Options {
    /// Reads the environment and the arguments, which take precedence. `None` where help was requested.
    pub fn read(
        arguments: impl Iterator<Item = String>,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, String> {
        let mut options = Self::default();
        for name in VALUED.iter().chain(FLAGS) {
            let variable = format!("EMULATOR_{}", name.to_uppercase().replace('-', "_"));
            let Some(value) = environment(&variable).filter(|v| !v.is_empty()) else { continue };
            if VALUED.contains(name) || value == "1" || value == "true" {
                options.set(name, &value).map_err(|e| format!("{variable}: {e}"))?;
            }
        }
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let Some(body) = argument.strip_prefix("--") else {
                return Err(format!("what is {argument}? (--help)"));
            };
            let (name, attached) = match body.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (body, None),
            };
            if name == "help" {
                return Ok(None);
            } else if VALUED.contains(&name) {
                let value = attached.or_else(|| arguments.next()).ok_or(format!("--{name} needs a value"))?;
                options.set(name, &value).map_err(|e| format!("--{name}: {e}"))?;
            } else if FLAGS.contains(&name) && attached.is_none() {
                options.set(name, "")?;
            } else {
                return Err(format!("unknown option {argument} (--help)"));
            }
        }
        Ok(Some(options))
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let text = value.to_owned();
        let optional = (!value.is_empty()).then(|| text.clone());
        let number = |v: &str| v.parse::<u64>().map_err(|_| format!("`{v}` is no number"));
        match name {
            "port" => self.port = u16::try_from(number(value)?).map_err(|_| "no such port".to_owned())?,
            "host" => self.host = text,
            "region" => self.region = text,
            "service" => self.service = text,
            "access-key" => self.access_key = text,
            "secret-key" => self.secret_key = text,
            "session-token" => self.session_token = optional,
            "expired-token" => self.expired_token = optional,
            "bearer-token" => self.bearer_token = optional,
            "no-auth" => self.no_auth = true,
            "clock-ahead" => {
                self.clock_ahead = value.parse().map_err(|_| format!("`{value}` is no number"))?;
            }
            "any-length" => self.any_length = true,
            "model" => self.models.push(text),
            "pace-ms" => self.manner.pace = number(value)?,
            "split" => self.manner.split = Some(Split::parse(value)?),
            "coalesce" => self.manner.split = Some(Split::Coalesce),
            "fault" => self.faults = Faults::parse(value)?,
            "record" => self.record = Some(PathBuf::from(value)),
            "name" => self.name = optional,
            "quiet" => self.quiet = true,
            _ => return Err(format!("unknown option {name}")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arguments: &[&str]) -> Result<Option<Options>, String> {
        let environment = |n: &str| (n == "EMULATOR_REGION").then(|| "eu-west-1".to_owned());
        Options::read(arguments.iter().map(|a| (*a).to_owned()), environment)
    }

    #[test]
    fn arguments_win_over_the_environment() {
        assert_eq!(read(&[]).unwrap().unwrap().region, "eu-west-1");
        let o = read(&["--region=us-west-2", "--port", "0", "--quiet"]).unwrap().unwrap();
        assert_eq!((o.region.as_str(), o.port, o.quiet), ("us-west-2", 0, true));
        assert!(read(&["--help"]).unwrap().is_none());
    }

    #[test]
    fn mistakes_are_named() {
        for bad in [&["--port"][..], &["--port", "x"], &["--nope"], &["x"], &["--fault", "nope"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
