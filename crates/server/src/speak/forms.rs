//! What a form or a JSON object says, as plain parts.

use axum::extract::Query;
use axum::http::Uri;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use stave_answers::speech::{Act, Saying, fact_word};
use stave_model::Kind;

/// Fields that are read at all.
const FIELDS: usize = 64;
/// Fields that say how a word came, and not what it says.
const MEANS: [&str; 4] = ["op", "back", "seen", "author"];

/// Names and values, in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sent(Vec<(String, String)>);

/// What is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// Something about a fact.
    Say(Saying),
    /// That there is something.
    New { kind: Kind, name: String, is_new: bool },
    /// The answer to a question.
    Answer { question: String, number: u64 },
    /// That a command is taken back.
    Undo { target: String },
}

impl Sent {
    /// What stands behind the question mark, and then in the body.
    ///
    /// # Errors
    /// A sentence, where either can't be read.
    pub(crate) fn of(uri: &Uri, is_json: bool, body: &[u8]) -> Result<Sent, String> {
        let mut fields = pairs(uri)?;
        if is_json {
            fields.extend(of_json(body)?);
        } else {
            let body = std::str::from_utf8(body).map_err(|_| "The form is not readable.".to_owned())?;
            fields.extend(of_form(body));
        }
        if fields.len() > FIELDS {
            return Err(format!("{} fields were sent; {FIELDS} are allowed.", fields.len()));
        }
        Ok(Sent(fields))
    }

    /// The first value of a name that isn't empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// All values of a name that aren't empty.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(known, value)| known == name && !value.trim().is_empty());
        found.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// What it says, without how it came.
    pub(crate) fn content(&self) -> Vec<(String, String)> {
        self.0.iter().filter(|(name, _)| !MEANS.contains(&name.as_str())).cloned().collect()
    }
}

fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, String> {
    match Query::<Vec<(String, String)>>::try_from_uri(uri) {
        Ok(Query(pairs)) => Ok(pairs),
        Err(_) => Err("What stands behind the question mark is not readable.".to_owned()),
    }
}

/// `application/x-www-form-urlencoded`, as <https://url.spec.whatwg.org/#urlencoded-parsing> has it. Browsers send line
/// ends as CR LF; a word has plain ones.
fn of_form(body: &str) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().replace("\r\n", "\n")
    };
    body.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        })
        .collect()
}

/// An object of texts, numbers, yes and no, and lists of those.
fn of_json(body: &[u8]) -> Result<Vec<(String, String)>, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| format!("The body is not JSON: {error}."))?;
    let Value::Object(object) = value else { return Err("The body is no JSON object.".to_owned()) };
    let mut fields = Vec::new();
    for (name, value) in object {
        let values = match value {
            Value::Array(items) => items,
            Value::Null => Vec::new(),
            one => vec![one],
        };
        for value in values {
            let text = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Bool(true) => "yes".to_owned(),
                Value::Bool(false) => continue,
                _ => return Err(format!("\"{name}\" is neither a text nor a list of texts.")),
            };
            fields.push((name.clone(), text));
        }
    }
    Ok(fields)
}

impl What {
    /// What is meant by what was sent to a path.
    ///
    /// # Errors
    /// A sentence, where it can't be said.
    pub(crate) fn of(path: &str, sent: &Sent) -> Result<What, String> {
        let rest = path.strip_prefix("/api/v1").unwrap_or(path);
        let parts: Vec<String> = rest
            .split('/')
            .skip(1)
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        match parts.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["undo"] => Ok(What::Undo { target: needed(sent, "target")? }),
            ["questions", id, "answer"] => {
                let text = needed(sent, "answer")?;
                let number = text.parse().map_err(|_| format!("answer={text} is not a number."))?;
                Ok(What::Answer { question: (*id).to_owned(), number })
            }
            ["e", id, "say"] | ["entities", id, "say"] => said(sent, Some((*id).to_owned())),
            _ => said(sent, None),
        }
    }
}

