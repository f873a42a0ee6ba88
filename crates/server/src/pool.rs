//! Workers that make answers on blocking threads, each with read connections of its own.

use std::sync::{Arc, Mutex, PoisonError};

use stave_answers::{Estate, People};
use stave_map::CutOff;
use stave_model::Time;
use tokio::sync::Semaphore;

use crate::{OpenError, Sources};

/// What one answer at a time is made from.
pub(crate) struct Worker {
    sources: Sources,
    people: People,
    /// The position up to which this worker's map and directory were brought.
    brought_to: Option<u64>,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoolError {
    /// Sources can't be opened.
    #[error("{0}")]
    Open(OpenError),
    /// The answer can't be made.
    #[error(transparent)]
    Answer(#[from] stave_answers::AnswerError),
    /// The worker ended in the middle.
    #[error("the answer could not be finished")]
    Lost,
}

type Open = Box<dyn Fn() -> Result<Sources, OpenError> + Send + Sync>;

/// Workers, made as they are needed.
#[derive(Clone)]
pub(crate) struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    idle: Mutex<Vec<Worker>>,
    open: Open,
    clock: fn() -> Time,
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(crate) fn new(workers: usize, clock: fn() -> Time, open: Open) -> Pool {
        let permits = Arc::new(Semaphore::new(workers));
        Pool { shared: Arc::new(Shared { idle: Mutex::new(Vec::new()), open, clock, permits }) }
    }

    /// Makes an answer with a worker whose map has been brought to `position` at least.
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        position: u64,
        make: impl FnOnce(Estate<'_>) -> stave_answers::Result<T> + Send + 'static,
    ) -> Result<T, PoolError> {
        let shared = Arc::clone(&self.shared);
        let Ok(permit) = Arc::clone(&shared.permits).acquire_owned().await else {
            return Err(PoolError::Lost);
        };
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let mut worker = shared.take()?;
            let now = (shared.clock)();
            worker.bring(position, now)?;
            let estate = Estate {
                model: &worker.sources.model,
                ledger: worker.sources.ledger.as_ref(),
                people: &worker.people,
                now,
            };
            let answer = make(estate)?;
            // A worker whose answer failed is not kept: its connection may be what failed.
            shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
            Ok(answer)
        });
        work.await.unwrap_or(Err(PoolError::Lost))
    }
}

impl Shared {
    fn take(&self) -> Result<Worker, PoolError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(worker) => Ok(worker),
            None => {
                let sources = (self.open)().map_err(PoolError::Open)?;
                Ok(Worker { sources, people: People::default(), brought_to: None })
            }
        }
    }
}

impl Worker {
    /// Reads the people directory anew and, where the map is this worker's own and not a shared file that the
    /// poller has advanced, folds what is new.
    fn bring(&mut self, position: u64, now: Time) -> stave_answers::Result<()> {
        if self.brought_to.is_some_and(|brought| brought >= position) {
            return Ok(());
        }
        if self.brought_to.is_none() || self.sources.model.stamp()?.position < position {
            self.sources.model.catch_up(self.sources.ledger.as_ref(), CutOff::Live(now))?;
        }
        self.people = People::new(self.sources.ledger.people()?);
        self.brought_to = Some(position);
        Ok(())
    }
}
