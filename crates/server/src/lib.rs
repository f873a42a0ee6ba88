//! The board and its JSON twins over HTTP. The only crate with async code. What comes in over the network reaches
//! the ledger only through the door, which knows who asks ([`door`]).
//!
//! [`serve`] owns its runtime and blocks until it is stopped. Answers are made on blocking threads, each with
//! read connections of its own; one poller notices what other processes append. Every response, errors among
//! them, passes one gate (`guard.rs`) that sets its headers and refuses other host names and methods.

mod connection;
pub mod door;
mod events;
mod guard;
mod ledger_api;
mod metrics;
mod openapi;
mod pages;
pub mod parsers;
mod past;
mod poller;
mod pool;
mod reader;
mod reply;
mod routes;
mod speak;
mod state;

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use stave_ledger::Ledger;
use stave_map::ReadModel;
use stave_model::Time;
use tokio::sync::watch;

use crate::state::State;

/// Why a source of answers can't be opened.
pub type OpenError = Box<dyn std::error::Error + Send + Sync>;

/// What one worker answers from.
pub struct Sources {
    /// The map.
    pub model: ReadModel,
    /// The ledger behind it.
    pub ledger: Box<dyn Ledger>,
}

/// Where and how to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// The address to listen at; port 0 is any free one.
    pub listen: SocketAddr,
    /// How many ports above a busy one are tried.
    pub port_search: u16,
    /// Further names under which the server may be asked, `NAME` or `NAME:PORT`.
    pub hosts: Vec<String>,
    /// Threads that make answers.
    pub workers: usize,
    /// How often the ledger is looked at.
    pub poll: Duration,
    /// How long an answer may take before the client is told to come back.
    pub patience: Duration,
    /// End on SIGINT and SIGTERM.
    pub signals: bool,
    /// Who writes where there are no accounts; without it nobody does.
    pub local: Option<door::Local>,
    /// Where else people sign in.
    pub oidc: Option<door::Oidc>,
    /// The folder in which maps of the past are kept, shared with command lines; without it nobody is shown the past.
    pub past: Option<PathBuf>,
    /// Addresses of proxies whose `X-Forwarded-For` says who asks.
    pub proxies: Vec<IpAddr>,
    /// How often callers may do what.
    pub limits: door::Limits,
    /// The program's version, for `/api/v1`.
    pub version: String,
    /// The present.
    pub clock: fn() -> Time,
    /// Bytes of memory that the process holds, where the system tells.
    pub memory: fn() -> Option<u64>,
    /// Takes a line for whoever runs the server: why the map can't follow the ledger, and that it does again.
    pub log: fn(&str),
}

impl Default for Options {
    fn default() -> Options {
        Options {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            port_search: 20,
            hosts: Vec::new(),
            workers: 4,
            poll: Duration::from_millis(500),
            patience: Duration::from_secs(10),
            signals: false,
            local: None,
            oidc: None,
            past: None,
            proxies: Vec::new(),
            limits: door::Limits::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clock: system_time,
            memory: || None,
            log: |_| {},
        }
    }
}

/// The system's clock.
pub fn system_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Ends a running server from another thread.
#[derive(Clone, Debug)]
pub struct Stop(watch::Sender<bool>);

impl Default for Stop {
    fn default() -> Stop {
        Stop(watch::Sender::new(false))
    }
}

impl Stop {
    /// Tells the server to end; it does so within two seconds.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    fn watch(&self) -> watch::Receiver<bool> {
        self.0.subscribe()
    }
}

/// The description of `/api/v1`, OpenAPI 3.1: what `/api/v1/openapi.json` gives and docs/openapi.json repeats.
pub fn api_description() -> serde_json::Value {
    openapi::document()
}

/// Why the server can't run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port, and those that were tried instead, are taken.
    #[error("port {port} is busy{}\n\nhint: name another with --port, or 0 for any free one", tried(.port, .searched))]
    Busy {
        /// The port that was asked for.
        port: u16,
        /// How many above it were tried.
        searched: u16,
    },
    /// The address can't be listened at.
    #[error("{address} can't be listened at: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Others could come in, and nobody has an account.
    #[error(
        "{0} can be reached by others than you, and nobody has an account here\n\nhint: stave user add ADDRESS --role admin makes the first one"
    )]
    NoAccounts(String),
    /// The settings for signing in elsewhere can't be used.
    #[error(transparent)]
    Oidc(#[from] door::OidcError),
    /// The system gives no threads.
    #[error("the server can't start: {0}")]
    Runtime(std::io::Error),
    /// The map or the ledger can't be opened.
    #[error("the board has nothing to answer from: {0}")]
    Open(OpenError),
}

fn tried(port: &u16, searched: &u16) -> String {
    match searched {
        0 => String::new(),
        _ => format!(", and so are the next ones up to {}", port.saturating_add(*searched)),
    }
}

/// Serves until it is stopped. `open` makes the sources of each worker and of the poller; `on_ready` is told
/// the address once connections are taken.
///
/// # Errors
/// Where the address can't be listened at, or the first sources can't be opened.
pub fn serve(
    options: Options,
    open: impl Fn() -> Result<Sources, OpenError> + Send + Sync + 'static,
    on_ready: impl FnOnce(SocketAddr),
    stop: &Stop,
) -> Result<(), ServeError> {
    let listener = bind(options.listen, options.port_search)?;
    let address = listener.local_addr().map_err(ServeError::Runtime)?;
    listener.set_nonblocking(true).map_err(ServeError::Runtime)?;
    // A ledger that can't be opened is told here, where somebody reads it, and not in every page.
    let mut first = open().map_err(ServeError::Open)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(options.workers.max(1) + 2 + ledger_api::THREADS + past::THREADS)
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?;
    let state = Arc::new(State::new(&options, address, Box::new(open))?);
    state.door.look(first.ledger.as_mut()).map_err(|error| ServeError::Open(Box::new(error)))?;
    if let Some(reachable) = reachable(&options)
        && !state.door.has_accounts()
    {
        return Err(ServeError::NoAccounts(reachable));
    }
    let polling = poller::start(Arc::clone(&state), first, options.poll, stop.watch());
    let ready = || on_ready(address);
    let served = runtime.block_on(connection::accept(listener, state, stop, options.signals, ready));
    // Event streams and the poller see the same signal; a slow answer is not waited for.
    stop.stop();
    runtime.shutdown_timeout(Duration::from_millis(300));
    drop(polling);
    served.map_err(ServeError::Runtime)
}

/// The address or the name by which others than this machine could come in.
fn reachable(options: &Options) -> Option<String> {
    if !options.listen.ip().is_loopback() {
        return Some(options.listen.to_string());
    }
    options.hosts.iter().find(|host| !door::is_loopback_name(host)).cloned()
}

fn bind(wanted: SocketAddr, search: u16) -> Result<TcpListener, ServeError> {
    let search = if wanted.port() == 0 { 0 } else { search };
    for step in 0..=search {
        let Some(port) = wanted.port().checked_add(step) else { break };
        let address = SocketAddr::new(wanted.ip(), port);
        match TcpListener::bind(address) {
            Ok(listener) => return Ok(listener),
            Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(cause) => return Err(ServeError::Listen { address, cause }),
        }
    }
    Err(ServeError::Busy { port: wanted.port(), searched: search })
}
