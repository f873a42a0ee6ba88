//! Scans of real folders and real git repositories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod catalog;
mod deploy;
mod formats;
mod git;
mod hostile;
mod jvm;
mod manifests;
mod pipelines;
mod places;
mod routes;
mod secrets;
mod settings;
mod support;
