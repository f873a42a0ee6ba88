//! The binary as people and programs meet it. Slow on purpose: everything below it is tested closer to home.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod curation;
#[cfg(target_os = "linux")]
#[path = "../../../ledger/tests/disk/mod.rs"]
mod disk;
mod doctor;
mod estates;
mod exchange;
#[cfg(target_os = "linux")]
mod faults;
mod fires;
mod first_minutes;
mod flow;
mod forgetting;
mod git_stories;
mod golden;
mod histories;
mod imports;
mod json;
mod keeping;
mod kills;
mod kills_on_postgres;
mod memory;
mod names;
mod overlap;
mod past;
mod postgres;
#[path = "../../../ledger/tests/it/server.rs"]
#[allow(dead_code)]
mod postgres_server;
#[cfg(target_os = "linux")]
mod power;
mod readmodel;
mod recipe;
mod remote;
mod storage;
mod surface;
mod tools;
mod who;
mod words;
mod world;
