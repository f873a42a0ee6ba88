//! Long lists, page by page: `list`, what is gone, what is stale.

use crate::text::{Role, Writer};

/// Rows on one page, unless the asker wants another number.
const SIZE: u64 = 100;
/// The largest page.
const LIMIT: u64 = 1_000;

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    /// From 1.
    pub(crate) page: u64,
    /// Rows on a page, at least 1.
    pub(crate) size: u64,
}

impl Paging {
    /// The page and the size that are asked for; 0: the first, as many as is usual.
    pub(crate) fn new(page: u64, size: u64) -> Paging {
        Paging { page: page.max(1), size: if size == 0 { SIZE } else { size.min(LIMIT) } }
    }

    /// Rows before the page.
    pub(crate) fn offset(self) -> u64 {
        (self.page - 1).saturating_mul(self.size)
    }

    /// How many pages so many rows make; one without rows.
    pub(crate) fn pages(self, total: u64) -> u64 {
        total.div_ceil(self.size).max(1)
    }
}

/// Ends a page of text: what was found, which page of it this is, as of which position, and what is not known.
pub(crate) fn close(
    mut text: Writer<'_>,
    found: &str,
    (page, pages): (u64, u64),
    position: u64,
    unknown: &[String],
) -> String {
    text.gap();
    let part = if pages > 1 { format!(", page {page} of {pages}") } else { String::new() };
    text.prose(0, Some(Role::Quiet), &format!("{found}{part}; position {position}"));
    text.unknown(unknown);
    text.end()
}
