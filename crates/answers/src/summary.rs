//! What do we have? Counts by kind, and which repositories the map is made of.

use serde::Serialize;
use stave_ledger::Filter;
use stave_map::{View, Waiting};
use stave_model::Time;

use crate::text::{Cell, Role, Style, Writer, counted, grouped, kinds};
use crate::when::{ago, minute};
use crate::{Estate, Result};

/// Repositories that a summary lists; the rest are counted.
const REPOSITORIES: usize = 200;

/// Statements of one branch that are looked at for the newest source.
const STATEMENTS: usize = 64;

/// What there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Summary {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The ledger's id.
    pub ledger: String,
    /// The present that ages are counted from.
    pub now: Time,
    /// Entities of all kinds.
    pub entities: u64,
    /// Entities by kind; kinds without any are left out.
    pub kinds: Vec<KindCount>,
    /// Outside products and services that are in use; not among the entities.
    pub tools: u64,
    /// Relations between entities.
    pub relations: u64,
    /// Open questions, words without a place among them.
    pub questions: u64,
    /// Words of people that no longer find what they are about.
    pub without_place: u64,
    /// Claims that the map is made of.
    pub claims: u64,
    /// Claims of types that this version doesn't know: kept, passed on, not shown.
    pub unknown_claims: u64,
    /// Statements in the ledger.
    pub statements: u64,
    /// Repositories and which branch of each is shown.
    pub repositories: Vec<RepositoryShown>,
    /// Repositories beyond those listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_repositories: u64,
    /// What was read by a clock ahead of this machine's, and isn't on the map yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// How far a clock may be ahead before anybody is told: those of two machines always differ by a little, and by then what
/// they read is due.
const AHEAD_MS: i64 = 60_000;

/// What was read by a clock ahead of this machine's, where that is worth telling.
///
/// # Errors
/// Where the map can't be read.
pub fn waiting(estate: Estate<'_>) -> Result<Option<Waiting>> {
    let waiting = estate.model.waiting(estate.now)?;
    Ok(waiting.filter(|waiting| waiting.until.millis() - estate.now.millis() > AHEAD_MS))
}

/// The same as a sentence.
pub fn waiting_text(waiting: &Waiting) -> String {
    let (what, wait) = match waiting.statements {
        1 => ("1 statement".to_owned(), "waits"),
        some => (format!("{} statements", grouped(some)), "wait"),
    };
    format!(
        "{what} of readers {wait} until {} UTC: this machine's clock is behind theirs.",
        minute(waiting.until)
    )
}

/// How many entities of one kind there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct KindCount {
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: u64,
}

/// A repository on the map.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RepositoryShown {
    /// `HOST/PATH`.
    pub repository: String,
    /// 12 digits of its page, if it is an entity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The branch that is shown.
    pub branch: String,
    /// `default`, or `newest` where nobody has read the default branch.
    pub why: String,
    /// This machine's uncommitted work is shown.
    pub work: bool,
    /// Date of the newest commit that was read of this branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_source: Option<Time>,
    /// When a reader last looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_read: Option<Time>,
}

pub(crate) fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Counts, kinds and repositories.
///
/// # Errors
/// Where the map or the ledger can't be read.
pub fn summary(estate: Estate<'_>) -> Result<Summary> {
    estate.model.snapshot(|_| summarise(estate))
}

fn summarise(estate: Estate<'_>) -> Result<Summary> {
    let stamp = estate.model.stamp()?;
    let counts = estate.model.counts()?;
    let views = estate.model.views()?;
    let mut repositories = Vec::new();
    let heard = if views.is_empty() { Vec::new() } else { estate.ledger.heard()? };
    for view in views.iter().take(REPOSITORIES) {
        repositories.push(repository(estate, view, &heard)?);
    }
    let kinds: Vec<KindCount> = counts
        .kinds
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(kind, count)| KindCount { kind, count })
        .collect();
    let mut summary = Summary {
        position: stamp.position,
        ledger: stamp.ledger,
        now: estate.now,
        entities: kinds.iter().map(|row| row.count).sum(),
        kinds,
        tools: counts.tools,
        relations: counts.relations,
        questions: counts.questions,
        without_place: counts.without_place,
        claims: counts.claims,
        unknown_claims: counts.unknown_claims,
        statements: counts.statements,
        more_repositories: views.len().saturating_sub(REPOSITORIES) as u64,
        repositories,
        waiting: waiting(estate)?,
        unknown: Vec::new(),
    };
    summary.unknown = summary.unknowns();
    Ok(summary)
}

