//! How changes flow to users: how often, how long they take, how often it goes wrong. docs/flow.md has the definitions
//! with their sources.

pub mod devlake;
pub mod releases;
pub mod versions;
