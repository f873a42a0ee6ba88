//! Words of English by which people write of incidents. All tables are sorted.

/// How a piece is: something is wrong with it, or it is well again.
pub(super) const STATES: &[&str] = &[
    "affected",
    "availability",
    "available",
    "broken",
    "crash",
    "crashed",
    "crashes",
    "crashing",
    "degradation",
    "degradations",
    "degraded",
    "delay",
    "delayed",
    "delays",
    "disconnected",
    "disrupted",
    "disruption",
    "disruptions",
    "down",
    "downtime",
    "elevated",
    "error",
    "erroring",
    "errors",
    "experiencing",
    "fail",
    "failed",
    "failing",
    "fails",
    "failure",
    "failures",
    "faulty",
    "healthy",
    "impact",
    "impacted",
    "impacts",
    "inaccessible",
    "incident",
    "incidents",
    "inconsistent",
    "incorrect",
    "increased",
    "intermittent",
    "interrupted",
    "interruption",
    "interruptions",
    "issue",
    "issues",
    "latency",
    "load",
    "maintenance",
    "offline",
    "operating",
    "operational",
    "outage",
    "outages",
    "overloaded",
    "paused",
    "performance",
    "problem",
    "problems",
    "reachable",
    "recovered",
    "recovering",
    "recovery",
    "rejected",
    "resolved",
    "responding",
    "restored",
    "slow",
    "slowdown",
    "slowdowns",
    "slower",
    "slowness",
    "stale",
    "stuck",
    "suffering",
    "timeout",
    "timeouts",
    "timing",
    "trouble",
    "unable",
    "unavailability",
    "unavailable",
    "unhealthy",
    "unreachable",
    "unresponsive",
    "unstable",
    "working",
];

/// Words that every incident is written with: as a piece's name they say nothing unless they are written as one.
pub(super) const ORDINARY: &[&str] = &[
    "alert",
    "alerts",
    "bug",
    "bugs",
    "change",
    "changes",
    "crash",
    "crashes",
    "degradation",
    "delay",
    "delays",
    "deployment",
    "disruption",
    "disruptions",
    "downtime",
    "error",
    "errors",
    "failure",
    "failures",
    "fault",
    "faults",
    "fix",
    "impact",
    "incident",
    "incidents",
    "interruption",
    "interruptions",
    "investigation",
    "issue",
    "issues",
    "latency",
    "maintenance",
    "outage",
    "outages",
    "performance",
    "problem",
    "problems",
    "report",
    "reports",
    "request",
    "requests",
    "slowdown",
    "slowdowns",
    "ticket",
    "tickets",
    "timeout",
    "timeouts",
    "trouble",
    "update",
    "updates",
];

/// Between a piece and how it is.
pub(super) const COPULAS: &[&str] = &[
    "appear",
    "appears",
    "are",
    "be",
    "been",
    "being",
    "continue",
    "continues",
    "had",
    "has",
    "have",
    "is",
    "may",
    "might",
    "remain",
    "remains",
    "seem",
    "seems",
    "was",
    "were",
];

/// Between how something is and a list of pieces: "degraded performance for A, B and C".
pub(super) const BEFORE: &[&str] = &["across", "for", "from", "in", "of", "on", "to", "with", "within"];

/// What stands directly before a list of pieces that are in trouble.
pub(super) const AFFECTING: &[&str] = &[
    "affect",
    "affected",
    "affecting",
    "affects",
    "breaking",
    "breaks",
    "degrading",
    "disrupting",
    "hits",
    "hitting",
    "impact",
    "impacted",
    "impacting",
    "impacts",
    "including",
    "interrupting",
];

/// With a negation before them, these spare a piece: "not affected". Others don't: "not available".
pub(super) const SPARING: &[&str] = &["affect", "affected", "impact", "impacted", "involved", "related"];

/// What turns a word into its opposite.
pub(super) const NEGATIONS: &[&str] = &["never", "no", "not", "without"];

/// Directly before a piece that is not meant: "except A", "other than A".
pub(super) const EXCEPTIONS: &[&str] = &["besides", "except", "excepting", "excluding", "than"];

/// What may stand between the pieces of a list.
pub(super) const JOINING: &[&str] = &[
    "a", "all", "and", "both", "few", "many", "most", "multiple", "nor", "or", "other", "our", "s",
    "service", "services", "several", "some", "the", "these",
];

/// Whether a table has a word.
pub(super) fn has(table: &[&str], word: &str) -> bool {
    table.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        let all = [STATES, ORDINARY, COPULAS, BEFORE, AFFECTING, SPARING, NEGATIONS, EXCEPTIONS, JOINING];
        assert!(all.iter().all(|table| table.windows(2).all(|pair| pair[0] < pair[1])));
    }
}
