//! Discovery of models and inference profiles, as a sequence of calls: which to make next, and what its response means. Nothing
//! here does I/O.
//!
//! Every refresh ends, whatever the control plane answers: calls, entries and bytes are limited, and exceeding a limit is a
//! failure. Errors are worded for the operator.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::time::{Duration, SystemTime};

use crate::arn::Arn;
use crate::aws::dates::{date, seconds_of};
use crate::aws::endpoint::Region;
use crate::aws::path::encode_label;
use crate::aws::turn::{TOLERANCE, Turn, Worker, moment, pause};
use crate::bedrock::catalogue::{Catalogue, Entry, Kind};
use crate::bedrock::error::Error as BedrockError;
use crate::bedrock::lists::{FoundationModels, InferenceProfiles, ModelSummary, ProfileSummary};
use crate::bedrock::model_id::is_bedrock_id;
use serde::Deserialize;

use crate::wire::{self, Raw, Str};

/// Profiles per page; AWS allows 1,000.
pub const PAGE: usize = 100;
/// Most calls of one refresh.
pub const CALLS: usize = 100;
/// Largest response body, bytes.
pub const ANSWER_BYTES: usize = 4 << 20;
/// Most models and profiles in all.
pub const ENTRIES: usize = 5_000;
/// Largest catalogue in the shared data, bytes.
pub const CATALOGUE_BYTES: usize = 1 << 20;

/// Longest pause after failures, seconds: a control plane that refuses is not asked every half minute.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Longest name that is accepted, characters; AWS's own have at most 64.
const NAME: usize = 128;

/// The state of discovery that the workers share: how fresh the catalogue is, and who refreshes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The number of the shared catalogue, see [`number`]; 0: there is none.
    pub number: u64,
    /// When the catalogue was last found or confirmed, since 1970.
    found: Duration,
    /// The lease of the worker that refreshes it.
    pub turn: Turn,
}

impl Record {
    /// Whether `worker` should refresh now; a catalogue is good for `refresh`.
    pub fn is_due(&self, worker: Worker, now: SystemTime, refresh: Duration) -> bool {
        self.turn.is_due(worker, now, LONGEST_PAUSE, |now| {
            self.number == 0
                || now >= self.found.saturating_add(refresh)
                || now.saturating_add(TOLERANCE) < self.found
        })
    }

    /// The record with the lease given to `worker`.
    #[must_use]
    pub fn leased(&self, worker: Worker, now: SystemTime) -> Self {
        Self { turn: self.turn.leased(worker, now), ..self.clone() }
    }

    /// The record after `worker` has found the catalogue of that number, which may be the same as before.
    #[must_use]
    pub fn found(&self, worker: Worker, now: SystemTime, number: u64) -> Self {
        Self { number, found: moment(now), turn: self.turn.done(worker) }
    }

    /// The record after a refresh by `worker` has failed.
    #[must_use]
    pub fn failed(&self, worker: Worker, now: SystemTime) -> Self {
        Self { turn: self.turn.failed(worker, now, LONGEST_PAUSE), ..self.clone() }
    }

    /// The pause before the next try after this many failures.
    pub fn pause(failures: u32) -> Duration {
        pause(failures, LONGEST_PAUSE)
    }

    /// Serialised for the shared data.
    pub fn to_text(&self) -> String {
        format!("{} {} {}", self.number, self.found.as_millis(), self.turn.to_text())
    }

    /// Parsed from [`Self::to_text`]; any other text means that nothing is known.
    pub fn from_text(text: &str) -> Self {
        let mut parts = text.splitn(3, ' ');
        let mut number = || parts.next()?.parse().ok();
        let (Some(number), Some(found)) = (number(), number()) else { return Self::default() };
        let Some(turn) = parts.next().and_then(Turn::from_text) else { return Self::default() };
        Self { number, found: Duration::from_millis(found), turn }
    }
}

/// Identifies a catalogue by a hash of its text; never 0.
pub fn number(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish().max(1)
}

/// A `GET` of Bedrock's control plane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The path.
    pub path: &'static str,
    /// The query, sorted and encoded, without a question mark; may be empty.
    pub query: String,
}

/// The outcome of a call: its status, error type and body.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// `None`: there was no response.
    pub status: Option<u16>,
    /// The header `x-amzn-errortype`.
    pub error_type: Option<&'a str>,
    /// The response's body.
    pub body: &'a [u8],
}

/// The next step of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make this call, and return its outcome to [`Fetch::answered`].
    Ask(Ask),
    /// Finished, with this catalogue.
    Have(Catalogue),
    /// Failed, for this reason.
    Failed(String),
}

/// The list that is being read.
#[derive(Clone, Copy, Debug)]
enum At {
    Models,
    Profiles(Kind),
}

impl At {
    fn operation(self) -> &'static str {
        match self {
            Self::Models => "ListFoundationModels",
            Self::Profiles(_) => "ListInferenceProfiles",
        }
    }
}

