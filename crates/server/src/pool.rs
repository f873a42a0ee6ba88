//! Workers that make answers on blocking threads, each with read connections of its own.

use std::sync::{Arc, Mutex, PoisonError};

use stave_answers::speech::SpeechError;
use stave_answers::{Estate, People};
use stave_ledger::{Ledger, Store, Until};
use stave_map::{CutOff, Past, PastMap};
use stave_model::{PersonRow, Statement, Time};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::door::accounts::{AccountError, users};
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
    /// A word can't be made.
    #[error(transparent)]
    Speech(#[from] SpeechError),
    /// The ledger can't be read or written, or refuses what is to be written.
    #[error(transparent)]
    Ledger(#[from] stave_ledger::Error),
    /// A ledger that is seen from afar has no store.
    #[error("this ledger has no store for accounts")]
    NoStore,
    /// Accounts can't be read or written.
    #[error(transparent)]
    Account(#[from] AccountError),
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
    /// Whose turn it is to speak.
    turn: Mutex<()>,
}

/// What comes of a word, and what to append.
pub(crate) struct Spoken<T> {
    pub(crate) outcome: T,
    pub(crate) people: Vec<PersonRow>,
    pub(crate) statements: Vec<Statement>,
}

impl Pool {
    pub(crate) fn new(workers: usize, clock: fn() -> Time, open: Open) -> Pool {
        let permits = Arc::new(Semaphore::new(workers));
        Pool {
            shared: Arc::new(Shared {
                idle: Mutex::new(Vec::new()),
                open,
                clock,
                permits,
                turn: Mutex::new(()),
            }),
        }
    }

    /// Makes an answer with a worker whose map has been brought to `position` at least.
    pub(crate) async fn answer<T: Send + 'static>(
        &self,
        position: u64,
        make: impl FnOnce(Estate<'_>) -> stave_answers::Result<T> + Send + 'static,
    ) -> Result<T, PoolError> {
        let clock = self.shared.clock;
        self.work(move |worker| {
            let now = clock();
            worker.bring(position, now)?;
            Ok(make(worker.estate(now))?)
        })
        .await
    }

    /// Works on the ledger itself and the small store beside it, without a map.
    pub(crate) async fn ledger<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Ledger) -> stave_ledger::Result<T> + Send + 'static,
    ) -> Result<T, PoolError> {
        self.work(move |worker| Ok(work(worker.sources.ledger.as_mut())?)).await
    }

    /// Reads the ledger for as long as the other side takes to listen, with a permit of the caller's own: these
    /// keep no worker from making answers.
    pub(crate) async fn ledger_stream<T: Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        work: impl FnOnce(&mut dyn Ledger) -> stave_ledger::Result<T> + Send + 'static,
    ) -> Result<T, PoolError> {
        self.run(permit, move |worker| Ok(work(worker.sources.ledger.as_mut())?)).await
    }

    /// Makes an answer of the past with a permit of the caller's own: nobody who asks about the present waits for it. Where
    /// `then` gives the present, the answer is of that, and has no [`Until`].
    pub(crate) async fn past<T: Send + 'static, E: From<PoolError> + Send + 'static>(
        &self,
        permit: OwnedSemaphorePermit,
        position: u64,
        then: impl FnOnce(&dyn Ledger, Time) -> Result<Past, E> + Send + 'static,
        make: impl FnOnce(Estate<'_>, Option<Until>) -> stave_answers::Result<T> + Send + 'static,
    ) -> Result<Option<T>, E> {
        let clock = self.shared.clock;
        let outcome = self.run(permit, move |worker| {
            let now = clock();
            let past = match then(worker.sources.ledger.as_ref(), now) {
                Ok(past) => past,
                Err(error) => return Ok(Err(error)),
            };
            Ok(Ok(match past {
                Past::Later => None,
                Past::Present => {
                    worker.bring(position, now)?;
                    Some(make(worker.estate(now), None)?)
                }
                Past::Map(map) => Some(worker.as_it_was(&map, make)?),
            }))
        });
        outcome.await?
    }

    /// Works on the small store beside the ledger.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn Store) -> Result<T, AccountError> + Send + 'static,
    ) -> Result<T, PoolError> {
        self.work(move |worker| {
            let store = worker.sources.ledger.store().ok_or(PoolError::NoStore)?;
            Ok(work(store)?)
        })
        .await
    }

    /// Does something while nobody speaks in this process.
    pub(crate) fn in_turn<T>(&self, work: impl FnOnce() -> T) -> T {
        let _turn = self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    /// Brings a map up to date, decides on it what to say, appends that and folds it: what is read afterwards, here or
    /// by other workers at the position that `tell` gets, has it. One at a time in this process, so that no word is
    /// decided on a map that another one is just about to change.
    pub(crate) async fn speak<T: Send + 'static>(
        &self,
        tell: impl FnOnce(u64) + Send + 'static,
        decide: impl FnOnce(Estate<'_>) -> Result<Spoken<T>, SpeechError> + Send + 'static,
    ) -> Result<T, PoolError> {
        let shared = Arc::clone(&self.shared);
        self.work(move |worker| {
            let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
            let now = (shared.clock)();
            worker.catch_up(now)?;
            let spoken = decide(worker.estate(now))?;
            if !spoken.statements.is_empty() {
                worker.sources.ledger.add_people(&spoken.people)?;
                worker.sources.ledger.append(&spoken.statements)?;
                tell(worker.catch_up(now)?);
            }
            Ok(spoken.outcome)
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Worker) -> Result<T, PoolError> + Send + 'static,
    ) -> Result<T, PoolError> {
        let Ok(permit) = Arc::clone(&self.shared.permits).acquire_owned().await else {
            return Err(PoolError::Lost);
        };
        self.run(permit, work).await
    }

    /// Works on a thread that may wait, which keeps `kept` until it is done.
    async fn run<T: Send + 'static>(
        &self,
        kept: OwnedSemaphorePermit,
        work: impl FnOnce(&mut Worker) -> Result<T, PoolError> + Send + 'static,
    ) -> Result<T, PoolError> {
        let shared = Arc::clone(&self.shared);
        let done = tokio::task::spawn_blocking(move || {
            let _kept = kept;
            let mut worker = shared.take()?;
            let done = work(&mut worker)?;
            // A worker whose work failed is not kept: its connection may be what failed.
            shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
            Ok(done)
        });
        done.await.unwrap_or(Err(PoolError::Lost))
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

/// The people directory. Whoever has an account is called as it says, whatever scans and imports call them.
fn people(ledger: &mut dyn Ledger) -> stave_answers::Result<People> {
    let users = ledger.store().map(|store| users(store)).transpose().unwrap_or_default();
    let names = users.into_iter().flatten().map(|user| (user.person.to_string(), user.name));
    Ok(People::new(ledger.people()?).called_by_themselves(names))
}

impl Worker {
    /// Makes an answer from a ledger that ends in the past, with names of today.
    fn as_it_was<T>(
        &mut self,
        map: &PastMap,
        make: impl FnOnce(Estate<'_>, Option<Until>) -> stave_answers::Result<T>,
    ) -> stave_answers::Result<T> {
        let people = people(self.sources.ledger.as_mut())?;
        let now = match map.until {
            Until::Date(time) | Until::Position(_, time) => time,
        };
        let ledger = stave_ledger::Past::new(self.sources.ledger.as_mut(), map.until);
        make(Estate { model: &map.model, ledger: &ledger, people: &people, now }, Some(map.until))
    }

    fn estate(&self, now: Time) -> Estate<'_> {
        Estate { model: &self.sources.model, ledger: self.sources.ledger.as_ref(), people: &self.people, now }
    }

    /// Folds all that has been appended, by whomever; the position that this makes.
    fn catch_up(&mut self, now: Time) -> stave_answers::Result<u64> {
        let advance = self.sources.model.catch_up(self.sources.ledger.as_ref(), CutOff::Live(now))?;
        self.people = people(self.sources.ledger.as_mut())?;
        self.brought_to = Some(advance.position);
        Ok(advance.position)
    }

    /// Reads the people directory anew and, where the map is this worker's own and not a shared file that the
    /// poller has advanced, folds what is new.
    fn bring(&mut self, position: u64, now: Time) -> stave_answers::Result<()> {
        if self.brought_to.is_some_and(|brought| brought >= position) {
            return Ok(());
        }
        if self.brought_to.is_none() || self.sources.model.stamp()?.position < position {
            self.sources.model.catch_up(self.sources.ledger.as_ref(), CutOff::Live(now))?;
        }
        self.people = people(self.sources.ledger.as_mut())?;
        self.brought_to = Some(position);
        Ok(())
    }
}
