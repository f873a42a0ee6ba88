//! What other systems wrote down: tickets, incidents, deployments. One claim each.

use serde::{Deserialize, Serialize};

use super::{RecordError, claim, from_value, to_value};
use crate::claim::Claim;
use crate::name::{NameError, Reference};
use crate::time::Time;

/// Something went down, as its system has it. Stands as a claim `incident` of `ticket:INSTANCE/KEY`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// `INSTANCE/KEY`: what people type, and what stands behind `ticket:`.
    pub key: String,
    /// One line.
    pub title: String,
    /// What more was written, shortened and without secrets: it says what the incident was about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it began: the earliest that the source says.
    pub started: Time,
    /// When it ended; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Time>,
    /// How bad, in the source's own word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub severity: String,
    /// Names of services or components that the source itself gives. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// The deployment that it was caused by (`INSTANCE/KEY`), where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caused_by: Option<String>,
    /// Planned work, which is no failure.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_planned: bool,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A piece of work, as its system has it. Stands as a claim `ticket` of `ticket:INSTANCE/KEY`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ticket {
    /// `INSTANCE/KEY`.
    pub key: String,
    /// One line.
    pub title: String,
    /// Bug, story, task: the source's own word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub class: String,
    /// When it was made.
    pub created: Time,
    /// When it was done; none while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Time>,
    /// The state that it is in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Every change of state, in order of time. Empty where the source doesn't tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transitions: Vec<Transition>,
    /// Names of services or components that the source itself gives. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// Labels. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A ticket changes its state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    /// When.
    pub at: Time,
    /// From which state; empty where the source doesn't tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// To which state.
    pub to: String,
}

/// A version was put into an environment. Stands as a claim `deployment` of `deployment:INSTANCE/KEY`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// `INSTANCE/KEY`.
    pub key: String,
    /// What was deployed, as the source names it: services, applications. Sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// `HOST/PATH` of the repository, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The commit that was deployed, as the source writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The version's name: a tag, an image's tag.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Where to, in the source's own word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// When it began, where the source says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Time>,
    /// When it ended.
    pub finished: Time,
    /// How it ended.
    pub outcome: Outcome,
    /// It put an earlier version back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rollback: bool,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// How a deployment ended.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    schemars::JsonSchema,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The version is in the environment.
    #[default]
    Success,
    /// It is not.
    Failure,
    /// Nobody says.
    Unknown,
}

fn reference(kind: &str, key: &str) -> Result<Reference, NameError> {
    format!("{kind}:{key}").parse()
}

impl Incident {
    /// The type of its claim.
    pub const TYPE: &'static str = "incident";

    /// As a claim.
    ///
    /// # Errors
    /// Where the key is no name.
    pub fn to_claim(&self) -> Result<Claim, NameError> {
        Ok(claim(Incident::TYPE, reference("ticket", &self.key)?, to_value(self)))
    }

    /// From a claim of its type.
    ///
    /// # Errors
    /// Where the value has another form.
    pub fn from_claim(claim: &Claim) -> Result<Incident, RecordError> {
        from_value(claim)
    }
}

impl Ticket {
    /// The type of its claim.
    pub const TYPE: &'static str = "ticket";

    /// As a claim.
    ///
    /// # Errors
    /// Where the key is no name.
    pub fn to_claim(&self) -> Result<Claim, NameError> {
        Ok(claim(Ticket::TYPE, reference("ticket", &self.key)?, to_value(self)))
    }

    /// From a claim of its type.
    ///
    /// # Errors
    /// Where the value has another form.
    pub fn from_claim(claim: &Claim) -> Result<Ticket, RecordError> {
        from_value(claim)
    }
}

impl Deployment {
    /// The type of its claim.
    pub const TYPE: &'static str = "deployment";

    /// As a claim.
    ///
    /// # Errors
    /// Where the key is no name.
    pub fn to_claim(&self) -> Result<Claim, NameError> {
        Ok(claim(Deployment::TYPE, reference("deployment", &self.key)?, to_value(self)))
    }

    /// From a claim of its type.
    ///
    /// # Errors
    /// Where the value has another form.
    pub fn from_claim(claim: &Claim) -> Result<Deployment, RecordError> {
        from_value(claim)
    }
}
