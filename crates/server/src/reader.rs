//! Who reads a page, as far as its forms need to know.

use stave_answers::People;
use stave_answers::speech::Choices;
use stave_board::{Pen, Writing};
use stave_model::Op;

use crate::door::Caller;

/// Who reads a page.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    /// In whose name they speak, and the name that they gave; where they may write.
    speaker: Option<(String, String)>,
    /// What to do where they may not.
    hint: &'static str,
    /// Random digits for the page's forms.
    op: String,
}

impl Reader {
    pub(crate) fn of(caller: &Caller, op: Op) -> Reader {
        let hint = caller.may_write().err().map_or("", |refusal| refusal.hint());
        let speaker = caller.speaker().map(|person| (person.id.to_string(), person.name.clone()));
        Reader { speaker, hint, op: op.to_string() }
    }

    /// Who reads a page of the past, of which nothing is said.
    pub(crate) fn of_the_past() -> Reader {
        Reader { speaker: None, hint: "Nothing is said from a page of the past.", op: String::new() }
    }

    /// Whether they speak from pages.
    pub(crate) fn may_write(&self) -> bool {
        self.speaker.is_some()
    }

    /// Looks their name up where they gave none.
    pub(crate) fn named_by(mut self, people: &People) -> Reader {
        if let Some((author, name)) = &mut self.speaker
            && name.is_empty()
        {
            *name = people.show(author);
        }
        self
    }

    pub(crate) fn writing<'a>(&'a self, choices: &'a Choices) -> Writing<'a> {
        match &self.speaker {
            Some((author, name)) => Writing::You(Pen { name, author, op: &self.op, choices }),
            None if self.hint.is_empty() => Writing::Nobody,
            None => Writing::NotYou(self.hint),
        }
    }
}
