//! What an address asks for, and the answer to it: a page, or the same as JSON.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use schemars::JsonSchema;
use serde::Serialize;
use stave_answers::flow::{Definition, FlowQuery};
use stave_answers::speech::{Choices, choices, notice};
use stave_answers::when::{self, age_ms};
use stave_answers::{
    AsOf, Estate, FiresQuery, GoneQuery, GoneRow, HotspotQuery, ListQuery, LogQuery, Naming, NextQuery,
    OverlapQuery, QuestionQuery, Result, RiskQuery, StaleQuery, waiting_text,
};
use stave_board::{Frame, Problem, Then};
use stave_map::Named;
use stave_model::{Op, Time};

use crate::reader::Reader;
use crate::reply::{Reply, problem};
use crate::speak::without_said;

/// Entities in the picture of a neighbourhood.
const NEAR: usize = 60;

/// Questions on their page.
const QUESTIONS: u64 = 500;

/// Questions that the overview asks for.
const FIRST_QUESTIONS: u64 = 6;

/// People that may be asked to be thought away at once.
const LEAVING: usize = 20;

/// Most hits of a search by program.
const HITS: u64 = 200;

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Page {
    Overview,
    List(ListQuery),
    Gone(GoneQuery),
    Stale { query: StaleQuery, age: String },
    Find { words: String, limit: u64 },
    Entity { id: String },
    Neighbourhood { id: String },
    Why { id: String, fact: Option<String>, to: Option<String> },
    Questions { kind: Option<String>, entity: Option<String> },
    Question { id: String },
    Overlap(OverlapQuery),
    Barrel { id: String },
    Next { since: Option<String>, limit: u64 },
    Fires { since: Option<String>, piece: Option<String> },
    Flow { query: FlowQuery, since: String },
    Knowledge(RiskQuery),
    Who { id: String, naming: Naming },
    Hotspots(HotspotQuery),
    Log(LogQuery),
    Graph,
    Tools { asked: String },
    Help,
}

/// The names and values behind the question mark.
struct Values(Vec<(String, String)>);

impl Values {
    fn of(uri: &Uri) -> std::result::Result<Values, String> {
        match Query::<Vec<(String, String)>>::try_from_uri(uri) {
            Ok(Query(pairs)) => Ok(Values(pairs)),
            Err(_) => Err("What stands behind the question mark is not readable.".to_owned()),
        }
    }

    /// A value that is there and not empty.
    fn text(&self, name: &str) -> Option<String> {
        let mut found = self.0.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        found.next().map(|(_, value)| value.clone())
    }

    /// All values of a name that aren't empty.
    fn texts(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned()).take(LEAVING).collect()
    }

    fn is_yes(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text == "yes")
    }

    fn number(&self, name: &str) -> std::result::Result<u64, String> {
        match self.text(name) {
            None => Ok(0),
            Some(text) => text
                .trim()
                .parse()
                .map_err(|_| format!("{name}={text} is not a number; write digits, like {name}=2")),
        }
    }
}

