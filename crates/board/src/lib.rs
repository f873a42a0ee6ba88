//! The board: answers as HTML and SVG.
//!
//! Plain functions from an answer to a page, no async, no input or output. Whatever comes from sources is
//! tamed and escaped on its way out: there is no function here that puts text onto a page as it is. Pages
//! work without JavaScript (those that write too) and have no inline style or script, so that the strictest policy can be sent.

mod account;
mod again;
mod assets;
mod barrel;
mod controls;
mod entity;
mod fires;
mod flow;
mod gone;
mod help;
mod knowledge;
mod links;
mod list;
mod log;
mod moment;
mod next;
mod overlap;
mod overview;
mod parts;
mod picture;
mod problem;
mod questions;
mod shell;
mod tools;
mod why;

pub use account::{Account, Changed, SessionRow, SignIn, account_page, sign_in_page};
pub use again::{Again, Way, again_page};
pub use assets::{Asset, asset, assets};
pub use barrel::barrel_page;
pub use controls::{Pen, Writing, place_of};
pub use entity::entity_page;
pub use fires::fires_page;
pub use flow::flow_page;
pub use gone::{gone_entity_page, gone_page, stale_page};
pub use help::help_page;
pub use knowledge::{hotspots_page, knowledge_page, who_page};
pub use links::{api_of, entity_link, find_link, why_link};
pub use list::list_page;
pub use log::log_page;
pub use moment::{Then, without_moment};
pub use next::next_page;
pub use overlap::overlap_page;
pub use overview::overview_page;
pub use problem::{Problem, problem_page};
pub use questions::{question_page, questions_page};
pub use shell::Frame;
pub use tools::tools_page;
pub use why::why_page;
