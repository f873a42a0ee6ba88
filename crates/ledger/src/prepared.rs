//! Statements that are checked and packed, ready to be stored. Checking happens here and nowhere else,
//! before any lock is taken: a large statement keeps nobody waiting.

use std::path::PathBuf;

use stave_model::{Checker, Claim, Hash, Header, Statement};

use crate::body::{Body, Packer};
use crate::error::{Error, Result};

/// A statement that was checked and whose claims are packed.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(crate) id: Hash,
    pub(crate) header: Header,
    pub(crate) claim_count: u64,
    pub(crate) body: Body,
}

impl Prepared {
    /// Checks and packs a statement.
    ///
    /// # Errors
    /// [`Error::Refused`] with the first rule of the format that it breaks.
    pub fn new(statement: &Statement) -> Result<Prepared> {
        let mut preparer = Preparer::new(statement.header.clone())?;
        for claim in &statement.claims {
            preparer.claim(claim)?;
        }
        preparer.finish()
    }

    /// The statement's id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The statement's head.
    pub fn header(&self) -> &Header {
        &self.header
    }
}

/// Takes the claims of a statement one by one, for those who can't hold all of them.
pub struct Preparer {
    id: Hash,
    header: Header,
    checker: Checker,
    packer: Packer,
}

impl Preparer {
    /// Begins a statement. The header's `claims` must be right already.
    ///
    /// # Errors
    /// [`Error::Refused`] with the first rule that the header breaks.
    pub fn new(header: Header) -> Result<Preparer> {
        let id = header.id();
        let checker = Checker::new(&header).map_err(|problem| Error::Refused { id, problem })?;
        Ok(Preparer { id, header, checker, packer: Packer::new() })
    }

    /// The next claim, in the order of hashes.
    ///
    /// # Errors
    /// [`Error::Refused`] with the first rule that it breaks.
    pub fn claim(&mut self, claim: &Claim) -> Result<()> {
        let id = self.id;
        let bytes = self.checker.claim(claim).map_err(|problem| Error::Refused { id, problem })?;
        self.packer.add(&bytes).map_err(packing)
    }

    /// The next claim, of which only the hash is left.
    ///
    /// # Errors
    /// [`Error::Refused`] where it doesn't follow the last one.
    pub fn redacted(&mut self, hash: Hash) -> Result<()> {
        let id = self.id;
        self.checker.redacted(hash).map_err(|problem| Error::Refused { id, problem })?;
        self.packer.add(hash.to_string().as_bytes()).map_err(packing)
    }

    /// Ends the statement.
    ///
    /// # Errors
    /// [`Error::Refused`] where the claims are not those that the header was made for.
    pub fn finish(self) -> Result<Prepared> {
        let id = self.id;
        let count = self.checker.finish().map_err(|problem| Error::Refused { id, problem })?;
        let body = self.packer.finish().map_err(packing)?;
        Ok(Prepared { id, header: self.header, claim_count: count as u64, body })
    }
}

/// Packing happens in memory and fails only where the compressor can't get any.
pub(crate) fn packing(source: std::io::Error) -> Error {
    Error::Io { path: PathBuf::from("packing claims"), source }
}
