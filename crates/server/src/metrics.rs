//! What a monitor wants to know, in the text format that Prometheus reads. docs/operators.md says what each means; a test
//! compares.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Upper ends of the histogram's buckets, in seconds. Answers take milliseconds; patience ends after ten seconds.
const BUCKETS: [f64; 7] = [0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 10.0];

/// Pages and answers by the first part of their address; what else is asked for counts as `other`, so that nobody can
/// make the list grow.
const ROUTES: &[&str] = &[
    "account",
    "assets",
    "caller",
    "e",
    "entities",
    "events",
    "find",
    "fires",
    "flow",
    "graph",
    "healthz",
    "help",
    "hotspots",
    "knowledge",
    "ledger",
    "log",
    "login",
    "logout",
    "metrics",
    "next",
    "openapi.json",
    "overlap",
    "questions",
    "readyz",
    "summary",
    "tools",
];

/// Answers behind an entity.
const BEHIND: &[&str] = &["barrel", "hotspots", "neighbourhood", "who", "why"];

/// What is counted since the start.
#[derive(Debug)]
pub(crate) struct Metrics {
    version: String,
    memory: fn() -> Option<u64>,
    started: Instant,
    /// Responses by the first digit of their status, 1 to 5.
    responses: [AtomicU64; 5],
    /// Responses 429: somebody asked more often than the limits allow.
    refused_by_rate: AtomicU64,
    /// Times that the map could not be brought up to date.
    fold_errors: AtomicU64,
    /// When the map was last level with the ledger; the start, before it ever was.
    level: Mutex<Instant>,
    durations: Mutex<BTreeMap<String, Durations>>,
}

/// What is true at this moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gauges {
    /// Where in the ledger the map stands.
    pub(crate) position: u64,
    /// The map is level with the ledger.
    pub(crate) is_ready: bool,
    /// Open event streams.
    pub(crate) streams: usize,
    /// Requests that are worked on.
    pub(crate) requests: usize,
}

/// How long the answers of one route took.
#[derive(Clone, Copy, Debug, Default)]
struct Durations {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

/// The route as its label has it: `/e/{id}/why`, `/api/v1/summary`; the same for all that can't be told apart.
fn route(path: &str) -> String {
    let (start, rest) = match path.strip_prefix("/api/v1") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => ("/api/v1", rest),
        _ => ("", path),
    };
    let parts: Vec<&str> = rest.split('/').skip(1).collect();
    let known = |part: &&str| ROUTES.contains(part);
    match parts.as_slice() {
        [] | [""] => format!("{start}/"),
        [first] if known(first) => format!("{start}/{first}"),
        [first @ ("e" | "entities" | "questions"), _] => format!("{start}/{first}/{{id}}"),
        [first @ ("e" | "entities"), _, last] if BEHIND.contains(last) => {
            format!("{start}/{first}/{{id}}/{last}")
        }
        [first @ ("ledger" | "assets"), ..] => format!("{start}/{first}"),
        _ => "other".to_owned(),
    }
}

impl Metrics {
    pub(crate) fn new(version: String, memory: fn() -> Option<u64>) -> Metrics {
        Metrics {
            version,
            memory,
            started: Instant::now(),
            responses: Default::default(),
            refused_by_rate: AtomicU64::new(0),
            fold_errors: AtomicU64::new(0),
            level: Mutex::new(Instant::now()),
            durations: Mutex::default(),
        }
    }

