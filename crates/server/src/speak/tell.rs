//! What the speaker is told: on to the page, with what was said; or a page that asks again. As JSON, the same.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use stave_answers::speech::{Choices, Refusal, RefusalKind};
use stave_board::{Again, Frame, Way, again_page, place_of};
use stave_model::{Mode, Op, Time};

use super::bodies;
use super::forms::{Sent, What};
use super::plan::{Outcome, may_be_a_new_team};
use crate::door::Caller;
use crate::reader::Reader;
use crate::reply::{ErrorBody, Reply};

/// Longest address that a form may lead back to, in bytes.
const BACK: usize = 2_000;

/// What a reply needs to know about what was asked.
pub(crate) struct Page<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) sent: &'a Sent,
    pub(crate) caller: &'a Caller,
    pub(crate) position: u64,
}

impl Page<'_> {
    fn is_api(&self) -> bool {
        self.uri.path().starts_with("/api/")
    }

    /// The page that a form was on: one of ours, without what was said there before.
    fn back(&self) -> String {
        let back = self.sent.text("back").filter(|back| is_own_page(back)).unwrap_or_else(|| "/".to_owned());
        without_said(&back)
    }
}

/// Whether an address is a path here, and can be nothing else.
fn is_own_page(address: &str) -> bool {
    address.len() <= BACK
        && address.starts_with('/')
        && !address.starts_with("//")
        && address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'#'))
}