impl Page {
    /// What an address asks for: nothing where there is no such page, a sentence where a value can't be read.
    pub(crate) fn of(uri: &Uri) -> Option<std::result::Result<Page, String>> {
        let (twin, rest) = match uri.path().strip_prefix("/api/v1") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => (true, rest),
            _ => (false, uri.path()),
        };
        let parts: Vec<String> = rest
            .split('/')
            .skip(1)
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let values = match Values::of(uri) {
            Ok(values) => values,
            Err(sentence) => return Some(Err(sentence)),
        };
        Some(match (twin, parts.as_slice()) {
            (false, [""]) | (true, ["summary"]) => Ok(Page::Overview),
            (_, ["entities"]) if values.text("gone").is_some_and(|text| text == "yes") => {
                gone_query(&values).map(Page::Gone)
            }
            (_, ["entities"]) if values.text("stale").is_some() => stale_query(&values),
            (_, ["entities"]) => list_query(&values).map(Page::List),
            (true, ["find"]) => find_query(&values),
            (false, ["e", id]) | (true, ["entities", id]) if !id.is_empty() => {
                Ok(Page::Entity { id: (*id).to_owned() })
            }
            (false, ["e", id, "why"]) | (true, ["entities", id, "why"]) => {
                Ok(Page::Why { id: (*id).to_owned(), fact: values.text("fact"), to: values.text("to") })
            }
            (true, ["entities", id, "neighbourhood"]) => Ok(Page::Neighbourhood { id: (*id).to_owned() }),
            (_, ["questions"]) => {
                Ok(Page::Questions { kind: values.text("kind"), entity: values.text("entity") })
            }
            (_, ["questions", id]) if !id.is_empty() => Ok(Page::Question { id: (*id).to_owned() }),
            (_, ["overlap"]) => {
                Ok(Page::Overlap(OverlapQuery { all: values.text("all").is_some_and(|text| text == "yes") }))
            }
            (false, ["e", id, "barrel"]) | (true, ["entities", id, "barrel"]) => {
                Ok(Page::Barrel { id: (*id).to_owned() })
            }
            (_, ["next"]) => next_query(&values),
            (_, ["fires"]) => fires_query(&values),
            (_, ["flow"]) => flow_query(&values),
            (_, ["knowledge"]) => {
                Ok(Page::Knowledge(RiskQuery { all: values.is_yes("all"), without: values.texts("without") }))
            }
            (_, ["hotspots"]) => Ok(Page::Hotspots(HotspotQuery { entity: None, all: values.is_yes("all") })),
            (false, ["e", id, "hotspots"]) | (true, ["entities", id, "hotspots"]) => {
                Ok(Page::Hotspots(HotspotQuery { entity: Some((*id).to_owned()), all: values.is_yes("all") }))
            }
            (false, ["e", id, "who"]) | (true, ["entities", id, "who"]) => {
                let naming = if values.is_yes("pseudonyms") { Naming::Pseudonyms } else { Naming::Names };
                Ok(Page::Who { id: (*id).to_owned(), naming })
            }
            (_, ["log"]) => log_query(&values).map(Page::Log),
            (true, ["graph"]) => Ok(Page::Graph),
            (_, ["tools"]) => Ok(Page::Tools { asked: values.text("q").unwrap_or_default() }),
            (false, ["help"]) | (true, [] | [""]) => Ok(Page::Help),
            _ => return None,
        })
    }
}

fn list_query(values: &Values) -> std::result::Result<ListQuery, String> {
    Ok(ListQuery {
        words: values.text("q").unwrap_or_default(),
        kind: values.text("kind"),
        entity_type: values.text("type"),
        owner: values.text("owner"),
        page: values.number("page")?,
        page_size: values.number("limit")?,
        hidden: values.text("hidden").is_some_and(|text| text == "yes"),
    })
}

fn fires_query(values: &Values) -> std::result::Result<Page, String> {
    Ok(Page::Fires { since: since(values)?, piece: values.text("piece") })
}

fn next_query(values: &Values) -> std::result::Result<Page, String> {
    Ok(Page::Next { since: since(values)?, limit: values.number("limit")? })
}

/// The moment that `since` means is found when the present is known; here only that it means one.
fn since(values: &Values) -> std::result::Result<Option<String>, String> {
    let since = values.text("since");
    match &since {
        Some(text) if when::since(text, Time::from_millis(0)).is_none() => {
            Err(format!("since={text} is no age and no day; write since=90d or since=2026-01-31"))
        }
        _ => Ok(since),
    }
}

fn gone_query(values: &Values) -> std::result::Result<GoneQuery, String> {
    Ok(GoneQuery {
        kind: values.text("kind"),
        entity_type: values.text("type"),
        page: values.number("page")?,
        page_size: values.number("limit")?,
    })
}

fn stale_query(values: &Values) -> std::result::Result<Page, String> {
    let age = values.text("stale").unwrap_or_default();
    let older_ms = age_ms(&age)
        .ok_or_else(|| format!("stale={age} is no age; write a number and h, d, w or y, like stale=30d"))?;
    let query = StaleQuery {
        older_ms,
        kind: values.text("kind"),
        entity_type: values.text("type"),
        page: values.number("page")?,
        page_size: values.number("limit")?,
    };
    Ok(Page::Stale { query, age })
}

fn find_query(values: &Values) -> std::result::Result<Page, String> {
    let limit = match values.number("limit")? {
        0 => 20,
        limit => limit.min(HITS),
    };
    Ok(Page::Find { words: values.text("q").unwrap_or_default(), limit })
}

