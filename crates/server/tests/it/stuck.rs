//! A ledger that doesn't answer any more, as when a database stands still: the server still does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use stave_server::door::Role;
use stave_server::{OpenError, Options};

use crate::{Answer, Server, accounts, estate, open};

/// What a source does from now on.
#[derive(Default)]
struct Fault {
    /// It can't be opened, and says so.
    fails: AtomicBool,
    /// It is waited for.
    stands_still: AtomicBool,
}

/// A server with an account, whose workers open what `fault` lets them.
fn with_fault(fault: &Arc<Fault>, options: Options) -> Server {
    let own = Arc::clone(fault);
    let opening = move |folder: &std::path::Path| {
        for _ in 0..400 {
            if !own.stands_still.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        match own.fails.load(Ordering::SeqCst) {
            true => Err(OpenError::from("the database is not there")),
            false => open(folder),
        }
    };
    Server::opening(opening, estate::now, options, |ledger| {
        accounts::add(ledger, "ada@example.com", Role::Admin);
    })
}

const TOKEN: &str = "Authorization: Bearer stave_1";

fn timed(ask: impl FnOnce() -> Answer) -> (Answer, Duration) {
    let started = Instant::now();
    let answer = ask();
    (answer, started.elapsed())
}

#[test]
fn nothing_was_answered_while_it_could_not_be_found_out_who_asks() {
    let fault = Arc::new(Fault::default());
    let patience = Duration::from_millis(300);
    let server = with_fault(&fault, Options { patience, ..Options::default() });
    fault.stands_still.store(true, Ordering::SeqCst);
    for path in ["/api/v1/entities", "/", "/events"] {
        let (answer, took) = timed(|| server.ask("GET", path, &[TOKEN]));
        assert_eq!((answer.status, answer.header("retry-after")), (503, "2"), "{path}: {answer:?}");
        assert!(answer.body.contains("took longer than 0.3 seconds"), "{path}: {}", answer.body);
        assert!(took < Duration::from_secs(2), "{path}: {took:?}");
    }
    // Nobody is looked for here.
    for path in ["/healthz", "/readyz", "/metrics"] {
        let (answer, took) = timed(|| server.ask("GET", path, &[TOKEN]));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        assert!(took < patience, "{path}: {took:?}");
    }
    fault.stands_still.store(false, Ordering::SeqCst);
}

#[test]
fn counts_were_kept_from_this_machine_when_the_store_was_not_there() {
    let fault = Arc::new(Fault::default());
    let server = with_fault(&fault, Options::default());
    fault.fails.store(true, Ordering::SeqCst);
    let told = server.ask("GET", "/metrics", &[TOKEN]);
    assert!(told.status == 200 && told.body.contains("stave_ready "), "{told:?}");
    assert_eq!(server.get("/metrics").status, 200);
    // A proxy's word is not this machine's.
    assert_eq!(server.ask("GET", "/metrics", &[TOKEN, "X-Forwarded-For: 192.0.2.1"]).status, 503);
}

#[test]
fn signing_in_was_advised_where_it_would_fail_too() {
    let fault = Arc::new(Fault::default());
    let server = with_fault(&fault, Options::default());
    fault.fails.store(true, Ordering::SeqCst);
    let answer = server.ask("GET", "/api/v1/entities", &[TOKEN]);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(
        answer.body.contains("It can't be found out who you are: the database is not there"),
        "{answer:?}"
    );
    assert!(!answer.body.contains("ign in") && answer.body.contains("Try again in a moment."), "{answer:?}");
}
