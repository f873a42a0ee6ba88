//! Why something can't be said, and what to do about it.

use std::fmt;

use stave_map::{EntityRow, MapError};

use crate::AnswerError;

/// Why nothing was said.
#[derive(Debug, thiserror::Error)]
pub enum SpeechError {
    /// What was typed can't be said, or is not so.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),
    /// The map or the ledger can't be read.
    #[error(transparent)]
    Answer(#[from] AnswerError),
    /// The word breaks a rule of the format: most likely a name is over a limit.
    #[error("{what} can't be said")]
    Unsayable {
        /// The word.
        what: String,
        /// The rule.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What kind of a refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// It can't be understood.
    Mistake,
    /// It is understood, and the answer is no.
    No,
    /// Several may be meant.
    Several,
}

/// What happened, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What happened.
    pub what: String,
    /// What to type instead on a command line.
    pub hints: Vec<String>,
    /// Entities that may have been meant.
    pub candidates: Vec<EntityRow>,
    /// What kind it is.
    pub kind: RefusalKind,
    /// The name that is the reason, as it was typed.
    pub about: Option<String>,
}

impl Refusal {
    pub(crate) fn new(what: impl Into<String>) -> Refusal {
        Refusal {
            what: what.into(),
            hints: Vec::new(),
            candidates: Vec::new(),
            kind: RefusalKind::Mistake,
            about: None,
        }
    }

    pub(crate) fn no(what: impl Into<String>) -> Refusal {
        Refusal { kind: RefusalKind::No, ..Refusal::new(what) }
    }

    #[must_use]
    pub(crate) fn candidates(mut self, rows: &[EntityRow]) -> Refusal {
        self.candidates = rows.to_vec();
        self
    }

    /// With the name that is the reason.
    #[must_use]
    pub(crate) fn about(mut self, typed: &str) -> Refusal {
        self.about = Some(typed.trim().to_owned());
        self
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Refusal {
        self.hints.push(hint.into());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for (number, hint) in self.hints.iter().enumerate() {
            f.write_str(if number == 0 { "\n\nhint: " } else { "\nhint: " })?;
            f.write_str(hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

impl From<Refusal> for SpeechError {
    fn from(refusal: Refusal) -> SpeechError {
        SpeechError::Refused(Box::new(refusal))
    }
}

impl From<MapError> for SpeechError {
    fn from(error: MapError) -> SpeechError {
        SpeechError::Answer(error.into())
    }
}

impl From<stave_ledger::Error> for SpeechError {
    fn from(error: stave_ledger::Error) -> SpeechError {
        SpeechError::Answer(error.into())
    }
}
