//! How a person's words become statements: what was typed, or filled into a form, to a [`Plan`], and that to statements
//! in somebody's [`Voice`].
//!
//! The command line and the server both speak through here, so that a word means the same and replaces the same wherever
//! it is said. Pure: it looks at an estate and gives data. Who speaks, when, and the append are the caller's business.

mod answers;
mod choices;
mod entity;
mod join;
mod parse;
mod persons;
mod plan;
mod refusal;
mod saying;
mod seen;
mod undo;
mod word;

use stave_map::Fact;
use stave_model::{Author, Op, PersonRow, Statement, Time};

pub use answers::{answer, decide, question_meant};
pub use choices::{Choices, choices};
pub use entity::{Meant, entity, meant, unknown};
pub use parse::{FactWord, Speech, fact_word, kinds, parse};
pub use persons::person_meant;
pub use plan::{deny, relations_between, say};
pub use refusal::{Refusal, RefusalKind, SpeechError};
pub use saying::{Act, Saying, spoken_new, spoken_of};
pub use seen::{Notice, notice, seen, seen_on};
pub use undo::{Target, last_of, target_meant, undo};
pub use word::{Anchor, End, join as same, retirement, statements};

use crate::Draft;

/// What the functions of this module give.
pub type Result<T, E = SpeechError> = std::result::Result<T, E>;

/// Who speaks, when, in which command.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Whose word it is.
    pub author: Author,
    /// Who appends it, where that is somebody else.
    pub by: Option<Author>,
    /// The command.
    pub op: Op,
    /// When it is said.
    pub time: Time,
    /// Program and version.
    pub tool: String,
}

/// What will be said, and what to tell about it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The words.
    pub drafts: Vec<Draft>,
    /// What is then so: a sentence for each thing said.
    pub said: Vec<String>,
    /// What a person should know beside it.
    pub notes: Vec<String>,
    /// Persons that the directory doesn't know yet.
    pub people: Vec<PersonRow>,
    /// The fact that decides whether this was said already.
    known: Option<Known>,
}

/// A fact as the map shows it, to compare a new word with.
#[derive(Clone, Debug)]
struct Known {
    of: Anchor,
    fact_type: String,
    end: Option<OwnedEnd>,
}

#[derive(Clone, Debug)]
enum OwnedEnd {
    Entity(String),
    Text(String),
}

impl Known {
    fn on(of: Anchor, fact_type: &str, end: Option<OwnedEnd>) -> Option<Known> {
        Some(Known { of, fact_type: fact_type.to_owned(), end })
    }
}

impl Plan {
    /// Whether this author's standing word says the same already, with nothing open about it.
    pub fn is_said_by(&self, author: &Author) -> bool {
        match self.drafts.as_slice() {
            [draft] => word::is_said_already(self.fact(), author, draft),
            _ => false,
        }
    }

    /// The one fact that it is about, as the map shows it.
    fn fact(&self) -> Option<&Fact> {
        let known = self.known.as_ref()?;
        let end = match &known.end {
            None => End::None,
            Some(OwnedEnd::Entity(id)) => End::Entity(id),
            Some(OwnedEnd::Text(text)) => End::Text(text),
        };
        known.of.fact(&known.fact_type, end)
    }

    /// The statements, checked.
    ///
    /// # Errors
    /// [`SpeechError::Unsayable`] where a name is over a limit.
    pub fn statements(&self, voice: &Voice) -> Result<Vec<Statement>> {
        statements(voice, &self.drafts)
    }
}
