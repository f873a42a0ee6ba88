//! How a server begins and ends.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use stave_server::{Options, ServeError, Stop, serve};

use crate::Server;

#[test]
fn it_ends_soon_with_streams_and_silent_clients_open() {
    let mut server = Server::start();
    let mut events = server.connect();
    write!(events, "GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut silent = server.connect();
    silent.write_all(b"GET / HTTP").unwrap();
    let _idle = server.connect();
    std::thread::sleep(Duration::from_millis(100));
    let started = Instant::now();
    server.stop.stop();
    server.thread.take().unwrap().join().unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    assert!(std::net::TcpStream::connect(server.address).is_err());
}

#[test]
fn it_ends_when_silent_clients_hold_every_connection() {
    let mut server = Server::start();
    let mut silent: Vec<_> = (0..300).map(|_| server.connect()).collect();
    for stream in &mut silent {
        stream.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
    }
    std::thread::sleep(Duration::from_millis(200));
    let started = Instant::now();
    server.stop.stop();
    server.thread.take().unwrap().join().unwrap().unwrap();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn a_busy_port_gives_the_next_free_one() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let busy = taken.local_addr().unwrap();
    let server = Server::with(Options { listen: busy, ..Options::default() });
    assert!(server.address.port() > busy.port() && server.address.port() <= busy.port() + 20);
    let strict = Options { listen: busy, port_search: 0, ..Options::default() };
    let refused = serve(strict, || Err("never opened".into()), |_| {}, &Stop::default());
    let Err(error @ ServeError::Busy { .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(
        error.to_string(),
        format!("port {} is busy\n\nhint: name another with --port, or 0 for any free one", busy.port())
    );
}

#[test]
fn a_ledger_that_can_not_be_opened_is_told_at_once() {
    let options = Options { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Options::default() };
    let told =
        serve(options, || Err("no such ledger".into()), |_| panic!("it is not ready"), &Stop::default());
    assert_eq!(told.unwrap_err().to_string(), "the board has nothing to answer from: no such ledger");
}
