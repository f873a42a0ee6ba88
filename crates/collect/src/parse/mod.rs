//! Text to trees with line numbers, for every format that a reader understands. Nothing here knows what
//! a document means, panics, or grows beyond [`crate::limits`].

mod blocks;
mod code;
mod json;
mod lines;
mod text;
mod toml;
mod tree;
mod xml;
mod yaml;

pub(crate) use blocks::{Block, Ends, parse_blocks};
pub(crate) use code::{Code, Syntax, Token};
pub(crate) use json::parse_json;
pub(crate) use lines::{Pair, parse_env, parse_ini, parse_properties};
pub(crate) use text::{Decoded, decode};
pub(crate) use toml::parse_toml;
pub(crate) use tree::{Node, ParseError, Value};
pub(crate) use xml::{Element, parse_xml};
pub(crate) use yaml::{documents, parse_yaml};
