//! What was said, in the order in which it came here: statements, grouped by the command that made them.

use serde::Serialize;
use stave_ledger::{Entry, Filter, claims};
use stave_model::{Claim, Hash, Scope, Time, claim_type};

use crate::claims::{ClaimShown, says, short_commit};
use crate::people::People;
use crate::places::place;
use crate::text::{Cell, Role, Style, Writer, counted, grouped};
use crate::when::{ago, minute};
use crate::{Estate, Result};

/// Statements on one page, unless the asker wants another number.
const PAGE_SIZE: usize = 200;

/// The largest page.
const PAGE_LIMIT: usize = 2_000;

/// Which part of the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogQuery {
    /// Only statements with a smaller number; 0: the latest.
    pub before: u64,
    /// At most so many statements; 0: as many as is usual.
    pub limit: usize,
}

/// Statements, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Log {
    /// Position in the ledger that this was made at.
    pub position: u64,
    /// The present that ages are counted from.
    pub now: Time,
    /// Commands, the latest first.
    pub operations: Vec<Operation>,
    /// Where an earlier page begins: the `before` of the next query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earlier: Option<u64>,
    /// What this answer does not know, as sentences.
    pub unknown: Vec<String>,
}

/// The statements of one command that stand next to each other in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Operation {
    /// Its op: what `undo` takes.
    pub op: String,
    /// When its last statement was made.
    pub time: Time,
    /// Who appended it, as people read it; empty where the authors did themselves.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Its claims, all statements together.
    pub claims: u64,
    /// Its statements, the latest first.
    pub rows: Vec<LogRow>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct LogRow {
    /// Its number in this ledger.
    pub number: u64,
    /// Its id.
    pub statement: Hash,
    /// When it was said.
    pub time: Time,
    /// Who says it, as people read it.
    pub who: String,
    /// Who says it.
    pub author: String,
    /// A person's word.
    pub person: bool,
    /// What it covers.
    pub scope: String,
    /// What it says: a person's word as a sentence, else its scope.
    pub says: String,
    /// Commit or report that was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// How many claims it has.
    pub claims: u64,
    /// Paths that the run could not read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// Words that it replaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<Hash>,
    /// Program and version that wrote it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool: String,
}

/// A part of the log.
///
/// # Errors
/// Where the ledger can't be read.
pub fn log(estate: Estate<'_>, query: LogQuery) -> Result<Log> {
    estate.model.snapshot(|_| part(estate, query))
}

fn part(estate: Estate<'_>, query: LogQuery) -> Result<Log> {
    let limit = if query.limit == 0 { PAGE_SIZE } else { query.limit.min(PAGE_LIMIT) };
    let before = if query.before == 0 { u64::MAX } else { query.before };
    let entries = estate.ledger.latest(&Filter::default(), before, limit)?;
    let earlier = entries.last().map(|entry| entry.number).filter(|number| *number > 1);
    let mut operations: Vec<Operation> = Vec::new();
    for entry in &entries {
        let row = row(estate, entry)?;
        let op = entry.header.op.to_string();
        match operations.last_mut().filter(|operation| operation.op == op) {
            Some(operation) => {
                operation.time = operation.time.max(row.time);
                operation.claims += row.claims;
                operation.rows.push(row);
            }
            None => operations.push(Operation {
                op,
                time: row.time,
                by: entry.header.by.as_ref().map(|by| estate.people.show(by.as_str())).unwrap_or_default(),
                claims: row.claims,
                rows: vec![row],
            }),
        }
    }
    Ok(Log { position: estate.position()?, now: estate.now, operations, earlier, unknown: Vec::new() })
}

fn row(estate: Estate<'_>, entry: &Entry) -> Result<LogRow> {
    let header = &entry.header;
    let person = header.author.is_person();
    Ok(LogRow {
        number: entry.number,
        statement: entry.id,
        time: header.time,
        who: estate.people.show(header.author.as_str()),
        author: header.author.to_string(),
        person,
        scope: header.scope.to_string(),
        says: sentence_of(estate, entry)?,
        commit: header.source.id.clone(),
        claims: entry.claim_count,
        unread: header.unread.clone(),
        replaces: header.replaces.clone(),
        tool: header.tool.clone(),
    })
}

/// What a statement says: a person's word as a sentence, of a machine's what it covers.
pub(crate) fn sentence_of(estate: Estate<'_>, entry: &Entry) -> Result<String> {
    let word = if entry.header.author.is_person() { word_of(estate, entry)? } else { None };
    Ok(match word {
        Some(word) => format!("{} {}", short_of(&word.of, estate.people), word.says),
        None if entry.header.author.is_person() => "said something that was redacted".to_owned(),
        None => covered(&entry.header.scope),
    })
}

/// What a machine's statement covers: `example.com/tea/shop @ main`.
fn covered(scope: &Scope) -> String {
    match scope.branch() {
        Some((repository, branch, false)) => format!("{repository} @ {branch}"),
        Some((repository, branch, true)) => format!("{repository} @ {branch}, uncommitted"),
        None => scope.to_string(),
    }
}