fn flow_query(values: &Values) -> std::result::Result<Page, String> {
    let since = values.text("since").unwrap_or_else(|| "365d".to_owned());
    let period_ms = age_ms(&since)
        .filter(|age| *age > 0)
        .ok_or_else(|| format!("since={since} is no age; write a number and h, d, w or y, like since=90d"))?;
    let definition = match values.text("definition") {
        None => Definition::default(),
        Some(word) => Definition::of_word(&word)
            .ok_or_else(|| format!("definition={word}: there is dora and devlake"))?,
    };
    let explain = values.text("explain").is_some_and(|text| text == "yes");
    let query = FlowQuery { entity: values.text("entity"), period_ms, definition, explain };
    Ok(Page::Flow { query, since })
}

fn log_query(values: &Values) -> std::result::Result<LogQuery, String> {
    let limit = usize::try_from(values.number("limit")?).unwrap_or(usize::MAX);
    Ok(LogQuery { before: values.number("before")?, limit })
}

/// The moment that an address asks for (`?at=`), as typed.
pub(crate) fn at(uri: &Uri) -> Option<String> {
    Values::of(uri).ok()?.text("at")
}

/// What comes of a page.
pub(crate) enum Made {
    /// It, or its JSON.
    Reply(Reply),
    /// The entity's own address.
    Elsewhere(String),
}

impl Made {
    pub(crate) fn into_response(self) -> Response<Body> {
        match self {
            Made::Reply(reply) => reply.into_response(),
            Made::Elsewhere(address) => {
                let sentence = format!("It is at {address}.");
                let mut response = Reply::sentence(StatusCode::FOUND, &sentence).into_response();
                if let Ok(address) = HeaderValue::from_str(&address) {
                    response.headers_mut().insert(header::LOCATION, address);
                }
                response
            }
        }
    }
}

/// Makes the answer of the present.
pub(crate) fn make(
    page: &Page,
    uri: &Uri,
    estate: Estate<'_>,
    version: &str,
    reader: &Reader,
) -> Result<Made> {
    make_framed(page, uri, estate, version, reader, None)
}

/// Makes the answer of a moment, which `at` has as it was typed and as it was meant: a page says so, and JSON has it as `at`.
pub(crate) fn make_then(
    page: &Page,
    uri: &Uri,
    estate: Estate<'_>,
    version: &str,
    reader: &Reader,
    at: (&str, AsOf),
) -> Result<Made> {
    let made = make_framed(page, uri, estate, version, reader, Some(Then { typed: at.0, as_of: &at.1 }))?;
    Ok(match made {
        Made::Reply(reply) if matches!(reply.status, StatusCode::OK | StatusCode::GONE) => {
            Made::Reply(reply.with("at", &at.1))
        }
        other => other,
    })
}

