//! What follows from the ledger and is kept: the read model, and through it the map's own complaints.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use stave_answers::when::{ago, day};
use stave_answers::{Estate, People, STALE_MS, StaleQuery, text::counted, text::grouped, text::tame};
use stave_ledger::{Info, Ledger};
use stave_map::ReadModel;
use stave_model::Time;

use super::{Check, SOURCES, SourceSeen, State, bytes_of, size};
use crate::context::Context;
use crate::estate::Place;

/// What is known of the read model.
#[derive(Debug, Serialize)]
pub(super) struct ModelFound {
    file: String,
    bytes: u64,
    /// Where in the ledger it stands.
    position: u64,
    /// Statements that it lacks.
    behind: u64,
    /// Made from this ledger by this version; else the next command makes it again.
    is_usable: bool,
}

/// What a look at the map gave.
#[derive(Default)]
pub(super) struct OfMap {
    pub(super) checks: Vec<Check>,
    pub(super) sources: Vec<SourceSeen>,
    pub(super) more_sources: u64,
}

pub(super) fn look(
    context: &Context<'_>,
    place: &Place,
    ledger: &dyn Ledger,
    info: &Info,
    present: Time,
) -> anyhow::Result<(Option<ModelFound>, OfMap)> {
    let stave = context.typed(&place.root);
    let mut found = OfMap::default();
    let (model, of) = model(place, ledger, info, &mut found)?;
    let heard = match ledger.heard() {
        Ok(heard) => heard,
        Err(stave_ledger::Error::Damaged(what)) => {
            found.checks.push(
                Check::new("sources", State::Broken, tame(&what))
                    .hint("restore a backup, or save what is left: stave export --salvage left.jsonl"),
            );
            return Ok((of, found));
        }
        Err(error) => return Err(error.into()),
    };
    let usable = model.filter(|_| of.as_ref().is_some_and(|of| of.is_usable));
    let mut wanted: Option<BTreeSet<String>> = None;
    if let Some(model) = &usable {
        let people = People::default();
        let estate = Estate { model, ledger, people: &people, now: present };
        complaints(&stave, estate, &mut found)?;
        let live = model.slots()?.into_iter().filter(|slot| slot.is_live && !slot.has_records());
        wanted = Some(live.map(|slot| slot.scope).collect());
        stale(&stave, estate, &mut found)?;
    }
    let mut seen: BTreeMap<String, Time> = BTreeMap::new();
    for (_, scope, time) in heard {
        let scope = match &usable {
            Some(model) => model.folded_scope(scope.as_str())?,
            None => scope.to_string(),
        };
        if wanted.as_ref().is_none_or(|wanted| wanted.contains(&scope)) {
            let last = seen.entry(scope).or_insert(time);
            *last = time.max(*last);
        }
    }
    let mut sources: Vec<SourceSeen> =
        seen.into_iter().map(|(scope, seen)| SourceSeen { scope, seen }).collect();
    sources.sort_by(|a, b| (a.seen, &a.scope).cmp(&(b.seen, &b.scope)));
    found.checks.insert(1.min(found.checks.len()), of_sources(&sources, present));
    found.more_sources = sources.len().saturating_sub(SOURCES) as u64;
    sources.truncate(SOURCES);
    found.sources = sources;
    Ok((of, found))
}

fn of_sources(sources: &[SourceSeen], present: Time) -> Check {
    let count = counted(sources.len() as u64, "scope", "scopes");
    Check::ok(
        "sources",
        match (sources.first(), sources.last()) {
            (Some(oldest), Some(newest)) if day(oldest.seen) == day(newest.seen) => {
                format!("{count}; each was looked at on {} ({})", day(newest.seen), ago(newest.seen, present))
            }
            (Some(oldest), Some(newest)) => format!(
                "{count}; the last look at each was between {} and {} ({})",
                day(oldest.seen),
                day(newest.seen),
                ago(newest.seen, present)
            ),
            _ => "nothing was scanned or imported yet".to_owned(),
        },
    )
}

