//! The contract of all ledgers on the one over HTTP: a real server on a loopback socket, the real client, and in between
//! what networks do.

#[path = "../../../ledger/tests/it/contract.rs"]
mod contract;
#[path = "../../../ledger/tests/it/make.rs"]
#[allow(dead_code)]
mod make;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn};
use axum::{Extension, Router};
use stave_ledger::{
    Address, Filter, Ledger, Outcome, RemoteLedger, RemoteOptions, SqliteLedger, Token, claims, wire,
};
use stave_map::ReadModel;
use stave_model::Statement;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::pen::Pen;
use crate::state::State;
use crate::{Options, Sources};
use contract::*;
use make::{calls, header, scan, word};

/// A server without a door, on an empty ledger.
struct Server {
    folder: TempDir,
    address: SocketAddr,
    /// How many requests came.
    requests: Arc<AtomicUsize>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    fn start() -> Server {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger");
        SqliteLedger::open_or_create(&path).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let open = move || {
            let (model, ledger) = (ReadModel::in_memory()?, SqliteLedger::open(&path)?);
            Ok(Sources { model, ledger: Box::new(ledger) })
        };
        let state = Arc::new(State::new(&Options::default(), address, Box::new(open)).unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let named = move |request: Request, next: Next| {
            counted.fetch_add(1, Ordering::SeqCst);
            async move {
                let mut response = next.run(request).await;
                response.headers_mut().insert(wire::API_HEADER, HeaderValue::from_static("1"));
                response
            }
        };
        let endpoints = super::endpoints().into_iter();
        let routes = endpoints
            .fold(Router::new(), |router, (_, path, method)| router.route(&path, method))
            .layer(Extension(Pen::Unbound))
            .layer(from_fn(named))
            .with_state(state);
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = axum::serve(listener, routes).into_future() => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Server { folder, address, requests, stop: Some(stop), thread: Some(thread) }
    }

    fn client(&self) -> RemoteLedger {
        client(self.address, None)
    }

    fn ledger(&self) -> SqliteLedger {
        SqliteLedger::open(&self.folder.path().join("ledger")).unwrap()
    }

    fn requests(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn client(address: SocketAddr, cache: Option<PathBuf>) -> RemoteLedger {
    RemoteLedger::new(&RemoteOptions {
        address: Address::parse(&format!("http://{address}")).unwrap(),
        token: Some(Token::parse("stv-very-secret").unwrap()),
        roots: Vec::new(),
        cache,
        agent: "stave test".to_owned(),
    })
}

fn remote() -> Fresh {
    let server = Server::start();
    let address = server.address;
    Fresh {
        ledger: Box::new(server.client()),
        again: Some(Box::new(move || Box::new(client(address, None)))),
        _alive: Some(Box::new(server)),
    }
}

suites!(remote);

/// Where a connection is cut, once.
#[derive(Clone, Copy)]
enum Cut {
    /// After so many bytes of the body of an append.
    Question(usize),
    /// After so many bytes of the answer to an append.
    Answer(usize),
}

/// Passes everything on to a server, and cuts the first connections on which something is appended.
fn cutting(server: SocketAddr, cut: Cut, times: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let left = Arc::new(AtomicUsize::new(times));
    thread::spawn(move || {
        for inner in listener.incoming() {
            let (inner, left) = (inner.unwrap(), Arc::clone(&left));
            thread::spawn(move || between(inner, TcpStream::connect(server).unwrap(), cut, &left));
        }
    });
    address
}

fn between(mut client: TcpStream, mut server: TcpStream, cut: Cut, left: &Arc<AtomicUsize>) {
    let appends = Arc::new(AtomicUsize::new(0));
    let (mut from_server, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let takes_one = |left: &AtomicUsize| {
        left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    };
    let (seen, still) = (Arc::clone(&appends), Arc::clone(left));
    let back = thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from_server.read(&mut buffer) {
            if let Cut::Answer(bytes) = cut
                && seen.load(Ordering::SeqCst) > 0
                && takes_one(&still)
            {
                let _ = to_client.write_all(&buffer[..bytes.min(count)]);
                let _ = (to_client.shutdown(Shutdown::Both), from_server.shutdown(Shutdown::Both));
                return;
            }
            if to_client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = client.read(&mut buffer) {
        let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
        if text.contains("/append ") {
            appends.fetch_add(1, Ordering::SeqCst);
        }
        if let Cut::Question(bytes) = cut
            && appends.load(Ordering::SeqCst) > 0
            && takes_one(left)
        {
            let head = text.find("\r\n\r\n").map_or(count, |end| end + 4);
            let _ = server.write_all(&buffer[..(head + bytes).min(count)]);
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
            break;
        }
        if server.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
    let _ = back.join();
}

#[test]
fn an_append_whose_answer_was_cut_is_sent_again_and_nothing_doubles() {
    for cut in [Cut::Answer(0), Cut::Answer(40), Cut::Answer(160), Cut::Question(0), Cut::Question(50)] {
        let server = Server::start();
        let mut ledger = client(cutting(server.address, cut, 1), None);
        let said = [scan(1, "c1", 50), word(2, "ann", "the shop")];
        let appended = ledger.append(&said).unwrap();
        // What the first attempt said is this command's own, not somebody's before it.
        assert!(appended.iter().all(|one| one.outcome == Outcome::New), "{appended:?}");
        assert_eq!(server.ledger().position().unwrap(), 2);
        // Now it is known indeed.
        assert_eq!(ledger.append(&said[1..]).unwrap()[0].outcome, Outcome::Known);
        assert_eq!(server.ledger().position().unwrap(), 2);
    }
}

#[test]
fn an_append_whose_answers_are_all_cut_says_that_it_is_unsure() {
    let server = Server::start();
    let mut ledger = client(cutting(server.address, Cut::Answer(0), 9), None);
    let error = ledger.append(&[word(1, "ann", "the shop")]).unwrap_err().to_string();
    assert!(error.contains("it isn't known whether what was sent was taken"), "{error}");
    assert!(error.contains("\n\nhint: `stave log`") && !error.contains("secret"), "{error}");
    assert_eq!(server.ledger().position().unwrap(), 1);
}

#[test]
fn more_entries_than_a_page_come_in_pages() {
    let server = Server::start();
    let all: Vec<Statement> = (0..2_300).map(|minute| word(minute, "ann", &minute.to_string())).collect();
    let mut ledger = server.client();
    assert_eq!(ledger.append(&all).unwrap().len(), 2_300);
    server.requests();
    let entries = ledger.entries(0, usize::MAX).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids(&all));
    assert_eq!(server.requests(), 4, "three pages, and one look at which ledger it is");
    let mut latest = ledger.latest(&Filter::default(), u64::MAX, 1_500).unwrap();
    latest.reverse();
    assert_eq!(latest.iter().map(|entry| entry.id).collect::<Vec<_>>(), ids(&all[800..]));
    // Large heads end a page earlier.
    let mut large = scan(9_000, "c1", 1);
    large.header.unread =
        (0..60_000).map(|number| format!("folder-{number:05}/{}", "x".repeat(60))).collect();
    let larger: Vec<Statement> = (0..5)
        .map(|minute| {
            let mut said = large.clone();
            said.header.scope = format!("repo:code.test/shop@branch-{minute}").parse().unwrap();
            said
        })
        .collect();
    ledger.append(&larger).unwrap();
    server.requests();
    assert_eq!(ledger.entries(2_300, usize::MAX).unwrap().len(), 5);
    assert!(server.requests() >= 2);
}

fn ids(all: &[Statement]) -> Vec<stave_model::Hash> {
    all.iter().map(Statement::id).collect()
}

#[test]
fn whoever_reads_one_statement_after_the_other_asks_a_few_times_only() {
    let server = Server::start();
    let mut own = server.ledger();
    let count = 3_000;
    let all: Vec<Statement> = (0..count)
        .map(|index| {
            let scope = format!("repo:code.test/shop-{index}@main");
            Statement::new(header("collector:compose", &scope, index), vec![calls(index as usize, 1)])
        })
        .collect();
    own.append(&all).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("read.sqlite");
    let ledger = client(server.address, Some(file.clone()));
    for number in 1..=count as u64 {
        assert_eq!(claims(&ledger, number).unwrap(), all[number as usize - 1].claims);
    }
    let asked = server.requests();
    assert!(asked <= 16, "{asked} requests");
    // The next command finds them on this machine, and asks only whose they are.
    let again = client(server.address, Some(file));
    for number in 1..=count as u64 {
        assert_eq!(claims(&again, number).unwrap(), all[number as usize - 1].claims);
    }
    assert_eq!(again.entry(&all[7].id()).unwrap().unwrap().number, 8);
    assert_eq!(server.requests(), 1);
}

#[test]
fn what_was_read_of_another_ledger_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("read.sqlite");
    let (one, two) = (Server::start(), Server::start());
    one.ledger().append(&[word(1, "ann", "one")]).unwrap();
    two.ledger().append(&[word(1, "ann", "two")]).unwrap();
    for (server, text) in [(&one, "one"), (&two, "two"), (&one, "one")] {
        let ledger = client(server.address, Some(file.clone()));
        assert_eq!(claims(&ledger, 1).unwrap()[0].value, Some(text.into()));
    }
    // A file that is something else costs nothing but time.
    std::fs::write(&file, "no database").unwrap();
    let ledger = client(one.address, Some(file));
    assert_eq!(claims(&ledger, 1).unwrap()[0].value, Some("one".into()));
}

#[test]
fn a_large_statement_comes_and_goes() {
    let server = Server::start();
    let many: Vec<_> = (0..12_000).map(|index| calls(index, index + 1)).collect();
    let said = Statement::new(header("collector:compose", "repo:code.test/shop@main", 1), many);
    let mut ledger = server.client();
    ledger.append(std::slice::from_ref(&said)).unwrap();
    assert_eq!(claims(&ledger, 1).unwrap(), said.claims);
    assert_eq!(claims(&server.ledger(), 1).unwrap(), said.claims);
}

/// A server that answers every request with the same bytes.
fn answering(bytes: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(bytes.as_bytes());
        }
    });
    address
}

#[test]
fn what_is_no_server_of_ours_is_told_in_a_sentence() {
    // Status line, headers, body, what is told.
    const CASES: &[(&str, &str, &str, &str)] = &[
        ("200 OK", "", "hi", "not as a server of Stave does (HTTP status 200)"),
        ("404 Not Found", "", "", "not as a server of Stave does (HTTP status 404)"),
        (
            "302 Found",
            "location: https://x.example.com/\r\n",
            "",
            "not as a server of Stave does (HTTP status 302)",
        ),
        (
            "200 OK",
            "stave-api: 2\r\n",
            "",
            "the server speaks version 2 of its protocol; this Stave knows 1\n\nhint: use a newer Stave here",
        ),
        (
            "401 Unauthorized",
            "stave-api: 1\r\n",
            r#"{"error":{"message":"Not this token."}}"#,
            "Not this token.\n\nhint: the token may have ended, or been taken back; ask for a new one",
        ),
        (
            "403 Forbidden",
            "stave-api: 1\r\n",
            r#"{"error":{"message":"No.\u001b[31m","hint":"Ask Ann."}}"#,
            ": No.[31m\n\nhint: Ask Ann.",
        ),
        ("500 Oh", "stave-api: 1\r\n", "no JSON", ": no JSON"),
        ("200 OK", "stave-api: 1\r\n", "what?\n", "the connection was cut again and again"),
        ("200 OK", "stave-api: 1\r\n", "{\"in", "the connection was cut again and again"),
    ];
    for (status, headers, body, wanted) in CASES {
        let length = body.len();
        let answer = format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}");
        let address = answering(answer);
        let error = client(address, None).info().unwrap_err().to_string();
        assert!(error.starts_with(&format!("http://{address}: ")), "{error}");
        assert!(error.contains(wanted) && !error.contains("secret"), "{error}\n  instead of {wanted}");
    }
    let error = client(answering("SSH-2.0-x\r\n\r\n".to_owned()), None).info().unwrap_err().to_string();
    assert!(error.contains("not as a server of Stave does (no HTTP"), "{error}");
    // Nobody at all.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client(nobody, None).info().unwrap_err().to_string();
    assert!(error.contains("there is no answer: ") && error.contains("is the server running"), "{error}");
}

