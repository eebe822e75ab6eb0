//! The headers of Bedrock's answer.

use std::time::SystemTime;

use crate::bedrock::reply as bedrock;
use crate::filter::host;
use crate::gateway::headers::Headers;
use crate::record::usage::{self, Usage};
use crate::translate::Answered;

/// Stands for the request id where Bedrock gives none.
pub(super) const UNKNOWN: &str = "unknown";

/// What is read of them.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) request_id: String,
    pub(super) created: u64,
    pub(super) error_type: Option<String>,
    pub(super) retry_after: Option<Vec<u8>>,
    pub(super) input_tokens: Option<u64>,
    /// All token counts among them.
    pub(super) usage: Option<Usage>,
}

impl Head {
    pub(super) fn of(headers: &Headers) -> Self {
        let created = host::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let text = |name: &str| headers.text(name).map(str::to_owned);
        let count =
            |what: &str| headers.text(&["x-amzn-bedrock-", what, "-token-count"].concat())?.parse().ok();
        let input_tokens = count("input");
        // Only InvokeModel counts tokens in headers.
        let usage = input_tokens.map(|_| bedrock::Usage {
            input_tokens,
            output_tokens: count("output"),
            cache_read_input_tokens: count("cache-read-input"),
            cache_write_input_tokens: count("cache-write-input"),
            cache_details: None,
        });
        Self {
            status: headers.text(":status").and_then(|status| status.parse().ok()).unwrap_or(0),
            request_id: text("x-amzn-requestid").unwrap_or_else(|| UNKNOWN.to_owned()),
            created,
            error_type: text("x-amzn-errortype"),
            retry_after: headers.value("retry-after").map(<[u8]>::to_vec),
            input_tokens,
            usage: usage.as_ref().map(usage::of_bedrock),
        }
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        let error_type = self.error_type.as_ref().map_or(0, String::capacity);
        let retry_after = self.retry_after.as_ref().map_or(0, Vec::capacity);
        self.request_id.capacity().saturating_add(error_type).saturating_add(retry_after)
    }

    pub(super) fn answered(&self) -> Answered<'_> {
        Answered { request_id: &self.request_id, created: self.created, input_tokens: self.input_tokens }
    }

    /// The client's response headers. Of the upstream's only the request's id is kept.
    pub(super) fn common(&self, status: &str, content_type: &str, length: Option<usize>) -> Headers {
        let mut headers = Headers::default();
        headers.push(":status", status);
        headers.push("content-type", content_type);
        if let Some(length) = length {
            headers.push("content-length", length.to_string());
        }
        headers.push("x-request-id", self.request_id.as_str());
        headers
    }
}
