//! Words that come in: by forms of our pages, and as JSON. Both say the same with the same function.
//!
//! A word is decided on, appended and folded before the answer goes out, so that the page that follows is true. What was
//! shown to the speaker comes back with the word (`seen`): where it is no longer so, nothing is said and they are asked
//! again. What two say at one moment stands both, as a dispute.

pub(crate) mod bodies;
mod forms;
mod plan;
mod tell;

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request, State as Shared};
use axum::http::{Response, StatusCode, Uri, header};
use stave_model::{Author, Op};

use crate::door::Caller;
use crate::reply::{Reply, problem};
use crate::state::State;
pub(crate) use forms::{Sent, What};
use plan::{Outcome, Speaker};
pub(crate) use tell::without_said;

/// A new command's random digits, for a page or a word that brought none.
pub(crate) fn new_op() -> Result<Op, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(Op(bytes))
}

/// Who comes to an address that only takes words, as by reloading what was asked again, begins at the overview.
pub(crate) async fn nothing_here() -> Response<Body> {
    tell::on_to("/")
}

/// Takes a word: `/say`, `/questions/ID/answer`, `/undo` and their twins.
pub(crate) async fn speak(
    Shared(state): Shared<Arc<State>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response<Body> {
    let uri = request.uri().clone();
    match spoken(&state, caller, request).await {
        Ok(reply) => reply,
        Err((status, title, sentence)) => {
            Reply::problem(status, &uri, &problem(title, sentence, "")).into_response()
        }
    }
}

type Failure = (StatusCode, &'static str, String);

async fn spoken(state: &Arc<State>, caller: Caller, request: Request) -> Result<Response<Body>, Failure> {
    let uri = request.uri().clone();
    let unreadable = |sentence: String| (StatusCode::BAD_REQUEST, "What was sent can't be read", sentence);
    let sent = sent(&uri, request).await?;
    if sent.text("at").is_some() {
        return Err(unreadable("Nothing is said of the past: leave out at=.".to_owned()));
    }
    let what = What::of(uri.path(), &sent).map_err(unreadable)?;
    let author = author(&caller, &sent)?;
    let broken = |error: getrandom::Error| {
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Nothing was said",
            format!("There are no random numbers: {error}"),
        )
    };
    let fresh = new_op().map_err(broken)?;
    let speaker = Speaker {
        author,
        nonce: sent.text("op").unwrap_or_else(|| fresh.to_string()),
        tool: format!("stave {}", state.version),
        now: (state.clock)(),
    };
    let (asked, signer, path) = (sent.clone(), caller.clone(), uri.path().to_owned());
    let told = Arc::clone(state);
    let tell = move |position| told.advance_to(position);
    let done = state.pool.speak(tell, move |estate| {
        let outcome = plan::decide(estate, &speaker, &what, &asked, &path)?;
        plan::signed(outcome, &signer)
    });
    let outcome = done.await.map_err(|error| {
        (StatusCode::INTERNAL_SERVER_ERROR, "Nothing was said", format!("It could not be said: {error}"))
    })?;
    let page = tell::Page { uri: &uri, sent: &sent, caller: &caller, position: *state.position.borrow() };
    Ok(match outcome {
        Outcome::Forbidden(refusal) => {
            let page = problem("You may not", refusal.to_string(), refusal.hint());
            Reply::problem(refusal.status(), &uri, &page).into_response()
        }
        other => tell::tell(&page, &other, fresh),
    })
}

/// What was sent, whether by a form or as JSON, with what stands behind the question mark.
async fn sent(uri: &Uri, request: Request) -> Result<Sent, Failure> {
    let is_json = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(';').next().unwrap_or_default().trim() == "application/json");
    let bytes = Bytes::from_request(request, &())
        .await
        .map_err(|rejection| (rejection.status(), "What was sent can't be read", rejection.body_text()))?;
    Sent::of(uri, is_json, &bytes)
        .map_err(|sentence| (StatusCode::BAD_REQUEST, "What was sent can't be read", sentence))
}

/// In whose name it is said: a person's own; a program says in whose.
fn author(caller: &Caller, sent: &Sent) -> Result<Author, Failure> {
    let named =
        match sent.text("author") {
            Some(text) => Some(text.parse::<Author>().map_err(|error| {
                (StatusCode::BAD_REQUEST, "Who speaks?", format!("author={text}: {error}"))
            })?),
            None => None,
        };
    let own = caller.speaker().map(|person| person.id.clone());
    named.or(own).ok_or_else(|| {
        let sentence =
            "A program says in whose name it speaks: author=person:ID, which its token must allow.";
        (StatusCode::BAD_REQUEST, "Who speaks?", sentence.to_owned())
    })
}
