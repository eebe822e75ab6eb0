//! Loads configurations of the filter by the filter's own code, without Envoy. `tools/check.py` finds them in files and says in which line
//! is what.
//!
//! It reads a JSON list of plugins from its standard input, and writes what it has to say of each: a list of the same length.

use std::collections::HashMap;
use std::io;
use std::process::ExitCode;

use bedrock_filter::config::{Config, Error};
use bedrock_filter::filter::Role;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A plugin as it stands in a file.
#[derive(Deserialize)]
struct Plugin {
    /// Its `root_id`; without one the configuration stands alone, and is read for all roles.
    role: Option<String>,
    /// Its configuration, as it is written.
    configuration: Box<RawValue>,
    /// The variables that Envoy would let it see.
    variables: HashMap<String, String>,
}

/// What is to be said of a plugin.
#[derive(Default, Serialize)]
struct Verdict {
    /// Why it would be refused.
    error: Option<Told>,
    /// What is allowed and hardly meant.
    warnings: Vec<Told>,
}

/// What is wrong in a place.
#[derive(Serialize)]
struct Told {
    path: String,
    reason: String,
}

impl From<Error> for Told {
    fn from(Error { path, reason }: Error) -> Self {
        Self { path, reason }
    }
}

fn main() -> ExitCode {
    let judged = serde_json::from_reader::<_, Vec<Plugin>>(io::stdin())
        .map(|plugins| plugins.iter().map(judge).collect::<Vec<_>>())
        .and_then(|verdicts| serde_json::to_writer(io::stdout(), &verdicts));
    match judged {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("check-configuration: {error}");
            ExitCode::FAILURE
        }
    }
}

fn judge(plugin: &Plugin) -> Verdict {
    match load(plugin) {
        Ok(config) => {
            Verdict { error: None, warnings: config.warnings.into_iter().map(Told::from).collect() }
        }
        Err(error) => Verdict { error: Some(error), warnings: Vec::new() },
    }
}

fn load(plugin: &Plugin) -> Result<Config, Told> {
    let role = match &plugin.role {
        Some(root_id) => {
            Some(Role::named(root_id.as_bytes()).map_err(|reason| Told { path: String::new(), reason })?)
        }
        None => None,
    };
    let variable = |name: &str| plugin.variables.get(name).cloned();
    let config = Config::load(plugin.configuration.get().as_bytes(), variable)?;
    if let Some(role) = role {
        role.check(&config)?;
    }
    Ok(config)
}
