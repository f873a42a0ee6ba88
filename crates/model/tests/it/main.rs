//! The format against its vectors, its tables against the document, and what any bytes may do to its parsers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod document;
mod properties;
mod records;
mod vectors;
