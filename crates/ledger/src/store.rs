//! The second, small store beside the ledger: accounts, sessions, tokens, settings, drafts, counts. None of it is
//! ever exported or merged; a backup has it.

use crate::error::Result;

/// Texts by shelf and key. What they mean is the business of whoever owns the shelf; most are JSON.
pub trait Store {
    /// One item.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn item(&self, shelf: &str, key: &str) -> Result<Option<String>>;

    /// All items of a shelf with their keys, by key.
    ///
    /// # Errors
    /// Where the storage can't be read.
    fn items(&self, shelf: &str) -> Result<Vec<(String, String)>>;

    /// Writes an item (or removes it, `None`) if it is now what `before` says; false, and nothing done, where it isn't.
    ///
    /// # Errors
    /// Where the storage can't be written.
    fn swap(&mut self, shelf: &str, key: &str, before: Option<&str>, after: Option<&str>) -> Result<bool>;

    /// Writes an item, or removes it (`None`), whatever was there.
    ///
    /// # Errors
    /// Where the storage can't be written.
    fn set(&mut self, shelf: &str, key: &str, value: Option<&str>) -> Result<()>;
}
