//! Asking the provider: its description, its keys, a token for a code.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stave_model::Time;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::token::{Expected, Keys, believed};
use super::{Attempt, Known, Oidc, OidcError, Result, form, is_safe_url};

/// How long an answer of the provider may take, from beginning to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest answer of the provider, in bytes.
const ANSWER_BYTES: u64 = 1024 * 1024;

/// For how long what the provider says of itself is believed.
const FRESH_MS: i64 = 60 * 60_000;

/// How often at most new keys are asked for because a token names one that isn't known.
const NEW_KEYS_MS: i64 = 60_000;

/// The provider, with what it said of itself.
pub(crate) struct Provider {
    pub(crate) settings: Oidc,
    agent: Agent,
    heard: Mutex<Option<Arc<Heard>>>,
}

/// What the provider said of itself.
struct Heard {
    at: Time,
    keys_at: Time,
    description: Description,
    keys: Keys,
}

/// The part of OpenID Connect Discovery 1.0 that is needed.
#[derive(Clone, Deserialize)]
struct Description {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    /// # Errors
    /// [`OidcError::Setting`].
    pub(crate) fn new(settings: Oidc) -> Result<Provider> {
        settings.check()?;
        let roots = settings.roots.iter().map(|der| Certificate::from_der(der).to_owned());
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(RootCerts::from(roots))
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A secret goes to the address that was named and to no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .tls_config(tls)
            .build();
        Ok(Provider { settings, agent: config.new_agent(), heard: Mutex::new(None) })
    }

    /// What to call the provider: its host.
    pub(crate) fn name(&self) -> String {
        let issuer = &self.settings.issuer;
        let host = issuer.split_once("://").map_or(issuer.as_str(), |(_, rest)| rest);
        host.split('/').next().unwrap_or_default().to_owned()
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// Where the provider gives no good answer.
    pub(crate) fn address(&self, attempt: &Attempt, now: Time) -> Result<String> {
        let heard = self.heard(now, None)?;
        let challenge = URL_SAFE_NO_PAD.encode(stave_model::hash_bytes(attempt.verifier.as_bytes()).0);
        let query = form(&[
            ("response_type", "code"),
            ("scope", "openid email profile"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.settings.back()),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let endpoint = &heard.description.authorization_endpoint;
        let sign = if endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{endpoint}{sign}{query}"))
    }

    /// Whom a code stands for.
    ///
    /// # Errors
    /// Where the provider gives no good answer, or one that can't be believed.
    pub(crate) fn known(&self, attempt: &Attempt, code: &str, now: Time) -> Result<Known> {
        let heard = self.heard(now, None)?;
        let Oidc { client_id, client_secret, .. } = &self.settings;
        let back = self.settings.back();
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", back.as_str()),
            ("code_verifier", attempt.verifier.as_str()),
        ];
        let mut request =
            self.agent.post(&heard.description.token_endpoint).header("accept", "application/json");
        let methods = &heard.description.token_endpoint_auth_methods_supported;
        // The first is what providers do that say nothing (OpenID Connect Core, section 9).
        if methods.is_empty() || methods.iter().any(|method| method == "client_secret_basic") {
            let named = form(&[(client_id, client_secret)]).replacen('=', ":", 1);
            request = request.header("authorization", format!("Basic {}", STANDARD.encode(named)));
        } else {
            pairs.extend([("client_id", client_id.as_str()), ("client_secret", client_secret.as_str())]);
        }
        let sent = request.content_type("application/x-www-form-urlencoded").send(form(&pairs));
        let tokens: Tokens = self.read(sent)?;
        let heard = self.heard(now, Some(&tokens.id_token))?;
        let expected = Expected { issuer: &self.settings.issuer, client_id, nonce: &attempt.nonce, now };
        believed(&tokens.id_token, &heard.keys, &expected)
    }

    /// What the provider said of itself, asked again when it is old, or when a token names a key that isn't there.
    fn heard(&self, now: Time, token: Option<&str>) -> Result<Arc<Heard>> {
        let age = |since: Time| now.millis().saturating_sub(since.millis());
        let known = self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let new = match known {
            Some(heard) if age(heard.at) < FRESH_MS => {
                let lacks = token.is_some_and(|token| !heard.keys.have(token));
                if !lacks || age(heard.keys_at) < NEW_KEYS_MS {
                    return Ok(heard);
                }
                let keys = self.get(&heard.description.jwks_uri)?;
                Heard { at: heard.at, keys_at: now, description: heard.description.clone(), keys }
            }
            _ => {
                let description = self.described()?;
                let keys = self.get(&description.jwks_uri)?;
                Heard { at: now, keys_at: now, description, keys }
            }
        };
        let new = Arc::new(new);
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&new));
        Ok(new)
    }

    fn described(&self) -> Result<Description> {
        let issuer = &self.settings.issuer;
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let description: Description = self.get(&url)?;
        if description.issuer != *issuer {
            return Err(self.bad(&format!("it calls itself {}", description.issuer)));
        }
        let Description { authorization_endpoint, token_endpoint, jwks_uri, .. } = &description;
        for url in [authorization_endpoint, token_endpoint, jwks_uri] {
            if !is_safe_url(url) {
                return Err(self.bad(&format!("it names {url}, which is not encrypted")));
            }
        }
        Ok(description)
    }

    fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T> {
        self.read(self.agent.get(url).header("accept", "application/json").call())
    }

    fn read<T: DeserializeOwned>(
        &self,
        answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T> {
        let mut answer = answer.map_err(|error| self.bad(&error.to_string()))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES).read_to_vec();
        let body = body.map_err(|error| self.bad(&error.to_string()))?;
        if !status.is_success() {
            return Err(self.bad(&format!("status {}", status.as_u16())));
        }
        // Without what stands there: it may be a token.
        serde_json::from_slice(&body).map_err(|error| {
            self.bad(&format!("line {}, column {} is not what was expected", error.line(), error.column()))
        })
    }

    fn bad(&self, why: &str) -> OidcError {
        OidcError::Provider(self.settings.issuer.clone(), why.to_owned())
    }
}
