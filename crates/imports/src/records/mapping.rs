//! How flat formats are read: a file in `data/` each, which says what a row is recognised by and where its fields are.
//!
//! Adding a flat format is adding a file and a line to [`FILES`]. Entries of a file:
//!
//! | entry | meaning |
//! |---|---|
//! | `format` | its name for people |
//! | `record` | what a row is: `ticket`, `incident`, `deployment` |
//! | `is_table` | rows of CSV or a sheet; else of JSON |
//! | `rows` | where in a JSON document the list of rows is; empty: the document is the list, or the one row |
//! | `needs`, `lacks` | what rows must have and must not have; `a\|b`: one of them |
//! | `instance` | where in the document an address stands whose host names the instance |
//! | `page` | a record's page is in this folder of the host, by its key |
//! | `fields` | where each field is; of several the first that is there, lists take all |
//! | `transitions` | where changes of state are |
//! | `left_aside` | rows that have one of these are no records of this kind |
//! | `only` | rows are records only if a field has one of these words |
//! | `text_order` | whether the texts stand newest first |
//!
//! A path has fields of objects between dots; `[]` goes through a list.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordKind {
    /// Something went down.
    Incident,
    /// A piece of work.
    Ticket,
    /// A version was put into an environment.
    Deployment,
}

/// A field of a record, as mappings and `--map` name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    CausedBy,
    Changed,
    Class,
    Commit,
    End,
    Environment,
    Key,
    Labels,
    Planned,
    Repository,
    Rollback,
    Services,
    Severity,
    Start,
    Status,
    Text,
    Title,
    Url,
    Version,
}

impl Field {
    /// All fields by the names that people type.
    pub(crate) const ALL: &'static [(&'static str, Field)] = &[
        ("caused_by", Field::CausedBy),
        ("changed", Field::Changed),
        ("class", Field::Class),
        ("commit", Field::Commit),
        ("end", Field::End),
        ("environment", Field::Environment),
        ("key", Field::Key),
        ("labels", Field::Labels),
        ("planned", Field::Planned),
        ("repository", Field::Repository),
        ("rollback", Field::Rollback),
        ("services", Field::Services),
        ("severity", Field::Severity),
        ("start", Field::Start),
        ("status", Field::Status),
        ("text", Field::Text),
        ("title", Field::Title),
        ("url", Field::Url),
        ("version", Field::Version),
    ];
}

/// One format.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    pub(crate) format: String,
    pub(crate) record: RecordKind,
    #[serde(default)]
    pub(crate) is_table: bool,
    #[serde(default)]
    pub(crate) rows: Vec<String>,
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    pub(crate) instance: Option<String>,
    pub(crate) page: Option<String>,
    pub(crate) fields: BTreeMap<Field, Vec<String>>,
    pub(crate) transitions: Option<Transitions>,
    pub(crate) left_aside: Option<LeftAside>,
    pub(crate) only: Option<Only>,
    pub(crate) text_order: Option<TextOrder>,
}

/// Where changes of state are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Transitions {
    pub(crate) rows: String,
    pub(crate) at: String,
    pub(crate) items: String,
    pub(crate) field: String,
    pub(crate) is: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// Rows that are no records of this kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LeftAside {
    pub(crate) has: Vec<String>,
    pub(crate) why: String,
}

/// Which rows are records.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Only {
    pub(crate) says: Vec<String>,
    pub(crate) words: Vec<String>,
    pub(crate) why: String,
}

/// In which order texts stand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TextOrder {
    pub(crate) newest_first: bool,
}

/// Every mapping. The first that fits counts.
const FILES: &[&str] = &[
    include_str!("../../data/jira.toml"),
    include_str!("../../data/jira_csv.toml"),
    include_str!("../../data/statuspage.toml"),
    include_str!("../../data/pagerduty.toml"),
    include_str!("../../data/opsgenie.toml"),
    include_str!("../../data/servicenow.toml"),
    include_str!("../../data/servicenow_csv.toml"),
    include_str!("../../data/gitlab_deployments.toml"),
    include_str!("../../data/gitlab_issues.toml"),
    include_str!("../../data/github_runs.toml"),
    include_str!("../../data/github_deployments.toml"),
    include_str!("../../data/github_issues.toml"),
];

static MAPPINGS: LazyLock<Vec<Mapping>> =
    LazyLock::new(|| FILES.iter().filter_map(|text| toml::from_str(text).ok()).collect());

static COLUMNS: LazyLock<BTreeMap<Field, Vec<String>>> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/columns.toml")).unwrap_or_default());

/// All formats.
pub(crate) fn all() -> &'static [Mapping] {
    &MAPPINGS
}

/// Usual names of columns, by field.
pub(crate) fn columns() -> &'static BTreeMap<Field, Vec<String>> {
    &COLUMNS
}

/// What names of columns are compared by.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_read() {
        for text in FILES {
            let mapping: Result<Mapping, _> = toml::from_str(text);
            assert!(mapping.is_ok(), "{mapping:?}\n{text}");
        }
        assert_eq!(all().len(), FILES.len());
        assert!(!columns().is_empty());
    }

    #[test]
    fn a_name_of_a_column_means_one_field() {
        let mut seen = std::collections::BTreeSet::new();
        for name in columns().values().flatten() {
            assert!(seen.insert(plain(name)), "{name} is there twice");
        }
    }

    #[test]
    fn every_field_can_be_typed() {
        let names: Vec<&str> = Field::ALL.iter().map(|(name, _)| *name).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        for (name, field) in Field::ALL {
            let read: BTreeMap<Field, u8> = toml::from_str(&format!("{name} = 1")).unwrap_or_default();
            assert!(read.contains_key(field), "{name}");
        }
    }
}
