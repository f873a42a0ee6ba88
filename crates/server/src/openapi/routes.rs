//! The addresses that the description of `/api/v1` has, with what they take and give.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use stave_answers as answers;

use crate::door::sign::CallerAnswer;
use crate::pages::Index;
use crate::speak::bodies;

/// How a type looks in JSON.
pub(super) type Described = fn(&mut SchemaGenerator) -> Schema;

/// One kind of line of the ledger's endpoints: the fields that it has ([`stave_ledger::wire::line_schema`]).
pub(super) type Line = &'static [&'static str];

/// A name behind the question mark.
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) means: &'static str,
    pub(super) is_needed: bool,
}

/// Who gets there; docs/access.md has the cells.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Readers,
    Writers,
}

/// What goes over the line, in one direction.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Nothing,
    Json(Described),
    /// An object, or the same names and values as a form.
    Word(Described),
    /// Lines of these kinds, then the one that ends them.
    Lines(&'static [Line]),
}

/// One address and method.
pub(super) struct Route {
    pub(super) method: &'static str,
    /// With `{id}` for an entity's or question's 12 digits.
    pub(super) path: &'static str,
    /// Its name: among the answers of `/api/v1` itself, and as an operation.
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) takes: &'static [Parameter],
    pub(super) sent: Form,
    pub(super) given: Form,
    pub(super) who: Who,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

const fn p(name: &'static str, means: &'static str) -> Parameter {
    Parameter { name, means, is_needed: false }
}

const fn needed(name: &'static str, means: &'static str) -> Parameter {
    Parameter { name, means, is_needed: true }
}

/// The three forms that a list of entities has.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum Entities {
    List(answers::List),
    Gone(answers::Gone),
    Stale(answers::Stale),
}

/// What every answer takes beside its own parameters.
pub(super) const AT: Parameter = p(
    "at",
    "as of a moment of the past: a day (2026-01-31: its end, UTC), an instant (2026-01-31T12:00:00Z), an age (30d, 12h) or a \
     position (120); 410 where the ledger was compacted since, 503 while the map is being made",
);
const ALL: Parameter = p("all", "yes: not only the first or likely ones");
const LIMIT: Parameter = p("limit", "at most so many");
const SINCE: Parameter = p("since", "from when on: an age (90d, 12w) or a day (2026-01-31)");
const ONE: &str = "only this one, by its 12 digits";
const MOST: Parameter = needed("limit", "at most so many, and 1,000");
const AFTER: Parameter = needed("after", "only larger numbers");

macro_rules! routes {
    ($($method:literal $path:literal $name:literal, $summary:literal, [$($takes:expr),*], $sent:expr => $given:expr, $who:ident;)*) => {
        &[$(Route {
            method: $method, path: $path, name: $name, summary: $summary, takes: &[$($takes),*],
            sent: $sent, given: $given, who: Who::$who,
        }),*]
    };
}

macro_rules! answers {
    ($($path:literal $name:literal, $summary:literal, [$($takes:expr),*], $type:ty;)*) => {
        routes! {$(
            "get" $path $name, $summary, [$($takes),*], Form::Nothing => Form::Json(of::<$type>), Readers;
        )*}
    };
}

