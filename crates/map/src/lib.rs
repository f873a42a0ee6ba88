//! The fold: statements in, one map out, kept in a read model that can be thrown away at any time.
//!
//! The rules stand in docs/ledger.md. The same statements and cut-off give the same map in any order of arrival, and
//! an advance by one statement gives what a rebuild would. Nothing here writes to a ledger, and nothing here asks a
//! clock: whoever calls says what "now" is.

mod alias;
mod cluster;
mod document;
mod entities;
mod error;
mod fold;
mod history;
mod live;
mod names;
mod outline;
mod past;
mod place;
mod question;
mod raw;
mod read;
mod recluster;
mod resolve;
mod saved;
mod schema;
mod slots;
mod tools;
mod view;
mod words;

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use stave_ledger::Ledger;
use stave_model::{Claim, Hash, Time};

pub use error::{MapError, Result};
pub use fold::Advance;
pub use past::{Effort, Moment, PAST_MAPS, Past, PastError, PastLock, PastMap, forget_past, past};
pub use saved::Kept;
pub use view::*;

use read::Read;

/// The map of one ledger, in one SQLite file or in memory. Deleting the file loses nothing.
pub struct ReadModel {
    connection: Connection,
}

impl ReadModel {
    /// A read model that ends with the process.
    ///
    /// # Errors
    /// Where SQLite can't be set up.
    pub fn in_memory() -> Result<ReadModel> {
        Ok(ReadModel { connection: schema::open(None)? })
    }

    /// Opens the file, or makes it. One that another version made is emptied, and filled by the next
    /// [`ReadModel::catch_up`].
    ///
    /// # Errors
    /// Where the file can't be opened, or is no database.
    pub fn open(path: &Path) -> Result<ReadModel> {
        Ok(ReadModel { connection: schema::open(Some(path))? })
    }

    /// Opens a file to ask it only: nothing of it is made, emptied or changed. Where another version made it, only
    /// [`ReadModel::kept`] has an answer.
    ///
    /// # Errors
    /// Where the file isn't there, can't be opened, or is no read model.
    pub fn open_to_read(path: &Path) -> Result<ReadModel> {
        Ok(ReadModel { connection: saved::open_to_read(path)? })
    }

