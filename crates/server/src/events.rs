//! Server-sent events: the position, whenever it moves. Never content: pages fetch what changed themselves.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream;
use tokio::sync::watch;

use crate::reply::Reply;
use crate::state::State;

/// How often an idle stream is kept alive; it is also how a client that is gone is noticed.
const ALIVE: Duration = Duration::from_secs(15);

/// The stream of positions.
pub(crate) async fn events(Shared(state): Shared<Arc<State>>, stop: watch::Receiver<bool>) -> Response<Body> {
    let Ok(permit) = Arc::clone(&state.streams).try_acquire_owned() else {
        return Reply::sentence(StatusCode::SERVICE_UNAVAILABLE, "Too many event streams are open.")
            .into_response();
    };
    let mut position = state.position.subscribe();
    position.mark_changed();
    let stream = stream::unfold((position, stop, permit), |(mut position, mut stop, permit)| async move {
        tokio::select! {
            moved = position.changed() => moved.ok()?,
            _ = stop.wait_for(|stopped| *stopped) => return None,
        }
        let now = *position.borrow_and_update();
        let event = Event::default().event("position").data(now.to_string());
        Some((Ok::<Event, Infallible>(event), (position, stop, permit)))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(ALIVE)).into_response()
}
