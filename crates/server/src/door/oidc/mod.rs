//! Signing in elsewhere: OpenID Connect, the authorization code flow with PKCE (RFC 6749, RFC 7636, OpenID Connect Core 1.0).
//!
//! The browser holds one secret for ten minutes; `state`, `nonce` and the code verifier are hashes of it, each with a
//! word of its own. The store holds the hash of `state`, so that an answer of the provider counts once and for the
//! browser that asked. Everything here blocks, and runs on threads that may.

mod provider;
pub(crate) mod token;

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use stave_ledger::Store;
use stave_model::{EstateKey, Time, hash_bytes};

use super::accounts::{self, AccountError, User, add_user, user};
use super::{Role, is_loopback_name};

pub(crate) use provider::Provider;

const SHELF: &str = "login";

/// How long somebody may take to sign in at the provider.
pub(crate) const PATIENCE_MS: i64 = 10 * 60_000;

/// Most attempts that are under way at one time; one more is refused.
const UNDER_WAY: usize = 2_000;

/// Where others sign in, and who of them may come in.
#[derive(Clone)]
pub struct Oidc {
    /// The provider's identifier: `https://login.example.com`, as its tokens say it.
    pub issuer: String,
    /// Under which name this server is known to the provider.
    pub client_id: String,
    /// The secret that goes with it.
    pub client_secret: String,
    /// How browsers reach this server, without a path: `https://stave.example.com`.
    pub url: String,
    /// Whose addresses get an account by themselves, when they first come: what stands behind the `@`. Others need one
    /// that was made for them.
    pub domains: Vec<String>,
    /// The role of an account that is made so.
    pub role: Role,
    /// Certificates (DER) whose word on the provider's counts.
    pub roots: Vec<Vec<u8>>,
}

// Not derived: a secret in a log would be a leak.
impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oidc({} as {}, …)", self.issuer, self.client_id)
    }
}

