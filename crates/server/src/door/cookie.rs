//! What a browser is asked to keep.

use axum::http::{HeaderMap, HeaderValue, header};

use super::is_loopback_name;

/// What a cookie says about itself beside its value.
pub(super) struct Cookie<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    /// `Strict`: only our own pages bring it along. `Lax`: links from elsewhere do too.
    pub(super) same_site: &'static str,
    /// How long the browser keeps it; nothing: until it is closed.
    pub(super) max_age_s: Option<i64>,
}

impl Cookie<'_> {
    /// The header. Encrypted connections only, unless the server is asked by a name of this machine.
    pub(super) fn header(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let Cookie { name, value, same_site, .. } = self;
        let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}");
        if let Some(seconds) = self.max_age_s {
            text.push_str(&format!("; Max-Age={seconds}"));
        }
        if !is_loopback_name(host) {
            text.push_str("; Secure");
        }
        HeaderValue::from_str(&text).ok()
    }
}
