//! Notices what other processes append, folds it, and tells event streams the new position.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use stave_map::CutOff;
use tokio::sync::watch;

use crate::Sources;
use crate::state::State;

/// How finely the poller listens for the end.
const STEP: Duration = Duration::from_millis(50);

/// Starts the poller on a thread of its own; it ends with the stop signal. Polling is the truth here: the
/// ledger's files may be written by any process on this machine.
pub(crate) fn start(
    state: Arc<State>,
    mut sources: Sources,
    every: Duration,
    stop: watch::Receiver<bool>,
) -> Option<JoinHandle<()>> {
    let poll = move || {
        loop {
            // Where the store can't be read, what follows says so.
            let _ = state.door.look(sources.ledger.as_mut());
            match sources.model.catch_up(sources.ledger.as_ref(), CutOff::Live((state.clock)())) {
                Ok(advance) => {
                    state.position.send_if_modified(|position| {
                        let moved = *position != advance.position;
                        *position = advance.position;
                        moved
                    });
                    state.set_behind(None);
                }
                Err(error) => state.set_behind(Some(error.to_string())),
            }
            let mut waited = Duration::ZERO;
            while waited < every {
                if *stop.borrow() {
                    return;
                }
                let step = STEP.min(every - waited);
                std::thread::sleep(step);
                waited += step;
            }
        }
    };
    std::thread::Builder::new().name("stave-poller".to_owned()).spawn(poll).ok()
}
