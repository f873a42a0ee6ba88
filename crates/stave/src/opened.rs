//! A ledger that is open, with its map brought up to date.

use anyhow::Context as _;
use stave_answers::speech::{self, Meant, Refusal, RefusalKind, SpeechError, Voice};
use stave_answers::{Estate, People};
use stave_ledger::{Ledger, Past};
use stave_map::{CutOff, Entity, PastLock, ReadModel, forget_past};
use stave_model::{Author, PersonRow, Statement, Time, person_author};

use crate::at;
use crate::context::{Context, TOOL, new_op, now};
use crate::estate::{self, Place};
use crate::network;
use crate::problem::Problem;
use crate::reach::Reach;
use crate::surroundings::quote;

/// A ledger that is open, with its map.
pub(crate) struct Opened {
    pub(crate) place: Place,
    pub(crate) ledger: Box<dyn Ledger>,
    pub(crate) map: ReadModel,
    people: People,
    pub(crate) now: Time,
    /// Keeps the map's file where it is, where it is one of the past.
    _kept: Option<PastLock>,
}

impl Opened {
    /// Opens the estate's ledger for a verb that scans nothing, reads the settings and brings the map up to date.
    pub(crate) fn existing(context: &mut Context<'_>) -> anyhow::Result<Opened> {
        let place = estate::existing(context)?;
        let mut opened = Opened::at(context, place)?;
        if let Some(typed) = context.at.clone() {
            return opened.turned_back(context, &typed);
        }
        opened.catch_up()?;
        if let Some(waiting) = stave_answers::waiting(opened.estate())? {
            context.terminal.warn(&stave_answers::waiting_text(&waiting));
            context.waiting = Some(waiting);
        }
        Ok(opened)
    }

    /// Opens (or makes) the ledger at a place and reads the settings. The map is brought up to date later,
    /// when what is to be appended has been.
    pub(crate) fn at(context: &mut Context<'_>, mut place: Place) -> anyhow::Result<Opened> {
        context.read_settings(Some(&place.root))?;
        place.unlock(context)?;
        context.terminal.detail(&format!("ledger: {}", place.shown()));
        let ledger = place.open()?;
        if place.reach == Reach::File
            && let Some(kind) = network::file_system(&place.folder)
        {
            context.terminal.warn(&format!(
                "the ledger lies on a network file system ({kind}): it stays sound only while one machine at a time \
                 uses it\n\nhint: several machines share one through a server (stave serve), or merge ledgers of their own"
            ));
        }
        let map = ReadModel::open(&place.map_file())?;
        Ok(Opened { place, ledger, map, people: People::default(), now: now(), _kept: None })
    }

    /// Brings the map up to date with everything appended so far.
    pub(crate) fn catch_up(&mut self) -> anyhow::Result<()> {
        self.now = now();
        let advance = self.map.catch_up(&*self.ledger, CutOff::Live(self.now))?;
        if advance.rebuilt {
            // Something may have been redacted since, which must not live on in maps of the past. One that can't be removed
            // is made again before it is used.
            let _ = forget_past(&self.place.past_folder(), &self.ledger.info()?);
        }
        self.people = People::new(self.ledger.people()?);
        Ok(())
    }

    /// The ledger and the map as of a moment, and that moment as the present.
    fn turned_back(mut self, context: &mut Context<'_>, typed: &str) -> anyhow::Result<Opened> {
        let Some(then) = at::then(&self.place.past_folder(), &*self.ledger, typed, now())? else {
            self.catch_up()?;
            return Ok(self);
        };
        context.terminal.say(&format!("as of {}", then.as_of.text()));
        if then.map.model.counts()?.statements == 0 {
            context.terminal.warn("nothing had been said by then");
        }
        context.as_of = Some(then.as_of);
        Ok(Opened {
            people: People::new(self.ledger.people()?),
            ledger: Box::new(Past::new(self.ledger, then.map.until)),
            map: then.map.model,
            now: then.as_of.time,
            _kept: Some(then.map.lock),
            place: self.place,
        })
    }

