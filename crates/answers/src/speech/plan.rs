//! What is said and what is denied: from a [`Speech`] to the words that say it.

use serde_json::Value;
use stave_map::{Entity, State, Target};
use stave_model::{Kind, Mode, Relation};

use super::word::{self, Anchor, End};
use super::{
    FactWord, Known, Meant, OwnedEnd, Plan, Refusal, Result, Speech, entity, join, kinds, meant, persons,
    unknown,
};
use crate::text::{nearest, spoken};
use crate::{Draft, Estate, nearest_text};

/// What `say` says: words that were parsed, with the entities that they mean. `is_new`: though there is something of that
/// name already.
///
/// # Errors
/// Where it can't be said, or a name means none or several; where the map can't be read.
pub fn say(estate: Estate<'_>, speech: Speech, is_new: bool) -> Result<Plan> {
    match speech {
        Speech::Name(name) => Err(Refusal::new(format!("what about {name}?"))
            .hint("stave say ENTITY FACT VALUE, as in: stave say cart calls payments")
            .hint(format!("to add it: stave say component \"{name}\""))
            .into()),
        Speech::Entity { kind, name } => add(estate, kind, &name, is_new),
        Speech::Fact { entity, fact, rest } => {
            let (entity, rest) = turned(&entity, fact, rest)?;
            let of = subject(estate, &entity, fact)?;
            affirm(estate, of, fact, &rest)
        }
    }
}

/// What `deny` says.
///
/// # Errors
/// As [`say`].
pub fn deny(estate: Estate<'_>, speech: Speech) -> Result<Plan> {
    match speech {
        Speech::Name(name) => deny_entity(estate, &name),
        Speech::Entity { kind, name } => deny_entity(estate, &format!("{kind} {name}")),
        Speech::Fact { entity, fact, rest } if fact.row.mode == Mode::Join => {
            let other = rest.join(" ");
            let drafts = match strangers(estate, &entity, &other)? {
                Some((one, other)) => vec![word::join(&one, &other, &[]).denied()],
                None => join::part(estate, &entity, &other)?,
            };
            Ok(Plan { drafts, said: vec![format!("{entity} and {other} are not one")], ..Plan::default() })
        }
        Speech::Fact { entity: typed, fact, rest } => {
            let (typed, rest) = turned(&typed, fact, rest)?;
            let of = Anchor::new(entity(estate, &typed)?, &typed);
            refuse(estate, of, fact, &rest)
        }
    }
}

/// `team-a owns cart` is about cart: swaps the two ends of a fact that was typed from its other end.
pub(super) fn turned(entity: &str, fact: FactWord, rest: Vec<String>) -> Result<(String, Vec<String>)> {
    if !fact.inverse {
        return Ok((entity.to_owned(), rest));
    }
    if rest.is_empty() {
        return Err(needs_end(entity, fact).into());
    }
    Ok((rest.join(" "), vec![entity.to_owned()]))
}

fn needs_end(entity: &str, fact: FactWord) -> Refusal {
    let name = fact.row.name;
    let what = match fact.row.mode {
        Mode::One | Mode::Presence => "a value",
        Mode::Add(stave_model::Target::Text) => "a text",
        _ => "another entity",
    };
    Refusal::new(format!("{name} needs {what}"))
        .hint(format!("stave say {entity} {name} …; stave say --help has examples"))
}

/// Adds an entity that only people name.
pub(super) fn add(estate: Estate<'_>, kind: Kind, name: &str, is_new: bool) -> Result<Plan> {
    let mut of = Anchor::said(kind, name)?;
    let there = match meant(estate, name)? {
        Meant::One(entity) => vec![entity.row],
        Meant::Several(rows) => rows,
        Meant::None(_) => Vec::new(),
    };
    if !there.is_empty() && !is_new {
        return Err(Refusal::no(format!("there is {} already", nearest_text(&there).join(", ")))
            .candidates(&there)
            .hint(format!("to add another one of that name: stave say --new {kind} \"{name}\""))
            .into());
    }
    let base = of.reference.clone();
    let mut number = 1;
    while let Meant::One(_) = meant(estate, &of.reference)? {
        number += 1;
        of.reference = format!("{base}-{number}");
    }
    let mut plan = Plan { drafts: vec![word::presence(&of, Some(kind.as_str()))], ..Plan::default() };
    if of.reference != format!("said:{kind}/{name}") {
        plan.drafts.push(word::value(&of, "name", Value::from(name)));
    }
    plan.said.push(format!("{name} is a {kind}"));
    plan.notes.push(format!("its reference is {}", of.reference));
    Ok(plan)
}

