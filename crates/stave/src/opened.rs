//! A ledger that is open, with its map brought up to date.

use anyhow::Context as _;
use stave_answers::{Estate, People};
use stave_ledger::Ledger;
use stave_map::{CutOff, Entity, EntityRow, Named, ReadModel};
use stave_model::{Author, Kind, PersonRow, Statement, Time, person_author};

use crate::context::{Context, new_op, now};
use crate::estate::{self, Place};
use crate::problem::Problem;
use crate::surroundings::quote;
use crate::word::Voice;

/// A ledger that is open, with its map.
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) ledger: Box<dyn Ledger>,
    pub(crate) map: ReadModel,
    people: People,
    pub(crate) now: Time,
}

impl Opened {
    /// Opens the estate's ledger for a verb that scans nothing, reads the settings and brings the map up to date.
    pub(crate) fn existing(context: &mut Context<'_>) -> anyhow::Result<Opened> {
        let place = estate::existing(context)?;
        let mut opened = Opened::at(context, place)?;
        opened.catch_up()?;
        Ok(opened)
    }

    /// Opens (or makes) the ledger at a place and reads the settings. The map is brought up to date later,
    /// when what is to be appended has been.
    pub(crate) fn at(context: &mut Context<'_>, place: Place) -> anyhow::Result<Opened> {
        context.read_settings(Some(&place.root))?;
        context.terminal.detail(&format!("ledger: {}", place.shown()));
        let ledger = place.open()?;
        let map = ReadModel::open(&place.map_file())?;
        Ok(Opened { place, ledger, map, people: People::default(), now: now() })
    }

    /// Brings the map up to date with everything appended so far.
    pub(crate) fn catch_up(&mut self) -> anyhow::Result<()> {
        self.now = now();
        self.map.catch_up(&*self.ledger, CutOff::Live(self.now))?;
        self.people = People::new(self.ledger.people()?);
        Ok(())
    }

    /// What answers are made of.
    pub(crate) fn estate(&self) -> Estate<'_> {
        Estate { model: &self.map, ledger: &*self.ledger, people: &self.people, now: self.now }
    }

    /// The id of whoever sits at the keyboard, entered into the people directory.
    pub(crate) fn author(&mut self, context: &mut Context<'_>) -> anyhow::Result<Author> {
        let speaker = context.speaker()?;
        let author = person_author(&self.ledger.estate_key()?, &speaker.address)?;
        // Without a name the address's first part is better than digits, unless another device knows the name.
        let is_named = |row: &PersonRow| row.id == author.as_str() && !row.name.is_empty();
        let name = match speaker.email().split_once('@') {
            Some((part, _)) if speaker.name.is_empty() && !self.ledger.people()?.iter().any(is_named) => part,
            _ => &speaker.name,
        };
        let row =
            PersonRow { id: author.to_string(), name: name.to_owned(), address: speaker.address.clone() };
        if self.ledger.add_people(&[row])? > 0 && speaker.is_guess {
            context.terminal.warn(&format!(
                "nobody said who speaks; your words are signed {}\n\nhint: git config --global user.email, or --as ADDRESS",
                speaker.email()
            ));
        }
        Ok(author)
    }

    /// A new command's voice.
    pub(crate) fn voice(&mut self, context: &mut Context<'_>) -> anyhow::Result<Voice> {
        let author = self.author(context)?;
        Ok(Voice { author, op: new_op()?, time: now() })
    }

    /// Appends words and brings the map up to date: what a command prints afterwards is true.
    pub(crate) fn append(&mut self, words: &[Statement]) -> anyhow::Result<()> {
        self.ledger.append(words).context("nothing was said")?;
        // The words are safe from here on; a map that can't be written is made again by the next command.
        self.catch_up().context("your word is in the ledger, but the map could not be brought up to date")
    }

    /// The entity that a person means.
    pub(crate) fn entity(&self, context: &Context<'_>, typed: &str) -> anyhow::Result<Entity> {
        match self.meant(typed)? {
            Meant::One(entity) => Ok(*entity),
            Meant::Several(rows) => Err(self.ambiguous(context, typed, &rows).into()),
            Meant::None(rows) => Err(unknown(typed, &rows).into()),
        }
    }

    /// What a person may mean: a name, 12 digits, a reference, or a kind and a name.
    pub(crate) fn meant(&self, typed: &str) -> anyhow::Result<Meant> {
        let typed = typed.trim();
        let rows = match self.map.named(typed)? {
            Named::One(id) => return self.one(&id),
            Named::Several(rows) => return Ok(Meant::Several(rows)),
            Named::None(rows) => rows,
        };
        // `resource payments`: the kind says which of several is meant.
        if let Some((kind, name)) = typed.split_once(' ')
            && let Some(kind) = Kind::from_word(&kind.to_lowercase())
        {
            let of_kind: Vec<EntityRow> = match self.map.named(name.trim())? {
                Named::One(id) => return self.one(&id),
                Named::Several(rows) => rows.into_iter().filter(|row| row.kind == kind.as_str()).collect(),
                Named::None(_) => Vec::new(),
            };
            match of_kind.as_slice() {
                [] => {}
                [row] => return self.one(&row.id),
                _ => return Ok(Meant::Several(of_kind)),
            }
        }
        // A person's name stands in the directory, not on the map.
        let persons = self.people.called(typed);
        if let [person] = persons.as_slice()
            && let Named::One(id) = self.map.named(person)?
        {
            return self.one(&id);
        }
        Ok(Meant::None(rows))
    }

    fn one(&self, id: &str) -> anyhow::Result<Meant> {
        match self.map.entity(id)? {
            Some(mut entity) => {
                self.people.name_entity(&mut entity);
                Ok(Meant::One(Box::new(entity)))
            }
            None => Ok(Meant::None(Vec::new())),
        }
    }

    fn ambiguous(&self, context: &Context<'_>, typed: &str, rows: &[EntityRow]) -> Problem {
        let of_kind = |kind: &str| rows.iter().filter(|row| row.kind == kind).count();
        let mut what = format!("\"{typed}\" may mean:");
        for row in rows {
            what.push_str(&format!(
                "\n  {}  {}",
                stave_answers::nearest_text(std::slice::from_ref(row)).join(""),
                row.reference
            ));
        }
        let stave = context.typed(&self.place.root);
        let mut problem = Problem::new(what).candidates(rows);
        if let Some(row) = rows.first() {
            problem =
                problem.hint(format!("type the 12 digits instead of the name: {stave} show {}", row.id));
        }
        if let Some(row) = rows.iter().find(|row| of_kind(&row.kind) == 1) {
            problem = problem.hint(format!(
                "or its kind before the name: {stave} show {} {}",
                row.kind,
                quote(&row.name)
            ));
        }
        problem
    }
}

/// What a name that a person typed leads to.
pub(crate) enum Meant {
    /// Exactly one entity.
    One(Box<Entity>),
    /// Several; the best first.
    Several(Vec<EntityRow>),
    /// None; the nearest names.
    None(Vec<EntityRow>),
}

/// Nothing is called that: exit code 1, with the nearest names.
pub(crate) fn unknown(typed: &str, nearest: &[EntityRow]) -> Problem {
    let problem = Problem::no(format!("nothing on the map is called \"{typed}\"")).candidates(nearest);
    if nearest.is_empty() {
        problem.hint("stave list shows what there is; stave find searches descriptions too")
    } else {
        problem.hint(format!("did you mean {}?", stave_answers::nearest_text(nearest).join(", ")))
    }
}
