//! What every ledger has to keep, and what a ledger in a file has to survive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod contract;
mod crash;
mod differences;
mod exchange;
mod make;
mod past;
mod postgres;
mod properties;
mod refusals;
mod server;
mod storages;
mod vectors;