pub(super) fn affirm(estate: Estate<'_>, of: Anchor, fact: FactWord, rest: &[String]) -> Result<Plan> {
    let fact_type = fact.row.name;
    let text = rest.join(" ");
    if text.trim().is_empty() && fact.row.mode != Mode::Presence {
        return Err(needs_end(&of.name, fact).into());
    }
    let mut plan = Plan::default();
    match fact.row.mode {
        Mode::Presence => {
            let kind = presence_kind(&of, &text)?;
            plan.drafts.push(word::presence(&of, Some(&kind)));
            plan.said.push(format!("{} is a {kind}", of.name));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::One => {
            plan.drafts.push(word::value(&of, fact_type, Value::from(text.as_str())));
            plan.said.push(format!("the {fact_type} of {} is {text}", of.name));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::Over => {
            let members = members(estate, rest, &mut plan)?;
            let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
            plan.said.push(format!("{} is {} {}", of.name, spoken(fact_type), names.join(", ")));
            plan.drafts.push(word::members(&of, fact_type, &members));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::Add(stave_model::Target::Text) => {
            plan.drafts.push(word::text(&of, fact_type, &text));
            plan.said.push(format!("{} has the {fact_type} {text}", of.name));
            plan.known = Known::on(of, fact_type, Some(OwnedEnd::Text(text)));
        }
        Mode::Add(_) => {
            let to = match person(estate, fact_type, &text, &mut plan)? {
                Some(person) => person,
                None => Anchor::new(other_end(estate, &text)?, &text),
            };
            if of.id() == to.id() {
                return Err(Refusal::new(format!("{} can't have a relation to itself", of.name)).into());
            }
            plan.drafts.push(overlap_or_relation(&of, fact_type, &to));
            plan.said.push(format!("{} {} {}", of.name, spoken(fact_type), to.name));
            plan.known = Known::on(of, fact_type, to.id().map(|id| OwnedEnd::Entity(id.to_owned())));
        }
        Mode::Join => {
            let other = match person(estate, fact_type, &text, &mut plan)? {
                Some(person) => person,
                None => Anchor::new(other_end(estate, &text)?, &text),
            };
            plan.drafts = if of.entity.is_none() || other.entity.is_none() {
                vec![word::join(&of, &other, &[])]
            } else {
                join::unite(estate, &of, &other, &text)?
            };
            plan.said.push(format!("{} and {} are one", of.name, other.name));
        }
        Mode::Word | Mode::Record => {
            return Err(Refusal::new(format!("{fact_type} is no word about an entity")).into());
        }
    }
    Ok(plan)
}

fn presence_kind(of: &Anchor, text: &str) -> Result<String> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        return Ok(of
            .entity
            .as_ref()
            .map_or_else(|| "component".to_owned(), |entity| entity.row.kind.clone()));
    }
    match Kind::from_word(&text) {
        Some(kind) => Ok(kind.to_string()),
        None => {
            let refusal = Refusal::new(format!("\"{text}\" is no kind; there are {}", kinds()));
            let hint = match nearest(&text, Kind::ALL.iter().map(|kind| kind.as_str())) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("what it is more exactly is its type: stave say {} type {text}", of.name),
            };
            Err(refusal.hint(hint).into())
        }
    }
}

/// What the word is about; of two persons that are one, one whom only the directory knows may be the first.
pub(super) fn subject(estate: Estate<'_>, typed: &str, fact: FactWord) -> Result<Anchor> {
    if fact.row.mode == Mode::Join
        && !persons::is_on_map(estate, typed)?
        && let Some(person) = persons::known(estate, typed)?
    {
        return Ok(person);
    }
    Ok(Anchor::new(entity(estate, typed)?, typed))
}

/// The person at the other end whom the map doesn't know: one of the directory, or one with a new address.
fn person(estate: Estate<'_>, fact_type: &str, typed: &str, plan: &mut Plan) -> Result<Option<Anchor>> {
    if !persons::may_be_one(fact_type) || persons::is_on_map(estate, typed)? {
        return Ok(None);
    }
    stranger(estate, typed, plan)
}

/// Somebody of the directory, or one with a new address.
fn stranger(estate: Estate<'_>, typed: &str, plan: &mut Plan) -> Result<Option<Anchor>> {
    if let Some(person) = persons::known(estate, typed)? {
        return Ok(Some(person));
    }
    Ok(persons::by_address(estate, typed)?.map(|(person, row)| {
        plan.notes.push(format!("{typed} is new: a person who is known by this address only"));
        plan.people.push(row);
        person
    }))
}

/// Two persons of the directory, of whom one isn't on the map, so that it has nothing to take apart.
fn strangers(estate: Estate<'_>, typed: &str, other: &str) -> Result<Option<(Anchor, Anchor)>> {
    if persons::is_on_map(estate, typed)? && persons::is_on_map(estate, other)? {
        return Ok(None);
    }
    Ok(persons::known(estate, typed)?.zip(persons::known(estate, other)?))
}

