//! The verbs that only look: `find`, `list`, `show`, `why`.

use stave_answers::speech::{self, FactWord, Meant, Speech, relations_between};
use stave_answers::text::{nearest, spoken};
use stave_answers::when::age_ms;
use stave_answers::{GoneQuery, ListQuery, StaleQuery};
use stave_model::Kind;

use super::{join, print};
use crate::cli::{Find, List, Show, Tools, Why};
use crate::context::Context;
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::surroundings::quote;

pub(super) fn find(context: &mut Context<'_>, arguments: &Find) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let words = arguments.words.join(" ");
    let found = stave_answers::find(opened.estate(), &words, arguments.limit)?;
    if !found.rows.is_empty() || context.terminal.is_json() {
        print(context, &found, |width, style| found.to_text(width, style))?;
    }
    if !found.rows.is_empty() {
        return Ok(Exit::Answered);
    }
    if context.terminal.is_json() {
        return Ok(Exit::No);
    }
    let problem = Problem::no(format!("nothing on the map has to do with \"{words}\""));
    Err(match opened.meant(&words)? {
        Meant::None(near) if !near.is_empty() => {
            problem.hint(format!("did you mean {}?", stave_answers::nearest_text(&near).join(", ")))
        }
        _ => problem.hint("stave list shows what there is"),
    }
    .into())
}

pub(super) fn list(context: &mut Context<'_>, arguments: &List) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    if arguments.gone {
        return gone(context, &opened, arguments);
    }
    if let Some(age) = &arguments.stale {
        return stale(context, &opened, arguments, age);
    }
    let query = ListQuery {
        words: String::new(),
        kind: arguments.kind.as_ref().map(|kind| kind.to_lowercase()),
        entity_type: arguments.entity_type.clone(),
        owner: arguments.owner.clone(),
        page: arguments.page,
        page_size: arguments.limit,
        hidden: arguments.hidden,
    };
    let found = stave_answers::list(opened.estate(), &query)?;
    if let Some(kind) = &query.kind
        && found.kinds.iter().all(|row| row.kind != *kind)
        && Kind::from_word(kind).is_none()
    {
        let problem = Problem::new(format!("there is no kind \"{kind}\"; there are {}", speech::kinds()));
        let near = nearest(kind, Kind::ALL.iter().map(|kind| kind.as_str()));
        return Err(match near {
            Some(near) => problem.hint(format!("did you mean {near}?")),
            None => problem.hint(format!("what something is more exactly is its type: --type {kind}")),
        }
        .into());
    }
    print(context, &found, |width, style| found.to_text(width, style))?;
    let is_asked = query.kind.is_some() || query.entity_type.is_some() || query.owner.is_some();
    Ok(if found.total == 0 && is_asked { Exit::No } else { Exit::Answered })
}

/// What is no longer found. Nothing gone is an answer, not a no.
fn gone(context: &mut Context<'_>, opened: &Opened, arguments: &List) -> anyhow::Result<Exit> {
    let query = GoneQuery {
        kind: arguments.kind.as_ref().map(|kind| kind.to_lowercase()),
        entity_type: arguments.entity_type.clone(),
        page: arguments.page,
        page_size: arguments.limit,
    };
    let found = stave_answers::gone(opened.estate(), &query)?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}

fn stale(context: &mut Context<'_>, opened: &Opened, arguments: &List, age: &str) -> anyhow::Result<Exit> {
    let older_ms = age_ms(age).ok_or_else(|| {
        Problem::new(format!("--stale {age}: that is no age")).hint("write a number and h, d, w or y: 30d")
    })?;
    let query = StaleQuery {
        older_ms,
        kind: arguments.kind.as_ref().map(|kind| kind.to_lowercase()),
        entity_type: arguments.entity_type.clone(),
        page: arguments.page,
        page_size: arguments.limit,
    };
    let found = stave_answers::stale(opened.estate(), &query)?;
    print(context, &found, |width, style| found.to_text(width, style))?;
    Ok(Exit::Answered)
}

pub(super) fn tools(context: &mut Context<'_>, arguments: &Tools) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let found = stave_answers::tools(opened.estate(), &arguments.asked.join(" "))?;
    if !found.categories.is_empty() || context.terminal.is_json() {
        print(context, &found, |width, style| found.to_text(width, style))?;
    }
    if found.asked.is_empty() || !found.categories.is_empty() {
        return Ok(Exit::Answered);
    }
    if context.terminal.is_json() {
        return Ok(Exit::No);
    }
    let problem = Problem::no(format!("no tool in use has to do with \"{}\"", found.asked));
    let near = nearest(&found.asked, found.counts.keys().map(String::as_str));
    Err(match near {
        Some(near) => problem.hint(format!("did you mean {near}?")),
        None => problem.hint("stave tools lists all of them"),
    }
    .into())
}

