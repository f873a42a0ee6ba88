//! Accounts in the small store beside the ledger: what is kept of tokens, users and sessions, and how.
//!
//! Of a secret only the hash is kept, and no type here prints one. The shelves are `token`, `user` and `session`; none of
//! them leaves the store by an export or a merge.

mod password;
mod secret;
mod sessions;
mod tokens;
mod users;

use stave_ledger::Store;

pub use password::{PASSWORD_BYTES, Password};
pub use secret::Secret;
pub use sessions::{IDLE_MS, WHOLE_MS};
pub use tokens::{Token, add_token, machine, remove_token, tokens};
pub use users::{User, add_user, remove_user, set_password, set_role, user, users};

pub(crate) use sessions::{
    SessionShown, begin_checked, end_other_sessions, end_session, sessions_of, signed_in,
};
pub(crate) use users::{SHELF as USERS, set_own_password, signs_in};

/// Why accounts can't be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The store can't be read or written.
    #[error(transparent)]
    Ledger(#[from] stave_ledger::Error),
    /// A name that can't be one.
    #[error("\"{0}\" can't be a name here: it takes 1 to 64 lower-case letters, digits, -, _, . and @")]
    Name(String),
    /// The name is in use.
    #[error(
        "there is a {what} {name} already\n\nhint: take another name, or remove it first: stave {what} remove {name}"
    )]
    Taken {
        /// `token` or `user`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An address that is none.
    #[error("\"{0}\" is not an e-mail address\n\nhint: write it like name@example.com")]
    Address(String),
    /// A password that is too short or too long.
    #[error("a password takes {least} to {most} bytes")]
    Password {
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// Somebody else changes the same account all the time.
    #[error("the account {0} is being changed by somebody else; try again")]
    Busy(String),
    /// What a token names can't be meant so.
    #[error("{0}")]
    Token(String),
    /// Something on a shelf is none of ours.
    #[error("the {shelf} {name} in the store can't be read: {why}")]
    Damaged {
        /// The shelf.
        shelf: &'static str,
        /// Which item, by a name that is no secret.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// No random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// What comes of reading or changing accounts.
pub type Result<T> = std::result::Result<T, AccountError>;

/// Longest name, in bytes.
const NAME_BYTES: usize = 64;

/// Checks the name of a token or user.
///
/// # Errors
/// [`AccountError::Name`].
fn check_name(name: &str) -> Result<()> {
    let plain = |sign: char| sign.is_ascii_lowercase() || sign.is_ascii_digit() || "-_.@".contains(sign);
    if name.is_empty() || name.len() > NAME_BYTES || !name.chars().all(plain) {
        return Err(AccountError::Name(name.chars().take(80).collect()));
    }
    Ok(())
}

/// An item of a shelf as a value; `name` is for the message.
pub(in crate::door) fn parse<T: serde::de::DeserializeOwned>(
    shelf: &'static str,
    name: &str,
    text: &str,
) -> Result<T> {
    serde_json::from_str(text).map_err(|error| AccountError::Damaged {
        shelf,
        name: name.to_owned(),
        // Without the value: parts of it could stand in the message otherwise.
        why: format!("line {}, column {}", error.line(), error.column()),
    })
}

/// A value as an item of a shelf.
pub(in crate::door) fn write<T: serde::Serialize>(
    shelf: &'static str,
    name: &str,
    value: &T,
) -> Result<String> {
    serde_json::to_string(value).map_err(|error| AccountError::Damaged {
        shelf,
        name: name.to_owned(),
        why: error.to_string(),
    })
}

/// All items of a shelf as values, by key. Names for messages are the first digits of keys, which may be hashes.
pub(in crate::door) fn all<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    shelf: &'static str,
) -> Result<Vec<(String, T)>> {
    let items = store.items(shelf)?;
    items
        .into_iter()
        .map(|(key, text)| {
            let value = parse(shelf, &key.chars().take(12).collect::<String>(), &text)?;
            Ok((key, value))
        })
        .collect()
}