/// Opens the read model to ask it, and says how it stands.
fn model(
    place: &Place,
    ledger: &dyn Ledger,
    info: &Info,
    found: &mut OfMap,
) -> anyhow::Result<(Option<ReadModel>, Option<ModelFound>)> {
    let file = place.map_file();
    if !file.exists() {
        found.checks.push(Check::ok("read model", "there is none; the next command makes it"));
        return Ok((None, None));
    }
    let model = match ReadModel::open_to_read(&file) {
        Ok(model) => model,
        Err(error) => {
            let what = error.to_string();
            let what = what.split("\n\n").next().unwrap_or(&what).to_owned();
            found.checks.push(
                Check::new("read model", State::Broken, what)
                    .hint("it holds nothing of its own: delete it, and the next command makes it again"),
            );
            return Ok((None, None));
        }
    };
    let kept = model.kept()?;
    let bytes = bytes_of(&file);
    let end = ledger.position()?;
    let position = kept.as_ref().map_or(0, |kept| kept.position);
    let of = ModelFound {
        file: file.display().to_string(),
        bytes,
        position,
        behind: end.saturating_sub(position),
        is_usable: kept.as_ref().is_some_and(|kept| kept.is_of(info)),
    };
    found.checks.push(Check::ok(
        "read model",
        match (of.is_usable, of.behind) {
            (true, 0) => format!("{}, up to date at position {position}", size(bytes)),
            (true, behind) => format!(
                "{}, {} behind; the next command brings it up to date",
                size(bytes),
                counted(behind, "statement", "statements")
            ),
            (false, _) => format!(
                "{}, of another ledger, version or revision; the next command makes it again",
                size(bytes)
            ),
        },
    ));
    Ok((Some(model), Some(of)))
}

/// What the map itself says is to be looked after.
fn complaints(stave: &str, estate: Estate<'_>, found: &mut OfMap) -> anyhow::Result<()> {
    let counts = estate.model.counts()?;
    found.checks.push(Check::ok(
        "questions",
        match counts.questions - counts.without_place.min(counts.questions) {
            0 => "none is open".to_owned(),
            open => format!("{}: {stave} questions", counted(open, "is open", "are open")),
        },
    ));
    found.checks.push(match counts.without_place {
        0 => Check::ok("words", "every word of a person has its place"),
        lost => Check::todo(
            "words",
            format!("{} of people no longer find what they are about", counted(lost, "word", "words")),
            format!("{stave} questions lists them with proposals"),
        ),
    });
    found.checks.push(match counts.unknown_claims {
        0 => Check::ok("claim types", "all are known"),
        unknown => Check::todo(
            "claim types",
            format!("{} of types that this version doesn't know", counted(unknown, "claim is", "claims are")),
            "they are kept and passed on; the newer Stave that wrote them knows what they mean",
        ),
    });
    Ok(())
}

fn stale(stave: &str, estate: Estate<'_>, found: &mut OfMap) -> anyhow::Result<()> {
    let query = StaleQuery { older_ms: STALE_MS, kind: None, entity_type: None, page: 0, page_size: 1 };
    let stale = stave_answers::stale(estate, &query)?;
    let count = stale.scopes.len() as u64 + stale.more_scopes;
    found.checks.push(match count {
        0 => Check::ok("stale", "every scope was looked at within 30 days"),
        _ => Check::todo(
            "stale",
            format!(
                "{} not looked at for 30 days; {} known from there only",
                counted(count, "scope was", "scopes were"),
                if stale.total == 1 {
                    "1 entity is".to_owned()
                } else {
                    format!("{} entities are", grouped(stale.total))
                }
            ),
            format!("{stave} list --stale names them; scan them again, or {stave} retire SCOPE"),
        ),
    });
    Ok(())
}
