use sha2::{Digest, Sha256};

use crate::claim::{Basis, Claim};
use crate::hash::{Hash, hash_bytes};
use crate::limits;
use crate::name::{Author, Scope};
use crate::statement::{CheckError, Header, at_most};
use crate::words::{Mode, claim_type};

/// Checks a statement claim by claim, for those who can't hold all of its claims at once.
/// [`crate::Statement::check`] is this over a list.
pub struct Checker {
    author: Author,
    scope: Scope,
    claims: Hash,
    digest: Sha256,
    last: Option<Hash>,
    count: usize,
}

impl Checker {
    /// Checks the header.
    ///
    /// # Errors
    /// The first rule of the format that it breaks.
    pub fn new(header: &Header) -> Result<Checker, CheckError> {
        header.check()?;
        if !header.author.is_person() && !header.replaces.is_empty() {
            return Err(CheckError::Author("a machine's statement replaces by rule, not by list".to_owned()));
        }
        Ok(Checker {
            author: header.author.clone(),
            scope: header.scope.clone(),
            claims: header.claims,
            digest: Sha256::new(),
            last: None,
            count: 0,
        })
    }

    /// Checks the next claim, in the order of hashes; gives its canonical form.
    ///
    /// # Errors
    /// The first rule that it breaks, alone or in this statement.
    pub fn claim(&mut self, claim: &Claim) -> Result<Vec<u8>, CheckError> {
        let bytes = claim.checked()?;
        self.next(hash_bytes(&bytes))?;
        self.check_author(claim)?;
        Ok(bytes)
    }

    /// Checks a claim that was redacted: only its hash is left.
    ///
    /// # Errors
    /// Where it does not follow the last one.
    pub fn redacted(&mut self, hash: Hash) -> Result<(), CheckError> {
        self.next(hash)
    }

    fn next(&mut self, hash: Hash) -> Result<(), CheckError> {
        self.count += 1;
        at_most("claims", self.count, limits::CLAIMS)?;
        if self.last.is_some_and(|last| last >= hash) {
            return Err(CheckError::Unsorted("claims"));
        }
        self.last = Some(hash);
        self.digest.update(hash.0);
        Ok(())
    }

    /// Checks that the claims were those of the header; gives their number.
    ///
    /// # Errors
    /// [`CheckError::Claims`] where they were others, [`CheckError::Word`] where a person's were not one.
    pub fn finish(self) -> Result<usize, CheckError> {
        let found = Hash(self.digest.finalize().into());
        if found != self.claims {
            return Err(CheckError::Claims { header: self.claims, found });
        }
        if self.author.is_person() && self.count != 1 {
            return Err(CheckError::Word(format!("it has {} claims", self.count)));
        }
        Ok(self.count)
    }

    fn check_author(&self, claim: &Claim) -> Result<(), CheckError> {
        let person = self.author.is_person();
        if person != (claim.basis == Basis::Stated) {
            return Err(CheckError::Word(format!("{} can't say something as {}", self.author, claim.basis)));
        }
        if !person {
            let words_only = claim_type(&claim.kind).is_some_and(|known| known.mode == Mode::Word);
            return match (words_only, claim.not) {
                (true, _) => Err(CheckError::Author(format!("only a person says {}", claim.kind))),
                // A machine that doesn't see something any more leaves it out.
                (_, true) => Err(CheckError::Author(format!("only a person denies: {} can't", self.author))),
                _ => Ok(()),
            };
        }
        let scope = claim.fact_scope()?;
        if scope == self.scope {
            Ok(())
        } else {
            Err(CheckError::Word(format!("its scope is {}, its fact's is {scope}", self.scope)))
        }
    }
}
