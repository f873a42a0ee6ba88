//! The routes that change something. The guard lets a body through to these only; all are POST.

use std::time::Duration;

use stave_ledger::wire::limits;

/// A route that changes something, and what a request to it may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WriteRoute {
    /// Its path; `{}` stands for one part, whatever it is.
    pub(crate) path: &'static str,
    /// Who gets as far as the route.
    pub(crate) who: Who,
    /// Largest body, in bytes.
    pub(crate) body_bytes: usize,
    /// How long it may take from the first byte of the body to the answer.
    pub(crate) patience: Duration,
}

/// Who gets as far as a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Anybody, from a page of ours.
    Anyone,
    /// People, about their own account ([`super::Intent::OwnAccount`]).
    People,
    /// Whoever may write anything; the route itself asks [`super::Caller::sign`] or [`super::Caller::may`].
    Writers,
}

/// All of them. Who adds a route that changes something adds it here, and docs/access.md names it.
pub(crate) const WRITES: &[WriteRoute] = &[
    WriteRoute { path: "/login", who: Who::Anyone, body_bytes: 8_192, patience: Duration::from_secs(20) },
    WriteRoute { path: "/logout", who: Who::Anyone, body_bytes: 4_096, patience: Duration::from_secs(10) },
    WriteRoute::of_account("/account/password", 20),
    WriteRoute::of_account("/account/sessions", 10),
    word("/say"),
    word("/e/{}/say"),
    word("/questions/{}/answer"),
    word("/undo"),
    word("/api/v1/say"),
    word("/api/v1/entities/{}/say"),
    word("/api/v1/questions/{}/answer"),
    word("/api/v1/undo"),
    WriteRoute::of_ledger("/api/v1/ledger/append", limits::APPEND_BYTES, 600),
    WriteRoute::of_ledger("/api/v1/ledger/estates", limits::BODY_BYTES, 60),
    WriteRoute::of_ledger("/api/v1/ledger/heard", limits::BODY_BYTES, 60),
    WriteRoute::of_ledger("/api/v1/ledger/holds", limits::BODY_BYTES, 60),
    WriteRoute::of_ledger("/api/v1/ledger/horizon", limits::BODY_BYTES, 60),
    WriteRoute::of_ledger("/api/v1/ledger/people", limits::BODY_BYTES, 60),
];

/// A route that takes one person's word.
const fn word(path: &'static str) -> WriteRoute {
    WriteRoute { path, who: Who::Writers, body_bytes: 65_536, patience: Duration::from_secs(20) }
}

/// All routes that change something, as docs/access.md has them: path, largest body, time, who gets there.
pub fn routes() -> Vec<String> {
    let row = |route: &WriteRoute| {
        let WriteRoute { path, who, body_bytes, patience } = route;
        let who = match who {
            Who::Anyone => "anyone",
            Who::People => "people",
            Who::Writers => "who may write",
        };
        format!("`{path}` · {} bytes · {} s · {who}", body_bytes, patience.as_secs())
    };
    WRITES.iter().map(row).collect()
}

impl WriteRoute {
    /// A route of a person's own account.
    const fn of_account(path: &'static str, seconds: u64) -> WriteRoute {
        WriteRoute { path, who: Who::People, body_bytes: 8_192, patience: Duration::from_secs(seconds) }
    }

    /// A route of the ledger's endpoints (`ledger_api`).
    const fn of_ledger(path: &'static str, body_bytes: u64, seconds: u64) -> WriteRoute {
        let patience = Duration::from_secs(seconds);
        WriteRoute { path, who: Who::Writers, body_bytes: body_bytes as usize, patience }
    }

    /// The route that a path leads to.
    pub(crate) fn of(path: &str) -> Option<&'static WriteRoute> {
        WRITES.iter().find(|route| matches(route.path, path))
    }
}

fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some("{}"), Some(part)) if !part.is_empty() => {}
            (Some(wanted), Some(part)) if wanted == part => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_is_met_part_by_part() {
        assert!(matches("/e/{}/say", "/e/0123/say"));
        assert!(matches("/login", "/login"));
        for other in ["/e//say", "/e/0123/say/", "/e/0123", "/e/0123/say/more", "e/0123/say", "/E/0123/say"] {
            assert!(!matches("/e/{}/say", other), "{other}");
        }
    }
}
