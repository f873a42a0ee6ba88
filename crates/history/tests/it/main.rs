//! Histories of real repositories, made by real git and compared with what git says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bad_input;
mod equal_to_git;
mod heads;
mod people;
mod world;
