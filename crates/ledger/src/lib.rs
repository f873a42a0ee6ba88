//! stave-ledger.
