//! Discovery of Bedrock's models, in the background of the root context.
//!
//! As with credentials, one worker of the upstream role asks, as a lease in the shared data decides, and stores the catalogue
//! there. Both roles read it on all workers.

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

/// The account whose identity signs discovery's calls: the default one.
const ACCOUNT: usize = 0;

/// Discovery's state of one plugin on one worker.
#[derive(Debug)]
pub(super) struct Discovery {
    settings: Discover,
    worker: Worker,
    /// The shared record of leases and times. It is small, because it is read at every tick.
    record: Shared,
    /// Key of the shared catalogue.
    catalogue: String,
    /// Number of the catalogue that was read last.
    number: u64,
    fetching: Option<Fetching>,
}

#[derive(Debug)]
struct Fetching {
    fetch: Fetch,
    call: u32,
    until: SystemTime,
    /// Secrets in the request that was sent, which no log line may repeat.
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

    /// The catalogue, where it is a newer one than the last that was returned.
    pub(super) fn news(&mut self) -> Option<Catalogue> {
        let (record, _) = self.read()?;
        if record.number == self.number {
            return None;
        }
        let (bytes, _) = host::shared_data(&self.catalogue)?;
        self.number = record.number;
        Some(Catalogue::from_text(std::str::from_utf8(&bytes).unwrap_or_default()))
    }

    /// Has [`Self::news`] return the catalogue again, for a configuration that has not had it.
    pub(super) fn forget(&mut self) {
        self.number = 0;
    }

    fn read(&self) -> Option<(Record, u32)> {
        let (bytes, version) = self.record.read(Record::default().to_text().as_bytes())?;
        Some((Record::from_text(std::str::from_utf8(&bytes).unwrap_or_default()), version))
    }

    /// Changes the shared record, with retries while other workers write it. Returns the record as it was before.
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

    /// Asks for the models if that is due and this worker gets the lease.
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
        // Without credentials it cannot ask; `renewing` logs their absence.
        if !record.is_due(self.worker, now, self.settings.refresh) || !accounts.is_ready(ACCOUNT) {
            return;
        }
        if !self.record.replace(record.leased(self.worker, now).to_text().as_bytes(), version) {
            return;
        }
        let (fetch, step) = Fetch::begin();
        self.go_on(config, accounts, fetch, step);
    }

    /// Takes the response of a call, if discovery made it.
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

    /// Makes a call; returns its token and the secrets in its request.
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
