//! Which address leads to which answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};
use stave_board::Asset;
use stave_map::PastError;
use stave_model::Op;
use tokio::sync::watch;

use crate::door::{Caller, account, elsewhere, sign};
use crate::events::events;
use crate::guard::guard;
use crate::ledger_api;
use crate::metrics::Gauges;
use crate::openapi;
use crate::pages::{self, Page};
use crate::past::{self, NotThen};
use crate::reader::Reader;
use crate::reply::{Reply, problem};
use crate::speak;
use crate::state::{REQUESTS, State};

/// An address for programs that is no page's twin: its method, its path, and what answers.
pub(crate) type Endpoint = (&'static str, String, MethodRouter<Arc<State>>);

/// All of them; each is described in `openapi/routes.rs`.
pub(crate) fn for_programs() -> Vec<Endpoint> {
    let at = |name: &str| format!("/api/v1/{name}");
    let mut all = vec![
        ("GET", at("openapi.json"), get(described)),
        ("GET", at("caller"), get(sign::caller)),
        ("POST", at("say"), post(speak::speak)),
        ("POST", at("entities/{id}/say"), post(speak::speak)),
        ("POST", at("questions/{id}/answer"), post(speak::speak)),
        ("POST", at("undo"), post(speak::speak)),
    ];
    all.extend(ledger_api::endpoints());
    all
}

/// All routes behind the guard.
pub(crate) fn routes(state: Arc<State>, stop: watch::Receiver<bool>) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .route("/account", get(account::account))
        .route("/account/password", post(account::change_password).get(account::nothing_here))
        .route("/account/sessions", post(account::end_sessions).get(account::nothing_here))
        .route("/login", get(sign::login_page).post(sign::login))
        .route("/login/oidc", get(elsewhere::leave))
        .route("/login/oidc/back", get(elsewhere::back))
        .route("/logout", post(sign::logout))
        .route("/say", post(speak::speak).get(speak::nothing_here))
        .route("/e/{id}/say", post(speak::speak).get(speak::nothing_here))
        .route("/questions/{id}/answer", post(speak::speak).get(speak::nothing_here))
        .route("/undo", post(speak::speak).get(speak::nothing_here))
        .route("/events", get(move |shared: Shared<Arc<State>>| events(shared, stop.clone())));
    for asset in stave_board::assets() {
        router =
            router.route(asset.path, get(move |headers: HeaderMap| async move { file(asset, &headers) }));
    }
    for_programs()
        .into_iter()
        .fold(router, |router, (_, path, method)| router.route(&path, method))
        .fallback(answer)
        .layer(from_fn_with_state(Arc::clone(&state), guard))
        .with_state(state)
}

async fn described() -> Response<Body> {
    Reply::json(&openapi::document()).into_response()
}

async fn healthz() -> Response<Body> {
    Reply::text("ok\n".to_owned()).into_response()
}

async fn readyz(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    match state.behind() {
        None => Reply::text(format!("ready at position {}\n", *state.position.borrow())).into_response(),
        Some(reason) => {
            Reply::sentence(StatusCode::SERVICE_UNAVAILABLE, &format!("not ready: {reason}")).into_response()
        }
    }
}

async fn metrics(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    let gauges = Gauges {
        position: *state.position.borrow(),
        is_ready: state.behind().is_none(),
        streams: state.position.receiver_count(),
        requests: REQUESTS.saturating_sub(state.requests.available_permits()),
    };
    let text = state.metrics.to_text(gauges);
    let mut response = Reply::text(text).into_response();
    let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, format);
    response
}

/// A file that pages load; its tag is the hash of its content, so that a new version of Stave is seen at once.
fn file(asset: &'static Asset, headers: &HeaderMap) -> Response<Body> {
    let tag = format!("\"{}\"", stave_model::hash_bytes(asset.text.as_bytes()).short());
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known =
        known.flat_map(|value| value.split(',')).any(|value| value.trim().trim_start_matches("W/") == tag);
    let mut response = if known {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        let reply =
            Reply { status: StatusCode::OK, media_type: asset.media_type, body: asset.text.to_owned() };
        reply.into_response()
    };
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=0, must-revalidate"));
    response
}

