use crate::oracle::{self, When};
use crate::says::Seen;
use stave_model::Statement;
pub(crate) fn both(statements: &[Statement], when: When, check: impl Fn(&Seen)) {
    check(&Seen(oracle::fold_document(statements, when)));
}
