//! What all requests share.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stave_model::Time;
use tokio::sync::{Semaphore, watch};

use crate::door::{Door, OidcError, Turns};
use crate::ledger_api;
use crate::metrics::Metrics;
use crate::past::Pasts;
use crate::pool::Pool;
use crate::{OpenError, Options, Sources};

/// Requests that are worked on or wait for a worker; more are told to come back.
pub(crate) const REQUESTS: usize = 64;

/// Requests of strangers who want to sign in, and of those from one address. They have turns of their own: whoever sends
/// many, slowly, keeps nobody from the board who is signed in.
const STRANGERS: usize = 32;
const STRANGERS_EACH: usize = 8;

/// How long ago the map may have been level with the ledger, for the server to count as ready.
const LAG: Duration = Duration::from_secs(15);

/// Why the map is behind before it was ever level.
const BEING_READ: &str = "the ledger is being read";

/// Event streams at one time.
const STREAMS: usize = 64;

/// What all requests share.
pub(crate) struct State {
    pub(crate) pool: Pool,
    /// Answers from the past.
    pub(crate) pasts: Pasts,
    pub(crate) metrics: Metrics,
    /// Who may come in.
    pub(crate) door: Door,
    /// The newest position that the poller has folded.
    pub(crate) position: watch::Sender<u64>,
    /// Why the map is not up to date; nothing when it is.
    behind: Mutex<Option<String>>,
    /// Takes a line for whoever runs the server.
    log: fn(&str),
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) strangers: Turns,
    pub(crate) streams: Arc<Semaphore>,
    /// Answers of the ledger's endpoints that are on their way.
    pub(crate) ledger_streams: Arc<Semaphore>,
    /// Bodies of the ledger's endpoints that are being read.
    pub(crate) ledger_bodies: Arc<Semaphore>,
    /// Host names (with ports) under which this server answers.
    pub(crate) hosts: BTreeSet<String>,
    pub(crate) patience: Duration,
    pub(crate) clock: fn() -> Time,
    pub(crate) version: String,
}

impl State {
    pub(crate) fn new(
        options: &Options,
        address: SocketAddr,
        open: Box<dyn Fn() -> Result<Sources, OpenError> + Send + Sync>,
    ) -> Result<State, OidcError> {
        Ok(State {
            pool: Pool::new(options.workers.max(1), options.clock, open),
            pasts: Pasts::new(options.past.clone()),
            metrics: Metrics::new(options.version.clone(), options.memory),
            door: Door::new(options, address.port())?,
            position: watch::Sender::new(0),
            behind: Mutex::new(Some(BEING_READ.to_owned())),
            log: options.log,
            requests: Arc::new(Semaphore::new(REQUESTS)),
            strangers: Turns::new(STRANGERS, STRANGERS_EACH),
            streams: Arc::new(Semaphore::new(STREAMS)),
            ledger_streams: Arc::new(Semaphore::new(ledger_api::STREAMS)),
            ledger_bodies: Arc::new(Semaphore::new(ledger_api::BODIES)),
            hosts: own_hosts(address, &options.hosts),
            patience: options.patience,
            clock: options.clock,
            version: options.version.clone(),
        })
    }

    /// Tells event streams, and workers that make answers, of a position that was folded here.
    pub(crate) fn advance_to(&self, reached: u64) {
        self.position.send_if_modified(|position| {
            let moved = *position < reached;
            *position = reached.max(*position);
            moved
        });
    }

    /// Why the map is not up to date.
    pub(crate) fn behind(&self) -> Option<String> {
        let known = self.behind.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // A fold that goes on for long leaves the map behind without having failed.
        known.or_else(|| {
            let lag = self.metrics.lag();
            (lag > LAG).then(|| format!("the map was level with the ledger {} seconds ago", lag.as_secs()))
        })
    }

    /// Notes whether the poller has just brought the map up to date, or why it could not.
    pub(crate) fn set_behind(&self, reason: Option<String>) {
        match &reason {
            None => self.metrics.level(),
            Some(_) => self.metrics.failed(),
        }
        let mut known = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        // Said once, not with every attempt.
        if *known != reason {
            match &reason {
                Some(why) => {
                    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
                    (self.log)(&format!("the map can't be brought up to date: {why}"));
                }
                None if known.as_deref() != Some(BEING_READ) => {
                    (self.log)("the map is level with the ledger again");
                }
                None => {}
            }
        }
        *known = reason;
    }
}

/// The names of this machine's loopback at the port, the address itself, and what the caller adds.
fn own_hosts(address: SocketAddr, added: &[String]) -> BTreeSet<String> {
    let port = address.port();
    let mut names: Vec<String> = Vec::new();
    if address.ip().is_loopback() || address.ip().is_unspecified() {
        names.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
    }
    if !address.ip().is_unspecified() {
        names.push(match address {
            SocketAddr::V4(v4) => v4.ip().to_string(),
            SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
        });
    }
    let mut hosts = BTreeSet::new();
    for name in names {
        hosts.insert(format!("{name}:{port}"));
        // Browsers leave the port away where it is the usual one.
        if port == 80 {
            hosts.insert(name);
        }
    }
    for name in added {
        let name = name.to_ascii_lowercase();
        hosts.insert(format!("{name}:{port}"));
        hosts.insert(name);
    }
    hosts
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// What the state of the test below has said.
    static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

    #[test]
    fn nothing_said_why_the_map_was_behind() {
        let options =
            Options { log: |line| SAID.lock().unwrap().push(line.to_owned()), ..Options::default() };
        let open = || Err(OpenError::from("nothing is opened here"));
        let state = State::new(&options, options.listen, Box::new(open)).unwrap();
        state.set_behind(None);
        assert!(SAID.lock().unwrap().is_empty(), "a start is no news");
        for _ in 0..3 {
            state.set_behind(Some("the server\n\nhint: is it there?".to_owned()));
        }
        state.set_behind(None);
        let told = [
            "the map can't be brought up to date: the server hint: is it there?",
            "the map is level with the ledger again",
        ];
        assert_eq!(*SAID.lock().unwrap(), told);
    }

    #[test]
    fn only_own_names_are_known() {
        let hosts = own_hosts(SocketAddr::from(([127, 0, 0, 1], 7878)), &["Board.example.com".to_owned()]);
        let expected =
            ["127.0.0.1:7878", "[::1]:7878", "board.example.com", "board.example.com:7878", "localhost:7878"];
        assert_eq!(hosts.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }
}
