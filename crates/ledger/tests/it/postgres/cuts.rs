//! Connections that are cut at the worst moments: what is said once stands there once.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stave_ledger::{Ledger, Outcome, PostgresLedger};

use super::{place, sound};
use crate::make::{Dice, scan, word};

/// Where the next connection that commits is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Nowhere,
    /// The server never hears of the commit.
    Before,
    /// The server commits, and its answer is lost.
    After,
}

const CUTS: [Cut; 3] = [Cut::Nowhere, Cut::Before, Cut::After];

/// Stands between a ledger and the server.
struct Proxy {
    port: u16,
    next: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(server_port: u16) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let next = Arc::new(AtomicUsize::new(0));
        let cut = Arc::clone(&next);
        // Ends with the test binary.
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).unwrap();
                let is_cut = Arc::new(AtomicBool::new(false));
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap(), Arc::clone(&is_cut));
                std::thread::spawn(move || answers(back.0, back.1, &back.2));
                let cut = Arc::clone(&cut);
                std::thread::spawn(move || asks(client, server, &is_cut, &cut));
            }
        });
        Proxy { port, next }
    }

    fn cut(&self, cut: Cut) {
        self.next.store(CUTS.iter().position(|one| *one == cut).unwrap(), Ordering::SeqCst);
    }

    fn is_done(&self) -> bool {
        self.next.load(Ordering::SeqCst) == 0
    }
}

fn asks(mut client: TcpStream, mut server: TcpStream, is_cut: &AtomicBool, next: &AtomicUsize) {
    let mut bytes = [0; 65_536];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let sent = &bytes[..count];
        let commits = sent.windows(7).any(|window| window == b"COMMIT\0");
        match if commits { CUTS[next.swap(0, Ordering::SeqCst)] } else { Cut::Nowhere } {
            Cut::Nowhere => {}
            Cut::Before => break,
            Cut::After => {
                is_cut.store(true, Ordering::SeqCst);
                server.write_all(sent).unwrap();
                // Its answer comes, and is thrown away.
                std::thread::sleep(Duration::from_millis(20));
                break;
            }
        }
        if server.write_all(sent).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn answers(mut server: TcpStream, mut client: TcpStream, is_cut: &AtomicBool) {
    let mut bytes = [0; 65_536];
    while let Ok(count @ 1..) = server.read(&mut bytes) {
        if !is_cut.load(Ordering::SeqCst) && client.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}

#[test]
fn a_connection_that_is_cut_in_a_commit_doubles_nothing() {
    let Some((server, name, url)) = place() else { return };
    PostgresLedger::open_or_create(&url).unwrap();
    let proxy = Proxy::start(server.port);
    let mut ledger = PostgresLedger::open(&server.url_by(proxy.port, &name)).unwrap();
    let mut number = 0;
    for round in 0..12 {
        let cut = CUTS[round as usize % 3];
        proxy.cut(cut);
        let again = word(round, "ann", &round.to_string());
        let batch = [again.clone(), scan(round, &round.to_string(), 5), again];
        let appended = ledger.append(&batch).unwrap();
        let outcomes: Vec<_> = appended.iter().map(|one| (one.number - number, one.outcome)).collect();
        // As if nothing had happened.
        assert_eq!(outcomes, [(1, Outcome::New), (2, Outcome::New), (1, Outcome::Known)], "{cut:?}");
        number += 2;
        assert!(cut == Cut::Nowhere || proxy.is_done(), "{cut:?} didn't happen");
        // The register and the directory, too.
        proxy.cut(cut);
        let heard = ledger.heard().unwrap();
        ledger.add_heard(&heard).unwrap();
        assert!(cut == Cut::Nowhere || proxy.is_done(), "{cut:?} didn't happen");
        assert_eq!(ledger.heard().unwrap(), heard);
    }
    assert_eq!(sound(server, &url, &name).len(), 24);
}

#[test]
fn backends_that_are_ended_at_any_moment_lose_and_double_nothing() {
    let Some((server, name, url)) = place() else { return };
    PostgresLedger::open_or_create(&url).unwrap();
    let is_done = AtomicBool::new(false);
    let said = std::thread::scope(|scope| {
        let writers = [1, 2].map(|writer| {
            let url = &url;
            scope.spawn(move || {
                let mut ledger = PostgresLedger::open(url).unwrap();
                let mut said = Vec::new();
                for round in 0..60 {
                    let text = format!("{writer} {round}");
                    let batch = [word(round, "ann", &text), scan(round, &text, 3)];
                    for one in ledger.append(&batch).unwrap() {
                        assert_eq!(one.outcome, Outcome::New);
                        said.push((one.number, one.id));
                    }
                }
                said
            })
        });
        let ender = scope.spawn(|| {
            let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            let (mut dice, mut ended) = (Dice(11), 0);
            while !is_done.load(Ordering::SeqCst) {
                ended += server.sql(&name, end).unwrap().parse::<u32>().unwrap();
                std::thread::sleep(Duration::from_millis(dice.below(300)));
            }
            ended
        });
        let said = writers.map(|writer| writer.join());
        is_done.store(true, Ordering::SeqCst);
        assert!(ender.join().unwrap() > 3);
        said.map(Result::unwrap).concat()
    });
    let there = sound(server, &url, &name);
    assert_eq!(there.len(), 240);
    for (number, id) in said {
        assert_eq!(there[number as usize - 1].id, id);
    }
}
