//! What every ledger has to keep, and what a ledger in a file has to survive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod contract;
mod crash;
mod exchange;
mod make;
mod postgres;
mod properties;
mod refusals;
mod server;
mod storages;
mod vectors;
