//! Responses as plain data, and errors in the form that the asker reads: a page, or JSON under `/api/`.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use serde::Serialize;
use serde_json::json;
use stave_board::{Frame, Problem, problem_page};

/// What goes out.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) media_type: &'static str,
    pub(crate) body: String,
}

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const JSON: &str = "application/json";
pub(crate) const TEXT: &str = "text/plain; charset=utf-8";

impl Reply {
    pub(crate) fn html(body: String) -> Reply {
        Reply { status: StatusCode::OK, media_type: HTML, body }
    }

    pub(crate) fn text(body: String) -> Reply {
        Reply { status: StatusCode::OK, media_type: TEXT, body }
    }

    pub(crate) fn json<T: Serialize>(value: &T) -> Reply {
        match serde_json::to_string_pretty(value) {
            Ok(mut body) => {
                body.push('\n');
                Reply { status: StatusCode::OK, media_type: JSON, body }
            }
            Err(error) => Reply {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                media_type: JSON,
                body: json!({"error": {"status": 500, "message": error.to_string()}}).to_string(),
            },
        }
    }

    pub(crate) fn problem(status: StatusCode, uri: &Uri, problem: &Problem) -> Reply {
        if uri.path().starts_with("/api/") {
            let error = json!({"error": {
                "status": status.as_u16(),
                "message": problem.sentence,
                "hint": problem.hint,
                "nearest": problem.nearest,
            }});
            return Reply { status, ..Reply::json(&error) };
        }
        // A page that isn't there has no twin; the foot leads to the list of those that are.
        let frame = Frame { address: "/help", ..Frame::default() };
        Reply { status, media_type: HTML, body: problem_page(&frame, problem) }
    }

    /// A short plain sentence: for those who should not be shown pages.
    pub(crate) fn sentence(status: StatusCode, sentence: &str) -> Reply {
        Reply { status, media_type: TEXT, body: format!("{sentence}\n") }
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        response
    }
}

/// A problem in one line.
pub(crate) fn problem(title: &str, sentence: String, hint: &str) -> Problem {
    Problem { title: title.to_owned(), sentence, hint: hint.to_owned(), nearest: Vec::new() }
}
