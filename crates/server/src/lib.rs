//! stave-server.
