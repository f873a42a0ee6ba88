//! Coming in and going out.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Query, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use serde_json::{Value, json};
use stave_model::PersonRow;

use super::{Caller, is_loopback_name};
use crate::reply::{Reply, problem};
use crate::state::State;

/// What a cookie says about itself beside its value.
struct Cookie<'a> {
    name: &'a str,
    value: &'a str,
    /// `Strict`: only our own pages bring it along. `Lax`: links from elsewhere do too.
    same_site: &'static str,
    /// How long the browser keeps it; nothing: until it is closed.
    max_age_s: Option<u64>,
}

impl Cookie<'_> {
    /// The header. Encrypted connections only, unless the server is asked by a name of this machine.
    fn header(&self, headers: &HeaderMap) -> Option<HeaderValue> {
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

/// The answer to `/?key=…`, where that is what was asked for: a cookie, and on to the address without the key.
pub(crate) async fn by_key(state: &Arc<State>, uri: &Uri, headers: HeaderMap) -> Option<Response<Body>> {
    let local = state.door.local.as_ref().filter(|_| uri.path() == "/")?;
    let given = value_of(uri, "key")?;
    if !local.is_key(&given) {
        let sentence = "This key is not that of the server that runs now.".to_owned();
        let page = problem("The key has changed", sentence, "Open the URL that the server printed last.");
        return Some(Reply::problem(StatusCode::FORBIDDEN, uri, &page).into_response());
    }
    let row = PersonRow {
        id: local.speaker.id.to_string(),
        name: local.speaker.name.clone(),
        address: local.address.clone(),
    };
    // From now on this person may speak, and who reads their words shall find a name.
    if let Err(error) = state.pool.ledger(move |ledger| ledger.add_people(&[row])).await {
        let page = problem("Nobody can write here", error.to_string(), "");
        return Some(Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, uri, &page).into_response());
    }
    let cookie =
        Cookie { name: &state.door.key_cookie, value: &local.cookie(), same_site: "Strict", max_age_s: None };
    Some(with_cookie(see_other("/"), cookie.header(&headers)))
}

/// Ends what the browser knows of a key.
pub(crate) async fn logout(Shared(state): Shared<Arc<State>>, headers: HeaderMap) -> Response<Body> {
    let cookie = Cookie { name: &state.door.key_cookie, value: "", same_site: "Strict", max_age_s: Some(0) };
    with_cookie(see_other("/"), cookie.header(&headers))
}

/// Who asks, as the server sees it.
pub(crate) async fn caller(Extension(caller): Extension<Caller>) -> Response<Body> {
    let may_write = caller.may_write().is_ok();
    let who: Value = match &caller {
        Caller::Stranger => json!({"kind": "stranger"}),
        Caller::Guest => json!({"kind": "guest"}),
        Caller::Person(person) => {
            json!({"kind": "person", "id": person.id, "name": person.name, "role": person.role})
        }
        Caller::Machine(machine) => json!({
            "kind": "machine", "name": machine.name, "authors": machine.authors,
            "scope_prefixes": machine.scopes, "until": machine.until,
        }),
    };
    Reply::json(&json!({"caller": who, "may_write": may_write})).into_response()
}

/// A value behind the question mark.
fn value_of(uri: &Uri, name: &str) -> Option<String> {
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri).ok()?;
    pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Another address, to be asked for with GET; kept nowhere.
fn see_other(path: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_static(path));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn with_cookie(mut response: Response<Body>, cookie: Option<HeaderValue>) -> Response<Body> {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
