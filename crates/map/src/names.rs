//! Interned texts: every author, scope, reference, key and text target has one small number in a read model.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::rc::Rc;

use rusqlite::types::{ToSql, ToSqlOutput};
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;

/// The number of a text in one read model. Never leaves the crate.
pub(crate) type Sym = i64;

/// A set of numbers as one parameter of a statement, which asks with [`LISTED`]: one statement about three hundred
/// references costs a tenth of three hundred statements about one.
pub(crate) struct Numbers(String);

/// What stands after `IN` where the first parameter is [`Numbers`].
pub(crate) const LISTED: &str = "(SELECT value FROM json_each(?1))";

impl Numbers {
    pub(crate) fn new<'s>(numbers: impl IntoIterator<Item = &'s Sym>) -> Numbers {
        let mut text = String::from("[");
        for number in numbers {
            // Writing to a String can't fail.
            let _ = write!(text, "{}{number}", if text.len() == 1 { "" } else { "," });
        }
        text.push(']');
        Numbers(text)
    }
}

impl ToSql for Numbers {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

/// Texts by number and numbers by text, cached for one advance or one answer.
pub(crate) struct Names<'c> {
    connection: &'c Connection,
    by_text: RefCell<FxHashMap<Rc<str>, Sym>>,
    by_sym: RefCell<BySym>,
    /// All texts are in the cache: a miss is a new text. Holds the next number.
    whole: std::cell::Cell<Option<Sym>>,
}

/// Texts by number. Where all are loaded, a list: numbers are given out one after the other. Else a map, for a list
/// would cost as much as the read model has texts, whatever was asked.
enum BySym {
    All(Vec<Option<Rc<str>>>),
    Some(FxHashMap<Sym, Rc<str>>),
}

impl BySym {
    fn get(&self, sym: Sym) -> Option<&Rc<str>> {
        match self {
            // Numbers come from the file's own table: they are positive, and as many as there are texts.
            BySym::All(list) => list.get(usize::try_from(sym).unwrap_or(0))?.as_ref(),
            BySym::Some(map) => map.get(&sym),
        }
    }

    fn insert(&mut self, sym: Sym, text: Rc<str>) {
        match self {
            BySym::All(list) => {
                let place = usize::try_from(sym).unwrap_or(0);
                if list.len() <= place {
                    list.resize(place + 1, None);
                }
                list[place] = Some(text);
            }
            BySym::Some(map) => drop(map.insert(sym, text)),
        }
    }
}

impl<'c> Names<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Names<'c> {
        Names {
            connection,
            by_text: RefCell::default(),
            by_sym: RefCell::new(BySym::Some(FxHashMap::default())),
            whole: std::cell::Cell::new(None),
        }
    }

    /// Loads every text, so that interning needs no index; for bulk loads.
    pub(crate) fn load_all(&self) -> rusqlite::Result<()> {
        let mut next = 1;
        *self.by_sym.borrow_mut() = BySym::All(Vec::new());
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
        self.by_sym.borrow_mut().insert(sym, text);
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

    /// Loads the texts of many numbers at once, for what will ask for each.
    pub(crate) fn load(&self, syms: &Numbers) -> rusqlite::Result<()> {
        if self.whole.get().is_some() {
            return Ok(());
        }
        let mut rows =
            self.connection.prepare_cached(&format!("SELECT id, text FROM sym WHERE id IN {LISTED}"))?;
        let mut rows = rows.query([syms])?;
        while let Some(row) = rows.next()? {
            self.remember(row.get(0)?, row.get_ref(1)?.as_str()?.into());
        }
        Ok(())
    }

    /// The text of a number that this read model gave out.
    pub(crate) fn text(&self, sym: Sym) -> rusqlite::Result<Rc<str>> {
        if let Some(text) = self.by_sym.borrow().get(sym) {
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
