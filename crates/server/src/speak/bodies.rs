//! What words look like as JSON: what is sent, for the description of these addresses, and what comes back.
//!
//! What is sent is read as names and values (`forms.rs`), the same from a form and from JSON. Numbers count as texts there
//! and `true` as `yes`.

use schemars::JsonSchema;
use serde::Serialize;
use stave_answers::speech::Act;
use stave_model::Hash;

/// How a word comes, whatever it says.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
struct How {
    /// Digits of your own: the same word with the same digits is said once.
    #[serde(skip_serializing_if = "Option::is_none")]
    op: Option<String>,
    /// What was shown: `seen` of the fact or the answer. Where it is no longer so, nothing is said (409).
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    /// In whose name, for programs with a token: `person:ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
}

/// One text or number, or several.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum Texts {
    One(Text),
    Several(Vec<Text>),
}

/// A text; a number counts as one.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
enum Text {
    Text(String),
    Number(i64),
}

/// What is said of a fact.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
pub(crate) struct SayHere {
    /// The type of fact, or a word for it, as on the command line: `owner`, `calls`, `tier`.
    fact: String,
    /// The other end, or the value.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Texts>,
    /// Without it, `say`.
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Act>,
    #[serde(flatten)]
    how: How,
}

/// What is said of an entity.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
pub(crate) struct SayOf {
    /// A name, 12 digits or a reference.
    entity: String,
    #[serde(flatten)]
    said: SayHere,
}

/// That there is something.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
pub(crate) struct SayNew {
    /// What it is: `component`, `group`, `system`, …
    kind: String,
    /// What it is called.
    name: String,
    /// Add it though there is something of that name.
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(flatten)]
    how: How,
}

/// A word.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it is described and never made")]
pub(crate) enum Say {
    Of(SayOf),
    New(SayNew),
}

/// The answer to a question.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
pub(crate) struct Answer {
    /// Its number among the question's answers, from 1.
    answer: u64,
    #[serde(flatten)]
    how: How,
}

/// What is taken back.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
pub(crate) struct Undo {
    /// The `op` of a command; that of an undo brings back what it took.
    target: String,
    #[serde(flatten)]
    how: How,
}

/// A word that was said.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Said<'a> {
    /// What was said, as sentences; none where it was said before.
    pub(crate) said: &'a [String],
    /// What the speaker should know about it.
    pub(crate) notes: &'a [String],
    /// The ids of its statements.
    pub(crate) appended: &'a [Hash],
    /// The command: what `undo` takes.
    pub(crate) op: String,
    /// Where the map stands that has it.
    pub(crate) position: u64,
}
