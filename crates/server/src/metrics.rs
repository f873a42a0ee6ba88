//! What a monitor wants to know.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    /// Responses by the first digit of their status, 1 to 5.
    responses: [AtomicU64; 5],
}

impl Metrics {
    pub(crate) fn count(&self, status: u16) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(counter) = self.responses.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// In the text format that Prometheus reads.
    pub(crate) fn to_text(&self, position: u64, ready: bool, streams: usize) -> String {
        let mut out = String::new();
        let mut line = |text: &str| {
            let _ = writeln!(out, "{text}");
        };
        line("# HELP stave_http_responses_total Responses by class of status.");
        line("# TYPE stave_http_responses_total counter");
        for (class, counter) in self.responses.iter().enumerate() {
            let count = counter.load(Ordering::Relaxed);
            line(&format!("stave_http_responses_total{{class=\"{}xx\"}} {count}", class + 1));
        }
        line("# HELP stave_position Position in the ledger that the map was brought to.");
        line("# TYPE stave_position gauge");
        line(&format!("stave_position {position}"));
        line("# HELP stave_ready Whether the map is up to date.");
        line("# TYPE stave_ready gauge");
        line(&format!("stave_ready {}", u8::from(ready)));
        line("# HELP stave_event_streams Event streams that are open.");
        line("# TYPE stave_event_streams gauge");
        line(&format!("stave_event_streams {streams}"));
        out
    }
}
