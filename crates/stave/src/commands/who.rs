//! `stave who`, `stave hotspots`, `stave about-me`: who knows what, where the work is done, and what is kept of oneself.

use stave_answers::{HotspotQuery, Naming, RiskQuery};
use stave_model::person_author;

use super::print;
use crate::cli::{Hotspots, Who};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};

pub(super) fn who(context: &mut Context<'_>, arguments: &Who) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    if arguments.entity.is_empty() {
        let query = RiskQuery { all: arguments.all, without: arguments.without.clone() };
        let found = stave_answers::risks(opened.estate(), &query)?;
        print(context, &found, |width, style| found.to_text(width, style))?;
        let is_unknown =
            found.without.as_ref().is_some_and(|without| without.not_found.len() == without.who.len());
        return Ok(if is_unknown { Exit::No } else { Exit::Answered });
    }
    let entity = opened.entity(context, &arguments.entity.join(" "))?;
    let naming = if arguments.pseudonyms { Naming::Pseudonyms } else { Naming::Names };
    let Some(found) = stave_answers::who_knows(opened.estate(), &entity.row.id, naming)? else {
        return Err(gone(&entity.row.name));
    };
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(if found.people.is_empty() { Exit::No } else { Exit::Answered })
}

pub(super) fn hotspots(context: &mut Context<'_>, arguments: &Hotspots) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let entity = match arguments.entity.as_slice() {
        [] => None,
        words => Some(opened.entity(context, &words.join(" "))?.row),
    };
    let query = HotspotQuery { entity: entity.as_ref().map(|row| row.id.clone()), all: arguments.all };
    let Some(found) = stave_answers::hotspots(opened.estate(), &query)? else {
        return Err(gone(entity.as_ref().map_or("", |row| &row.name)));
    };
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}

/// Only what the asker's own address leads to: nobody is asked about here.
pub(super) fn about_me(context: &mut Context<'_>) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let speaker = context.speaker()?;
    let me = person_author(&opened.ledger.estate_key()?, &speaker.address)?;
    let found = stave_answers::about_me(opened.estate(), &me)?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    if !context.terminal.is_json() {
        context.terminal.say(&format!("asked as {} ({})", speaker.email(), speaker.origin));
    }
    Ok(Exit::Answered)
}

/// The map moved on between finding the entity and asking about it.
fn gone(name: &str) -> anyhow::Error {
    Problem::no(format!("{name} is not on the map any more")).into()
}
