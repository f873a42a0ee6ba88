//! stave-answers.
