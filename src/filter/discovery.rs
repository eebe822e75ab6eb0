//! Finding out, in the background of the root context, what models there are.
//!
//! As with credentials, one worker of the upstream role asks, under a lease in the data that the VMs share, and puts there
//! what it has found. Everybody reads that, both roles of all workers.

use std::hash::{BuildHasher as _, RandomState};
use std::time::SystemTime;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{LogLevel, MapType};

use super::accounts::Accounts;
use super::host;
use super::shared::Shared;
use super::{call, metrics, signing};
use crate::aws::sign::{BEDROCK, Request};
use crate::aws::turn::{LEASE, Worker};
use crate::bedrock::catalogue::Catalogue;
use crate::config::{Config, Destination, Discover};
use crate::gateway::discovery::{Answer, Ask, Fetch, Record, Step, number};

/// The account that is asked as: the usual one.
const ACCOUNT: usize = 0;

/// What one plugin on one worker knows of it.
#[derive(Debug)]
pub(super) struct Discovery {
    settings: Discover,
    worker: Worker,
    /// The record, which is small: it is looked at again and again.
    record: Shared,
    /// Where the catalogue is.
    catalogue: String,
    /// Which one was read last.
    number: u64,
    fetching: Option<Fetching>,
}

#[derive(Debug)]
struct Fetching {
    fetch: Fetch,
    call: u32,
    until: SystemTime,
    /// What was sent and no log line may repeat.
    secrets: Vec<String>,
}

impl Discovery {
    pub(super) fn new(settings: &Discover) -> Self {
        let key = &settings.key;
        Self {
            settings: settings.clone(),
            worker: Worker::of(RandomState::new().hash_one(0)),
            record: Shared::new(format!("bedrock-filter/discovery/1/{key}")),
            catalogue: format!("bedrock-filter/catalogue/1/{key}"),
            number: 0,
            fetching: None,
        }
    }

    pub(super) fn is_by(&self, settings: &Discover) -> bool {
        self.settings == *settings
    }

    /// What there is, where it is another than the last that was given out.
    pub(super) fn news(&mut self) -> Option<Catalogue> {
        let (record, _) = self.read()?;
        if record.number == self.number {
            return None;
        }
        let (bytes, _) = host::shared_data(&self.catalogue)?;
        self.number = record.number;
        Some(Catalogue::from_text(std::str::from_utf8(&bytes).unwrap_or_default()))
    }

    /// Has the next [`Self::news`] give out what there is, for a configuration that does not know it.
    pub(super) fn forget(&mut self) {
        self.number = 0;
    }

    fn read(&self) -> Option<(Record, u32)> {
        let (bytes, version) = self.record.read(Record::default().to_text().as_bytes())?;
        Some((Record::from_text(std::str::from_utf8(&bytes).unwrap_or_default()), version))
    }

    /// Changes the record, whoever else does so. Gives what was there before.
    fn change(&self, change: impl Fn(&Record) -> Record) -> Record {
        let mut before = Record::default();
        self.record.change(|| {
            let (record, version) = self.read()?;
            let after = change(&record).to_text().into_bytes();
            before = record;
            Some((after, version))
        });
        before
    }

    /// Asks, where it is time and this worker's turn.
    pub(super) fn tick(&mut self, config: &Config, accounts: &Accounts) {
        let now = host::now();
        if self
            .fetching
            .as_ref()
            .and_then(|under_way| under_way.until.duration_since(now).ok())
            .is_some_and(|left| !left.is_zero() && left <= LEASE)
        {
            return;
        }
        let Some((record, version)) = self.read() else { return };
        // Without credentials there is nothing to be asked with, and the log tells of those.
        if !record.is_due(self.worker, now, self.settings.refresh) || !accounts.is_ready(ACCOUNT) {
            return;
        }
        if !self.record.replace(record.leased(self.worker, now).to_text().as_bytes(), version) {
            return;
        }
        let (fetch, step) = Fetch::begin();
        self.go_on(config, accounts, fetch, step);
    }

