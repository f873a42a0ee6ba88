//! stave-board.