fn needed(sent: &Sent, name: &str) -> Result<String, String> {
    sent.text(name).ok_or_else(|| format!("\"{name}\" is missing."))
}

fn said(sent: &Sent, entity: Option<String>) -> Result<What, String> {
    if let Some(text) = sent.text("kind") {
        let kind = Kind::from_word(&text.to_lowercase()).ok_or_else(|| format!("kind={text} is no kind."))?;
        let is_new = sent.text("new").is_some_and(|text| text == "yes");
        return Ok(What::New { kind, name: needed(sent, "name")?, is_new });
    }
    let entity = match entity {
        Some(entity) => entity,
        None => needed(sent, "entity")?,
    };
    let text = needed(sent, "fact")?;
    let fact = fact_word(&text).ok_or_else(|| format!("fact={text} is no type of fact."))?;
    let act = match sent.text("act") {
        Some(text) => {
            Act::of_word(&text).ok_or_else(|| format!("act={text}: there is say, deny and confirm."))?
        }
        None => Act::Say,
    };
    Ok(What::Say(Saying { act, entity, fact, to: sent.texts("to") }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn a_form_and_json_say_the_same() {
        let form = Sent::of(&uri("/say?act=deny"), false, b"entity=a+b&fact=calls&to=c%26d&op=1").unwrap();
        let json = br#"{"act":"deny","entity":"a b","fact":"calls","to":["c&d"],"op":"2","other":null}"#;
        let json = Sent::of(&uri("/api/v1/say"), true, json).unwrap();
        assert_eq!(What::of("/say", &form), What::of("/api/v1/say", &json));
        assert_eq!(
            form.content(),
            Sent::of(&uri("/say"), false, b"act=deny&entity=a+b&fact=calls&to=c%26d").unwrap().content()
        );
        assert_eq!(form.text("op").unwrap(), "1");
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        for (path, body, sentence) in [
            ("/say", "entity=a", "\"fact\" is missing."),
            ("/say", "fact=calls", "\"entity\" is missing."),
            ("/say", "entity=a&fact=jumps", "fact=jumps is no type of fact."),
            ("/say", "entity=a&fact=calls&act=shout", "act=shout: there is say, deny and confirm."),
            ("/say", "kind=thing&name=a", "kind=thing is no kind."),
            ("/undo", "", "\"target\" is missing."),
            ("/questions/0/answer", "answer=x", "answer=x is not a number."),
        ] {
            let sent = Sent::of(&uri(path), false, body.as_bytes()).unwrap();
            assert_eq!(What::of(path, &sent).unwrap_err(), sentence, "{path} {body}");
        }
        for body in ["[]", "{", "{\"to\":{}}"] {
            assert!(Sent::of(&uri("/api/v1/say"), true, body.as_bytes()).is_err(), "{body}");
        }
        let many = "a=b&".repeat(FIELDS + 1);
        assert!(Sent::of(&uri("/say"), false, many.as_bytes()).unwrap_err().contains("are allowed"));
        assert!(Sent::of(&uri("/say"), false, b"\xff").is_err());
    }

    #[test]
    fn a_browser_s_line_ends_are_plain_ones() {
        let sent = Sent::of(&uri("/say"), false, b"to=one%0D%0Atwo%zz&empty&=").unwrap();
        assert_eq!(sent.text("to").unwrap(), "one\ntwo%zz");
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_is_sent_brings_it_down(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300), is_json: bool) {
            if let Ok(sent) = Sent::of(&uri("/say?act=deny"), is_json, &body) {
                let _ = What::of("/say", &sent);
            }
        }

        #[test]
        fn a_form_gives_what_was_typed(text in "\\PC{0,40}") {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let sent = Sent::of(&uri("/say"), false, format!("to={escaped}").as_bytes()).unwrap();
            proptest::prop_assert_eq!(sent.text("to").unwrap_or_default(), text.trim());
        }
    }
}