/// A refresh under way.
#[derive(Debug)]
pub struct Fetch {
    at: At,
    calls: usize,
    /// The page tokens of the current list so far.
    tokens: Vec<String>,
    /// Every listed model, and whether it can be called by its id. The others are kept because profiles refer to them.
    models: Vec<(Entry, bool)>,
    entries: Vec<Entry>,
}

impl Fetch {
    /// Begins a refresh.
    pub fn begin() -> (Self, Step) {
        let fetch =
            Self { at: At::Models, calls: 1, tokens: Vec::new(), models: Vec::new(), entries: Vec::new() };
        let step = Step::Ask(fetch.ask(None));
        (fetch, step)
    }

    /// Continues with the outcome of the call.
    pub fn answered(&mut self, answer: Answer<'_>) -> Step {
        self.next(answer).unwrap_or_else(|why| Step::Failed(format!("{}: {why}", self.at.operation())))
    }

    fn ask(&self, token: Option<&str>) -> Ask {
        let (path, kind) = match self.at {
            At::Models => return Ask { path: "/foundation-models", query: String::new() },
            At::Profiles(Kind::Application) => ("/inference-profiles", "APPLICATION"),
            At::Profiles(_) => ("/inference-profiles", "SYSTEM_DEFINED"),
        };
        let token = token.map(|token| format!("&nextToken={}", encode_label(token))).unwrap_or_default();
        Ask { path, query: format!("maxResults={PAGE}{token}&type={kind}") }
    }

    fn next(&mut self, answer: Answer<'_>) -> Result<Step, String> {
        let lost = |name: &str| format!("the answer has no {name}");
        let token = match self.at {
            At::Models => {
                let FoundationModels { summaries, next_token } = body(answer)?;
                self.add_models(summaries.ok_or_else(|| lost("modelSummaries"))?.0)?;
                if next_token.is_some() {
                    return Err("the answer is one page of several, which is not known of it".to_owned());
                }
                None
            }
            At::Profiles(kind) => {
                let InferenceProfiles { summaries, next_token } = body(answer)?;
                let summaries = summaries.ok_or_else(|| lost("inferenceProfileSummaries"))?;
                self.add_profiles(kind, summaries.0)?;
                next_token.filter(|token| !token.is_empty())
            }
        };
        self.calls = self.calls.saturating_add(1);
        if self.calls > CALLS {
            return Err(format!("there is no end after {CALLS} calls"));
        }
        if let Some(token) = token.map(|token| token.to_string()) {
            if self.tokens.contains(&token) {
                return Err("a nextToken came a second time".to_owned());
            }
            let ask = self.ask(Some(&token));
            self.tokens.push(token);
            return Ok(Step::Ask(ask));
        }
        self.tokens.clear();
        self.at = match self.at {
            At::Models => At::Profiles(Kind::System),
            At::Profiles(Kind::Application) => return self.finish().map(Step::Have),
            At::Profiles(_) => At::Profiles(Kind::Application),
        };
        Ok(Step::Ask(self.ask(None)))
    }

    fn finish(&mut self) -> Result<Catalogue, String> {
        let models = std::mem::take(&mut self.models).into_iter();
        let mut entries = std::mem::take(&mut self.entries);
        entries.extend(models.filter(|(_, is_callable)| *is_callable).map(|(model, _)| model));
        let catalogue = Catalogue::of(entries);
        if catalogue.to_text().len() > CATALOGUE_BYTES {
            return Err(format!("all of it has more than {CATALOGUE_BYTES} bytes"));
        }
        Ok(catalogue)
    }

    fn check_count(&self) -> Result<(), String> {
        if self.models.len().saturating_add(self.entries.len()) > ENTRIES {
            return Err(format!("there are more than {ENTRIES} models and profiles"));
        }
        Ok(())
    }

    fn add_models(&mut self, summaries: Vec<ModelSummary<'_>>) -> Result<(), String> {
        for summary in summaries {
            let Some(model) = model(summary) else { continue };
            self.models.push(model);
            self.check_count()?;
        }
        Ok(())
    }

    fn add_profiles(&mut self, kind: Kind, summaries: Vec<ProfileSummary<'_>>) -> Result<(), String> {
        for summary in summaries {
            let Some(profile) = self.profile(kind, summary) else { continue };
            self.entries.push(profile);
            self.check_count()?;
        }
        Ok(())
    }