/// A server that answers one request after the other with these; how many came.
fn answering_each(answers: Vec<String>) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]);
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (address, asked)
}

fn whole(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nstave-api: 1\r\n{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn a_server_that_asks_to_come_back_is_asked_again_when_it_wants_to_be() {
    let info = r#"{"info":{"estate":"e","ledger":"l","epoch":1,"revision":2,"position":3}}
{"end":true}
"#;
    let no = r#"{"error":{"message":"Too often.","hint":"Try again in a moment."}}"#;
    let later = |status: &str, seconds: &str| whole(status, &format!("retry-after: {seconds}\r\n"), no);
    let answers = vec![
        later("429 Too Many Requests", "2"),
        later("503 Service Unavailable", "1"),
        // A proxy that says the same.
        later("503 Service Unavailable", "0").replace("stave-api: 1\r\n", ""),
        later("429 Too Many Requests", "1"),
        whole("200 OK", "", info),
    ];
    let (address, asked) = answering_each(answers);
    let started = std::time::Instant::now();
    // More often than after failures, for the server is there and says when.
    assert_eq!(client(address, None).info().unwrap().revision, 2);
    let took = started.elapsed();
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    assert!(took >= std::time::Duration::from_secs(5), "{took:?}");

    // Nobody waits for an hour.
    for seconds in ["3600", "18446744073709551615"] {
        let (address, asked) = answering_each(vec![later("429 Too Many Requests", seconds); 3]);
        let error = client(address, None).info().unwrap_err().to_string();
        assert_eq!((asked.load(Ordering::SeqCst), error.contains("Too often.")), (1, true), "{error}");
    }
    // What is no number of seconds is passed over: three attempts, as after any failure.
    let date = "Wed, 21 Oct 2026 07:28:00 GMT";
    let (address, asked) = answering_each(vec![later("503 Service Unavailable", date); 4]);
    assert!(client(address, None).info().is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}