/// Pages and their twins.
async fn answer(Shared(state): Shared<Arc<State>>, request: Request) -> Response<Body> {
    let uri: Uri = request.uri().clone();
    if let Some(entered) = sign::by_key(&state, &uri, request.headers().clone()).await {
        return entered;
    }
    let Some(page) = Page::of(&uri) else {
        let sentence = format!("There is no page at {}.", uri.path());
        let page =
            problem("There is no such page", sentence, "The pages that there are stand at the top of each.");
        return Reply::problem(StatusCode::NOT_FOUND, &uri, &page).into_response();
    };
    let page = match page {
        Ok(page) => page,
        Err(sentence) => {
            let page = problem("This address can't be read", sentence, "");
            return Reply::problem(StatusCode::BAD_REQUEST, &uri, &page).into_response();
        }
    };
    if let Some(typed) = pages::at(&uri) {
        return answer_as_of(&state, &uri, page, typed).await;
    }
    let (asked, version) = (uri.clone(), state.version.clone());
    let reader = match (request.extensions().get::<Caller>(), speak::new_op()) {
        (Some(caller), Ok(op)) => Reader::of(caller, op),
        // Without random digits no form could be told from another.
        _ => Reader::of(&Caller::Stranger, Op([0; 16])),
    };
    let position = *state.position.borrow();
    let made = state
        .pool
        .answer(position, move |estate| pages::make(&page, &asked, estate, &version, &reader))
        .await;
    match made {
        Ok(made) => made.into_response(),
        Err(error) => {
            let page = problem("There is no answer", format!("The answer could not be made: {error}"), "");
            Reply::problem(StatusCode::INTERNAL_SERVER_ERROR, &uri, &page).into_response()
        }
    }
}

/// Pages and their twins as of a moment (`?at=`).
async fn answer_as_of(state: &Arc<State>, uri: &Uri, page: Page, typed: String) -> Response<Body> {
    let (asked, version, at) = (uri.clone(), state.version.clone(), typed.clone());
    let made = past::answer(state, &typed, move |estate, as_of| {
        let reader = Reader::of_the_past();
        match as_of {
            Some(as_of) => pages::make_then(&page, &asked, estate, &version, &reader, (&at, as_of)),
            // A page of the present can be written on: at its own address.
            None if !asked.path().starts_with("/api/") => {
                Ok(pages::Made::Elsewhere(stave_board::without_moment(&asked.to_string())))
            }
            None => pages::make(&page, &asked, estate, &version, &reader),
        }
    });
    match made.await {
        Ok(made) => made.into_response(),
        Err(error) => not_then(uri, &typed, &error),
    }
}

/// A hint as pages write one.
fn sentence(hint: &str) -> String {
    let mut letters = hint.chars();
    let Some(first) = letters.next() else { return String::new() };
    let rest = letters.as_str().trim_end_matches('.');
    format!("{}{rest}.", first.to_uppercase())
}

/// Why there is no answer as of a moment.
fn not_then(uri: &Uri, typed: &str, error: &NotThen) -> Response<Body> {
    let status = match error {
        NotThen::Moment(_) | NotThen::Past(PastError::Beyond(_)) | NotThen::Nowhere => {
            StatusCode::BAD_REQUEST
        }
        NotThen::Past(PastError::BeforeTime(_) | PastError::BeforePosition(_)) => StatusCode::GONE,
        NotThen::Busy | NotThen::Making => StatusCode::SERVICE_UNAVAILABLE,
        NotThen::Past(_) | NotThen::Pool(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let text = error.to_string();
    let (what, hint) = text.split_once("\n\nhint: ").unwrap_or((&text, ""));
    let title = match error {
        NotThen::Busy | NotThen::Making => "Later, please",
        _ => "There is no map of that moment",
    };
    let page = problem(title, format!("at={typed}: {what}."), &sentence(hint));
    let mut response = Reply::problem(status, uri, &page).into_response();
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let again = HeaderValue::from_static("3");
        // Programs read the one, browsers the other.
        response.headers_mut().insert(header::RETRY_AFTER, again.clone());
        response.headers_mut().insert(header::REFRESH, again);
    }
    response
}
