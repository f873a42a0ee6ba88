//! stave-collect.