    /// What this read model is of; nothing where it was never filled.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn kept(&self) -> Result<Option<Kept>> {
        saved::kept(&self.connection)
    }

    /// Copies the read model as it stands to `into`, a file that is empty or isn't there, sealed with its hash.
    ///
    /// # Errors
    /// Where it can't be read, or the file can't be written.
    pub fn save(&self, into: &Path) -> Result<()> {
        saved::save(&self.connection, into)
    }

    /// Puts a copy that [`ReadModel::save`] wrote in the place of what this one has. Others that have the file open see
    /// the one or the other, whole. `end` is the number of the ledger's last statement.
    ///
    /// # Errors
    /// Where the copy is not whole, is of another ledger, epoch, revision or version, or can't be written; nothing is
    /// changed then.
    pub fn load(&mut self, from: &Path, info: &stave_ledger::Info, end: u64) -> Result<Kept> {
        saved::load(&mut self.connection, from, info, end)
    }

    /// Folds what the ledger has beyond this read model's position.
    ///
    /// # Errors
    /// Where the ledger or the file can't be read; the read model is then as it was before.
    pub fn catch_up(&mut self, ledger: &dyn Ledger, cut_off: CutOff) -> Result<Advance> {
        fold::catch_up(&self.connection, ledger, cut_off)
    }

    /// Runs one answer's questions on one snapshot.
    fn read<T>(&self, ask: impl FnOnce(&Read<'_>) -> Result<T>) -> Result<T> {
        // Inside an answer that asks several questions the snapshot is already there.
        if !self.connection.is_autocommit() {
            return ask(&Read::new(&self.connection));
        }
        let snapshot = self.connection.unchecked_transaction()?;
        let answer = ask(&Read::new(&snapshot))?;
        snapshot.finish()?;
        Ok(answer)
    }

    /// Runs several questions on one snapshot, so that an answer doesn't mix two positions.
    ///
    /// # Errors
    /// What `answer` gives, or where a snapshot can't be had.
    pub fn snapshot<T, E: From<MapError>>(
        &self,
        answer: impl FnOnce(&ReadModel) -> Result<T, E>,
    ) -> Result<T, E> {
        if !self.connection.is_autocommit() {
            return answer(self);
        }
        let snapshot = self.connection.unchecked_transaction().map_err(MapError::from)?;
        let value = answer(self);
        snapshot.finish().map_err(MapError::from)?;
        value
    }

    /// Where in the ledger this read model stands.
    ///
    /// # Errors
    /// Where the read model can't be read; so for all questions below.
    pub fn stamp(&self) -> Result<Stamp> {
        self.read(|read| read.stamp())
    }

    /// How much there is.
    pub fn counts(&self) -> Result<Counts> {
        self.read(|read| read.counts())
    }

    /// A page of entities, by name.
    pub fn list(&self, filter: &Filter) -> Result<Page> {
        self.read(|read| read.list(filter))
    }

    /// Entities in which every word of `words` begins some word, the best first.
    pub fn find(&self, words: &str, limit: u64) -> Result<Vec<EntityRow>> {
        self.read(|read| read.find(words, limit))
    }

    /// Outside products and services with who uses them, by name.
    pub fn tools(&self) -> Result<Vec<ToolUsed>> {
        self.read(|read| read.tools())
    }

    /// The 12 digits of what is an outside product or service and nothing else.
    pub fn tool_ids(&self) -> Result<BTreeSet<String>> {
        self.read(|read| read.tool_ids())
    }

    /// What a person means by a text: 12 digits or their beginning (4 at least), a reference, a name, another name.
    pub fn named(&self, text: &str) -> Result<Named> {
        self.read(|read| read.named(text))
    }

    /// An entity whole, by the 12 digits of any of its references.
    pub fn entity(&self, id: &str) -> Result<Option<Entity>> {
        self.read(|read| read.entity(id))
    }

    /// Open questions.
    pub fn questions(&self, limit: u64) -> Result<Vec<Question>> {
        self.read(|read| read.questions(None, limit))
    }

    /// One question, by its 12 digits.
    pub fn question(&self, id: &str) -> Result<Option<Question>> {
        Ok(self.read(|read| read.questions(Some(id), 1))?.into_iter().next())
    }

    /// Which branch of each repository is shown.
    pub fn views(&self) -> Result<Vec<View>> {
        self.read(|read| read.views())
    }

    /// All entities that nobody denies, in outline, by id; `types` are the `add` facts with a text that are wanted.
    ///
    /// # Errors
    /// Where the read model can't be read.
    pub fn outlines(&self, types: &[&str]) -> Result<Outlines> {
        outline::outlines(&self.connection, types)
    }

    /// Every live reference of an entity that nobody denies with its entity's 12 digits, by reference.
    ///
    /// # Errors
    /// Where the read model can't be read.
    pub fn references(&self) -> Result<Vec<(String, String)>> {
        outline::references(&self.connection)
    }

    /// Entities (12 digits each) that standing words of this type are about.
    ///
    /// # Errors
    /// Where the read model can't be read.
    pub fn spoken_of(&self, fact_type: &str) -> Result<Vec<String>> {
        outline::spoken_of(&self.connection, fact_type)
    }

    /// The relations that people deny with this entity at the other end: each type with the other entity's 12 digits, sorted.
    ///
    /// # Errors
    /// Where the read model can't be read.
    pub fn denied_towards(&self, id: &str) -> Result<Vec<(String, String)>> {
        outline::denied_towards(&self.connection, id)
    }

    /// The entities (12 digits) of which somebody says something of a type with this one at the other end, sorted.
    pub fn said_towards(&self, id: &str, fact_type: &str) -> Result<Vec<String>> {
        self.read(|read| read.said_towards(id, fact_type))
    }

    /// Everything on the map as nodes and links; links from needs to, as relations are written. Hidden ones left out.
    pub fn graph(&self) -> Result<(Vec<Node>, Vec<Link>)> {
        self.read(|read| read.graph())
    }

    /// The texts of an entity's (12 digits) facts of one type: its endpoints, tags, links; denied ones left out.
    pub fn texts(&self, id: &str, fact_type: &str) -> Result<Vec<String>> {
        self.read(|read| read.texts_of(id, fact_type))
    }

    /// Why two entities are candidates for one: the reasons that a "not the same" is said against.
    pub fn join_reasons(&self, a: &str, b: &str) -> Result<Vec<String>> {
        self.read(|read| read.join_reasons(a, b))
    }

    /// Standing words that two entities (or parts of one) are the same or are not, with their statements' ids.
    pub fn join_words(&self, a: &str, b: &str) -> Result<Vec<(Hash, Claim)>> {
        self.read(|read| read.join_words(a, b))
    }

    /// The entities that hold one of these keys, whatever its strength: what a word without a place may mean.
    ///
    /// # Errors
    /// Where the read model can't be read.
    pub fn holders(&self, keys: &[String], limit: usize) -> Result<Vec<EntityRow>> {
        self.read(|read| read.holders(keys, limit))
    }

    /// Every (author, scope) that machines spoke of.
    pub fn slots(&self) -> Result<Vec<Slot>> {
        self.read(|read| read.history()?.slots())
    }

    /// A scope with repositories that people call one written as one.
    pub fn folded_scope(&self, scope: &str) -> Result<String> {
        self.read(|read| Ok(read.history()?.scope(scope)))
    }

    /// When the oldest statement of a machine was made.
    pub fn history_begins(&self) -> Result<Option<Time>> {
        self.read(|read| read.history()?.begins())
    }

    /// When the newest statement that counts was made.
    pub fn history_ends(&self) -> Result<Option<Time>> {
        self.read(|read| read.history()?.ends())
    }

    /// What was read by a clock ahead of `now`, the present of this machine, and waits until it is due.
    pub fn waiting(&self, now: Time) -> Result<Option<Waiting>> {
        self.read(|read| read.history()?.waiting(now))
    }

    /// What an author said to exist and, having looked again (or its scope being retired), no longer does, by
    /// reference; what is on the map all the same, under another reference, is left out. Reads the ledger's history.
    ///
    /// # Errors
    /// Where the read model or the ledger can't be read.
    pub fn vanished(&self, ledger: &dyn Ledger) -> Result<Vec<Vanished>> {
        self.read(|read| read.history()?.vanished(ledger))
    }

    /// Standing words that hang on one of these references.
    pub fn words_on(&self, references: &[String]) -> Result<Vec<WordOn>> {
        self.read(|read| read.history()?.words_on(references))
    }

    /// A page of the entities that nobody but these slots (numbers of [`ReadModel::slots`]) says to exist.
    pub fn only_in(&self, slots: &BTreeSet<i64>, filter: &Filter) -> Result<Page> {
        self.read(|read| read.only_in(slots, filter))
    }

    /// The whole map as one JSON value, for comparison.
    pub fn document(&self) -> Result<serde_json::Value> {
        self.read(|read| read.document())
    }
}
