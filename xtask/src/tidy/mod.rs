//! `cargo xtask tidy`: the rules that the compiler doesn't know. Every rule says why it is there.
//!
//! A rule looks at the files that git knows or would take. It reports `path:line: what is wrong`; none rewrites.

use std::fs;

use anyhow::{Context, Result};

use crate::Outcome;
use crate::args::Args;
use crate::run;

mod code;
mod manifests;
mod packages;
mod pages;
mod source;
mod text;

/// The project's files, read once: path and text. Files that are not UTF-8 (pictures, hostile test input) are left out.
pub(crate) struct Files(Vec<(String, String)>);

impl Files {
    fn read() -> Result<Files> {
        let mut files = Vec::new();
        for path in run::project_files()? {
            let bytes = fs::read(&path).with_context(|| path.clone())?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push((path, text));
            }
        }
        Ok(Files(files))
    }

    fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.iter().find(|(own, _)| *own == path).map(|(_, text)| text)
    }
}

/// What is wrong, in the order in which it was found.
#[derive(Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    fn at(&mut self, path: &str, line: usize, what: &str) {
        self.0.push(format!("{path}:{line}: {what}"));
    }

    fn of(&mut self, path: &str, what: &str) {
        self.0.push(format!("{path}: {what}"));
    }
}

pub(crate) fn task(args: Args) -> Result<Outcome> {
    args.end()?;
    let files = Files::read()?;
    let mut problems = Problems::default();
    manifests::check(&files, &mut problems)?;
    packages::check(&files, &mut problems)?;
    code::check(&files, &mut problems);
    text::check(&files, &mut problems);
    pages::check(&files, &mut problems);
    for problem in &problems.0 {
        println!("{problem}");
    }
    println!("tidy: {} files, {} problems", files.0.len(), problems.0.len());
    Ok(Outcome::passed_if(problems.0.is_empty()))
}