/// Every answer about the map. What is asked for in `pages.rs` stands here, and a test compares the two.
pub(super) const ANSWERS: &[Route] = answers! {
    "/api/v1/summary" "summary", "Counts by kind, and which repositories the map is made of", [], answers::Summary;
    "/api/v1/entities" "entities",
        "A list of what is on the map; with gone=yes of what is no longer found, with stale=30d of what nobody has looked at",
        [
            p("q", "only with these words"), p("kind", "only of this kind"), p("type", "only of this type"),
            p("owner", "only what this one owns"), p("hidden", "yes: also what people say doesn't exist"),
            p("gone", "yes: what is no longer found"), p("stale", "what nobody has looked at for so long: 30d"),
            p("page", "the next so many"), LIMIT
        ], Entities;
    "/api/v1/find" "find", "Entities that match words, the best first", [p("q", "the words"), LIMIT], answers::Find;
    "/api/v1/entities/{id}" "entity", "One entity: properties, relations, what was said", [], answers::EntityPage;
    "/api/v1/entities/{id}/neighbourhood" "neighbourhood", "What is around an entity, for a picture", [],
        answers::Neighbourhood;
    "/api/v1/entities/{id}/why" "why", "Who says it, when, in which file and line",
        [p("fact", "only this type of fact"), p("to", "only with this other end")], answers::Why;
    "/api/v1/questions" "questions", "What Stave can't decide, and words without a place",
        [p("kind", "only of this kind"), p("entity", ONE)], answers::Questions;
    "/api/v1/questions/{id}" "question", "One question with its possible answers", [], answers::Asked;
    "/api/v1/overlap" "overlap", "Pieces that may do the same job, and tools of one category", [ALL], answers::Overlap;
    "/api/v1/entities/{id}/barrel" "barrel", "Seven staves from 0 to 10, as high as the lowest", [], answers::Barrel;
    "/api/v1/next" "next", "The next bottleneck", [SINCE, LIMIT], answers::Next;
    "/api/v1/fires" "fires", "Where it goes down, by the time that was lost", [SINCE, p("piece", ONE)], answers::Fires;
    "/api/v1/flow" "flow", "How changes flow to users",
        [
            p("entity", ONE), p("since", "an age: 90d"), p("definition", "dora or devlake"),
            p("explain", "yes: event by event, where the two differ")
        ], answers::flow::Flow;
    "/api/v1/knowledge" "knowledge", "Components by how few people know them; no names",
        [ALL, p("without", "as if this person had left; can be repeated")], answers::Risks;
    "/api/v1/hotspots" "hotspots", "Where most of the work is done, and what changes together", [ALL], answers::Hotspots;
    "/api/v1/entities/{id}/who" "who", "Whom to ask about an entity",
        [p("pseudonyms", "yes: people are called by digits")], answers::WhoKnows;
    "/api/v1/entities/{id}/hotspots" "hotspots of one", "The files of one entity by changes times size", [ALL],
        answers::Hotspots;
    "/api/v1/log" "log", "What was said and read, newest first",
        [p("before", "only smaller numbers: the next page"), LIMIT], answers::Log;
    "/api/v1/graph" "graph", "Entities and links in the direction of the data", [], answers::Graph;
    "/api/v1/tools" "tools", "Outside products and services in use, by category",
        [p("q", "only what has to do with this")], answers::Tools;
};

const ENTRY: Line = &["number", "id", "header", "count"];
const SAID: Line = &["id", "header", "count"];

