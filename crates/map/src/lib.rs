//! stave-map.