/// An address without `said=…`.
pub(crate) fn without_said(address: &str) -> String {
    let Some((path, query)) = address.split_once('?') else { return address.to_owned() };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("said=")).collect();
    if kept.is_empty() || kept == [""] { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

/// The reply to what came of a word; `fresh` are random digits for the forms of a page that asks again.
pub(crate) fn tell(page: &Page<'_>, outcome: &Outcome, fresh: Op) -> Response<Body> {
    match outcome {
        Outcome::Said { op, said, notes, appended, .. } if page.is_api() => {
            let op = op.to_string();
            Reply::json(&bodies::Said { said, notes, appended, op, position: page.position }).into_response()
        }
        Outcome::Said { op, .. } => on_to(&location(page, *op)),
        Outcome::Changed { said, standing, seen, was_shown, now } => {
            let sentence = changed_sentence(*was_shown, said);
            if page.is_api() {
                let error = ErrorBody {
                    message: sentence,
                    seen: Some(seen.clone()),
                    standing: Some(standing.clone()),
                    ..ErrorBody::default()
                };
                return Reply::error(StatusCode::CONFLICT, error).into_response();
            }
            let mut fields = page.sent.content();
            fields.push(("seen".to_owned(), seen.clone()));
            let label = "Say it all the same".to_owned();
            let way = Way { label, entity: None, action: page.uri.path().to_owned(), fields };
            let title = "Look again".to_owned();
            let again = Again {
                title,
                sentence,
                standing: standing.clone(),
                now: *now,
                ways: vec![way],
                back: page.back(),
            };
            asked_again(page, StatusCode::CONFLICT, &again, fresh)
        }
        Outcome::Refused { refusal, back } => refused(page, refusal, *back, fresh),
        Outcome::Forbidden(refusal) => {
            Reply::told(refusal.status(), page.uri, &refusal.to_string()).into_response()
        }
    }
}

fn changed_sentence(was_shown: bool, said: &[String]) -> String {
    let said = said.join("; ");
    if was_shown {
        format!("Something else is said here than when you looked, so nothing was said yet: {said}.")
    } else {
        format!("Somebody has spoken of this before, so nothing was said yet: {said}.")
    }
}

/// Where to: the page that it came from, at the fact. A question that is answered has no page any more.
fn location(page: &Page<'_>, op: Op) -> String {
    let back = page.back();
    let back = if back.starts_with("/questions/") { "/questions" } else { back.as_str() };
    let join = if back.contains('?') { '&' } else { '?' };
    let place = match What::of(page.uri.path(), page.sent) {
        Ok(What::Say(saying)) => {
            let to = match saying.fact.row.mode {
                Mode::Add(_) => saying.to.first().map(String::as_str),
                _ => None,
            };
            format!("#{}", place_of(&saying.entity, saying.fact.row.name, to))
        }
        _ => String::new(),
    };
    format!("{back}{join}said={op}{place}")
}

pub(super) fn on_to(location: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn refused(page: &Page<'_>, refusal: &Refusal, back: Option<Op>, fresh: Op) -> Response<Body> {
    let status = match refusal.kind {
        RefusalKind::Mistake | RefusalKind::Several => StatusCode::BAD_REQUEST,
        RefusalKind::No => StatusCode::CONFLICT,
    };
    if page.is_api() {
        let error = ErrorBody {
            message: refusal.what.clone(),
            hint: refusal.hints.join("; "),
            nearest: refusal.candidates.clone(),
            ..ErrorBody::default()
        };
        return Reply::error(status, error).into_response();
    }
    let what = match (&refusal.about, refusal.kind) {
        (Some(about), RefusalKind::Several) => format!("\"{about}\" may mean several. Which one?"),
        _ => format!("{}.", refusal.what),
    };
    let title = match refusal.kind {
        RefusalKind::Several => "Which one?",
        RefusalKind::No | RefusalKind::Mistake => "That can't be said so",
    };
    let again = Again {
        title: title.to_owned(),
        sentence: what,
        standing: Vec::new(),
        now: Time::from_millis(0),
        ways: ways(page, refusal, back),
        back: page.back(),
    };
    asked_again(page, status, &again, fresh)
}

/// What may have been meant: the same with another name, or another act.
fn ways(page: &Page<'_>, refusal: &Refusal, back: Option<Op>) -> Vec<Way> {
    let action = page.uri.path().to_owned();
    let content = page.sent.content();
    let mut ways = Vec::new();
    if let Some(by) = back {
        let fields = vec![("target".to_owned(), by.to_string())];
        ways.push(Way {
            label: "Bring it back".to_owned(),
            entity: None,
            action: "/undo".to_owned(),
            fields,
        });
    }
    let what = What::of(page.uri.path(), page.sent);
    if let Ok(What::New { name, .. }) = &what
        && !refusal.candidates.is_empty()
    {
        let mut fields = content.clone();
        fields.push(("new".to_owned(), "yes".to_owned()));
        ways.push(Way { label: format!("Add another {name}"), entity: None, action, fields });
        return ways;
    }
    let Some(about) = &refusal.about else { return ways };
    for row in &refusal.candidates {
        let is_meant = |(name, value): &(String, String)| {
            matches!(name.as_str(), "entity" | "to") && value.trim() == about.trim()
        };
        if content.iter().any(is_meant) {
            let with_id = |field: (String, String)| {
                if is_meant(&field) { (field.0, row.id.clone()) } else { field }
            };
            let fields = content.clone().into_iter().map(with_id).collect();
            ways.push(Way {
                label: "This one".to_owned(),
                entity: Some(row.clone()),
                action: action.clone(),
                fields,
            });
        }
    }
    if let Ok(what) = &what
        && may_be_a_new_team(what, refusal)
    {
        let fields =
            [("kind", "group"), ("name", about)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        ways.push(Way {
            label: format!("There is a team called {about}"),
            entity: None,
            action: "/say".to_owned(),
            fields: fields.to_vec(),
        });
    }
    ways
}

fn asked_again(page: &Page<'_>, status: StatusCode, again: &Again, fresh: Op) -> Response<Body> {
    let reader = Reader::of(page.caller, fresh);
    let nothing = Choices::default();
    let frame = Frame {
        address: "/help",
        position: page.position,
        is_reply: true,
        writing: reader.writing(&nothing),
        ..Frame::default()
    };
    Reply { status, ..Reply::html(again_page(&frame, again)) }.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_our_own_pages_only() {
        for own in ["/", "/e/0123456789ab", "/questions?kind=dispute", "/e/%22x"] {
            assert!(is_own_page(own), "{own}");
        }
        let long = format!("/{}", "a".repeat(BACK));
        for other in [
            "",
            "e",
            "//evil.example.com",
            "/\\evil",
            "https://evil.example.com/",
            "/a\r\nb",
            "/a b",
            "/ä",
            &long,
        ] {
            assert!(!is_own_page(other), "{other}");
        }
    }

    #[test]
    fn what_was_said_before_is_not_said_again() {
        for (address, plain) in [
            ("/e/0?said=00", "/e/0"),
            ("/log?before=5&said=00", "/log?before=5"),
            ("/log?said=00&before=5", "/log?before=5"),
            ("/log?", "/log"),
            ("/log", "/log"),
        ] {
            assert_eq!(without_said(address), plain);
        }
    }
}