    /// Takes the answer of a call, if it is one that is awaited here.
    pub(super) fn answered(
        &mut self,
        config: &Config,
        accounts: &Accounts,
        call: u32,
        headers: usize,
        size: usize,
    ) {
        let Some(mut under_way) = self.fetching.take_if(|under_way| under_way.call == call) else { return };
        let (status, body) = call::answer(headers, size);
        let error_type = if headers > 0 {
            host::header(MapType::HttpCallResponseHeaders, "x-amzn-errortype")
        } else {
            None
        };
        let error_type = error_type.as_deref().and_then(|name| std::str::from_utf8(name).ok());
        let step = under_way.fetch.answered(Answer { status, error_type, body: &body });
        let step = match step {
            Step::Failed(why) => Step::Failed(
                under_way.secrets.iter().fold(why, |why, secret| why.replace(secret.as_str(), "…")),
            ),
            step => step,
        };
        if matches!(step, Step::Ask(_)) {
            let (worker, now) = (self.worker, host::now());
            self.change(|record| record.leased(worker, now));
        }
        self.go_on(config, accounts, under_way.fetch, step);
    }

    fn go_on(&mut self, config: &Config, accounts: &Accounts, fetch: Fetch, step: Step) {
        match step {
            Step::Ask(ask) => match self.ask(config, accounts, &ask) {
                Ok((call, secrets)) => {
                    let now = host::now();
                    let until = now.checked_add(LEASE).unwrap_or(now);
                    self.fetching = Some(Fetching { fetch, call, until, secrets });
                }
                Err(why) => self.failed(&why),
            },
            Step::Have(catalogue) => self.have(&catalogue),
            Step::Failed(why) => self.failed(&why),
        }
    }

    /// Sends a call; gives its number, and what of it is nobody's business.
    fn ask(&self, config: &Config, accounts: &Accounts, ask: &Ask) -> Result<(u32, Vec<String>), String> {
        let Discover { cluster, host, .. } = &self.settings;
        let destination = Destination {
            region: &config.upstream.region,
            host: host.into(),
            service: BEDROCK,
            account: ACCOUNT,
        };
        let Ask { path, query } = ask;
        let request = Request { method: "GET", host, path, query, content_type: None, body: &[] };
        let headers = signing::headers(accounts, &destination, &request)
            .map_err(|_| "the call could not be signed".to_owned())?;
        let url = if query.is_empty() { (*path).to_owned() } else { format!("{path}?{query}") };
        let sent = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let call = call::ask(cluster, "GET", host, &url, sent, &[])?;
        let bare = |value: &str| value.strip_prefix("Bearer ").unwrap_or(value).to_owned();
        Ok((call, headers.iter().map(|(_, value)| bare(value)).collect()))
    }

    fn have(&self, catalogue: &Catalogue) {
        let text = catalogue.to_text();
        let number = number(&text);
        let is_shared = self.read().is_some_and(|(record, _)| record.number == number);
        if !is_shared && hostcalls::set_shared_data(&self.catalogue, Some(text.as_bytes()), None).is_err() {
            self.failed("what was found could not be shared");
            return;
        }
        let (worker, now) = (self.worker, host::now());
        let before = self.change(|record| record.found(worker, now, number));
        metrics::models_found(now);
        let (count, failures) = (catalogue.entries().len(), before.turn.failures);
        if failures > 0 {
            host::log(LogLevel::Warn, || {
                format!("discover: found again after {failures} failures: {count} models and profiles")
            });
        } else if !is_shared {
            host::log(LogLevel::Info, || format!("discover: found {count} models and profiles"));
        }
    }

    fn failed(&self, why: &str) {
        let (worker, now) = (self.worker, host::now());
        let before = self.change(|record| record.failed(worker, now));
        let failures = before.turn.failures.saturating_add(1);
        metrics::models_not_found(now, failures);
        let pause = Record::pause(failures);
        let kept = if before.number > 0 { "what is known stays" } else { "nothing is known yet" };
        let cluster = &self.settings.cluster;
        host::log(LogLevel::Warn, || {
            format!("discover (cluster '{cluster}'): {why}; {kept}. Next try in {pause:?}")
        });
    }
}