fn short_of(reference: &str, people: &People) -> String {
    match reference.parse::<stave_model::Reference>() {
        // As much of it as the log prints at the command itself.
        Ok(parsed) if matches!(parsed.kind(), "op" | "statement" | "claim") => {
            let digits: String = parsed.rest().chars().take(12).collect();
            format!("{} {}", parsed.kind(), crate::text::tame(&digits))
        }
        Ok(parsed) if parsed.kind() == "person" => people.show(reference),
        Ok(parsed) => crate::text::tame(parsed.short_name()).into_owned(),
        _ => crate::text::tame(reference).into_owned(),
    }
}

/// A person's word as it stands in the ledger, whether it holds or not.
pub(crate) fn word_of(estate: Estate<'_>, entry: &Entry) -> Result<Option<ClaimShown>> {
    let claims = claims(estate.ledger, entry.number)?;
    Ok(claims.first().map(|claim| word_shown(entry, claim, estate.people)))
}

fn word_shown(entry: &Entry, claim: &Claim, people: &People) -> ClaimShown {
    let header = &entry.header;
    let target = claim.to.as_deref().map(|to| {
        let text = matches!(
            claim_type(&claim.kind).map(|row| row.mode),
            Some(stave_model::Mode::Add(stave_model::Target::Text))
        );
        if text { to.to_owned() } else { short_of(to, people) }
    });
    let value = claim.value.as_ref().map(|value| people.in_value(value));
    let says = says(&claim.kind, target.as_deref(), value.as_ref(), claim.not);
    let source_id = header.source.id.as_deref();
    ClaimShown {
        who: people.show(header.author.as_str()),
        author: header.author.to_string(),
        person: header.author.is_person(),
        basis: claim.basis,
        says,
        not: claim.not,
        value: claim.value.clone(),
        env: claim.env.clone(),
        carried: false,
        time: header.time,
        source_at: header.source_at(),
        commit: header.source.id.clone(),
        scope: header.scope.to_string(),
        statement: entry.id,
        of: claim.of.to_string(),
        to: claim.to.clone(),
        places: claim.evidence.iter().map(|point| place(point, header.scope.as_str(), source_id)).collect(),
    }
}

impl Operation {
    /// Everything in a line: `12 statements with 340 claims`.
    pub fn amount(&self) -> String {
        format!(
            "{} with {}",
            counted(self.rows.len() as u64, "statement", "statements"),
            counted(self.claims, "claim", "claims")
        )
    }
}

impl LogRow {
    /// The commit's first 12 digits, or the report's id.
    pub fn short_commit(&self) -> Option<&str> {
        self.commit.as_deref().map(short_commit)
    }
}

impl Log {
    /// As text, `width` columns wide.
    pub fn to_text(&self, width: usize, style: &dyn Style) -> String {
        let mut page = Writer::new(width, style);
        for operation in &self.operations {
            let by = if operation.by.is_empty() { String::new() } else { format!(" by {}", operation.by) };
            page.heading(&format!(
                "{} ({}){by}  op {}",
                minute(operation.time),
                ago(operation.time, self.now),
                operation.op.get(..12).unwrap_or(&operation.op)
            ));
            let rows: Vec<Vec<Cell>> = operation.rows.iter().map(log_cells).collect();
            page.table(2, &rows);
        }
        if let Some(earlier) = self.earlier {
            page.gap();
            page.prose(
                0,
                Some(Role::Quiet),
                &format!("earlier: {} more", counted(earlier - 1, "statement", "statements")),
            );
        }
        page.unknown(&self.unknown);
        page.gap();
        page.prose(0, Some(Role::Quiet), &format!("position {}", self.position));
        page.end()
    }
}

fn log_cells(row: &LogRow) -> Vec<Cell> {
    let mut rest = Vec::new();
    if !row.person {
        rest.push(counted(row.claims, "claim", "claims"));
    }
    if !row.unread.is_empty() {
        rest.push(counted(row.unread.len() as u64, "path unread", "paths unread"));
    }
    if !row.replaces.is_empty() {
        rest.push(format!("replaces {}", counted(row.replaces.len() as u64, "word", "words")));
    }
    if let Some(commit) = row.short_commit() {
        rest.push(commit.to_owned());
    }
    vec![
        Cell::of(Role::Quiet, &format!("{:>6}", grouped(row.number))),
        Cell::of(Role::Name, &row.who),
        Cell::new(&row.says),
        Cell::of(Role::Quiet, &rest.join(", ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_persons_and_commands_as_people_do() {
        let row = stave_model::PersonRow {
            id: "person:11ff".into(),
            name: "Night Shift".into(),
            ..Default::default()
        };
        let people = People::new([row]);
        assert_eq!(short_of("person:11ff", &people), "Night Shift");
        assert_eq!(short_of("op:00112233445566778899aabbccddeeff", &people), "op 001122334455");
        assert_eq!(short_of("said:group/till", &people), "till");
    }
}
