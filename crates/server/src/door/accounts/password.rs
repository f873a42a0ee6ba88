//! Passwords: hashed with argon2id, as the PHC string that says how.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};

use super::{AccountError, Result};

/// Shortest and longest password, in bytes. A long one costs no more than a short one to check.
pub const PASSWORD_BYTES: (usize, usize) = (12, 1_024);

/// Letters and digits that nobody takes for another; 32 of them, so five bits each.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A password that somebody types. Never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// A password that a person chose.
    ///
    /// # Errors
    /// Where it is too short or too long.
    pub fn new(text: String) -> Result<Password> {
        let (least, most) = PASSWORD_BYTES;
        if text.len() < least || text.len() > most {
            return Err(AccountError::Password { least, most });
        }
        Ok(Password(text))
    }

    /// A random one of 100 bits: five groups of four letters and digits.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn random() -> Result<Password> {
        let mut bytes = [0; 20];
        getrandom::fill(&mut bytes).map_err(|error| AccountError::Random(error.to_string()))?;
        let letters: Vec<char> =
            bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect();
        let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
        Ok(Password(groups.join("-")))
    }

    /// What somebody typed into a form, whatever it is.
    pub(crate) fn typed(text: String) -> Password {
        Password(text)
    }

    /// The text, for whoever it is for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Takes some 20 MiB and tens of milliseconds.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub(crate) fn hash(&self) -> Result<String> {
        let hashed = Argon2::default().hash_password(self.0.as_bytes());
        hashed.map(|hash| hash.to_string()).map_err(|error| AccountError::Random(error.to_string()))
    }

    /// Whether this is the password that a hash was made of; takes as long as [`Password::hash`], also where it
    /// is not.
    pub(crate) fn is(&self, hash: &str) -> bool {
        // No password that was ever set is so long, and its length is no secret of the account.
        if self.0.len() > PASSWORD_BYTES.1 {
            return false;
        }
        PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(self.0.as_bytes(), &hash).is_ok())
    }
}

// Not derived: a password in a log would be a leak.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_by_its_hash() {
        let password = Password::random().unwrap();
        let hash = password.hash().unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(!hash.contains(password.reveal()) && hash != password.hash().unwrap());
        assert!(password.is(&hash));
        assert!(!Password::typed("another-password".to_owned()).is(&hash));
        assert!(!Password::typed(String::new()).is(&hash));
        assert!(!password.is("") && !password.is("$argon2id$"));
    }

    #[test]
    fn passwords_have_a_length() {
        assert!(Password::new("short".to_owned()).is_err());
        assert!(Password::new("a".repeat(1_025)).is_err());
        assert!(Password::new("long enough for this".to_owned()).is_ok());
        let random = Password::random().unwrap();
        assert_eq!(random.reveal().len(), 24);
        assert!(Password::new(random.reveal().to_owned()).is_ok() && !format!("{random:?}").contains('-'));
    }
}