fn make_framed(
    page: &Page,
    uri: &Uri,
    estate: Estate<'_>,
    version: &str,
    reader: &Reader,
    then: Option<Then<'_>>,
) -> Result<Made> {
    let api = uri.path().starts_with("/api/");
    let address = without_said(uri.path_and_query().map_or("/", |address| address.as_str()));
    let reader = reader.clone().named_by(estate.people);
    let choices = match page {
        Page::Entity { .. } | Page::Fires { .. } if reader.may_write() && !api => choices(estate)?,
        _ => Choices::default(),
    };
    let notice = match said_here(uri).filter(|_| !api) {
        Some(op) => notice(estate, op)?,
        None => None,
    };
    let waiting = match stave_answers::waiting(estate)? {
        Some(waiting) if !api => Some(waiting_text(&waiting)),
        _ => None,
    };
    let frame = |position: u64, questions: u64| Frame {
        address: &address,
        position,
        questions: Some(questions),
        writing: reader.writing(&choices),
        notice: notice.as_ref(),
        waiting: waiting.as_deref(),
        then,
        ..Frame::default()
    };
    let open_questions = || -> Result<u64> { Ok(estate.model.counts()?.questions) };
    let reply = match page {
        Page::Overview => {
            let summary = stave_answers::summary(estate)?;
            if api {
                Reply::json(&summary)
            } else {
                let questions = stave_answers::questions(estate, FIRST_QUESTIONS)?;
                let frame = frame(summary.position, summary.questions);
                Reply::html(stave_board::overview_page(&frame, &summary, &questions))
            }
        }
        Page::List(query) => {
            let list = stave_answers::list(estate, query)?;
            if api {
                Reply::json(&list)
            } else {
                Reply::html(stave_board::list_page(&frame(list.position, open_questions()?), &list))
            }
        }
        Page::Gone(query) => {
            let gone = stave_answers::gone(estate, query)?;
            if api {
                Reply::json(&gone)
            } else {
                Reply::html(stave_board::gone_page(&frame(gone.position, open_questions()?), &gone))
            }
        }
        Page::Stale { query, age } => {
            let stale = stave_answers::stale(estate, query)?;
            if api {
                Reply::json(&stale)
            } else {
                Reply::html(stave_board::stale_page(&frame(stale.position, open_questions()?), &stale, age))
            }
        }
        Page::Find { words, limit } => Reply::json(&stave_answers::find(estate, words, *limit)?),
        Page::Entity { id } => {
            let Some(found) = stave_answers::entity(estate, id)? else {
                // What was there is shown as it was last seen, with a status that says that it is not there.
                if matches!(estate.model.named(id)?, Named::None(_))
                    && let Some(gone) = stave_answers::gone_named(estate, id)?
                {
                    let position = estate.model.stamp()?.position;
                    let page = if api {
                        Reply::json(&GoneEntity { position, gone })
                    } else {
                        let frame = frame(position, open_questions()?);
                        Reply::html(stave_board::gone_entity_page(&frame, &gone, estate.now))
                    };
                    return Ok(Made::Reply(Reply { status: StatusCode::GONE, ..page }));
                }
                return named(id, "", uri, estate);
            };
            if api {
                Reply::json(&found)
            } else {
                let near = stave_answers::neighbourhood(estate, id, NEAR)?;
                let frame = frame(found.position, open_questions()?);
                Reply::html(stave_board::entity_page(&frame, &found, near.as_ref()))
            }
        }
        Page::Neighbourhood { id } => match stave_answers::neighbourhood(estate, id, NEAR)? {
            Some(near) => Reply::json(&near),
            None => return named(id, "/neighbourhood", uri, estate),
        },
        Page::Why { id, fact, to } => {
            let Some(why) = stave_answers::why(estate, id, fact.as_deref(), to.as_deref())? else {
                return named(id, "/why", uri, estate);
            };
            if api {
                Reply::json(&why)
            } else {
                Reply::html(stave_board::why_page(&frame(why.position, open_questions()?), &why))
            }
        }
        Page::Questions { kind, entity } => {
            let query = QuestionQuery { kind: kind.clone(), entity: entity.clone(), limit: QUESTIONS };
            let questions = stave_answers::questions_of(estate, &query)?;
            if api {
                Reply::json(&questions)
            } else {
                let frame = frame(questions.position, questions.total);
                Reply::html(stave_board::questions_page(&frame, &questions))
            }
        }
        Page::Question { id } => match stave_answers::question(estate, id)? {
            Some(question) if api => Reply::json(&question),
            Some(question) => {
                let frame = frame(estate.model.stamp()?.position, open_questions()?);
                Reply::html(stave_board::question_page(&frame, &question, estate.now))
            }
            None => {
                let sentence = format!("There is no open question {id}.");
                let page = problem("There is no such question", sentence, "It may have been answered.");
                Reply::problem(StatusCode::NOT_FOUND, uri, &page)
            }
        },
        Page::Overlap(query) => {
            let overlap = stave_answers::overlap(estate, *query)?;
            if api {
                Reply::json(&overlap)
            } else {
                let frame = frame(overlap.position, open_questions()?);
                Reply::html(stave_board::overlap_page(&frame, &overlap))
            }
        }
        Page::Barrel { id } => {
            let Some(barrel) = stave_answers::barrel(estate, id)? else {
                return named(id, "/barrel", uri, estate);
            };
            if api {
                Reply::json(&barrel)
            } else {
                Reply::html(stave_board::barrel_page(&frame(barrel.position, open_questions()?), &barrel))
            }
        }
        Page::Next { since, limit } => {
            let since = since.as_ref().and_then(|text| when::since(text, estate.now));
            let next = stave_answers::next(estate, &NextQuery { since, limit: *limit })?;
            if api {
                Reply::json(&next)
            } else {
                Reply::html(stave_board::next_page(&frame(next.position, open_questions()?), &next))
            }
        }
        Page::Fires { since, piece } => {
            let since = since.as_ref().and_then(|text| when::since(text, estate.now));
            let fires = stave_answers::fires(estate, &FiresQuery { since, piece: piece.clone() })?;
            if api {
                Reply::json(&fires)
            } else {
                Reply::html(stave_board::fires_page(&frame(fires.position, open_questions()?), &fires))
            }
        }
        Page::Flow { query, since } => {
            let Some(flow) = stave_answers::flow::flow(estate, query)? else {
                let sentence = "Nothing on the map has these 12 digits.".to_owned();
                let page =
                    problem("There is no such entity", sentence, "The page without an entity lists all.");
                return Ok(Made::Reply(Reply::problem(StatusCode::NOT_FOUND, uri, &page)));
            };
            if api {
                Reply::json(&flow)
            } else {
                let frame = frame(flow.position, open_questions()?);
                Reply::html(stave_board::flow_page(&frame, &flow, query, since))
            }
        }
        Page::Knowledge(query) => {
            let risks = stave_answers::risks(estate, query)?;
            if api {
                Reply::json(&risks)
            } else {
                let frame = frame(risks.position, open_questions()?);
                Reply::html(stave_board::knowledge_page(&frame, &risks))
            }
        }
        Page::Who { id, naming } => match stave_answers::who_knows(estate, id, *naming)? {
            Some(who) if api => Reply::json(&who),
            Some(who) => Reply::html(stave_board::who_page(&frame(who.position, open_questions()?), &who)),
            None => return named(id, "/who", uri, estate),
        },
        Page::Hotspots(query) => match stave_answers::hotspots(estate, query)? {
            Some(hotspots) if api => Reply::json(&hotspots),
            Some(hotspots) => {
                let frame = frame(hotspots.position, open_questions()?);
                Reply::html(stave_board::hotspots_page(&frame, &hotspots))
            }
            None => return named(query.entity.as_deref().unwrap_or_default(), "/hotspots", uri, estate),
        },
        Page::Log(query) => {
            let log = stave_answers::log(estate, *query)?;
            if api {
                Reply::json(&log)
            } else {
                Reply::html(stave_board::log_page(&frame(log.position, open_questions()?), &log))
            }
        }
        Page::Tools { asked } => {
            let tools = stave_answers::tools(estate, asked)?;
            if api {
                Reply::json(&tools)
            } else {
                Reply::html(stave_board::tools_page(&frame(tools.position, open_questions()?), &tools))
            }
        }
        Page::Graph => Reply::json(&stave_answers::graph(estate)?),
        Page::Help if api => Reply::json(&index(estate.model.stamp()?.position, version)),
        Page::Help => {
            let position = estate.model.stamp()?.position;
            Reply::html(stave_board::help_page(&frame(position, open_questions()?)))
        }
    };
    Ok(Made::Reply(reply))
}

