//! The ledger itself over HTTP, for command lines and pipelines: one endpoint for each method of the trait `Ledger`,
//! under `/api/v1/ledger/`. The form of what comes and goes is `stave_ledger::wire`'s.
//!
//! A request is a transaction. What is read goes out as it is found, so that no large statement is held here; what is
//! appended is checked whole before the ledger is locked. Who may write what is the door's decision ([`Pen`]).

mod body;
mod out;
mod pen;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;

use std::cell::RefCell;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io::{Read, Write};
use std::str::FromStr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::routing::{get, post};
use stave_ledger::wire::{self, Batch};
use stave_ledger::{Error, Filter, Ledger, Repeats};
use stave_model::{Hash, Time};

use crate::door::{Intent, Refusal};
use crate::pool::PoolError;
use crate::reply::{ErrorBody, Reply, problem};
use crate::routes::Endpoint;
use crate::state;
use body::Limit;
use pen::Pen;

/// What all requests share.
type Shared = Arc<state::State>;

/// Answers of these endpoints on their way at one time; more wait.
pub(crate) const STREAMS: usize = 16;
/// Bodies that are read at one time; more wait. Each may hold as much as an append may be.
pub(crate) const BODIES: usize = 4;
/// Threads that these need beside the workers.
pub(crate) const THREADS: usize = STREAMS + BODIES;

/// Why a statement about uncommitted work is not taken.
const STAYS_THERE: &str =
    "what is not committed stays on its machine\n\nhint: commit it, or scan the commit with --commit";

/// The endpoints: method, address, what answers. What they need of the door stands in `door/writes.rs`.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let at = |name: &str| format!("{}/{name}", wire::PREFIX);
    vec![
        ("GET", at("info"), get(info)),
        ("GET", at("entries"), get(entries)),
        ("GET", at("entry"), get(entry)),
        ("GET", at("latest"), get(latest)),
        ("GET", at("ids"), get(ids)),
        ("GET", at("lines"), get(lines)),
        ("GET", at("heard"), get(heard)),
        ("POST", at("heard"), post(add_heard)),
        ("GET", at("people"), get(people)),
        ("POST", at("people"), post(add_people)),
        ("GET", at("forgotten"), get(forgotten)),
        ("GET", at("redacted"), get(redacted)),
        ("GET", at("estate"), get(estate)),
        ("POST", at("estates"), post(meet_estates)),
        ("POST", at("horizon"), post(meet_horizons)),
        ("POST", at("holds"), post(holds)),
        ("POST", at("append"), post(append)),
    ]
}

/// Why a request is not answered.
enum No {
    /// The address can't be read.
    Address(String),
    /// The caller may not.
    Door(Refusal),
    /// The body is none, or too large.
    Body(StatusCode, Error),
    /// The ledger can't do it.
    Ledger(Error),
    /// Nobody is there to do it.
    Pool(PoolError),
}

impl From<Refusal> for No {
    fn from(refusal: Refusal) -> No {
        No::Door(refusal)
    }
}

impl From<PoolError> for No {
    fn from(error: PoolError) -> No {
        match error {
            PoolError::Ledger(error) => No::Ledger(error),
            other => No::Pool(other),
        }
    }
}

type Answered = Result<Response<Body>, No>;

/// Who asks for what: a request without its body.
struct Asker {
    uri: Uri,
    pen: Pen,
    takes_zstd: bool,
}

impl FromRequestParts<Shared> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Asker, Infallible> {
        let takes_zstd = takes_zstd(&parts.headers);
        Ok(Asker { uri: parts.uri.clone(), pen: Pen::of(&parts.extensions), takes_zstd })
    }
}

fn takes_zstd(headers: &HeaderMap) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|coding| coding.trim() == "zstd")
}

