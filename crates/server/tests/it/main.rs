//! The server over real loopback sockets, on a small estate in real files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod accounts;
mod described;
mod door;
mod ends;
#[path = "../../../answers/tests/it/estate.rs"]
#[allow(dead_code)]
mod estate;
mod gate;
mod html;
mod live;
mod oidc;
mod openapi;
mod pages;
mod past;
mod provider;
mod stuck;
mod trespass;
mod words;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use stave_ledger::{Ledger, SqliteLedger};
use stave_map::ReadModel;
use stave_model::Time;
use stave_server::{OpenError, Options, ServeError, Sources, Stop, serve};

/// A server on a folder of its own.
struct Server {
    folder: tempfile::TempDir,
    address: SocketAddr,
    stop: Stop,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Server {
    fn start() -> Server {
        Server::with(Options::default())
    }

    fn with(options: Options) -> Server {
        Server::prepared(options, |_| {})
    }

    /// With something in the ledger before it starts.
    fn prepared(options: Options, prepare: impl FnOnce(&mut SqliteLedger)) -> Server {
        Server::at(estate::now, options, prepare)
    }

    /// With another clock than the one that stands still.
    fn at(clock: fn() -> Time, options: Options, prepare: impl FnOnce(&mut SqliteLedger)) -> Server {
        Server::opening(open, clock, options, prepare)
    }

    /// With sources that are opened in another way.
    fn opening(
        open: impl Fn(&std::path::Path) -> Result<Sources, OpenError> + Send + Sync + 'static,
        clock: fn() -> Time,
        options: Options,
        prepare: impl FnOnce(&mut SqliteLedger),
    ) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = SqliteLedger::open_or_create(&folder.path().join("ledger")).unwrap();
        ledger.append(&estate::statements()).unwrap();
        ledger.add_people(&estate::people()).unwrap();
        prepare(&mut ledger);
        let past = Some(folder.path().join("at"));
        let options = Options { clock, poll: Duration::from_millis(100), past, ..options };
        let (ready, address) = mpsc::channel();
        let stop = Stop::default();
        let (own_stop, path) = (stop.clone(), folder.path().to_owned());
        let thread = std::thread::spawn(move || {
            serve(options, move || open(&path), |address| ready.send(address).unwrap(), &own_stop)
        });
        let address = address.recv_timeout(Duration::from_secs(20)).unwrap();
        let server = Server { folder, address, stop, thread: Some(thread) };
        server.wait_until_ready();
        server
    }

    fn wait_until_ready(&self) {
        for _ in 0..200 {
            if self.get("/readyz").status == 200 {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("not ready: {}", self.get("/readyz").body);
    }

    fn ledger(&self) -> SqliteLedger {
        SqliteLedger::open(&self.folder.path().join("ledger")).unwrap()
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|header| header.to_ascii_lowercase().starts_with("host:")) {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        request.push_str("\r\n");
        self.raw(request.as_bytes())
    }

    /// Sends a form, as a page of ours does.
    fn post(&self, path: &str, form: &str, headers: &[&str]) -> Answer {
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nConnection: close\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {1}\r\n",
            self.address,
            form.len()
        );
        for header in headers {
            request.push_str(&format!("{header}\r\n"));
        }
        request.push_str(&format!("\r\n{form}"));
        self.raw(request.as_bytes())
    }

    /// Sends bytes and reads the answer to its end.
    fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        let mut bytes = Vec::new();
        // A server that refuses early may close while we still read; what came is what counts.
        let _ = stream.read_to_end(&mut bytes);
        let answer = Answer::parse(&String::from_utf8(bytes).unwrap());
        described::check(&String::from_utf8_lossy(request), &answer);
        answer
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn open(folder: &std::path::Path) -> Result<Sources, OpenError> {
    let ledger: PathBuf = folder.join("ledger");
    Ok(Sources {
        model: ReadModel::open(&folder.join("map"))?,
        ledger: Box::new(SqliteLedger::open(&ledger)?),
    })
}

/// A response.
#[derive(Debug)]
struct Answer {
    status: u16,
    /// The last of each name.
    headers: BTreeMap<String, String>,
    lines: Vec<String>,
    body: String,
}

impl Answer {
    fn parse(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let own: Vec<String> = head.lines().map(str::to_owned).collect();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Answer { status, headers, lines: own, body: body.to_owned() }
    }

    /// All headers of a name.
    fn all(&self, name: &str) -> Vec<&str> {
        let pairs = self.lines.iter().filter_map(|line| line.split_once(':'));
        pairs.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Every page, with something to find on it.
fn every_page() -> Vec<String> {
    let hostile = estate::digits(&estate::compose(estate::HOSTILE_NAME));
    let orders = estate::digits(&estate::compose("orders"));
    let storefront = estate::digits(&estate::compose("storefront"));
    vec![
        "/".to_owned(),
        "/entities".to_owned(),
        "/entities?q=pay&kind=component".to_owned(),
        "/entities?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E&owner=%22%3E%3Cimg%20src%3Dx%3E".to_owned(),
        "/entities?type=database".to_owned(),
        "/entities?gone=yes".to_owned(),
        "/entities?stale=0d".to_owned(),
        "/entities?owner=stockroom".to_owned(),
        "/entities?limit=4&page=2".to_owned(),
        format!("/e/{orders}"),
        format!("/e/{storefront}"),
        format!("/e/{hostile}"),
        format!("/e/{}", estate::digits(&estate::group("stockroom"))),
        format!("/e/{orders}/why"),
        format!("/e/{orders}/why?fact=lifecycle"),
        format!("/e/{storefront}/why?fact=owned_by"),
        format!("/e/{storefront}/why?fact=calls&to={orders}"),
        format!("/e/{hostile}/why"),
        format!("/e/{orders}/why?fact=%3Cb%3Enothing%3C%2Fb%3E"),
        "/questions".to_owned(),
        "/overlap".to_owned(),
        "/tools".to_owned(),
        "/tools?q=mail".to_owned(),
        "/overlap?all=yes".to_owned(),
        format!("/e/{orders}/barrel"),
        format!("/e/{hostile}/barrel"),
        "/next".to_owned(),
        "/next?since=90d&limit=2".to_owned(),
        "/fires".to_owned(),
        "/fires?since=2y".to_owned(),
        "/flow".to_owned(),
        format!("/flow?entity={orders}&since=90d&definition=devlake&explain=yes"),
        "/knowledge".to_owned(),
        "/knowledge?all=yes&without=Counter%20desk&without=%3Cb%3Enobody".to_owned(),
        "/hotspots".to_owned(),
        format!("/e/{orders}/who"),
        format!("/e/{orders}/who?pseudonyms=yes"),
        format!("/e/{hostile}/who"),
        format!("/e/{orders}/hotspots?all=yes"),
        "/log".to_owned(),
        "/log?before=5".to_owned(),
        "/log?limit=3".to_owned(),
        "/help".to_owned(),
    ]
}
