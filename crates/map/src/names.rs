//! Interned texts: every author, scope, reference, key and text target has one small number in a read model.

use std::cell::RefCell;
use std::rc::Rc;

use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;

/// The number of a text in one read model. Never leaves the crate.
pub(crate) type Sym = i64;

/// Texts by number and numbers by text, cached for one advance or one answer.
pub(crate) struct Names<'c> {
    connection: &'c Connection,
    by_text: RefCell<FxHashMap<Rc<str>, Sym>>,
    /// By number; numbers are given out one after the other.
    by_sym: RefCell<Vec<Option<Rc<str>>>>,
    /// All texts are in the cache: a miss is a new text. Holds the next number.
    whole: std::cell::Cell<Option<Sym>>,
}

impl<'c> Names<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Names<'c> {
        Names {
            connection,
            by_text: RefCell::default(),
            by_sym: RefCell::default(),
            whole: std::cell::Cell::new(None),
        }
    }

    /// Loads every text, so that interning needs no index; for bulk loads.
    pub(crate) fn load_all(&self) -> rusqlite::Result<()> {
        let mut next = 1;
        let mut rows = self.connection.prepare("SELECT id, text FROM sym")?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let sym: Sym = row.get(0)?;
            let text: Rc<str> = row.get_ref(1)?.as_str()?.into();
            next = next.max(sym + 1);
            self.remember(sym, text);
        }
        self.whole.set(Some(next));
        Ok(())
    }

    fn remember(&self, sym: Sym, text: Rc<str>) {
        self.by_text.borrow_mut().insert(Rc::clone(&text), sym);
        let mut by_sym = self.by_sym.borrow_mut();
        // Numbers come from the file's own table: they are positive, and as many as there are texts.
        let place = usize::try_from(sym).unwrap_or(0);
        if by_sym.len() <= place {
            by_sym.resize(place + 1, None);
        }
        by_sym[place] = Some(text);
    }

    /// The number of a text, if it has one.
    pub(crate) fn get(&self, text: &str) -> rusqlite::Result<Option<Sym>> {
        if let Some(sym) = self.by_text.borrow().get(text) {
            return Ok(Some(*sym));
        }
        if self.whole.get().is_some() {
            return Ok(None);
        }
        let found: Option<Sym> = self
            .connection
            .prepare_cached("SELECT id FROM sym WHERE text = ?1")?
            .query_row([text], |row| row.get(0))
            .optional()?;
        if let Some(sym) = found {
            self.remember(sym, text.into());
        }
        Ok(found)
    }

    /// The number of a text; a new one if it has none.
    pub(crate) fn intern(&self, text: &str) -> rusqlite::Result<Sym> {
        if let Some(sym) = self.get(text)? {
            return Ok(sym);
        }
        let sym = match self.whole.get() {
            Some(next) => {
                self.whole.set(Some(next + 1));
                self.connection
                    .prepare_cached("INSERT INTO sym VALUES(?1, ?2)")?
                    .execute(params![next, text])?;
                next
            }
            None => {
                self.connection.prepare_cached("INSERT INTO sym(text) VALUES(?1)")?.execute([text])?;
                self.connection.last_insert_rowid()
            }
        };
        self.remember(sym, text.into());
        Ok(sym)
    }

    /// The text of a number that this read model gave out.
    pub(crate) fn text(&self, sym: Sym) -> rusqlite::Result<Rc<str>> {
        let place = usize::try_from(sym).unwrap_or(0);
        if let Some(Some(text)) = self.by_sym.borrow().get(place) {
            return Ok(Rc::clone(text));
        }
        let text: String = self
            .connection
            .prepare_cached("SELECT text FROM sym WHERE id = ?1")?
            .query_row([sym], |row| row.get(0))?;
        let text: Rc<str> = text.into();
        self.remember(sym, Rc::clone(&text));
        Ok(text)
    }
}
