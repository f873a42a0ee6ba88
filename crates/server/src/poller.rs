//! Notices what other processes append, folds it, and tells event streams the new position.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use stave_map::CutOff;
use tokio::sync::watch;

use crate::Sources;
use crate::state::State;

/// Starts the poller on a thread of its own; it ends within `every` of the stop signal. Polling is the truth here, for the
/// ledger may be written by any process; a storage that tells of appends only makes it sooner.
pub(crate) fn start(
    state: Arc<State>,
    mut sources: Sources,
    every: Duration,
    stop: watch::Receiver<bool>,
) -> Option<JoinHandle<()>> {
    let poll = move || {
        // What the ledger said last: where the map can't follow, nobody is woken again and again for the same.
        let mut seen = 0;
        while !*stop.borrow() {
            // Where the store can't be read, what follows says so.
            let _ = state.door.look(sources.ledger.as_mut());
            // In turn with those who speak here: what they have folded already is not told as if it were gone.
            let advanced = state.pool.in_turn(|| {
                let now = (state.clock)();
                let advance = sources.model.catch_up(sources.ledger.as_ref(), CutOff::Live(now))?;
                if advance.rebuilt {
                    state.pasts.forget(&sources.ledger.info()?);
                }
                state.position.send_if_modified(|position| {
                    let moved = *position != advance.position;
                    *position = advance.position;
                    moved
                });
                Ok::<_, stave_map::MapError>(advance)
            });
            let woken = match advanced {
                Ok(advance) => {
                    state.set_behind(None);
                    sources.ledger.wait(seen.max(advance.position), every).map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            match woken {
                Ok(position) => seen = position,
                Err(problem) => {
                    state.set_behind(Some(problem));
                    std::thread::sleep(every);
                }
            }
        }
    };
    std::thread::Builder::new().name("stave-poller".to_owned()).spawn(poll).ok()
}
