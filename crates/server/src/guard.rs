//! The gate that every request and every response passes.
//!
//! A request that reads passes when its caller may read. One that changes something passes when its route is known
//! (`door/writes.rs`), its caller may write, one of our own pages or a token vouches for it, and its caller did not do
//! so too often; its body and its time have limits. The [`Caller`] stands in the extensions of what passes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::RequestExt;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use axum::middleware::Next;

use crate::door::{
    Caller, EnterError, Entered, Entry, Intent, Peer, Refusal, Turn, Who, WriteRoute, enter, from_address,
    is_loopback_name, nobody, same_origin, sign,
};
use crate::reply::{Reply, problem};
use crate::state::State;

/// Longest path and query, in bytes.
const ADDRESS_BYTES: usize = 4_096;

/// Nothing but what this server sends itself, no inline style or script, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Largest body that is awaited whole before its request is worked on; larger ones are read as they come.
const WHOLE_BYTES: usize = 65_536;

/// How long such a body may take to come.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// The same for strangers.
const STRANGERS_PATIENCE: Duration = Duration::from_secs(3);

const TOO_MANY: &str = "Too many requests are being answered.";

const HEADERS: [(&str, &str); 8] = [
    ("content-security-policy", POLICY),
    // How a command line tells this server from something else: the version of the ledger's endpoints.
    (stave_ledger::wire::API_HEADER, "1"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Not `no-referrer`: with it, browsers hide from us that a form is our own (`Origin: null`).
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// Refuses what may not come in, and gives every response its headers.
pub(crate) async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response<Body> {
    let (started, path) = (Instant::now(), request.uri().path().to_owned());
    let mut response = match admit(&state, request).await {
        Ok(admitted) => within_limits(&state, admitted, started, next).await,
        Err(refused) => *refused,
    };
    let is_later = response.status() == StatusCode::SERVICE_UNAVAILABLE;
    let headers = response.headers_mut();
    if is_later && !headers.contains_key(header::RETRY_AFTER) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    state.metrics.count(&path, response.status().as_u16(), started.elapsed());
    response
}

/// A request that may pass, with its caller in its extensions.
struct Admitted {
    request: Request,
    /// How long its answer may take.
    patience: Duration,
    /// How long its body may take to come, where it is awaited whole before anything is made ready for it.
    body_patience: Option<Duration>,
    /// Of strangers who want to sign in.
    turn: Option<Turn>,
}

/// What is asked, if it may pass.
async fn admit(state: &State, mut request: Request) -> Result<Admitted, Box<Response<Body>>> {
    if let Err((status, sentence)) = own_host(state, request.uri(), request.headers()) {
        return Err(Box::new(Reply::told(status, request.uri(), &sentence).into_response()));
    }
    let length = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if length > ADDRESS_BYTES {
        let sentence = format!("The address is {length} bytes long; {ADDRESS_BYTES} are allowed.");
        let reply = Reply::told(StatusCode::URI_TOO_LONG, request.uri(), &sentence);
        return Err(Box::new(reply.into_response()));
    }
    let route = match *request.method() {
        Method::GET | Method::HEAD => None,
        Method::POST => {
            Some(WriteRoute::of(request.uri().path()).ok_or_else(|| only_reading(request.uri()))?)
        }
        _ => return Err(only_reading(request.uri())),
    };
    let uri = request.uri().clone();
    let headers = request.headers().clone();
    let is_told_anybody = is_open(uri.path()) || (uri.path() == "/metrics" && is_from_here(&request));
    let entered = if route.is_none() && is_told_anybody {
        nobody(&state.door)
    } else {
        // The store may not answer, and then nobody would.
        let entering = tokio::time::timeout(state.patience, enter(state, &headers)).await;
        let entered = entering.map_err(|_| Box::new(took_too_long(state.patience, &uri)))?;
        entered.map_err(|error| not_entered(&error, &uri))?
    };
    let is_stranger = matches!(entered.caller, Caller::Stranger);
    let mut body_patience = None;
    let patience = match route {
        None => {
            may_read(&entered.caller, &request).map_err(|refusal| refused_to_read(&refusal, &request))?;
            state.patience
        }
        Some(route) => {
            may_write(state, route, &entered, &request)?;
            DefaultBodyLimit::max(route.body_bytes).apply(&mut request);
            request = request.with_limited_body();
            if route.body_bytes <= WHOLE_BYTES {
                body_patience = Some(if is_stranger { STRANGERS_PATIENCE } else { BODY_PATIENCE });
            }
            route.patience
        }
    };
    let mut turn = None;
    if is_stranger && !is_open(uri.path()) && !always_through(uri.path()) {
        let address = from_address(state, request.extensions(), &headers);
        turn = Some(state.strangers.take(address).ok_or_else(|| Box::new(later(TOO_MANY, &uri)))?);
    }
    request.extensions_mut().insert(entered.caller);
    Ok(Admitted { request, patience, body_patience, turn })
}

fn not_entered(error: &EnterError, uri: &Uri) -> Box<Response<Body>> {
    let told = |status, hint| {
        let page = problem("Who are you?", error.to_string(), hint);
        Reply::problem(status, uri, &page).into_response()
    };
    Box::new(match error {
        EnterError::Token => unauthorized(told(StatusCode::UNAUTHORIZED, Refusal::SignIn.hint())),
        // Signing in would fail in the same way.
        EnterError::Store(_) => told(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment."),
    })
}

fn only_reading(uri: &Uri) -> Box<Response<Body>> {
    let sentence = "This address only reads: GET and HEAD.";
    let mut response = Reply::told(StatusCode::METHOD_NOT_ALLOWED, uri, sentence).into_response();
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    Box::new(response)
}

/// What anybody gets who knows our name: whether the server lives, and the files that pages load.
fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz") || stave_board::assets().iter().any(|asset| asset.path == path)
}

fn may_read(caller: &Caller, request: &Request) -> Result<(), Refusal> {
    match request.uri().path() {
        path if is_open(path) => Ok(()),
        "/login" | "/login/oidc" | "/login/oidc/back" => Ok(()),
        "/metrics" => caller.may(Intent::Metrics { from_here: is_from_here(request) }),
        _ => caller.may(Intent::Read),
    }
}

/// Whether a request was made on this machine itself, and was not handed on by a proxy on it.
fn is_from_here(request: &Request) -> bool {
    const HANDED_ON: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    request.extensions().get::<Peer>().is_some_and(|peer| peer.0.ip().is_loopback())
        && is_loopback_name(host)
        && !HANDED_ON.iter().any(|name| headers.contains_key(*name))
}

fn may_write(
    state: &State,
    route: &WriteRoute,
    entered: &Entered,
    request: &Request,
) -> Result<(), Box<Response<Body>>> {
    let uri = request.uri();
    if entered.entry == Entry::Browser
        && let Err(sentence) = same_origin(request.headers())
    {
        let page = problem("Not from here", sentence.to_owned(), "Open the board itself and do it there.");
        return Err(Box::new(Reply::problem(StatusCode::FORBIDDEN, uri, &page).into_response()));
    }
    let allowed = match route.who {
        Who::Anyone => Ok(()),
        Who::People => entered.caller.may(Intent::OwnAccount),
        Who::Writers => entered.caller.may_write(),
    };
    allowed.map_err(|refusal| refused(&refusal, uri))?;
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length
        .and_then(|length| length.parse::<u64>().ok())
        .is_some_and(|length| length > route.body_bytes as u64)
    {
        let sentence = format!("What was sent is too large: {} bytes are allowed here.", route.body_bytes);
        let page = problem("Too much", sentence, "");
        return Err(Box::new(Reply::problem(StatusCode::PAYLOAD_TOO_LARGE, uri, &page).into_response()));
    }
    let address = from_address(state, request.extensions(), request.headers());
    let rate = match entered.caller {
        Caller::Machine(_) => state.door.limits.machine_writes,
        _ => state.door.limits.person_writes,
    };
    state
        .door
        .rates
        .count(&entered.caller.counted_as(&address), rate, Instant::now())
        .map_err(|wait| too_often(wait, uri))
}

/// Whoever may not see a page is led to where they sign in, and from there back.
fn refused_to_read(refusal: &Refusal, request: &Request) -> Box<Response<Body>> {
    let uri = request.uri();
    let is_page = !uri.path().starts_with("/api/") && !matches!(uri.path(), "/events" | "/metrics");
    if *refusal == Refusal::SignIn && is_page && !request.headers().contains_key(header::AUTHORIZATION) {
        return Box::new(sign::to_sign_in(uri));
    }
    refused(refusal, uri)
}

/// A refusal in the form that the asker reads.
fn refused(refusal: &Refusal, uri: &Uri) -> Box<Response<Body>> {
    let page = problem("You may not", refusal.to_string(), refusal.hint());
    let response = Reply::problem(refusal.status(), uri, &page).into_response();
    Box::new(if refusal.status() == StatusCode::UNAUTHORIZED { unauthorized(response) } else { response })
}

pub(crate) fn unauthorized(mut response: Response<Body>) -> Response<Body> {
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

pub(crate) fn too_often(wait: Duration, uri: &Uri) -> Box<Response<Body>> {
    let seconds = wait.as_secs() + 1;
    let page = problem(
        "Too often",
        "That was too much in too short a time.".to_owned(),
        &format!("Try again in {seconds} s."),
    );
    let mut response = Reply::problem(StatusCode::TOO_MANY_REQUESTS, uri, &page).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Box::new(response)
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

/// Answers while there is room, in what is left of a request's time. That begins with the request's head, and where its
/// body is awaited whole with that.
async fn within_limits(
    state: &Arc<State>,
    admitted: Admitted,
    mut started: Instant,
    next: Next,
) -> Response<Body> {
    let Admitted { mut request, patience, body_patience, turn } = admitted;
    if always_through(request.uri().path()) {
        return next.run(request).await;
    }
    if let Some(patience) = body_patience {
        request = match whole(request, patience).await {
            Ok(request) => request,
            Err(response) => return *response,
        };
        started = Instant::now();
    }
    let uri = request.uri().clone();
    let _permit = match turn {
        Some(_) => None,
        None => match Arc::clone(&state.requests).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => return later(TOO_MANY, &uri),
        },
    };
    let left = patience.saturating_sub(started.elapsed());
    match tokio::time::timeout(left, next.run(request)).await {
        Ok(response) => response,
        Err(_) => took_too_long(patience, &uri),
    }
}

/// The request with its body at hand. Who sends slowly waits alone, and takes no place among those that are answered.
async fn whole(request: Request, patience: Duration) -> Result<Request, Box<Response<Body>>> {
    let (parts, body) = request.into_parts();
    let told = |status: StatusCode, sentence: &str| {
        let page = problem("There is no answer", sentence.to_owned(), "");
        Box::new(Reply::problem(status, &parts.uri, &page).into_response())
    };
    let reading = Bytes::from_request(Request::from_parts(parts.clone(), body), &());
    let read = tokio::time::timeout(patience, reading).await.map_err(|_| {
        told(StatusCode::REQUEST_TIMEOUT, &format!("What was sent took longer than {}.", seconds(patience)))
    })?;
    let bytes = read.map_err(|error| told(error.status(), "What was sent is too large, or broke off."))?;
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn later(sentence: &str, uri: &Uri) -> Response<Body> {
    let page = problem("Later, please", sentence.to_owned(), "Try again in a moment.");
    Reply::problem(StatusCode::SERVICE_UNAVAILABLE, uri, &page).into_response()
}

fn took_too_long(patience: Duration, uri: &Uri) -> Response<Body> {
    later(&format!("The answer took longer than {}.", seconds(patience)), uri)
}

fn seconds(duration: Duration) -> String {
    format!("{} seconds", duration.as_secs_f32())
}
