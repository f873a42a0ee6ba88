//! Connections that are cut at the worst moments: what is said once stands there once.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use stave_ledger::{
    EstateMet, Ledger, MemoryLedger, Outcome, PostgresLedger, Prepared, Repeats, Source, merge_stream,
};
use stave_model::PersonRow;

use super::{name, place, server, sound};
use crate::exchange::exported;
use crate::make::{Dice, scan, word};

/// Where the next connection that commits is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Nowhere,
    /// The server never hears of the commit.
    Before,
    /// The server commits, and its answer is lost.
    After,
}

const CUTS: [Cut; 3] = [Cut::Nowhere, Cut::Before, Cut::After];

/// Stands between a ledger and the server.
pub(super) struct Proxy {
    pub(super) port: u16,
    next: Arc<Next>,
}

/// What it does next.
#[derive(Default)]
struct Next {
    cut: AtomicUsize,
    /// How many commits pass before that.
    spared: AtomicUsize,
    /// Whether it does the same again and again.
    always: AtomicBool,
}

impl Next {
    /// What becomes of a commit.
    fn at_commit(&self) -> Cut {
        let spare = |left: usize| left.checked_sub(1);
        if self.spared.fetch_update(Ordering::SeqCst, Ordering::SeqCst, spare).is_ok() {
            return Cut::Nowhere;
        }
        let cut = self.cut.load(Ordering::SeqCst);
        if !self.always.load(Ordering::SeqCst) {
            self.cut.store(0, Ordering::SeqCst);
        }
        CUTS[cut]
    }
}

impl Proxy {
    pub(super) fn start(server_port: u16) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let next = Arc::new(Next::default());
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

    pub(super) fn cut(&self, cut: Cut) {
        self.cut_after(0, cut);
    }

    /// The same of a later commit.
    fn cut_after(&self, spared: usize, cut: Cut) {
        self.next.spared.store(spared, Ordering::SeqCst);
        self.next.cut.store(CUTS.iter().position(|one| *one == cut).unwrap(), Ordering::SeqCst);
    }

    pub(super) fn is_done(&self) -> bool {
        self.next.cut.load(Ordering::SeqCst) == 0
    }
}

