//! Who knows what: from histories, corrected by what people say. docs/knowledge.md has the formulas and their sources.
//!
//! Persons are places in a [`Persons`] here, never names: whoever shows a name asks for it by that place, and only
//! the answer about one entity does.

mod estate;
mod files;
mod persons;
mod truck;

pub(crate) use estate::percent;
pub use estate::{Knowledge, OfPiece, Stated, knowledge};
pub use files::{Known, Method, of_files};
pub use persons::Persons;
pub use truck::{Shares, main_people, ranked, shares, standard_truck_factor, top_committer};
