//! The gate that every request and every response passes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::middleware::Next;

use crate::reply::{Reply, problem};
use crate::state::State;

/// Longest path and query, in bytes.
const ADDRESS_BYTES: usize = 4_096;

/// Nothing but what this server sends itself, no inline style or script, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const HEADERS: [(&str, &str); 7] = [
    ("content-security-policy", POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Refuses what may not come in, and gives every response its headers.
pub(crate) async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response<Body> {
    let mut response = match refusal(&state, &request) {
        Some(reply) => reply,
        None => within_limits(&state, request, next).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    state.metrics.count(response.status().as_u16());
    response
}

fn refusal(state: &State, request: &Request) -> Option<Response<Body>> {
    let uri = request.uri();
    if let Err((status, sentence)) = own_host(state, uri, request.headers()) {
        return Some(Reply::sentence(status, &sentence).into_response());
    }
    let length = uri.path_and_query().map_or(0, |address| address.as_str().len());
    if length > ADDRESS_BYTES {
        let sentence = format!("The address is {length} bytes long; {ADDRESS_BYTES} are allowed.");
        return Some(Reply::sentence(StatusCode::URI_TOO_LONG, &sentence).into_response());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let sentence = "This server only reads: GET and HEAD. Corrections are made with the command line.";
        let mut response = Reply::sentence(StatusCode::METHOD_NOT_ALLOWED, sentence).into_response();
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        return Some(response);
    }
    None
}

/// A page elsewhere must not reach this server under a name of its own (DNS rebinding).
fn own_host(state: &State, uri: &Uri, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
    let mut named: Vec<String> = Vec::new();
    for value in headers.get_all(header::HOST) {
        match value.to_str() {
            Ok(text) => named.push(text.to_ascii_lowercase()),
            Err(_) => return Err((StatusCode::BAD_REQUEST, "The Host header is not readable.".to_owned())),
        }
    }
    let [host] = named.as_slice() else {
        let sentence = "Exactly one Host header is needed.".to_owned();
        return Err((StatusCode::BAD_REQUEST, sentence));
    };
    let authority = uri.authority().map(|authority| authority.as_str().to_ascii_lowercase());
    if state.hosts.contains(host) && authority.is_none_or(|authority| authority == *host) {
        return Ok(());
    }
    let known: Vec<&str> = state.hosts.iter().map(String::as_str).collect();
    let sentence = format!("This server answers only as {}.", known.join(", "));
    Err((StatusCode::MISDIRECTED_REQUEST, sentence))
}

/// Whoever watches must get through when nobody else does.
fn always_through(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics" | "/events")
}

async fn within_limits(state: &Arc<State>, request: Request, next: Next) -> Response<Body> {
    if always_through(request.uri().path()) {
        return next.run(request).await;
    }
    let uri = request.uri().clone();
    let later = |sentence: &str| {
        let page = problem("Later, please", sentence.to_owned(), "Try again in a moment.");
        let mut response = Reply::problem(StatusCode::SERVICE_UNAVAILABLE, &uri, &page).into_response();
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        response
    };
    let Ok(_permit) = Arc::clone(&state.requests).try_acquire_owned() else {
        return later("Too many requests are being answered.");
    };
    match tokio::time::timeout(state.patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => later(&format!("The answer took longer than {}.", seconds(state.patience))),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} seconds", duration.as_secs_f32())
}
