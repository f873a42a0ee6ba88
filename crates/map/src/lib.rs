//! The fold: statements in, one map out, kept in a read model that can be thrown away at any time.

mod view;

pub use view::*;
