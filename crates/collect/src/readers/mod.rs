//! One file per reader, one line per reader in [`READERS`].
//!
//! A reader has two pure steps: `read` turns one file's text into partial facts, `link` puts the facts of all
//! its files into the repository's sketch. Files reach only `read`.

mod ansible;
mod aspire;
mod builds;
mod catalog;
mod ci;
mod clients;
mod codeowners;
mod compose;
mod config;
mod descriptors;
mod docker;
mod dotnet;
mod endpoints;
mod golang;
mod gradle;
mod helm;
mod ingress;
mod interfaces;
mod java;
mod jvm;
mod kubernetes;
mod kustomize;
mod logging;
mod maven;
mod nomad;
mod npm;
mod owners;
mod processes;
mod python;
mod readme;
mod releases;
mod routes;
mod rust;
mod services;
mod spring;
mod stacks;
mod telemetry;
mod terraform;
#[cfg(test)]
mod tests;
mod tools;
mod topics;

use std::any::Any;
use std::cell::OnceCell;

use crate::link::{Origin, Place, Sketch};
use crate::parse::{Code, Node, ParseError, Syntax, parse_yaml};

/// A file that some reader wants, as text.
pub(crate) struct SourceFile<'a> {
    /// Relative to the repository's root, with `/`.
    pub(crate) path: &'a str,
    pub(crate) text: &'a str,
    yaml: OnceCell<Result<Vec<Node>, ParseError>>,
    code: OnceCell<Option<Code<'a>>>,
}

impl<'a> SourceFile<'a> {
    pub(crate) fn new(path: &'a str, text: &'a str) -> SourceFile<'a> {
        SourceFile { path, text, yaml: OnceCell::new(), code: OnceCell::new() }
    }

    /// The last part of the path, in lower case.
    pub(crate) fn name(&self) -> String {
        crate::link::base_name(self.path).to_ascii_lowercase()
    }

    /// The YAML documents; parsed once for all readers.
    pub(crate) fn yaml(&self) -> Result<&[Node], ParseError> {
        match self.yaml.get_or_init(|| parse_yaml(self.text, 0)) {
            Ok(documents) => Ok(documents),
            Err(error) => Err(error.clone()),
        }
    }

    /// The tokens of a source file in a language that is known by its ending; cut once for all readers.
    pub(crate) fn code(&self) -> Option<&Code<'a>> {
        self.code.get_or_init(|| Syntax::of(self.path).map(|syntax| Code::read(self.text, syntax))).as_ref()
    }

    /// Whether this is a template for another program to fill in: not being YAML is no fault of it. A mark inside
    /// quotes or a comment is a value like any other, and its file is broken for another reason.
    pub(crate) fn is_template(&self) -> bool {
        self.has_marks() && self.text.lines().any(|line| MARKS.iter().any(|mark| has_bare(line, mark)))
    }

    /// Whether it has marks of a template anywhere.
    pub(crate) fn has_marks(&self) -> bool {
        MARKS.iter().any(|mark| self.text.contains(mark))
    }
}

/// How the placeholders of the usual template languages begin.
const MARKS: &[&str] = &["{{", "{%", "<%"];

/// Whether a mark stands in a line outside of quotes and before a comment.
fn has_bare(line: &str, mark: &str) -> bool {
    let mut quote = None;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '#' && before.is_whitespace() => return false,
            // An apostrophe inside a word opens nothing.
            None if matches!(c, '"' | '\'') && !before.is_alphanumeric() => quote = Some(c),
            None if line[at..].starts_with(mark) => return true,
            None => {}
        }
        before = c;
    }
    false
}

/// A file inside another file, a configuration map's entry: with whose it is, and from which line it stands there.
pub(crate) struct Inner<'a> {
    pub(crate) reader: &'static str,
    pub(crate) origin: &'a Origin,
    pub(crate) key: &'a str,
    pub(crate) text: &'a str,
    pub(crate) path: &'a str,
    pub(crate) first: u32,
    pub(crate) env: Option<&'a str>,
}

impl Inner<'_> {
    /// What a reader of such files makes of it; nothing where it is none.
    fn read<R: Reader>(&self) -> Option<R::Facts> {
        let name = crate::link::base_name(self.key).to_ascii_lowercase();
        R::read(&SourceFile::new(&name, self.text)).ok().flatten()
    }

    /// The place of one of its lines.
    fn place(&self, line: u32) -> Place {
        (self.path.to_owned(), self.first.saturating_add(line))
    }
}