fn repository(
    estate: Estate<'_>,
    view: &View,
    heard: &[(stave_model::Author, stave_model::Scope, Time)],
) -> Result<RepositoryShown> {
    let plain = format!("repo:{}@{}", view.repository, view.branch);
    let work = format!("{plain}+work");
    let shown = |scope: &str| scope == plain || (view.work && scope == work);
    let last_read = heard.iter().filter(|(_, scope, _)| shown(scope.as_str())).map(|row| row.2).max();
    let mut newest_source = None;
    for text in [&plain, &work] {
        let Ok(scope) = text.parse() else { continue };
        if text == &work && !view.work {
            continue;
        }
        let filter = Filter { scope: Some(scope), ..Filter::default() };
        let entries = estate.ledger.latest(&filter, u64::MAX, STATEMENTS)?;
        let newest = entries.iter().map(|entry| entry.header.source_at()).max();
        newest_source = newest_source.max(newest);
    }
    let reference = format!("repo:{}", view.repository);
    let id = stave_model::hash_bytes(reference.as_bytes()).short();
    let id = estate.entity(&id)?.map(|entity| entity.row.id);
    Ok(RepositoryShown {
        repository: view.repository.clone(),
        id,
        branch: view.branch.clone(),
        why: view.why.clone(),
        work: view.work,
        newest_source,
        last_read,
    })
}

impl RepositoryShown {
    /// Why this branch is shown, as a sentence's end.
    pub fn because(&self) -> &'static str {
        match (self.why.as_str(), self.work) {
            ("default", false) => "the default branch",
            ("default", true) => "the default branch, with uncommitted work of this machine",
            (_, false) => "the newest branch read; nobody has read the default one",
            (_, true) => "the newest branch read, with uncommitted work of this machine",
        }
    }
}

impl Summary {
    fn unknowns(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        unknown.extend(self.waiting.as_ref().map(waiting_text));
        if self.statements == 0 {
            unknown.push("Nothing was read yet, and nobody has said anything.".to_owned());
        }
        let newest = self.repositories.iter().filter(|shown| shown.why != "default").count();
        if newest > 0 {
            unknown.push(format!(
                "Of {} the default branch is unknown or was not read; the newest branch is shown instead.",
                counted(newest as u64, "repository", "repositories")
            ));
        }
        if self.unknown_claims > 0 {
            unknown.push(format!(
                "{} of types that this version does not know: kept and passed on, but not shown.",
                counted(self.unknown_claims, "claim is", "claims are")
            ));
        }
        if self.statements > 0 {
            unknown.push(
                "What runs outside the repositories that were read, and what nobody wrote down, is unknown."
                    .to_owned(),
            );
        }
        unknown
    }

    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        page.heading(&format!(
            "{}, {}, {}",
            counted(self.entities, "entity", "entities"),
            counted(self.relations, "relation", "relations"),
            counted(self.questions, "open question", "open questions")
        ));
        let rows: Vec<Vec<Cell>> = self
            .kinds
            .iter()
            .map(|row| {
                let count = grouped(row.count);
                vec![Cell::new(&format!("{count:>9}")), Cell::of(Role::Name, &kinds(&row.kind, row.count))]
            })
            .collect();
        page.table(0, &rows);
        if self.tools > 0 {
            let text = counted(self.tools, "outside tool", "outside tools");
            page.prose(0, None, &format!("{text} in use: stave tools"));
        }
        if self.without_place > 0 {
            let text = counted(self.without_place, "word is", "words are");
            page.prose(2, Some(Role::Attention), &format!("{text} without a place: see the questions"));
        }
        if !self.repositories.is_empty() {
            page.heading("Repositories");
            let rows: Vec<Vec<Cell>> = self.repositories.iter().map(|shown| self.row(shown)).collect();
            page.table(2, &rows);
            if self.more_repositories > 0 {
                page.prose(2, Some(Role::Quiet), &format!("and {} more", grouped(self.more_repositories)));
            }
        }
        page.unknown(&self.unknown);
        let foot = format!(
            "{}, {}; position {}",
            counted(self.claims, "claim", "claims"),
            counted(self.statements, "statement", "statements"),
            self.position
        );
        page.gap();
        page.prose(0, Some(Role::Quiet), &foot);
        page.end()
    }

    fn row(&self, shown: &RepositoryShown) -> Vec<Cell> {
        let date = match shown.newest_source {
            Some(at) => format!("{} ({})", minute(at), ago(at, self.now)),
            None => "date unknown".to_owned(),
        };
        vec![
            Cell::of(Role::Name, &shown.repository),
            Cell::new(&shown.branch),
            Cell::of(Role::Quiet, &date),
            Cell::of(Role::Quiet, shown.because()),
        ]
    }
}