    /// Whether the map has all that the ledger has.
    pub(crate) fn is_level(&self) -> anyhow::Result<bool> {
        let (info, end) = (self.ledger.info()?, self.ledger.position()?);
        Ok(self.map.kept()?.is_some_and(|kept| kept.is_of(&info) && kept.position == end))
    }

    /// What answers are made of.
    pub(crate) fn estate(&self) -> Estate<'_> {
        Estate { model: &self.map, ledger: &*self.ledger, people: &self.people, now: self.now }
    }

    /// The id of whoever sits at the keyboard, entered into the people directory.
    pub(crate) fn author(&mut self, context: &mut Context<'_>) -> anyhow::Result<Author> {
        let (author, row, is_guess) = self.who_speaks(context)?;
        let email = row.address.strip_prefix("mailto:").unwrap_or(&row.address).to_owned();
        if self.ledger.add_people(&[row])? > 0 && is_guess {
            context.terminal.warn(&format!(
                "nobody said who speaks; your words are signed {email}\n\nhint: git config --global user.email, or --as ADDRESS"
            ));
        }
        Ok(author)
    }

    /// Who sits at the keyboard: their id, their row of the people directory (which may not have it yet), and
    /// whether nobody said so.
    pub(crate) fn who_speaks(&self, context: &mut Context<'_>) -> anyhow::Result<(Author, PersonRow, bool)> {
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
        Ok((author, row, speaker.is_guess))
    }

    /// Who statements of machines say brought them: the token that a server knows us by, else whoever sits here.
    pub(crate) fn bringer(&mut self, context: &mut Context<'_>) -> anyhow::Result<Author> {
        match self.ledger.signature()? {
            Some(by) => Ok(by),
            None => self.author(context),
        }
    }

    /// A new command's voice.
    pub(crate) fn voice(&mut self, context: &mut Context<'_>) -> anyhow::Result<Voice> {
        let author = self.author(context)?;
        let by = self.ledger.signature()?;
        Ok(Voice { author, by, op: new_op()?, time: now(), tool: TOOL.to_owned() })
    }

    /// Appends words and brings the map up to date: what a command prints afterwards is true.
    pub(crate) fn append(&mut self, words: &[Statement]) -> anyhow::Result<()> {
        self.ledger.append(words).context("nothing was said")?;
        // The words are safe from here on; a map that can't be written is made again by the next command.
        self.catch_up().context("your word is in the ledger, but the map could not be brought up to date")
    }

    /// The entity that a person means.
    pub(crate) fn entity(&self, context: &Context<'_>, typed: &str) -> anyhow::Result<Entity> {
        speech::entity(self.estate(), typed).map_err(|error| self.unsaid(context, error))
    }

    /// What a person may mean: a name, 12 digits, a reference, or a kind and a name.
    pub(crate) fn meant(&self, typed: &str) -> anyhow::Result<Meant> {
        Ok(speech::meant(self.estate(), typed)?)
    }

    /// What is said instead, where something couldn't be: with the commands as they must be typed here.
    pub(crate) fn unsaid(&self, context: &Context<'_>, error: SpeechError) -> anyhow::Error {
        match error {
            SpeechError::Refused(refusal) if refusal.kind == RefusalKind::Several => {
                self.ambiguous(context, *refusal).into()
            }
            SpeechError::Refused(refusal) => Problem::from(*refusal).into(),
            other => other.into(),
        }
    }

    fn ambiguous(&self, context: &Context<'_>, refusal: Refusal) -> Problem {
        let rows = refusal.candidates.clone();
        let of_kind = |kind: &str| rows.iter().filter(|row| row.kind == kind).count();
        let stave = context.typed(&self.place.root);
        let mut problem = Problem::from(refusal);
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
