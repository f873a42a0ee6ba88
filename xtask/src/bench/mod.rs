use crate::{Outcome, args::Args};
use anyhow::Result;
pub(crate) fn task(_: Args) -> Result<Outcome> {
    Ok(Outcome::Passed)
}
