//! The endpoints that code answers at: one file per family of frameworks, one row per family in [`FAMILIES`].
//!
//! Each family turns a source file's tokens into routes; what several files say together (constants, routers that are
//! mounted, a base path from settings) is put together in `link`. A route whose path can't be told whole is left out.

mod base;
mod csharp;
mod golang;
mod java;
mod next;
pub(super) mod path;
mod php;
mod python;
mod routers;
mod ruby;
mod rust;
mod script;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::link::{Endpoint, Sketch, parent};
use crate::parse::Code;

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "endpoints";

/// What one file says.
pub(crate) enum Facts {
    /// Classes of Java or Kotlin.
    Java(java::File),
    /// JavaScript and TypeScript.
    Script(script::Script),
    /// Python.
    Python(python::Script),
    /// Go.
    Go(golang::Source),
    /// C#.
    CSharp(csharp::Source),
    /// Rust.
    Rust(rust::Source),
    /// Whole paths: of Ruby, PHP, and of files whose place is their path.
    Whole(Vec<ruby::Route>),
    /// Base paths of an application, or of the application that a file of a store is for.
    Base(Vec<base::Setting>),
    /// A module's manifest: it exports its repositories.
    Exports,
}

/// One family of frameworks.
struct Family {
    /// Endings of its files.
    ends: &'static [&'static str],
    /// Where none of these stands in a file it is not cut into tokens.
    triggers: &'static [&'static str],
    read: fn(&SourceFile<'_>, &Code<'_>) -> Option<Facts>,
}

const FAMILIES: &[Family] = &[
    Family {
        ends: &["java", "kt"],
        triggers: java::TRIGGERS,
        read: |_, code| java::read(code).map(Facts::Java),
    },
    Family {
        ends: &["js", "ts", "mjs", "cjs", "mts", "tsx"],
        triggers: script::TRIGGERS,
        read: |_, code| script::read(code).map(Facts::Script),
    },
    Family {
        ends: &["py"],
        triggers: python::TRIGGERS,
        read: |_, code| python::read(code).map(Facts::Python),
    },
    Family {
        ends: &["go"],
        triggers: golang::TRIGGERS,
        read: |file, code| golang::read(file.text, code).map(Facts::Go),
    },
    Family {
        ends: &["cs"],
        triggers: csharp::TRIGGERS,
        read: |_, code| csharp::read(code).map(Facts::CSharp),
    },
    Family {
        ends: &["rb"],
        triggers: ruby::TRIGGERS,
        read: |file, code| ruby::read(file.text, code).map(Facts::Whole),
    },
    Family { ends: &["rs"], triggers: rust::TRIGGERS, read: |_, code| rust::read(code).map(Facts::Rust) },
    Family {
        ends: &["php"],
        triggers: php::TRIGGERS,
        read: |file, code| php::read(file.path, code).map(Facts::Whole),
    },
];

/// The reader of endpoints in code.
pub(crate) struct Endpoints;

impl Reader for Endpoints {
    type Facts = Facts;
    const NAME: &'static str = NAME;

    fn wants(path: &str, name: &str) -> bool {
        let Some((_, end)) = name.rsplit_once('.') else { return false };
        base::wants(path, name) || is_manifest(name) || family(end).is_some() && !is_test(name)
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Facts> {
        let name = file.name();
        if is_manifest(&name) {
            return Ok(file.text.contains("data-rest").then_some(Facts::Exports));
        }
        let end = name.rsplit_once('.').map_or("", |(_, end)| end);
        let Some(family) = family(end) else {
            // What is wrong with a settings file its own reader says.
            return Ok(base::read(file, &name).map(Facts::Base));
        };
        if let Some(place) = next::place(file.path)
            && let Some(routes) = file.code().and_then(|code| next::read(place, code))
        {
            return Ok(Some(Facts::Whole(routes)));
        }
        if !family.triggers.iter().any(|trigger| file.text.contains(trigger)) {
            return Ok(None);
        }
        Ok(file.code().and_then(|code| (family.read)(file, code)))
    }

    fn link(facts: Vec<(String, Facts)>, sketch: &mut Sketch<'_>) {
        let mut exports = BTreeSet::new();
        let (mut java, mut scripts, mut python) = (Vec::new(), Vec::new(), Vec::new());
        let (mut go, mut csharp, mut rust) = (Vec::new(), Vec::new(), Vec::new());
        for (path, facts) in facts {
            match facts {
                Facts::Exports => drop(exports.insert(parent(&path).to_owned())),
                Facts::Base(settings) => base::link(&path, settings, sketch),
                Facts::Java(file) => java.push((path, file)),
                Facts::Script(file) => scripts.push((path, file)),
                Facts::Python(file) => python.push((path, file)),
                Facts::Go(file) => go.push((path, file)),
                Facts::CSharp(file) => csharp.push((path, file)),
                Facts::Rust(file) => rust.push((path, file)),
                Facts::Whole(routes) => {
                    for (method, route, line) in routes {
                        offer(sketch, &path, method, &route, (&path, line), true);
                    }
                }
            }
        }
        java::link(&java, &exports, sketch);
        script::link(scripts, sketch);
        python::link(python, sketch);
        golang::link(go, sketch);
        csharp::link(csharp, sketch);
        rust::link(rust, sketch);
    }
}

fn family(end: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.ends.contains(&end))
}

fn is_manifest(name: &str) -> bool {
    matches!(name, "pom.xml" | "build.gradle" | "build.gradle.kts")
}

/// Names that only tests have, whatever folder they lie in.
fn is_test(name: &str) -> bool {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    ["test", "tests", "spec", "_test", "stub", "testcase"]
        .iter()
        .any(|end| stem.ends_with(end) && stem.len() > end.len())
        && !stem.ends_with("latest")
        || stem.starts_with("test_")
}

/// One endpoint of whoever the file at `path` belongs to; nothing where the path can't be one.
fn offer(
    sketch: &mut Sketch<'_>,
    path: &str,
    method: Option<&str>,
    route: &str,
    at: (&str, u32),
    below_base: bool,
) {
    let Some(text) = path::endpoint(method, route) else { return };
    let at = (at.0.to_owned(), at.1);
    sketch.endpoints.push(Endpoint { reader: NAME, path: path.to_owned(), text, at, below_base });
}