    /// A profile as a catalogue entry; `None` where it cannot be called, or its models have no endpoint here.
    fn profile(&self, kind: Kind, summary: ProfileSummary<'_>) -> Option<Entry> {
        let ProfileSummary { id, arn, name, created, models, status } = summary;
        if status.is_some_and(|status| &*status != "ACTIVE") {
            return None;
        }
        // An application profile's id has neither region nor account, and AWS requires the ARN.
        let id = if kind == Kind::Application { arn } else { id };
        let id = id.filter(|id| is_bedrock_id(id))?.to_string();
        let arns = || models.iter().flatten().filter_map(|model| model.arn.as_deref());
        let regions = joined(arns().filter_map(Region::of_arn).map(|region| region.to_string()));
        let mut model = None;
        for arn in arns() {
            let resource = Arn::parse(arn).map_or("", |arn| arn.resource);
            let behind = resource.strip_prefix("foundation-model/").unwrap_or_default();
            let is_same = model.as_deref().is_none_or(|model| model == behind);
            model = Some(if is_same && is_bedrock_id(behind) { behind.to_owned() } else { String::new() });
        }
        let model = model.unwrap_or_default();
        let known = self.models.iter().map(|(known, _)| known).find(|known| known.id == model);
        if known.is_some_and(|known| !is_served(known)) {
            return None;
        }
        let is_name = |name: &Str<'_>| {
            (1..=NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        };
        let name = name.filter(|name| kind == Kind::Application && is_name(name));
        let of_model = |member: fn(&Entry) -> &String| known.map(member).cloned().unwrap_or_default();
        Some(Entry {
            kind,
            id,
            name: name.map(|name| name.to_string()).unwrap_or_default(),
            regions,
            input: of_model(|known| &known.input),
            output: of_model(|known| &known.output),
            streaming: known.and_then(|known| known.streaming),
            created: created.and_then(timestamp).unwrap_or_default(),
            shutdown: of_model(|known| &known.shutdown),
            model,
        })
    }
}

/// The parsed body of a response of status 200.
fn body<'a, T: Deserialize<'a>>(answer: Answer<'a>) -> Result<T, String> {
    match answer.status {
        Some(200) if answer.body.len() > ANSWER_BYTES => {
            Err(format!("the answer has more than {ANSWER_BYTES} bytes"))
        }
        Some(200) => {
            wire::object_from_slice(answer.body).map_err(|_| "the answer is not what it should be".to_owned())
        }
        Some(status) => {
            let body = answer.body.get(..ANSWER_BYTES).unwrap_or(answer.body);
            let error = BedrockError::from_reply(status, answer.error_type, body);
            Err(if error.name.is_empty() {
                status.to_string()
            } else {
                format!("{status} {}", error.summary())
            })
        }
        None => Err("no answer".to_owned()),
    }
}

/// A model as a catalogue entry, and whether it can be called by its id.
fn model(summary: ModelSummary<'_>) -> Option<(Entry, bool)> {
    let ModelSummary { id, arn, input, output, streaming, inference, lifecycle } = summary;
    let id = id.filter(|id| is_bedrock_id(id) && !id.contains('/'))?.to_string();
    let life = lifecycle.unwrap_or_default();
    let is_alive = life.status.as_deref().is_none_or(|status| matches!(status, "ACTIVE" | "LEGACY"));
    let is_on_demand = inference.iter().flatten().any(|kind| &**kind == "ON_DEMAND");
    let end = life.end.and_then(timestamp);
    let entry = Entry {
        kind: Kind::Model,
        name: String::new(),
        model: id.clone(),
        id,
        regions: arn.as_deref().and_then(Region::of_arn).map(|region| region.to_string()).unwrap_or_default(),
        input: words(&input.unwrap_or_default().0),
        output: words(&output.unwrap_or_default().0),
        streaming,
        created: life.start.and_then(timestamp).unwrap_or_default(),
        shutdown: end.map(date).unwrap_or_default(),
    };
    let is_callable = is_alive && is_on_demand && is_served(&entry);
    Some((entry, is_callable))
}

/// Whether a model takes text and makes text or vectors. Others have no endpoint here.
fn is_served(model: &Entry) -> bool {
    let has = |list: &str, word: &str| list.split(',').any(|one| one == word);
    has(&model.input, "text") && (has(&model.output, "text") || has(&model.output, "embedding"))
}

/// AWS's list in capitals as lower-case words, separated by commas.
fn words(list: &[Str<'_>]) -> String {
    let is_word = |word: &str| {
        word.len() <= 32 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    joined(list.iter().filter(|word| is_word(word)).map(|word| word.to_ascii_lowercase()))
}

/// Words in their order, without repeats, separated by commas.
fn joined<W: AsRef<str> + Clone + Eq + Hash>(words: impl Iterator<Item = W>) -> String {
    let mut seen = HashSet::new();
    let mut list = String::new();
    for word in words.filter(|word| seen.insert(word.clone())) {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(word.as_ref());
    }
    list
}

/// AWS's timestamp (RFC 3339, or seconds since 1970) in seconds since 1970.
fn timestamp(written: Raw<'_>) -> Option<u64> {
    match wire::from_str::<Str<'_>>(written.get()) {
        Ok(text) => seconds_of(&text),
        Err(_) => seconds_of(written.get()),
    }
}

#[cfg(test)]
#[path = "discovery_tests.rs"]
mod tests;