/// The other end of a relation has to be there already: a typing mistake would add a piece to the map.
fn other_end(estate: Estate<'_>, typed: &str) -> Result<Entity> {
    match meant(estate, typed)? {
        Meant::None(rows) => {
            Err(unknown(typed, &rows).hint(format!("to add it: stave say component \"{typed}\"")).into())
        }
        _ => entity(estate, typed),
    }
}

/// The teams or persons that were typed: together one name, or one name each. Who is new is added; a person as such, for
/// the name of a group stands where nobody can be forgotten.
fn members(estate: Estate<'_>, typed: &[String], plan: &mut Plan) -> Result<Vec<Anchor>> {
    let together = typed.join(" ");
    if let Some(member) = member(estate, &together)? {
        return Ok(vec![member]);
    }
    if typed.len() > 1
        && let Some(person) = persons::known(estate, &together)?
    {
        return Ok(vec![person]);
    }
    let names = typed.iter().flat_map(|word| word.split(',')).map(str::trim);
    let mut members = Vec::new();
    for name in names.filter(|name| !name.is_empty() && *name != "and") {
        members.push(match member(estate, name)? {
            Some(member) => member,
            // A single word is a team's name before it is somebody's first name; a login or an address is a person's.
            None if name.contains('@') => match stranger(estate, name, plan)? {
                Some(person) => person,
                None => new_group(estate, name, plan)?,
            },
            None => new_group(estate, name, plan)?,
        });
    }
    if members.is_empty() {
        return Err(Refusal::new("whose? name a team or a person")
            .hint("to say that nobody owns it: stave deny ENTITY owner")
            .into());
    }
    Ok(members)
}

/// A reference or the 12 digits were typed, and no name.
fn is_exact(entity: &Entity, typed: &str) -> bool {
    typed.contains(':') || typed.trim() == entity.row.id
}

/// A team or person on the map. A service of the same name is not meant.
fn member(estate: Estate<'_>, typed: &str) -> Result<Option<Anchor>> {
    let is_owner = |kind: &str| kind == "group" || kind == "person";
    match meant(estate, typed)? {
        Meant::One(entity) if is_owner(&entity.row.kind) || is_exact(&entity, typed) => {
            Ok(Some(Anchor::new(*entity, typed)))
        }
        Meant::One(_) | Meant::None(_) => Ok(None),
        Meant::Several(rows) => {
            let owners: Vec<_> = rows.iter().filter(|row| is_owner(&row.kind)).collect();
            match owners.as_slice() {
                [] => Ok(None),
                [row] => Ok(Some(Anchor::new(entity(estate, &row.id)?, &row.reference))),
                _ => entity(estate, typed).map(|entity| Some(Anchor::new(entity, typed))),
            }
        }
    }
}

fn new_group(estate: Estate<'_>, name: &str, plan: &mut Plan) -> Result<Anchor> {
    if let Meant::None(rows) = meant(estate, name)? {
        let groups: Vec<_> =
            rows.into_iter().filter(|row| row.kind == "group" || row.kind == "person").collect();
        if let Some(near) = nearest(&name.to_lowercase(), groups.iter().map(|row| row.name.as_str())) {
            return Err(Refusal::no(format!("no team or person is called \"{name}\""))
                .candidates(&groups)
                .about(name)
                .hint(format!("did you mean {near}?"))
                .hint(format!("to add a new team: stave say group \"{name}\""))
                .into());
        }
    }
    let group = Anchor::said(Kind::Group, name)?;
    plan.notes.push(format!("{name} is new: a group with the reference {}", group.reference));
    if group.reference != format!("said:group/{name}") {
        plan.drafts.push(word::value(&group, "name", Value::from(name)));
    }
    Ok(group)
}

fn deny_entity(estate: Estate<'_>, typed: &str) -> Result<Plan> {
    let of = Anchor::new(entity(estate, typed)?, typed);
    Ok(Plan {
        drafts: vec![word::presence(&of, None)],
        said: vec![format!("there is no {}", of.name)],
        notes: vec!["what is said about it is kept; stave list --hidden still shows it".to_owned()],
        known: Known::on(of, "exists", None),
        ..Plan::default()
    })
}