/// Why somebody could not sign in at the provider. No message has a token, a code or a secret in it.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// A setting that can't be meant so.
    #[error("the OpenID Connect setting {0} can't be used: {1}")]
    Setting(&'static str, String),
    /// The provider can't be reached or says what makes no sense.
    #[error("the provider {0} gives no good answer: {1}")]
    Provider(String, String),
    /// The provider refused.
    #[error("the provider did not sign you in ({0})")]
    Refused(String),
    /// The attempt isn't known: too old, used up, or of another browser.
    #[error("this attempt to sign in is over; begin again")]
    Over,
    /// Too many begin at one time.
    #[error("too many are signing in at this moment")]
    Busy,
    /// The token that the provider gave is not good.
    #[error("what the provider says about you can't be believed: {0}")]
    Token(&'static str),
    /// The provider doesn't vouch for an address.
    #[error("the provider doesn't say that your e-mail address is yours")]
    Unverified,
    /// Nobody made an account for them, and their domain has none by itself.
    #[error("nobody has made an account for {0} here")]
    Unknown(String),
    /// The ledger can't be asked.
    #[error("{0}")]
    Store(String),
    /// The store.
    #[error(transparent)]
    Account(#[from] AccountError),
}

type Result<T> = std::result::Result<T, OidcError>;

impl Oidc {
    /// Checks what can be checked without asking anybody.
    ///
    /// # Errors
    /// [`OidcError::Setting`].
    pub fn check(&self) -> Result<()> {
        for (what, url) in [("issuer", &self.issuer), ("url", &self.url)] {
            if !is_safe_url(url) {
                let why = format!("{url} is no https:// address (http:// is for this machine only)");
                return Err(OidcError::Setting(what, why));
            }
        }
        if self.client_id.is_empty() {
            return Err(OidcError::Setting("client_id", "it is empty".to_owned()));
        }
        if self.client_secret.is_empty() {
            return Err(OidcError::Setting("secret", "it is empty".to_owned()));
        }
        match self.domains.iter().find(|domain| domain.is_empty() || domain.contains(['@', '*', ' '])) {
            Some(domain) => {
                Err(OidcError::Setting("domains", format!("\"{domain}\" is no domain like example.com")))
            }
            None => Ok(()),
        }
    }

    /// Where the provider sends people back to.
    fn back(&self) -> String {
        format!("{}/login/oidc/back", self.url.trim_end_matches('/'))
    }

    /// The account of somebody for whom the provider vouches; made where their domain has accounts by itself.
    ///
    /// # Errors
    /// Where there is none and none is made; else where the store can't be written.
    pub(crate) fn account(
        &self,
        store: &mut dyn Store,
        key: &EstateKey,
        known: &Known,
        now: Time,
    ) -> Result<User> {
        if let Some(user) = user(store, &known.email)? {
            return Ok(user);
        }
        let domain = known.email.rsplit('@').next().unwrap_or_default();
        if !self.domains.iter().any(|allowed| allowed.eq_ignore_ascii_case(domain)) {
            return Err(OidcError::Unknown(known.email.clone()));
        }
        let new = User::new(&known.email, &known.name, self.role, key, now)?;
        match add_user(store, &new, None) {
            Ok(()) => Ok(new),
            // Their other browser was faster.
            Err(AccountError::Taken { .. }) => user(store, &new.email)?.ok_or(OidcError::Over),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whom the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) email: String,
    pub(crate) name: String,
}

/// One attempt to sign in, as the browser's secret gives it.
#[derive(Clone)]
pub(crate) struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
}

/// What the store holds of an attempt, under the hash of its state.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UnderWay {
    next: String,
    made: Time,
}

impl Attempt {
    pub(crate) fn of(secret: &str) -> Attempt {
        let derived = |word: &str| hash_bytes(format!("stave {word} {secret}").as_bytes()).to_string();
        Attempt { state: derived("state"), nonce: derived("nonce"), verifier: derived("verifier") }
    }

    /// Whether an answer is one to this attempt.
    pub(crate) fn is(&self, state: &str) -> bool {
        hash_bytes(state.as_bytes()) == hash_bytes(self.state.as_bytes())
    }

    fn key(&self) -> String {
        hash_bytes(self.state.as_bytes()).to_string()
    }

    /// Remembers the attempt, and forgets those that are over.
    ///
    /// # Errors
    /// [`OidcError::Busy`]; else where the store can't be written.
    pub(crate) fn begin(&self, store: &mut dyn Store, next: &str, now: Time) -> Result<()> {
        let known: Vec<(String, UnderWay)> = accounts::all(store, SHELF)?;
        let (over, under_way): (Vec<_>, Vec<_>) = known.into_iter().partition(|(_, one)| is_over(one, now));
        for (key, _) in &over {
            store.set(SHELF, key, None).map_err(AccountError::Ledger)?;
        }
        if under_way.len() >= UNDER_WAY {
            return Err(OidcError::Busy);
        }
        let made = accounts::write(SHELF, "attempt", &UnderWay { next: next.to_owned(), made: now })?;
        store.set(SHELF, &self.key(), Some(&made)).map_err(AccountError::Ledger)?;
        Ok(())
    }

    /// Uses the attempt up, and gives where to go afterwards.
    ///
    /// # Errors
    /// [`OidcError::Over`]; else where the store can't be written.
    pub(crate) fn end(&self, store: &mut dyn Store, now: Time) -> Result<String> {
        let key = self.key();
        let Some(text) = store.item(SHELF, &key).map_err(AccountError::Ledger)? else {
            return Err(OidcError::Over);
        };
        // Only one answer gets it, whatever comes twice.
        if !store.swap(SHELF, &key, Some(&text), None).map_err(AccountError::Ledger)? {
            return Err(OidcError::Over);
        }
        let one: UnderWay = accounts::parse(SHELF, "attempt", &text)?;
        if is_over(&one, now) { Err(OidcError::Over) } else { Ok(one.next) }
    }
}

fn is_over(one: &UnderWay, now: Time) -> bool {
    now.millis().saturating_sub(one.made.millis()) >= PATIENCE_MS
}

/// Whether what is sent there can be read by nobody else: encrypted, or never leaving this machine.
fn is_safe_url(url: &str) -> bool {
    if url.chars().any(|sign| sign.is_whitespace() || sign.is_control()) {
        return false;
    }
    if let Some(rest) = url.strip_prefix("https://") {
        return !rest.is_empty() && !rest.starts_with('/');
    }
    let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(is_loopback_name)
}

/// Names and values behind a question mark or in a form.
fn form(pairs: &[(&str, &str)]) -> String {
    /// What RFC 3986 leaves as it is; some providers compare secrets without decoding them.
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::is_safe_url;

    #[test]
    fn secrets_go_over_encrypted_connections_or_stay_here() {
        for fine in [
            "https://login.example.com",
            "https://a/b?c",
            "http://127.0.0.1:9/x",
            "http://localhost",
            "http://[::1]:9",
        ] {
            assert!(is_safe_url(fine), "{fine}");
        }
        for open in [
            "http://login.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@evil.example.com/",
            "https://",
            "ftp://a",
            "",
            "https:///x",
            "https://a b",
        ] {
            assert!(!is_safe_url(open), "{open}");
        }
    }
}
