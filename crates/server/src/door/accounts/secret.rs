//! Random secrets that are shown once and kept as hashes.

use std::fmt;

use stave_model::{Hash, hash_bytes};

use super::{AccountError, Result};

/// 256 random bits in hexadecimal digits behind a word that says what they are.
///
/// A plain hash keeps it well enough: nobody can guess so much, unlike a password.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one; `word` is what it begins with.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn new(word: &str) -> Result<Secret> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| AccountError::Random(error.to_string()))?;
        Ok(Secret(format!("{word}{}", Hash(bytes))))
    }

    /// The text, for whoever it is for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub(crate) fn hash(&self) -> String {
        hashed(&self.0)
    }
}

/// What is kept of a secret that somebody shows.
pub(crate) fn hashed(shown: &str) -> String {
    hash_bytes(shown.as_bytes()).to_string()
}

// Not derived: a secret in a log would be a leak.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
