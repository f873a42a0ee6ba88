//! The second step: what the readers found in one repository becomes claims. Nothing here sees a file's bytes.

mod books;
mod describe;
mod emit;
mod endpoints;
mod join;
mod names;
mod offers;
mod owners;
mod packages;
mod resolve;
mod shared;
mod sketch;
mod tools;

pub(crate) use emit::finish;
pub(crate) use owners::OwnerRule;
pub(crate) use sketch::{
    Badge, BasePath, Document, Endpoint, Form, Image, Mention, Methods, Offer, Offers, Origin, Piece, Place,
    ProgramSettings, README, Readme, Runs, Sketch, Target, ToolUse, WATCHES, base_name, clean_name, parent,
};