fn asks(mut client: TcpStream, mut server: TcpStream, is_cut: &AtomicBool, next: &Next) {
    let mut bytes = [0; 65_536];
    while let Ok(count @ 1..) = client.read(&mut bytes) {
        let sent = &bytes[..count];
        let commits = sent.windows(7).any(|window| window == b"COMMIT\0");
        match if commits { next.at_commit() } else { Cut::Nowhere } {
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

/// More statements than are kept to be sent again.
const LARGE: i64 = 1_100;

#[test]
fn a_large_merge_that_is_cut_in_any_of_its_commits_is_merged_once() {
    let Some(server) = server() else { return };
    let folder = tempfile::tempdir().unwrap();
    // The estate, the people, the register, the statements.
    for commit in 0..4 {
        let count = if commit == 3 { LARGE } else { 3 };
        let mut other = MemoryLedger::new().unwrap();
        other
            .append(&(0..count).map(|index| word(index, "ann", &index.to_string())).collect::<Vec<_>>())
            .unwrap();
        other.append(&[scan(1, "c1", 5)]).unwrap();
        let row = PersonRow { id: "person:ann".to_owned(), name: "Ann".to_owned(), address: String::new() };
        other.add_people(&[row]).unwrap();
        let file = exported(&other);
        for cut in [Cut::Before, Cut::After] {
            let name = name();
            let url = server.database(&name).unwrap();
            PostgresLedger::open_or_create(&url).unwrap();
            let proxy = Proxy::start(server.port);
            let mut ledger = PostgresLedger::open(&server.url_by(proxy.port, &name)).unwrap();
            proxy.cut_after(commit, cut);
            let report = merge_stream(&mut ledger, "other", file.as_bytes(), folder.path()).unwrap();
            assert!(proxy.is_done(), "commit {commit}: {cut:?} didn't happen");
            // As if nothing had happened.
            let counts = (report.new, report.known, report.people, report.left_out);
            assert_eq!(counts, (count as u64 + 1, 0, 1, 0), "commit {commit}: {cut:?}");
            assert_eq!(report.estate, EstateMet::TakenOver, "commit {commit}: {cut:?}");
            assert_eq!(exported(&ledger), file);
        }
    }
}

/// Statements that can be asked for again; what happens before each is up to a test.
struct Words<'a> {
    count: i64,
    next: i64,
    begun: u32,
    before: &'a mut dyn FnMut(u32, i64),
}

impl Source for Words<'_> {
    fn begin(&mut self) -> stave_ledger::Result<()> {
        self.next = 0;
        self.begun += 1;
        Ok(())
    }

    fn next(&mut self) -> stave_ledger::Result<Option<Prepared>> {
        (self.before)(self.begun, self.next);
        if self.next == self.count {
            return Ok(None);
        }
        self.next += 1;
        Prepared::new(&word(self.next, "ann", &self.next.to_string())).map(Some)
    }
}

#[test]
fn a_large_append_whose_connection_ends_in_the_middle_begins_again() {
    let Some((server, name, url)) = place() else { return };
    let mut ledger = PostgresLedger::open_or_create(&url).unwrap();
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let mut before = |begun, next| {
        // In the second thousand, and then behind the last one.
        if (begun, next) == (1, 1_050) || (begun, next) == (2, LARGE) {
            assert_eq!(server.sql(&name, end).unwrap(), "1");
        }
    };
    let mut source = Words { count: LARGE, next: 0, begun: 0, before: &mut before };
    let appended = ledger.append_source(Repeats::Keep, &mut source).unwrap();
    assert_eq!(source.begun, 3);
    assert!((1..).zip(&appended).all(|(number, one)| (one.number, one.outcome) == (number, Outcome::New)));
    assert_eq!(sound(server, &url, &name).len() as i64, LARGE);
}

#[test]
fn an_append_that_is_always_cut_is_given_up_and_says_so() {
    let Some((server, name, url)) = place() else { return };
    PostgresLedger::open_or_create(&url).unwrap();
    let proxy = Proxy::start(server.port);
    let mut ledger = PostgresLedger::open(&server.url_by(proxy.port, &name)).unwrap();
    proxy.next.always.store(true, Ordering::SeqCst);
    proxy.cut(Cut::Before);
    let mut source = Words { count: 3, next: 0, begun: 0, before: &mut |_, _| {} };
    let error = ledger.append_source(Repeats::Keep, &mut source).unwrap_err().to_string();
    assert_eq!(source.begun, 11);
    assert!(error.contains("safe to repeat"), "{error}");
    assert_eq!(sound(server, &url, &name).len(), 0);
}

#[test]
fn backends_that_are_ended_at_any_moment_lose_and_double_nothing() {
    let Some((server, name, url)) = place() else { return };
    PostgresLedger::open_or_create(&url).unwrap();
    let (is_done, ended) = (AtomicBool::new(false), AtomicUsize::new(0));
    let said = std::thread::scope(|scope| {
        let writers = [1, 2].map(|writer| {
            let (url, ended) = (&url, &ended);
            scope.spawn(move || {
                let mut ledger = PostgresLedger::open(url).unwrap();
                let mut said = Vec::new();
                // A fast machine writes for as long as it takes to be cut a few times.
                for round in 0.. {
                    if round >= 60 && ended.load(Ordering::SeqCst) > 3 {
                        break;
                    }
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
            let mut dice = Dice(11);
            while !is_done.load(Ordering::SeqCst) {
                let count = server.sql(&name, end).unwrap().parse().unwrap();
                ended.fetch_add(count, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(dice.below(300)));
            }
        });
        let said = writers.map(|writer| writer.join());
        is_done.store(true, Ordering::SeqCst);
        ender.join().unwrap();
        said.map(Result::unwrap).concat()
    });
    let there = sound(server, &url, &name);
    assert_eq!(there.len(), said.len());
    for (number, id) in said {
        assert_eq!(there[number as usize - 1].id, id);
    }
}
