//! Flags of tasks: `--name` or `--name VALUE`, in any order, and words without dashes.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// The words of a task that nobody has taken yet, and where the caller stood.
pub(crate) struct Args {
    words: Vec<String>,
    stood: PathBuf,
}

impl Args {
    pub(crate) fn new(words: Vec<String>, stood: PathBuf) -> Args {
        Args { words, stood }
    }

    /// Whether this word is among those that nobody has taken.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|known| known == word)
    }

    /// Takes `--name`; whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.words.len();
        self.words.retain(|word| word != name);
        self.words.len() < before
    }

    /// Takes `--name VALUE`.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        let Some(at) = self.words.iter().position(|word| word == name) else { return Ok(None) };
        if at + 1 >= self.words.len() {
            bail!("{name} needs a value");
        }
        self.words.remove(at);
        Ok(Some(self.words.remove(at)))
    }

    /// Takes `--name PATH`, which must be there. Tasks run in the root, so it is made absolute from
    /// where the caller stood.
    pub(crate) fn path(&mut self, name: &str) -> Result<PathBuf> {
        self.optional_path(name)?.with_context(|| format!("{name} PATH is missing"))
    }

    /// Takes `--name PATH`.
    pub(crate) fn optional_path(&mut self, name: &str) -> Result<Option<PathBuf>> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        let path = self.stood.join(&text);
        Ok(Some(path.canonicalize().with_context(|| format!("{name} {text}"))?))
    }

    /// Takes `--name PATH`, which needn't be there.
    pub(crate) fn new_path(&mut self, name: &str) -> Result<Option<PathBuf>> {
        Ok(self.value(name)?.map(|text| self.stood.join(text)))
    }

    /// Takes `--name NUMBER`.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u32>> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        Ok(Some(text.parse().with_context(|| format!("{name} {text}"))?))
    }

    /// Takes the first word without dashes, if that is the first of all.
    pub(crate) fn word(&mut self) -> Option<String> {
        let is_word = self.words.first().is_some_and(|word| !word.starts_with('-'));
        is_word.then(|| self.words.remove(0))
    }

    /// What is left: words, no flags.
    pub(crate) fn rest(self) -> Result<Vec<String>> {
        match self.words.iter().find(|word| word.starts_with('-')) {
            Some(flag) => bail!("there is no flag \"{flag}\" here"),
            None => Ok(self.words),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(self) -> Result<()> {
        match self.rest()?.first() {
            Some(word) => bail!("\"{word}\" is not expected here"),
            None => Ok(()),
        }
    }
}
