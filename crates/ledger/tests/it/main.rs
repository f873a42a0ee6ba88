//! What every ledger has to keep, and what a ledger in a file has to survive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod again;
mod contract;
mod crash;
mod differences;
#[cfg(target_os = "linux")]
#[path = "../disk/mod.rs"]
mod disk;
mod exchange;
mod keeping;
mod make;
mod moment;
mod past;
mod postgres;
#[cfg(target_os = "linux")]
mod power;
mod properties;
mod refusals;
mod server;
mod storages;
mod tls;
mod vectors;