impl Asker {
    /// What stands behind the question mark.
    fn values(&self) -> Result<Values, No> {
        Query::<HashMap<String, String>>::try_from_uri(&self.uri)
            .map(|query| Values(query.0))
            .map_err(|_| No::Address("What stands behind the question mark is not readable.".to_owned()))
    }

    /// Answers with what `work` writes, for whoever may read.
    async fn read(
        &self,
        state: &Shared,
        work: impl FnOnce(&mut dyn Ledger, &mut dyn Write) -> stave_ledger::Result<()> + Send + 'static,
    ) -> Answered {
        self.pen.may(Intent::Read)?;
        out::give(state, self.takes_zstd, work).await
    }

    /// An answer, or why not, with the hint that belongs to it.
    fn told(&self, answered: Answered) -> Response<Body> {
        let no = match answered {
            Ok(response) => return response,
            Err(no) => no,
        };
        match no {
            No::Address(sentence) => self.sentence(StatusCode::BAD_REQUEST, &sentence),
            No::Door(refusal) => {
                let page = problem("You may not", refusal.to_string(), refusal.hint());
                Reply::problem(refusal.status(), &self.uri, &page).into_response()
            }
            No::Body(status, error) => self.sentence(status, &error.to_string()),
            No::Ledger(error) => self.ledger_error(&error),
            No::Pool(error) => self.sentence(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
        }
    }

    fn sentence(&self, status: StatusCode, text: &str) -> Response<Body> {
        let (what, hint) = text.split_once("\n\nhint: ").unwrap_or((text, ""));
        let page = problem("There is no answer", what.to_owned(), hint);
        Reply::problem(status, &self.uri, &page).into_response()
    }

    fn ledger_error(&self, error: &Error) -> Response<Body> {
        // Where the ledger's file lies is nobody's business outside.
        let (status, text) = match error {
            Error::NoStatement(number) => {
                let told =
                    ErrorBody { message: error.to_string(), number: Some(*number), ..ErrorBody::default() };
                return Reply::error(StatusCode::NOT_FOUND, told).into_response();
            }
            Error::Refused { .. } | Error::Line { .. } | Error::Caller(_) => {
                return self.sentence(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
            }
            Error::Damaged(_) => {
                return self.sentence(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
            }
            Error::Busy(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Others have been writing to the ledger for too long; nothing was written.",
            ),
            Error::Full(_) => {
                (StatusCode::INSUFFICIENT_STORAGE, "The server's disk is full; nothing was written.")
            }
            _ => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "The server can't read or write its ledger.\n\nhint: whoever runs it sees why with stave doctor",
            ),
        };
        self.sentence(status, text)
    }
}

/// What stands behind a question mark.
struct Values(HashMap<String, String>);

impl Values {
    fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, No> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| No::Address(format!("{name}={text} can't be read.")))
    }

    fn needed<T: FromStr>(&self, name: &str) -> Result<T, No> {
        self.value(name)?.ok_or_else(|| No::Address(format!("{name}= is missing.")))
    }
}

async fn info(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let by = asker.pen.signature();
    asker.told(asker.read(&state, move |ledger, out| wire::give_info(ledger, by, out)).await)
}

async fn heard(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    asker.told(asker.read(&state, |ledger, out| wire::give_heard(ledger, out)).await)
}

async fn people(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    asker.told(asker.read(&state, |ledger, out| wire::give_people(ledger, out)).await)
}

async fn forgotten(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    asker.told(asker.read(&state, |ledger, out| wire::give_forgotten(ledger, out)).await)
}

async fn redacted(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    asker.told(asker.read(&state, |ledger, out| wire::give_redacted(ledger, out)).await)
}

async fn entries(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let answered = async {
        let values = asker.values()?;
        let (after, limit) = (values.needed("after")?, values.needed("limit")?);
        asker.read(&state, move |ledger, out| wire::give_entries(ledger, after, limit, out)).await
    };
    asker.told(answered.await)
}