/// What one reader makes of one file: facts, nothing (not its kind of file after all), or an error that
/// becomes a warning and an unread path.
pub(crate) type ReadResult<F> = Result<Option<F>, ParseError>;

/// A reader of one format.
pub(crate) trait Reader {
    /// What `read` hands to `link`.
    type Facts: Send + 'static;
    /// The author is `collector:NAME`.
    const NAME: &'static str;
    /// Raised whenever the reader's claims about the same file change their meaning.
    const RULES: u32 = 1;
    /// Where any of these stands in a file it is parsed; none: always.
    const TRIGGERS: &'static [&'static str] = &[];
    /// Whether files that describe no running system are wanted too.
    const EVERYWHERE: bool = false;
    /// Whether a file is wanted, by its path and its name in lower case.
    fn wants(path: &str, name: &str) -> bool;
    /// One file's text to partial facts.
    fn read(file: &SourceFile<'_>) -> ReadResult<Self::Facts>;
    /// The facts of all files, in the order of their paths, into the sketch.
    fn link(facts: Vec<(String, Self::Facts)>, sketch: &mut Sketch<'_>);
}

type Facts = Box<dyn Any + Send>;

/// A reader as a row of the table.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) rules: u32,
    pub(crate) triggers: &'static [&'static str],
    pub(crate) everywhere: bool,
    pub(crate) wants: fn(&str, &str) -> bool,
    pub(crate) read: fn(&SourceFile<'_>) -> ReadResult<Facts>,
    pub(crate) link: fn(Vec<(String, Facts)>, &mut Sketch<'_>),
}

const fn entry<R: Reader>() -> Entry {
    Entry {
        name: R::NAME,
        rules: R::RULES,
        triggers: R::TRIGGERS,
        everywhere: R::EVERYWHERE,
        wants: R::wants,
        read: |file| R::read(file).map(|facts| facts.map(|facts| Box::new(facts) as Facts)),
        link: |facts, sketch| {
            let facts = facts
                .into_iter()
                .filter_map(|(path, facts)| Some((path, *facts.downcast::<R::Facts>().ok()?)));
            R::link(facts.collect(), sketch);
        },
    }
}

/// Every reader, in the order in which their facts are put into the sketch. Settings come first: others
/// fill their placeholders from env files. Deployments come before what is matched to them.
/// The reader of settings: what only settings speak of is its word.
pub(crate) const CONFIG: &str = config::NAME;

pub(crate) const READERS: &[Entry] = &[
    entry::<config::EnvFiles>(),
    entry::<rust::Cargo>(),
    entry::<npm::Npm>(),
    entry::<golang::Go>(),
    entry::<maven::Maven>(),
    entry::<gradle::Gradle>(),
    entry::<python::Python>(),
    entry::<dotnet::Dotnet>(),
    entry::<docker::Docker>(),
    entry::<compose::Compose>(),
    entry::<kubernetes::Kubernetes>(),
    entry::<helm::Helm>(),
    // Behind the charts that it installs.
    entry::<releases::Releases>(),
    // Behind the manifests whose images it builds.
    entry::<builds::Builds>(),
    entry::<terraform::Terraform>(),
    entry::<stacks::Stacks>(),
    entry::<nomad::Nomad>(),
    // Behind the other deployments: what they know already is no piece more.
    entry::<processes::ProcessFiles>(),
    // Behind them too: a role may install what another file deploys.
    entry::<ansible::AnsibleFiles>(),
    entry::<aspire::Aspire>(),
    entry::<routes::RoutesReader>(),
    entry::<telemetry::Telemetry>(),
    // Before CODEOWNERS, whose rules win where both speak.
    entry::<owners::OwnersFiles>(),
    // Before the catalog: it tells which organisation a team without a host is of.
    entry::<codeowners::Codeowners>(),
    entry::<catalog::Catalog>(),
    entry::<descriptors::Descriptors>(),
    entry::<readme::Readme>(),
    entry::<config::Config>(),
    // After the settings, which fill its placeholders.
    entry::<logging::LoggingReader>(),
    // After the settings, which fill the placeholders in code.
    entry::<jvm::Jvm>(),
    // Behind all that says where code lies and what is deployed.
    entry::<ci::Ci>(),
    // Code comes last: it speaks of what the others found.
    entry::<clients::Interfaces>(),
    entry::<clients::Clients>(),
    // Last: an endpoint belongs to a piece that others have found.
    entry::<endpoints::Endpoints>(),
    entry::<interfaces::Interfaces>(),
    entry::<tools::Tools>(),
];
