//! go.mod: modules, and which of the modules they require are of the same owner.

use crate::link::{Form, Runs, Sketch, base_name, parent};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "go";

/// One module.
pub(crate) struct Module {
    path: String,
    line: u32,
    requires: Vec<(String, u32)>,
    /// Modules that a local folder stands in for.
    replaced: Vec<String>,
}

/// The reader of Go modules.
pub(crate) struct Go;

impl Reader for Go {
    type Facts = Module;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["module"];

    fn wants(_path: &str, name: &str) -> bool {
        name == "go.mod"
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Module> {
        Ok(read_module(file.text))
    }

    fn link(facts: Vec<(String, Module)>, sketch: &mut Sketch<'_>) {
        let owned: Vec<String> = facts.iter().map(|(_, module)| module.path.clone()).collect();
        for (path, module) in facts {
            let folder = parent(&path).to_owned();
            sketch.homes.insert(folder.clone());
            let Some(piece) =
                sketch.piece(NAME, Form::Code, &folder, "go", &module.path, (path.clone(), module.line))
            else {
                continue;
            };
            let runs = has_main(&folder, sketch);
            let own = &mut sketch.pieces[piece];
            own.name = short_name(&module.path).to_owned();
            own.names = [own.name.to_lowercase()].into();
            own.home = Some(folder);
            own.runs = if runs { Runs::Yes } else { Runs::Library };
            own.package = Some(format!("golang/{}", module.path));
            own.needs = module
                .requires
                .iter()
                .filter(|(name, _)| {
                    owned.contains(name) || module.replaced.contains(name) || same_owner(name, &module.path)
                })
                .map(|(name, line)| (format!("golang/{name}"), (path.clone(), *line)))
                .collect();
        }
    }
}

/// The last part that isn't a version: `x` of `host/org/x/v2`.
fn short_name(path: &str) -> &str {
    let last = base_name(path);
    let is_version = last.len() > 1 && last.starts_with('v') && last[1..].chars().all(|c| c.is_ascii_digit());
    if is_version { base_name(parent(path)) } else { last }
}

/// Host and organisation are the same.
fn same_owner(a: &str, b: &str) -> bool {
    let owner = |path: &str| {
        let mut parts = path.split('/');
        Some((parts.next().filter(|host| host.contains('.'))?.to_owned(), parts.next()?.to_owned()))
    };
    owner(a).is_some_and(|owner_a| Some(owner_a) == owner(b))
}

/// Whether a program's main file lies where it usually does.
fn has_main(folder: &str, sketch: &Sketch<'_>) -> bool {
    let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    sketch.has_file(&format!("{below}main.go"))
        || sketch.files_below(folder).iter().any(|file| {
            let rest = &file[below.len()..];
            rest.starts_with("cmd/") && rest.ends_with("main.go")
        })
}

fn read_module(text: &str) -> Option<Module> {
    let mut module: Option<Module> = None;
    let mut block = "";
    for (index, line) in text.lines().enumerate() {
        let number = u32::try_from(index).unwrap_or(u32::MAX - 1) + 1;
        if line.len() > crate::limits::LINE_BYTES {
            continue;
        }
        let is_indirect = line.contains("// indirect");
        let line = line.split("//").next().unwrap_or("").trim();
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or("");
        if line == ")" {
            block = "";
            continue;
        }
        let (verb, name) = match first {
            "module" => {
                let path = words.next()?.trim_matches('"').to_owned();
                module = Some(Module { path, line: number, requires: Vec::new(), replaced: Vec::new() });
                continue;
            }
            "require" | "replace" | "exclude" | "retract" => match words.next() {
                Some("(") => {
                    block = if first == "require" {
                        "require"
                    } else if first == "replace" {
                        "replace"
                    } else {
                        "other"
                    };
                    continue;
                }
                name => (first, name.unwrap_or("")),
            },
            name => (block, name),
        };
        let Some(module) = &mut module else { continue };
        match verb {
            "require" if !is_indirect && !name.is_empty() => module.requires.push((name.to_owned(), number)),
            "replace" if line.contains("=> .") => module.replaced.push(name.to_owned()),
            _ => {}
        }
    }
    module
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn modules_are_read() {
        let module = read_module(
            "// c\nmodule host.dev/acme/shop/v2\n\ngo 1.22\nrequire host.dev/acme/lib v1.0.0\nrequire (\n\thost.dev/other/x v1\n\thost.dev/acme/y v1 // indirect\n)\nreplace host.dev/acme/lib => ../lib\n",
        )
        .unwrap();
        assert_eq!(short_name(&module.path), "shop");
        assert_eq!(
            module.requires,
            [("host.dev/acme/lib".to_owned(), 5), ("host.dev/other/x".to_owned(), 7)]
        );
        assert_eq!(module.replaced, ["host.dev/acme/lib"]);
        assert!(same_owner("host.dev/acme/lib", &module.path));
        assert!(!same_owner("host.dev/other/x", &module.path));
        assert!(read_module("go 1.2").is_none());
    }
}
