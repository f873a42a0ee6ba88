//! Scanning on behalf of a ledger: who is who, how far it is, and statements from what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use stave_collect::{People, Progress, TreeScan};
use stave_ledger::{Filter, Ledger};
use stave_model::{
    Author, EstateKey, Header, Op, PersonRow, Reference, Scope, Source, Statement, Time, VERSION,
    claims_hash, person_author,
};

use crate::context::TOOL;

/// Gives persons their ids and keeps their rows for the directory.
pub(crate) struct Directory {
    key: EstateKey,
    rows: Mutex<Rows>,
}

#[derive(Default)]
struct Rows {
    all: BTreeSet<PersonRow>,
    /// Those that nobody has taken yet.
    new: Vec<PersonRow>,
}

impl Directory {
    pub(crate) fn new(key: EstateKey) -> Directory {
        Directory { key, rows: Mutex::default() }
    }

    /// The persons met since this was last asked.
    pub(crate) fn new_rows(&self) -> Vec<PersonRow> {
        std::mem::take(&mut self.rows().new)
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl People for Directory {
    fn person(&self, address: &str, name: Option<&str>) -> Option<Reference> {
        let id = person_author(&self.key, address).ok()?.to_string();
        let reference = id.parse().ok()?;
        let row =
            PersonRow { id, name: name.unwrap_or_default().to_owned(), address: address.to_lowercase() };
        let mut rows = self.rows();
        if rows.all.insert(row.clone()) {
            rows.new.push(row);
        }
        Some(reference)
    }
}

/// A spinner with counts, on a terminal only.
pub(crate) struct Spinner {
    bar: ProgressBar,
    trees: AtomicU64,
}

impl Spinner {
    pub(crate) fn new(is_shown: bool) -> Spinner {
        let bar = if is_shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        if is_shown {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Spinner { bar, trees: AtomicU64::new(0) }
    }

    pub(crate) fn say(&self, what: &'static str) {
        self.bar.set_message(what);
    }

    /// How far something is that is counted.
    pub(crate) fn count(&self, what: &'static str, done: u64, of: u64) {
        self.bar.set_message(format!("{what}: {done} of {of}"));
    }

    /// Leaves no trace on the terminal.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl stave_history::People for Directory {
    fn person(&self, address: &str, name: Option<&str>) -> Option<Author> {
        People::person(self, address, name)?.as_str().parse().ok()
    }
}

impl stave_history::Progress for Spinner {
    fn commits(&self, found: u64) {
        self.bar.set_message(format!("reading history: {found} commits"));
    }

    fn changes(&self, read: u64, of: u64) {
        self.bar.set_message(format!("reading history: what {of} commits changed, {read} of them read"));
    }
}

impl Progress for Spinner {
    fn tree(&self, _root: &Path) {
        self.trees.fetch_add(1, Ordering::Relaxed);
    }

    fn files(&self, walked: u64, read: u64) {
        let trees = self.trees.load(Ordering::Relaxed);
        self.bar.set_message(format!(
            "reading {trees} trees: {walked} files, {read} of them manifests and settings"
        ));
    }
}

/// What all statements of one scan have in common.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) by: Author,
    pub(crate) op: Op,
    pub(crate) time: Time,
}

impl Stamp {
    /// The head of a statement without claims.
    pub(crate) fn header(&self, author: Author, scope: Scope, source: Source) -> Header {
        Header {
            author,
            by: Some(self.by.clone()),
            claims: claims_hash(&mut Vec::new()),
            op: self.op,
            replaces: Vec::new(),
            rules: 0,
            scope,
            source,
            time: self.time,
            tool: TOOL.to_owned(),
            unread: Vec::new(),
            v: VERSION,
        }
    }

    /// One statement per reader. Takes the claims out of the tree: they can be many.
    pub(crate) fn statements(&self, tree: &mut TreeScan) -> Vec<Statement> {
        std::mem::take(&mut tree.parts)
            .into_iter()
            .map(|part| {
                let mut header = self.header(part.author, tree.scope.clone(), tree.source.clone());
                header.rules = part.rules;
                header.unread = part.unread;
                Statement::new(header, part.claims)
            })
            .collect()
    }

    /// The heads of what would be said of a tree that has not changed.
    pub(crate) fn headers_again(&self, tree: &TreeScan) -> Vec<Header> {
        tree.again
            .iter()
            .map(|part| Header {
                rules: part.rules,
                unread: part.unread.clone(),
                claims: part.claims,
                ..self.header(part.author.clone(), tree.scope.clone(), tree.source.clone())
            })
            .collect()
    }

    /// What ends a scope of uncommitted work (`…+work`) whose tree was read clean: empty statements of the authors that
    /// hold something there. `source.at` is the present, for work is dated by its scan.
    ///
    /// # Errors
    /// Where the ledger can't be read.
    pub(crate) fn end_of_work(&self, ledger: &dyn Ledger, scope: &Scope) -> anyhow::Result<Vec<Statement>> {
        let filter = Filter { scope: Some(scope.clone()), ..Filter::default() };
        let mut held: BTreeMap<Author, (Time, u64)> = BTreeMap::new();
        for entry in stave_ledger::matching(ledger, &filter)? {
            let newest = held.entry(entry.header.author.clone()).or_default();
            // Ascending numbers: of equal dates the later arrival counts, as a later scan's time does.
            if entry.header.source_at() >= newest.0 {
                *newest = (entry.header.source_at(), entry.claim_count);
            }
        }
        let authors = held.into_iter().filter(|(_, (_, claims))| *claims > 0).map(|(author, _)| author);
        let source = Source { at: Some(self.time), id: None };
        Ok(authors
            .map(|author| Statement::new(self.header(author, scope.clone(), source.clone()), Vec::new()))
            .collect())
    }
}
