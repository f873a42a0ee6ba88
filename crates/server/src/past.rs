//! `?at=`: answers from maps of the past, the same that the command line keeps.
//!
//! To make such a map may take as long as to make the live one. One is made at a time, few answers are given from those
//! that are there, and few requests wait for either, so that nobody who asks about the present notices.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use stave_answers::{AsOf, Estate, NoMoment, moment};
use stave_ledger::{Info, Ledger};
use stave_map::{Effort, Moment, PastError, forget_past};
use stave_model::Time;
use tokio::sync::Semaphore;

use crate::pool::PoolError;
use crate::state::State;

/// Maps that are made at one time.
const MADE: usize = 1;
/// Answers that are given at one time from maps that are there.
const ANSWERED: usize = 2;
/// Requests for the past that are worked on or wait.
const REQUESTS: usize = 8;
/// Threads for all that.
pub(crate) const THREADS: usize = MADE + ANSWERED;

/// How much of a request's time is spent on waiting for a map: the rest is for telling that it isn't there yet.
const SHARE: f64 = 0.8;

/// What bounds answers from the past.
pub(crate) struct Pasts {
    folder: Option<PathBuf>,
    made: Arc<Semaphore>,
    answered: Arc<Semaphore>,
    requests: Arc<Semaphore>,
}

/// Why there is no answer from the past.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotThen {
    #[error(transparent)]
    Moment(#[from] NoMoment),
    #[error(transparent)]
    Past(#[from] PastError),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("this server keeps no maps of the past")]
    Nowhere,
    #[error("others are looking at the past\n\nhint: Try again in a moment.")]
    Busy,
    #[error("the map of that moment is still being made\n\nhint: Ask again: it will be there.")]
    Making,
}

impl Pasts {
    pub(crate) fn new(folder: Option<PathBuf>) -> Pasts {
        Pasts {
            folder,
            made: Arc::new(Semaphore::new(MADE)),
            answered: Arc::new(Semaphore::new(ANSWERED)),
            requests: Arc::new(Semaphore::new(REQUESTS)),
        }
    }

    /// Removes the maps that may have what was redacted since. One that can't be removed is made again before it is used.
    pub(crate) fn forget(&self, info: &Info) {
        if let Some(folder) = &self.folder {
            let _ = forget_past(folder, info);
        }
    }
}

/// Makes an answer as of the moment that was typed. `make` is told what it is of; nothing where that is the present.
pub(crate) async fn answer<T: Send + 'static>(
    state: &State,
    typed: &str,
    make: impl Fn(Estate<'_>, Option<AsOf>) -> stave_answers::Result<T> + Send + Sync + 'static,
) -> Result<T, NotThen> {
    let meant = moment(typed, (state.clock)())?;
    let Some(folder) = state.pasts.folder.clone() else { return Err(NotThen::Nowhere) };
    let Ok(_request) = state.pasts.requests.try_acquire() else { return Err(NotThen::Busy) };
    let answered = attempts(state, &folder, meant, Arc::new(make));
    // Whoever gives up waiting leaves the map to be finished for the next who asks.
    match tokio::time::timeout(share(state.patience), answered).await {
        Ok(answered) => answered,
        Err(_) => Err(NotThen::Making),
    }
}

fn share(patience: Duration) -> Duration {
    patience.mul_f64(SHARE)
}

/// From a map that is there, else from one that is made in its turn.
async fn attempts<T: Send + 'static>(
    state: &State,
    folder: &std::path::Path,
    meant: Moment,
    make: Arc<impl Fn(Estate<'_>, Option<AsOf>) -> stave_answers::Result<T> + Send + Sync + 'static>,
) -> Result<T, NotThen> {
    for (turns, effort) in [(&state.pasts.answered, Effort::Little), (&state.pasts.made, Effort::Any)] {
        let Ok(permit) = Arc::clone(turns).acquire_owned().await else { continue };
        let (folder, make) = (folder.to_owned(), Arc::clone(&make));
        let position = *state.position.borrow();
        let then = move |ledger: &dyn Ledger, now: Time| {
            Ok::<_, NotThen>(stave_map::past(&folder, ledger, meant, now, effort)?)
        };
        let made = state.pool.past(permit, position, then, move |estate, until| {
            let redacted = match until {
                Some(_) => estate.ledger.redacted()?.len() as u64,
                None => 0,
            };
            make(estate, until.map(|until| AsOf::of(until, redacted)))
        });
        if let Some(answer) = made.await? {
            return Ok(answer);
        }
    }
    Err(NotThen::Making)
}