/// All other addresses for programs.
pub(super) const OTHERS: &[Route] = routes! {
    "get" "/api/v1" "index", "Where the answers are, and the position in the ledger", [],
        Form::Nothing => Form::Json(of::<Index>), Readers;
    "get" "/api/v1/caller" "caller", "Who the caller is to this server", [],
        Form::Nothing => Form::Json(of::<CallerAnswer>), Readers;
    "get" "/api/v1/openapi.json" "openapi", "This document", [],
        Form::Nothing => Form::Json(of::<serde_json::Map<String, serde_json::Value>>), Readers;
    "post" "/api/v1/say" "say", "Says something: of an entity, or that there is one", [],
        Form::Word(of::<bodies::Say>) => Form::Json(of::<bodies::Said>), Writers;
    "post" "/api/v1/entities/{id}/say" "say of one", "Says something of this entity", [],
        Form::Word(of::<bodies::SayHere>) => Form::Json(of::<bodies::Said>), Writers;
    "post" "/api/v1/questions/{id}/answer" "answer", "Answers a question", [],
        Form::Word(of::<bodies::Answer>) => Form::Json(of::<bodies::Said>), Writers;
    "post" "/api/v1/undo" "undo", "Takes a command back, or brings it back", [],
        Form::Word(of::<bodies::Undo>) => Form::Json(of::<bodies::Said>), Writers;
    "get" "/api/v1/ledger/info" "ledger info",
        "Which ledger this is, its position, and how the caller's statements are signed", [],
        Form::Nothing => Form::Lines(&[&["info"]]), Readers;
    "get" "/api/v1/ledger/entries" "ledger entries", "Heads of statements, ascending", [AFTER, MOST],
        Form::Nothing => Form::Lines(&[ENTRY]), Readers;
    "get" "/api/v1/ledger/latest" "ledger latest", "Heads of statements, descending",
        [
            needed("before", "only smaller numbers"), MOST, p("author", "only of this author"),
            p("scope", "only of this scope"), p("op", "only of this command"), p("until", "only until this moment")
        ],
        Form::Nothing => Form::Lines(&[ENTRY]), Readers;
    "get" "/api/v1/ledger/entry" "ledger entry", "The head of one statement, or none", [needed("id", "its id")],
        Form::Nothing => Form::Lines(&[ENTRY]), Readers;
    "get" "/api/v1/ledger/ids" "ledger ids", "Ids of statements that begin so",
        [needed("prefix", "hexadecimal digits"), MOST], Form::Nothing => Form::Lines(&[&["id"]]), Readers;
    "get" "/api/v1/ledger/lines" "ledger lines",
        "Statements whole: a head, then as many claims as its count says; 4 MiB of them after the first statement",
        [AFTER, MOST, p("small", "of the statements behind the first only those with up to so many claims")],
        Form::Nothing => Form::Lines(&[ENTRY, &[]]), Readers;
    "get" "/api/v1/ledger/heard" "ledger heard", "When each author was last heard of each scope", [],
        Form::Nothing => Form::Lines(&[&["heard"]]), Readers;
    "get" "/api/v1/ledger/people" "ledger people", "The people directory", [],
        Form::Nothing => Form::Lines(&[&["person"]]), Readers;
    "get" "/api/v1/ledger/forgotten" "ledger forgotten", "Ids of people who were forgotten", [],
        Form::Nothing => Form::Lines(&[&["forgotten"]]), Readers;
    "get" "/api/v1/ledger/redacted" "ledger redacted", "Hashes of claims that were redacted", [],
        Form::Nothing => Form::Lines(&[&["redacted"]]), Readers;
    "get" "/api/v1/ledger/estate" "ledger estate", "The keys that turn addresses into persons' ids", [],
        Form::Nothing => Form::Lines(&[&["estate"], &["other"]]), Writers;
    "post" "/api/v1/ledger/append" "ledger append",
        "Appends statements, all or nothing: how, then each with as many claims as its count says", [],
        Form::Lines(&[&["append"], SAID, &["claim"], &["redacted"]]) => Form::Lines(&[&["number", "id", "outcome"]]), Writers;
    "post" "/api/v1/ledger/heard" "ledger add heard", "Notes when authors were heard", [],
        Form::Lines(&[&["heard"]]) => Form::Lines(&[&["number"]]), Writers;
    "post" "/api/v1/ledger/people" "ledger add people", "Adds people to the directory; how many are new", [],
        Form::Lines(&[&["person"]]) => Form::Lines(&[&["number"]]), Writers;
    "post" "/api/v1/ledger/estates" "ledger meet estates", "Makes other estates known; whether any was new", [],
        Form::Lines(&[&["other"]]) => Form::Lines(&[&["truth"]]), Writers;
    "post" "/api/v1/ledger/horizon" "ledger meet horizon",
        "Says from when on the history of a ledger is whole whose statements are taken over", [],
        Form::Lines(&[&["met"]]) => Form::Lines(&[&["number"]]), Writers;
    "post" "/api/v1/ledger/holds" "ledger holds", "Whether all these statements hold", [],
        Form::Lines(&[&["header"]]) => Form::Lines(&[&["truth"]]), Writers;
};

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Route> {
    ANSWERS.iter().chain(OTHERS)
}
