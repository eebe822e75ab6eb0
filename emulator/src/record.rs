//! `--record`: writes every body to disk, for other validators.

use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes bodies to a directory.
pub struct Recorder {
    directory: PathBuf,
    next: AtomicU64,
}

impl Recorder {
    /// Creates the directory; numbers continue after existing files.
    pub fn new(directory: PathBuf) -> std::io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let last = std::fs::read_dir(&directory)?
            .filter_map(Result::ok)
            .filter_map(|f| f.file_name().to_str()?.split('-').next()?.parse::<u64>().ok())
            .max();
        Ok(Self { directory, next: AtomicU64::new(last.map_or(1, |n| n + 1)) })
    }

    /// Writes a body; `error` is the reason why it was refused.
    pub fn write(&self, operation: &str, model: &str, error: Option<&str>, body: &[u8]) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let body = serde_json::from_slice::<Value>(body)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body).into_owned()));
        let content = json!({"operation": operation, "modelId": model, "accepted": error.is_none(),
            "error": error, "body": body});
        let path = self.directory.join(format!("{number:04}-{operation}.json"));
        if let Err(error) = std::fs::write(&path, content.to_string()) {
            eprintln!("cannot record {}: {error}", path.display());
        }
    }
}