async fn entry(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let answered = async {
        let id: Hash = asker.values()?.needed("id")?;
        asker.read(&state, move |ledger, out| wire::give_entry(ledger, &id, out)).await
    };
    asker.told(answered.await)
}

async fn latest(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let answered = async {
        let values = asker.values()?;
        let filter = Filter {
            author: values.value("author")?,
            scope: values.value("scope")?,
            op: values.value("op")?,
            until: values.value("until")?,
        };
        let (before, limit) = (values.needed("before")?, values.needed("limit")?);
        asker.read(&state, move |ledger, out| wire::give_latest(ledger, &filter, before, limit, out)).await
    };
    asker.told(answered.await)
}

async fn ids(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let answered = async {
        let values = asker.values()?;
        let (prefix, limit) = (values.needed::<String>("prefix")?, values.needed("limit")?);
        asker.read(&state, move |ledger, out| wire::give_ids(ledger, &prefix, limit, out)).await
    };
    asker.told(answered.await)
}

async fn lines(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let answered = async {
        let values = asker.values()?;
        let (after, limit) = (values.needed("after")?, values.needed("limit")?);
        let small = values.value("small")?.unwrap_or(u64::MAX);
        asker.read(&state, move |ledger, out| wire::give_lines(ledger, after, limit, small, out)).await
    };
    asker.told(answered.await)
}

/// The keys with which addresses become persons' ids. Who only reads has no use for them.
async fn estate(State(state): State<Shared>, asker: Asker) -> Response<Body> {
    let answered = async {
        asker.pen.may_write()?;
        asker.read(&state, |ledger, out| wire::give_estate(ledger, out)).await
    };
    asker.told(answered.await)
}

/// Reads the body of a request on a thread that may wait.
async fn received<T: Send + 'static>(
    state: &Shared,
    request: Request,
    limit: Limit,
    parse: impl FnOnce(&mut dyn Read) -> stave_ledger::Result<T> + Send + 'static,
) -> Result<T, No> {
    body::received(state, request, limit, parse).await.map_err(|(status, error)| No::Body(status, error))
}

/// Works on the ledger and answers with what `give` writes of it.
async fn worked<T: Send + 'static>(
    state: &Shared,
    work: impl FnOnce(&mut dyn Ledger) -> stave_ledger::Result<T> + Send + 'static,
    give: impl FnOnce(&T, &mut dyn Write) -> stave_ledger::Result<()>,
) -> Answered {
    allowed(state, move |ledger| work(ledger).map(Ok), give).await
}

/// As [`worked`], where it is known on the ledger only whether the caller may.
async fn allowed<T: Send + 'static>(
    state: &Shared,
    work: impl FnOnce(&mut dyn Ledger) -> stave_ledger::Result<Result<T, Refusal>> + Send + 'static,
    give: impl FnOnce(&T, &mut dyn Write) -> stave_ledger::Result<()>,
) -> Answered {
    let done = state.pool.ledger(work).await??;
    let mut bytes = Vec::new();
    give(&done, &mut bytes).map_err(No::Ledger)?;
    Ok(out::whole(bytes))
}

async fn add_heard(State(state): State<Shared>, asker: Asker, request: Request) -> Response<Body> {
    let answered = async {
        asker.pen.may_write()?;
        let rows = received(&state, request, Limit::Body, |body| wire::read_heard(body)).await?;
        let now = (state.clock)();
        for (author, scope, time) in &rows {
            asker.pen.may(Intent::Speak { author, scope })?;
            if scope.is_work() {
                return Err(No::Ledger(Error::Caller(STAYS_THERE.into())));
            }
            asker.pen.admit_time(*time, now).map_err(No::Ledger)?;
        }
        worked(&state, move |ledger| ledger.add_heard(&rows), |(), out| wire::give_number(0, out)).await
    };
    asker.told(answered.await)
}

