//! The emulator's own pages, under `/_emulator/`: counts, the journal, credentials, models and faults.

use super::{JSON, Service};
use crate::deliver::Delivery;
use crate::faults::Faults;
use crate::models::Models;
use bytes::Bytes;
use hyper::Response;
use serde_json::json;
use std::sync::atomic::Ordering;

impl Service {
    /// The answer to `method` on `/_emulator/WHAT`.
    pub(super) fn admin(&self, method: &str, what: &str, body: &Bytes) -> Response<Delivery> {
        let text =
            |status: u16, text: String| self.response(status, "text/plain", Delivery::whole(text.into()));
        match (method, what) {
            ("GET", "health") => {
                let body = json!({"status": "ok", "name": self.options.name, "region": self.options.region,
                    "requests": self.requests.load(Ordering::Relaxed), "leaks": self.leaked.load(Ordering::Relaxed),
                    "fault": self.faults.text()});
                self.response(200, JSON, Delivery::whole(body.to_string().into()))
            }
            ("GET", "requests") => {
                self.response(200, JSON, Delivery::whole(self.journal.list().to_string().into()))
            }
            ("DELETE", "requests") => {
                self.journal.clear();
                text(204, String::new())
            }
            ("GET", "account") => {
                self.response(200, JSON, Delivery::whole(self.account.list().to_string().into()))
            }
            ("DELETE", "account") => {
                self.account.clear();
                text(204, String::new())
            }
            ("POST", "credentials") => match self.issued.add(body) {
                Ok(()) => text(204, String::new()),
                Err(error) => text(400, error),
            },
            ("GET", "credentials") => {
                self.response(200, JSON, Delivery::whole(self.issued.list().to_string().into()))
            }
            ("POST", "models") => match self.models().changed(body) {
                Ok(models) => {
                    self.change_models(models);
                    text(204, String::new())
                }
                Err(error) => text(400, error),
            },
            ("DELETE", "models") => {
                self.change_models(Models::new(&self.options.region, &self.options.models));
                text(204, String::new())
            }
            ("GET", "faults") => text(200, self.faults.text()),
            ("POST" | "PUT", "faults") => match Faults::parse(&String::from_utf8_lossy(body)) {
                Ok(faults) => {
                    self.faults.replace(faults);
                    text(200, self.faults.text())
                }
                Err(error) => text(400, error),
            },
            ("DELETE", "faults") => {
                self.faults.replace(Faults::default());
                text(204, String::new())
            }
            _ => text(404, "no such page of the emulator".to_owned()),
        }
    }
}
