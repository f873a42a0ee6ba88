//! Integration tests of the map: the fold against a naive second implementation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod compaction;
mod generator;
mod growing;
mod kept;
mod oracle;
mod partitions;
mod properties;
mod real;
mod regressions;
mod rules;
mod says;
mod stories;
mod vectors;
