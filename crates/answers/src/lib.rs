//! One module per question: the map in, plain data out, with a rendering as text.
//!
//! An answer is a pure function of an [`Estate`], the present among it. It carries the position in the
//! ledger that it was made at and says what it does not know. Text from sources stays as it was written in
//! the data; whoever shows it tames it first ([`text::tame`]). Nothing here prints, knows colours or HTML.

mod about_me;
mod barrel;
mod claims;
mod constraint;
mod draft;
mod entity;
mod find;
mod fires;
pub mod flow;
mod forgetting;
mod gone;
mod graph;
mod hotspots;
pub mod knowledge;
mod list;
mod log;
mod moment;
mod neighbourhood;
mod next;
mod overlap;
mod paging;
mod people;
mod places;
mod questions;
pub mod records;
pub mod speech;
mod stale;
pub mod statistics;
mod summary;
pub mod text;
mod tie;
mod tools;
pub mod when;
mod who;
mod why;

use serde::Serialize;
use stave_ledger::Ledger;
use stave_map::{Entity, MapError, ReadModel};
use stave_model::{Time, hash_bytes};

pub use about_me::{AboutMe, DirectoryRow, Kept, about_me};
pub use barrel::{Barrel, Lift, Stave, StaveName, barrel};
pub use claims::{ClaimShown, says, value_text};
pub use constraint::{
    Constraint, ENOUGH_TICKETS, FASTER_PERCENT, INTERVAL_PERCENT, StageGain, Stay, constraint,
};
pub use draft::{Draft, draft_withdrawal};
pub use entity::{
    EntityPage, Property, RelationGroup, RelationRow, SaidAtOnce, SaidClaim, Standing, TextFact, entity,
};
pub use find::{Find, find, nearest_text};
pub use fires::{
    Again, Burnt, Fire, Fires, FiresQuery, Trend, Untied, Verdict as TrendVerdict, fires, union_ms,
};
pub use forgetting::{
    Forgetting, Mention, claims_called, claims_with, draft_forgotten, draft_redacted, forgetting,
    mentions_text,
};
pub use gone::{Gone, GoneBecause, GoneQuery, GoneRow, Sighting, gone, gone_named};
pub use graph::{Graph, GraphEntity, GraphLink, graph, in_direction_of_data};
pub use hotspots::{Coupling, HotFile, HotPiece, HotspotQuery, Hotspots, hotspots, size_text};
pub use list::{List, ListQuery, list};
pub use log::{Log, LogQuery, LogRow, Operation, log};
pub use moment::{AsOf, NoMoment, moment};
pub use neighbourhood::{Near, NearLink, Neighbourhood, neighbourhood};
pub use next::{Bottleneck, By, Next, NextQuery, Stage, StepUp, Stream, next};
pub use overlap::{
    Alike, Described, Mark, Overlap, OverlapQuery, Pair, Piece, Tool, ToolCategory, Verdict, overlap,
    overlap_pairs, pair_id,
};
pub use people::People;
pub use places::{Place, web_address};
pub use questions::{
    Asked, PossibleAnswer, QuestionKind, QuestionQuery, Questions, question, questions, questions_of,
};
pub use stale::{STALE_MS, Stale, StaleQuery, StaleScope, stale};
/// Plain data of the map that answers carry as it is.
pub use stave_map::{EntityRow, Label, State};
pub use summary::{KindCount, RepositoryShown, Summary, summary, waiting, waiting_text};
pub use tie::{Taught, Tie, TiePiece, TieText, Tied, TiedIncident, TiedPiece, Tier, tied_incidents};
pub use tools::{ToolGroup, Tools, UsedTool, User, tools, tools_of_one_category};
pub use who::{Commits, Knower, Naming, PieceRisk, RiskQuery, Risks, WhoKnows, Without, risks, who_knows};
pub use why::{FactShown, Why, why};

/// Everything that an answer is made of. The caller has brought the read model up to date.
#[derive(Clone, Copy)]
pub struct Estate<'a> {
    /// The map.
    pub model: &'a ReadModel,
    /// The ledger behind it, for headers and words.
    pub ledger: &'a dyn Ledger,
    /// Names of persons.
    pub people: &'a People,
    /// The present, for ages.
    pub now: Time,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The map can't be asked.
    #[error(transparent)]
    Map(#[from] MapError),
    /// The ledger can't be read.
    #[error(transparent)]
    Ledger(#[from] stave_ledger::Error),
}

/// What the functions of this crate give.
pub type Result<T, E = AnswerError> = std::result::Result<T, E>;

/// A fact by its address on pages and command lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FactAddress {
    /// 12 digits of the entity that the fact is about.
    pub entity: String,
    /// The type of fact.
    pub fact: String,
    /// The other end: 12 digits of an entity, or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

impl Estate<'_> {
    /// An entity of the map, with persons called by their names.
    fn entity(&self, id: &str) -> Result<Option<Entity>> {
        let mut found = self.model.entity(id)?;
        if let Some(entity) = &mut found {
            self.people.name_entity(entity);
        }
        Ok(found)
    }

    /// Entities that match the words, the best first; persons by their names too, which only the directory knows.
    fn hits(&self, words: &str, limit: u64) -> Result<Vec<EntityRow>> {
        let mut rows = self.model.find(words, limit)?;
        rows.iter_mut().for_each(|row| self.people.name_row(row));
        for person in self.people.with_words(words) {
            let id = hash_bytes(person.as_bytes()).short();
            if (rows.len() as u64) < limit
                && let Some(entity) = self.entity(&id)?
                && !entity.row.hidden
                && rows.iter().all(|row| row.id != entity.row.id)
            {
                rows.push(entity.row);
            }
        }
        Ok(rows)
    }

    fn position(&self) -> Result<u64> {
        Ok(self.model.stamp()?.position)
    }
}