    pub(crate) fn count(&self, path: &str, status: u16, took: Duration) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.responses.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        if status == 429 {
            self.refused_by_rate.fetch_add(1, Ordering::Relaxed);
        }
        let seconds = took.as_secs_f64();
        let mut durations = self.durations.lock().unwrap_or_else(PoisonError::into_inner);
        let known = durations.entry(route(path)).or_default();
        known.count += 1;
        known.sum += seconds;
        for (bucket, end) in known.buckets.iter_mut().zip(BUCKETS) {
            if seconds <= end {
                *bucket += 1;
            }
        }
    }

    /// The map is level with the ledger now.
    pub(crate) fn level(&self) {
        *self.level.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// The map could not be brought up to date.
    pub(crate) fn failed(&self) {
        self.fold_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// How long ago the map was level with the ledger.
    pub(crate) fn lag(&self) -> Duration {
        self.level.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    pub(crate) fn to_text(&self, gauges: Gauges) -> String {
        let mut page = Page(String::new());
        page.one(
            "stave_build_info",
            "gauge",
            "1, with the version.",
            &format!("{{version=\"{}\"}}", self.version),
            1,
        );
        let uptime = self.started.elapsed().as_secs_f64();
        page.one("stave_uptime_seconds", "gauge", "Since the server started.", "", format!("{uptime:.3}"));
        if let Some(bytes) = (self.memory)() {
            page.one("process_resident_memory_bytes", "gauge", "Memory that the process holds.", "", bytes);
        }
        page.head("stave_http_responses_total", "counter", "Responses by class of status.");
        for (class, counter) in self.responses.iter().enumerate() {
            let labels = format!("{{class=\"{}xx\"}}", class + 1);
            page.line("stave_http_responses_total", &labels, counter.load(Ordering::Relaxed));
        }
        let refused = self.refused_by_rate.load(Ordering::Relaxed);
        page.one("stave_rate_limited_total", "counter", "Responses 429: asked too often.", "", refused);
        let name = "stave_http_request_duration_seconds";
        page.head(name, "histogram", "How long responses took, by route; event streams until they began.");
        for (route, known) in self.durations.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            for (bucket, end) in known.buckets.iter().zip(BUCKETS) {
                page.line(&format!("{name}_bucket"), &format!("{{route=\"{route}\",le=\"{end}\"}}"), bucket);
            }
            let labels = format!("{{route=\"{route}\"}}");
            page.line(&format!("{name}_bucket"), &format!("{{route=\"{route}\",le=\"+Inf\"}}"), known.count);
            page.line(&format!("{name}_sum"), &labels, format!("{:.6}", known.sum));
            page.line(&format!("{name}_count"), &labels, known.count);
        }
        page.one("stave_http_requests_active", "gauge", "Requests that are worked on.", "", gauges.requests);
        page.one("stave_event_streams", "gauge", "Event streams that are open.", "", gauges.streams);
        let position = "Position in the ledger that the map was brought to.";
        page.one("stave_position", "gauge", position, "", gauges.position);
        page.one("stave_ready", "gauge", "Whether the map is up to date.", "", u8::from(gauges.is_ready));
        let lag = format!("{:.3}", self.lag().as_secs_f64());
        page.one("stave_fold_lag_seconds", "gauge", "Since the map was last level with the ledger.", "", lag);
        let errors = self.fold_errors.load(Ordering::Relaxed);
        let help = "Times that the map could not be brought up to date.";
        page.one("stave_fold_errors_total", "counter", help, "", errors);
        page.0
    }
}

/// The text as it grows.
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String can't fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn line(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, labels: &str, value: impl std::fmt::Display) {
        self.head(name, kind, help);
        self.line(name, labels, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_few_whatever_is_asked_for() {
        for (path, wanted) in [
            ("/", "/"),
            ("/api/v1", "/api/v1/"),
            ("/api/v1/summary", "/api/v1/summary"),
            ("/e/0123456789ab", "/e/{id}"),
            ("/api/v1/entities/x/why", "/api/v1/entities/{id}/why"),
            ("/e/x/nothing", "other"),
            ("/api/v1/ledger/append", "/api/v1/ledger"),
            ("/wp-admin", "other"),
            ("/e/\"}/x/y", "other"),
        ] {
            assert_eq!(route(path), wanted, "{path}");
        }
    }

    #[test]
    fn a_duration_is_in_every_bucket_that_holds_it() {
        let metrics = Metrics::new("1".to_owned(), || Some(7));
        metrics.count("/help", 200, Duration::from_millis(50));
        metrics.count("/help", 429, Duration::from_secs(20));
        let gauges = Gauges { position: 3, is_ready: true, streams: 0, requests: 0 };
        let text = metrics.to_text(gauges);
        for line in [
            "stave_http_request_duration_seconds_bucket{route=\"/help\",le=\"0.02\"} 0",
            "stave_http_request_duration_seconds_bucket{route=\"/help\",le=\"0.1\"} 1",
            "stave_http_request_duration_seconds_bucket{route=\"/help\",le=\"10\"} 1",
            "stave_http_request_duration_seconds_bucket{route=\"/help\",le=\"+Inf\"} 2",
            "stave_http_request_duration_seconds_sum{route=\"/help\"} 20.050000",
            "stave_rate_limited_total 1",
            "process_resident_memory_bytes 7",
            "stave_position 3",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} is missing from:\n{text}");
        }
    }
}
