//! Temporary credentials issued elsewhere, for example by an emulated STS, and registered with the emulator.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One set of credentials.
#[derive(Clone)]
pub struct Temporary {
    /// Its key id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// The session token that must be sent with it.
    pub session_token: String,
    /// Its expiry, seconds since 1970.
    pub expires: i64,
}

/// All credentials by key id, each with the number of requests that it has signed.
#[derive(Default)]
pub struct Issued(Mutex<BTreeMap<String, (Temporary, u64)>>);

impl Issued {
    /// Registers credentials: JSON with the members of [`Temporary`].
    pub fn add(&self, body: &[u8]) -> Result<(), String> {
        let body: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        let text = |name: &str| {
            let text = body.get(name).and_then(Value::as_str).map(str::to_owned);
            text.ok_or_else(|| format!("{name} is missing"))
        };
        let temporary = Temporary {
            access_key_id: text("access_key_id")?,
            secret_access_key: text("secret_access_key")?,
            session_token: text("session_token")?,
            expires: body.get("expires").and_then(Value::as_i64).ok_or("expires is missing")?,
        };
        self.all().insert(temporary.access_key_id.clone(), (temporary, 0));
        Ok(())
    }

    /// The credentials of a key id.
    pub fn of(&self, access_key_id: &str) -> Option<Temporary> {
        self.all().get(access_key_id).map(|(temporary, _)| temporary.clone())
    }

    /// Counts a request that was let in.
    pub fn used(&self, access_key_id: &str) {
        if let Some((_, requests)) = self.all().get_mut(access_key_id) {
            *requests += 1;
        }
    }

    /// How many requests each has signed.
    pub fn list(&self) -> Value {
        let all = self.all();
        let entries = all.iter().map(|(id, (temporary, requests))| {
            json!({"access_key_id": id, "expires": temporary.expires, "requests": requests})
        });
        entries.collect()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Temporary, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_known_and_counted() {
        let issued = Issued::default();
        let text = r#"{"access_key_id":"ASIA1","secret_access_key":"s","session_token":"t","expires":5}"#;
        issued.add(text.as_bytes()).unwrap();
        issued.used("ASIA1");
        issued.used("ASIA2");
        assert_eq!(issued.of("ASIA1").unwrap().expires, 5);
        assert!(issued.of("ASIA2").is_none());
        assert_eq!(issued.list(), json!([{"access_key_id": "ASIA1", "expires": 5, "requests": 1}]));
        assert!(issued.add(b"{}").is_err());
    }
}
