//! Responses as plain data, and errors in the form that the asker reads: a page, or JSON under `/api/`.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use stave_answers::{ClaimShown, EntityRow};
use stave_board::{Frame, Problem, problem_page};

/// What goes out.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) media_type: &'static str,
    pub(crate) body: String,
}

/// Why there is no answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct ErrorDocument {
    error: ErrorBody,
}

/// What happened, and what to do about it.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct ErrorBody {
    /// The status of the response.
    pub(crate) status: u16,
    /// What happened.
    pub(crate) message: String,
    /// What to do about it; may be empty.
    pub(crate) hint: String,
    /// Entities that may have been meant.
    pub(crate) nearest: Vec<EntityRow>,
    /// Where something else stands there than was seen: what to send as `seen` to say it all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seen: Option<String>,
    /// Where something else stands there than was seen: what it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) standing: Option<Vec<ClaimShown>>,
    /// The statement that isn't there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) number: Option<u64>,
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

    /// With one more field, where it is an object of JSON.
    pub(crate) fn with<T: Serialize>(self, name: &str, value: &T) -> Reply {
        if self.media_type != JSON {
            return self;
        }
        match (serde_json::from_str(&self.body), serde_json::to_value(value)) {
            (Ok(serde_json::Value::Object(mut object)), Ok(value)) => {
                object.insert(name.to_owned(), value);
                Reply { status: self.status, ..Reply::json(&object) }
            }
            _ => self,
        }
    }

    pub(crate) fn problem(status: StatusCode, uri: &Uri, problem: &Problem) -> Reply {
        if uri.path().starts_with("/api/") {
            let error = ErrorBody {
                message: problem.sentence.clone(),
                hint: problem.hint.clone(),
                nearest: problem.nearest.clone(),
                ..ErrorBody::default()
            };
            return Reply::error(status, error);
        }
        // A page that isn't there has no twin; the foot leads to the list of those that are.
        let frame = Frame { address: "/help", ..Frame::default() };
        Reply { status, media_type: HTML, body: problem_page(&frame, problem) }
    }

    /// An error as JSON.
    pub(crate) fn error(status: StatusCode, error: ErrorBody) -> Reply {
        let document = ErrorDocument { error: ErrorBody { status: status.as_u16(), ..error } };
        Reply { status, ..Reply::json(&document) }
    }

    /// A sentence in the form that the asker reads: programs get JSON, browsers no more than the sentence.
    pub(crate) fn told(status: StatusCode, uri: &Uri, sentence: &str) -> Reply {
        if uri.path().starts_with("/api/") {
            return Reply::error(status, ErrorBody { message: sentence.to_owned(), ..ErrorBody::default() });
        }
        Reply::sentence(status, sentence)
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