async fn add_people(State(state): State<Shared>, asker: Asker, request: Request) -> Response<Body> {
    let answered = async {
        asker.pen.may(Intent::AddPeople)?;
        let rows = received(&state, request, Limit::Body, |body| wire::read_people(body)).await?;
        let pen = asker.pen.clone();
        let add = move |ledger: &mut dyn Ledger| {
            let rows = pen.admit_people(ledger, rows)?;
            ledger.add_people(&rows)
        };
        worked(&state, add, |new, out| wire::give_number(*new, out)).await
    };
    asker.told(answered.await)
}

async fn meet_estates(State(state): State<Shared>, asker: Asker, request: Request) -> Response<Body> {
    let answered = async {
        asker.pen.may(Intent::Administer)?;
        let met = received(&state, request, Limit::Body, |body| wire::read_estates(body)).await?;
        let meet = move |ledger: &mut dyn Ledger| ledger.meet_estates(&met);
        worked(&state, meet, |became, out| wire::give_truth(*became, out)).await
    };
    asker.told(answered.await)
}

async fn meet_horizons(State(state): State<Shared>, asker: Asker, request: Request) -> Response<Body> {
    let answered = async {
        asker.pen.may(Intent::Administer)?;
        let met = received(&state, request, Limit::Body, |body| wire::read_horizons(body)).await?;
        let meet = move |ledger: &mut dyn Ledger| match met.iter().max() {
            Some(time) => ledger.meet_horizon(*time),
            None => Ok(()),
        };
        worked(&state, meet, |(), out| wire::give_number(0, out)).await
    };
    asker.told(answered.await)
}

async fn holds(State(state): State<Shared>, asker: Asker, request: Request) -> Response<Body> {
    let answered = async {
        asker.pen.may(Intent::Read)?;
        let said = received(&state, request, Limit::Body, |body| wire::read_headers(body)).await?;
        worked(&state, move |ledger| ledger.all_hold(&said), |hold, out| wire::give_truth(*hold, out)).await
    };
    asker.told(answered.await)
}

/// Reads what is to be appended, as far as it may be.
fn read_admitted(pen: &Pen, now: Time, body: &mut dyn Read) -> stave_ledger::Result<Result<Batch, Refusal>> {
    let (refused, said) = (RefCell::new(None), RefCell::new(None));
    let no = |refusal: Refusal| {
        let error = Error::Caller(refusal.to_string().into());
        refused.replace(Some(refusal));
        error
    };
    let batch = wire::read_batch(
        body,
        &mut |repeats, header| {
            if header.scope.is_work() {
                return Err(Error::Caller(STAYS_THERE.into()));
            }
            // A merge by whoever runs the ledger brings what there is.
            if repeats == Repeats::Skip || pen.may(Intent::Administer).is_err() {
                pen.admit_time(header.time, now)?;
            }
            pen.admit(repeats, header).map_err(no)?;
            said.replace(Some((header.author.clone(), header.scope.clone())));
            Ok(())
        },
        &mut |claim| match &*said.borrow() {
            Some((author, scope)) => pen.admit_claim(author, scope, claim).map_err(no),
            None => Ok(()),
        },
    );
    // The door's word is another answer than that of a broken body.
    match refused.take() {
        Some(refusal) => Ok(Err(refusal)),
        None => batch.map(Ok),
    }
}

async fn append(State(state): State<Shared>, asker: Asker, request: Request) -> Response<Body> {
    let answered = async {
        asker.pen.may_write()?;
        let (pen, now) = (asker.pen.clone(), (state.clock)());
        let parse = move |body: &mut dyn Read| read_admitted(&pen, now, body);
        let batch = received(&state, request, Limit::Append, parse).await??;
        let pen = asker.pen.clone();
        let append = move |ledger: &mut dyn Ledger| match pen.admit_replaced(ledger, &batch.statements)? {
            Ok(()) => batch.append_to(ledger).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        };
        allowed(&state, append, |appended, out| wire::give_appended(appended, out)).await
    };
    asker.told(answered.await)
}