pub(super) fn refuse(estate: Estate<'_>, of: Anchor, fact: FactWord, rest: &[String]) -> Result<Plan> {
    let fact_type = fact.row.name;
    let text = rest.join(" ");
    let mut plan = Plan::default();
    match fact.row.mode {
        Mode::Presence => return deny_entity(estate, &of.reference),
        Mode::One => {
            plan.drafts.push(word::value(&of, fact_type, Value::Null));
            plan.said.push(format!("{} has no {fact_type}", of.name));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::Over => {
            let left = remaining(estate, &of, fact_type, rest)?;
            let names: Vec<&str> = left.iter().map(|member| member.name.as_str()).collect();
            plan.said.push(if names.is_empty() {
                format!("{} is {} nobody", of.name, spoken(fact_type))
            } else {
                format!("{} is {} {}", of.name, spoken(fact_type), names.join(", "))
            });
            plan.drafts.push(word::members(&of, fact_type, &left));
            plan.known = Known::on(of, fact_type, None);
        }
        Mode::Add(_) if text.trim().is_empty() => return Err(needs_end(&of.name, fact).into()),
        Mode::Add(stave_model::Target::Text) => {
            if of.fact(fact_type, End::Text(&text)).is_none() {
                plan.notes.push(NOBODY_SAYS_SO.to_owned());
            }
            plan.drafts.push(word::text(&of, fact_type, &text).denied());
            plan.said.push(format!("{} doesn't have the {fact_type} {text}", of.name));
            plan.known = Known::on(of, fact_type, Some(OwnedEnd::Text(text)));
        }
        Mode::Add(_) => {
            let to = match person(estate, fact_type, &text, &mut plan)? {
                Some(person) => person,
                None => Anchor::new(entity(estate, &text)?, &text),
            };
            if to.id().is_none_or(|id| of.fact(fact_type, End::Entity(id)).is_none()) {
                other_relations(&of, &to, fact_type)?;
                plan.notes.push(NOBODY_SAYS_SO.to_owned());
            }
            plan.drafts.push(overlap_or_relation(&of, fact_type, &to).denied());
            plan.said.push(format!("not so: {} {} {}", of.name, spoken(fact_type), to.name));
            plan.known = Known::on(of, fact_type, to.id().map(|id| OwnedEnd::Entity(id.to_owned())));
        }
        Mode::Join | Mode::Word | Mode::Record => {
            return Err(Refusal::new(format!("{fact_type} can't be denied")).into());
        }
    }
    Ok(plan)
}

const NOBODY_SAYS_SO: &str = "nobody says so at present; your word stands should a scan find it";

/// A fact between two entities; of `overlaps` it doesn't matter which one is named first.
pub(super) fn overlap_or_relation(of: &Anchor, fact_type: &str, to: &Anchor) -> Draft {
    if fact_type == "overlaps" { word::overlap(of, to) } else { word::relation(of, fact_type, to) }
}

/// The relation isn't there, but another one between the two is: most likely that one was meant.
fn other_relations(of: &Anchor, to: &Anchor, typed: &str) -> Result<(), Refusal> {
    let others = match (&of.entity, to.id()) {
        (Some(entity), Some(id)) => relations_between(entity, id),
        _ => Vec::new(),
    };
    if others.is_empty() {
        return Ok(());
    }
    let mut refusal = Refusal::no(format!("nobody says that {} {} {}", of.name, spoken(typed), to.name));
    for other in others {
        refusal = refusal.hint(format!("the map has: {} {other} {}", of.name, to.name));
    }
    Err(refusal)
}

/// The types of relations that an entity has to another one.
pub fn relations_between<'a>(of: &'a Entity, to: &str) -> Vec<&'a str> {
    of.facts
        .iter()
        .filter(|fact| fact.state != State::Denied && Relation::of(&fact.fact_type).is_some())
        .filter(|fact| matches!(&fact.to, Some(Target::Entity(label)) if label.id == to))
        .map(|fact| fact.fact_type.as_str())
        .collect()
}

/// The set without those that were typed; without any, the empty set.
fn remaining(estate: Estate<'_>, of: &Anchor, fact_type: &str, typed: &[String]) -> Result<Vec<Anchor>> {
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let labels = of.fact(fact_type, End::None).map_or(&[][..], |fact| fact.members.as_slice());
    let mut gone = Vec::new();
    let together = typed.join(" ");
    let names = if member(estate, &together)?.is_some() { vec![together] } else { typed.to_vec() };
    for name in names {
        let wanted = match member(estate, &name)? {
            Some(member) => member.id().map(str::to_owned),
            None => None,
        };
        let Some(label) = labels.iter().find(|label| Some(&label.id) == wanted.as_ref()) else {
            let there: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
            let there = if there.is_empty() { "nobody".to_owned() } else { there.join(", ") };
            return Err(Refusal::no(format!("{} is not {} {name} on the map", of.name, spoken(fact_type)))
                .hint(format!("the map has: {there}"))
                .into());
        };
        gone.push(label.id.clone());
    }
    let left = labels.iter().filter(|label| !gone.contains(&label.id));
    left.map(|label| Ok(Anchor::new(entity(estate, &label.id)?, &label.id))).collect()
}