pub(super) fn show(context: &mut Context<'_>, arguments: &Show) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let typed = arguments.entity.join(" ");
    // What is not on the map any more is shown as it was last seen, and the answer is a no.
    if matches!(opened.meant(&typed)?, Meant::None(_))
        && let Some(gone) = stave_answers::gone_named(opened.estate(), &typed)?
    {
        let now = opened.now;
        print(context, &serde_json::json!({"gone": gone}), |width, style| gone.to_text(now, width, style))?;
        return Ok(Exit::No);
    }
    let entity = opened.entity(context, &typed)?;
    let page = stave_answers::entity(opened.estate(), &entity.row.id)?
        .ok_or_else(|| Problem::new(format!("{} is not on the map any more", entity.row.name)))?;
    print(context, &page, |width, style| page.to_text(width, style))?;
    Ok(Exit::Answered)
}

pub(super) fn why(context: &mut Context<'_>, arguments: &Why) -> anyhow::Result<Exit> {
    let opened = Opened::existing(context)?;
    let typed = arguments.words.join(" ");
    // Words without a type of fact among them are all a name.
    let (entity, fact, to) = match speech::parse(&arguments.words, false) {
        Ok(Speech::Fact { entity, fact, rest }) if fact.inverse && !rest.is_empty() => {
            (rest.join(" "), Some(fact.row.name), Some(entity))
        }
        Ok(Speech::Fact { entity, fact, .. }) if fact.inverse => {
            return Err(whose(context, &opened, &entity, fact).into());
        }
        Ok(Speech::Fact { entity, fact, rest }) => {
            (entity, Some(fact.row.name), Some(rest.join(" ")).filter(|rest| !rest.is_empty()))
        }
        Ok(_) => (typed.clone(), None, None),
        Err(refusal) => match opened.meant(&typed)? {
            Meant::None(_) => return Err(Problem::from(refusal).into()),
            _ => (typed.clone(), None, None),
        },
    };
    let entity = opened.entity(context, &entity)?;
    let target = match &to {
        Some(typed) => match opened.meant(typed)? {
            Meant::One(target) => Some(*target),
            _ => None,
        },
        None => None,
    };
    if fact == Some("same_as") && (target.is_some() || to.is_none()) {
        return join::why(context, &opened, &entity, target.as_ref());
    }
    // An entity by any of its names, else text as it is: a tag, an address.
    let end = target.as_ref().map(|target| target.row.id.as_str()).or(to.as_deref());
    let why = stave_answers::why(opened.estate(), &entity.row.id, fact, end)?
        .ok_or_else(|| Problem::new(format!("{} is not on the map any more", entity.row.name)))?;
    if !why.facts.is_empty() || context.terminal.is_json() {
        print(context, &why, |width, style| why.to_text(width, style))?;
        return Ok(if why.facts.is_empty() { Exit::No } else { Exit::Answered });
    }
    let name = &entity.row.name;
    let asked = match (fact, target.as_ref().map(|target| &target.row.name).or(to.as_ref())) {
        (Some(fact), Some(to)) => format!("nobody says that {name} {} {to}", spoken(fact)),
        (Some(fact), None) => format!("nobody says \"{}\" of {name}", spoken(fact)),
        _ => format!("nobody says anything about {name}"),
    };
    let mut problem = Problem::no(asked);
    if let Some(target) = &target {
        for other in relations_between(&entity, &target.row.id) {
            problem = problem.hint(format!("the map has: {name} {other} {}", target.row.name));
        }
        for other in relations_between(target, &entity.row.id) {
            problem = problem.hint(format!("the map has: {} {other} {name}", target.row.name));
        }
    }
    if !why.types.is_empty() {
        problem = problem.hint(format!("known of {name}: {}", why.types.join(", ")));
    }
    Err(problem.into())
}

/// `why cart called_by`, without saying whom: the answer has an entity on either side.
fn whose(context: &Context<'_>, opened: &Opened, typed: &str, fact: FactWord) -> Problem {
    let problem = Problem::new(format!("who {} {typed}? say both ends", fact.row.name));
    let stave = context.typed(&opened.place.root);
    match opened.meant(typed) {
        Ok(Meant::One(entity)) => {
            entity.incoming.iter().filter(|incoming| incoming.relation == fact.row.name).take(5).fold(
                problem,
                |problem, incoming| {
                    problem.hint(format!(
                        "{stave} why {} {} {}",
                        quote(&incoming.from.name),
                        fact.row.name,
                        quote(typed)
                    ))
                },
            )
        }
        _ => problem,
    }
}
