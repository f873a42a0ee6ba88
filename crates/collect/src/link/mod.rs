//! The second step: what the readers found in one repository becomes claims. Nothing here sees a file's bytes.

mod emit;
mod join;
mod owners;
mod resolve;
mod sketch;

pub(crate) use emit::finish;
pub(crate) use owners::OwnerRule;
pub(crate) use sketch::{
    Form, Image, Mention, Origin, Piece, Place, Runs, Sketch, Target, base_name, clean_name, parent,
};