/// The command that the page's reader has just run.
fn said_here(uri: &Uri) -> Option<Op> {
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("said="))?.parse().ok()
}

/// Where the answers are, for programs.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Index {
    /// The server's version.
    stave: String,
    /// Where the map stands.
    position: u64,
    /// Addresses of answers by name, with what they take behind the question mark: `{?q,limit}`.
    answers: BTreeMap<String, String>,
    /// Addresses that take words.
    words: BTreeMap<String, String>,
    /// The stream of events: a position whenever it grows.
    events: String,
}

/// A piece that is no longer found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct GoneEntity {
    /// Where the map stands.
    position: u64,
    /// How it was last seen.
    gone: GoneRow,
}

fn index(position: u64, version: &str) -> Index {
    let words =
        [("say", "/api/v1/say"), ("answer", "/api/v1/questions/{id}/answer"), ("undo", "/api/v1/undo")];
    Index {
        stave: version.to_owned(),
        position,
        answers: crate::openapi::index(),
        words: words.map(|(name, path)| (name.to_owned(), path.to_owned())).into(),
        events: "/events".to_owned(),
    }
}

/// An entity's page asked for by something else than its 12 digits: its name, or a beginning of them.
fn named(text: &str, behind: &str, uri: &Uri, estate: Estate<'_>) -> Result<Made> {
    let rows = match estate.model.named(text)? {
        Named::One(id) => {
            let start = if uri.path().starts_with("/api/") {
                format!("/api/v1/entities/{id}")
            } else {
                stave_board::entity_link(&id)
            };
            let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
            return Ok(Made::Elsewhere(format!("{start}{behind}{query}")));
        }
        Named::Several(rows) | Named::None(rows) => rows,
    };
    let page = Problem {
        title: "There is no such entity".to_owned(),
        sentence: format!("Nothing on the map is called \"{text}\", or more than one thing is."),
        hint: "An entity's address is 12 digits, as lists show them.".to_owned(),
        nearest: rows,
    };
    Ok(Made::Reply(Reply::problem(StatusCode::NOT_FOUND, uri, &page)))
}
