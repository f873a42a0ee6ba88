//! Integration tests of the map: the fold against a naive second implementation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod generator;
mod oracle;
mod properties;
