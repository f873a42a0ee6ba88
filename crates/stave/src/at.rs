//! `--at`: the ledger and its map as of a moment.

use std::path::Path;

use anyhow::Context as _;
use stave_answers::{AsOf, moment};
use stave_ledger::Ledger;
use stave_map::{Effort, Past, PastMap, past};
use stave_model::Time;

use crate::problem::Problem;

/// The map of a moment, and what it is of.
pub(crate) struct Then {
    pub(crate) map: PastMap,
    pub(crate) as_of: AsOf,
}

/// The map of the moment that was typed, from those that are kept in `folder`. Nothing where it is the present.
pub(crate) fn then(
    folder: &Path,
    ledger: &dyn Ledger,
    typed: &str,
    now: Time,
) -> anyhow::Result<Option<Then>> {
    let asked = || format!("--at {typed}");
    let meant = moment(typed, now).map_err(|problem| Problem::new(format!("--at {typed}: {problem}")))?;
    match past(folder, ledger, meant, now, Effort::Any).with_context(asked)? {
        Past::Present | Past::Later => Ok(None),
        Past::Map(map) => {
            let redacted = ledger.redacted()?.len() as u64;
            Ok(Some(Then { as_of: AsOf::of(map.until, redacted), map }))
        }
    }
}
