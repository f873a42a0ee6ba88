//! Questions as the fold finds them.

use rusqlite::{Connection, params};
use stave_model::{canonical, hash_bytes};

use crate::error::Result;

/// What Stave can't decide; `about` as docs/ledger.md section 7 says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Draft {
    pub(crate) kind: &'static str,
    pub(crate) about: Vec<String>,
    pub(crate) fact_type: Option<String>,
    pub(crate) to: Option<String>,
}

impl Draft {
    pub(crate) fn new(kind: &'static str, about: Vec<String>) -> Draft {
        Draft { kind, about, fact_type: None, to: None }
    }

    pub(crate) fn on(kind: &'static str, about: Vec<String>, fact_type: &str, to: Option<String>) -> Draft {
        Draft { kind, about, fact_type: Some(fact_type.to_owned()), to }
    }

    fn id(&self) -> String {
        hash_bytes(&canonical(&(self.kind, &self.about, &self.fact_type, &self.to))).short()
    }

    /// Writes it; `owner` is the reference or (negative) statement whose recomputation replaces it.
    pub(crate) fn write(&self, connection: &Connection, owner: i64) -> Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO question(owner, short, kind, about, type, \"to\") VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                owner,
                self.id(),
                self.kind,
                serde_json::to_string(&self.about).unwrap_or_default(),
                self.fact_type,
                self.to
            ])?;
        Ok(())
    }
}
