//! Outside products and services: which files show that a repository uses one.
//!
//! Manifests give names of packages, deployments images, infrastructure providers and resources, settings and code host
//! names; some tools are known by a file of their own. Nothing is decided here: every sign of a file is handed on, and
//! the table (`crate::tools`, with what the estate adds) says which of them mean a tool.

mod hosts;
mod manifests;

use super::{ReadResult, Reader, SourceFile};
use crate::link::{Sketch, ToolUse};
use crate::place::is_production;
use crate::tools::{Sign, Table, Tool, known};

const NAME: &str = "tools";

/// A text that may be the sign of a tool, with its line.
type Found = (Sign, String, u32);

/// The signs of one file.
pub(crate) struct Signs {
    found: Vec<Found>,
    /// Whether it says something about the repository as a whole.
    of_all: bool,
}

/// What kind of file a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Manifest(manifests::Form),
    /// Settings: hosts may stand alone.
    Settings,
    /// Programs and pages: only whole addresses count.
    Code,
    /// Only that it is there says something.
    Name,
}

/// The reader of signs of tools.
pub(crate) struct Tools;

impl Reader for Tools {
    type Facts = Signs;
    const NAME: &'static str = NAME;

    fn wants(path: &str, name: &str) -> bool {
        form(path, name).is_some()
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Signs> {
        let name = file.name();
        let Some(form) = form(file.path, &name) else { return Ok(None) };
        let mut found = match form {
            Form::Manifest(form) => match manifests::read(form, file.text) {
                Ok(found) => found,
                Err(_) if file.is_template() => Vec::new(),
                Err(error) => return Err(error),
            },
            Form::Settings => hosts::in_settings(file.text),
            Form::Code => hosts::in_code(file.text),
            Form::Name => Vec::new(),
        };
        if let Form::Manifest(manifests::Form::Yaml) = form {
            found.extend(hosts::in_settings(file.text));
        }
        let path = file.path.to_lowercase();
        if known().of(Sign::File, &path).is_some() {
            found.push((Sign::File, path.clone(), 1));
        }
        found.sort_unstable();
        // The first line of each is evidence enough.
        found.dedup_by(|later, first| (later.0, &later.1) == (first.0, &first.1));
        Ok((!found.is_empty()).then(|| Signs { found, of_all: is_of_all(&path) }))
    }

    fn link(facts: Vec<(String, Signs)>, sketch: &mut Sketch<'_>) {
        let tables = std::mem::take(&mut sketch.tools);
        for (path, signs) in facts {
            let mut files_tools: Vec<(Tool, u32, bool)> = Vec::new();
            for (sign, text, line) in signs.found {
                // What was worked out from the list beside it names what others need, too.
                let is_worked_out = sign == Sign::Pypi
                    && path.strip_suffix(".txt").is_some_and(|front| sketch.has_file(&format!("{front}.in")));
                if is_worked_out {
                    continue;
                }
                let Some(tool) = tool_of(&tables, sign, &text) else { continue };
                // A file that is known by its name has nothing to do with the code beside it.
                let of_all = signs.of_all || sign == Sign::File;
                files_tools.push((tool.clone(), line, of_all));
            }
            for (tool, line, of_all) in files_tools {
                sketch.tool_uses.push(ToolUse { tool, at: (path.clone(), line), of_all });
            }
        }
        for table in tables.iter().filter(|table| table.has_files()) {
            let uses: Vec<ToolUse> = sketch
                .files
                .iter()
                .filter(|path| is_production(path))
                .filter_map(|path| Some((path, table.of(Sign::File, &path.to_lowercase())?)))
                .map(|(path, tool)| ToolUse { tool: tool.clone(), at: (path.clone(), 1), of_all: true })
                .collect();
            sketch.tool_uses.extend(uses);
        }
        sketch.tools = tables;
    }
}

/// The tool that a sign means: an estate's own rows come first.
fn tool_of<'a>(tables: &'a [Table], sign: Sign, text: &str) -> Option<&'a Tool> {
    let lower = text.to_lowercase();
    let find = |table: &'a Table| {
        let direct = table.of(sign, &lower);
        match sign {
            // `X/v2` is the second version of `X`.
            Sign::Go => direct.or_else(|| table.of(sign, without_version(&lower)?)),
            // What a provider has no row for is still a use of the provider.
            Sign::Resource => direct.or_else(|| table.of(Sign::Provider, lower.split('_').next()?)),
            _ => direct,
        }
    };
    tables.iter().find_map(find).or_else(|| find(known()))
}

fn without_version(module: &str) -> Option<&str> {
    let (front, last) = module.rsplit_once('/')?;
    let digits = last.strip_prefix('v')?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(front)
}

/// Whether a file is about the repository as a whole: workflows, and what else builds and checks it.
fn is_of_all(path: &str) -> bool {
    path.starts_with('.') && !path.starts_with(".env")
}

/// What kind of file a path is, if signs may stand in it.
fn form(path: &str, name: &str) -> Option<Form> {
    if let Some(form) = manifests::form(path, name) {
        return Some(Form::Manifest(form));
    }
    if name == "stave.toml"
        || name.contains(".min.")
        || name.ends_with("lock.yaml")
        || name.ends_with("lock.json")
    {
        return None;
    }
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    let is_settings = name.starts_with(".env")
        || matches!(end, "properties" | "ini" | "conf" | "cfg" | "env" | "toml" | "config")
        || end == "json" && SETTINGS.iter().any(|word| name.contains(word));
    if is_settings {
        return Some(Form::Settings);
    }
    if CODE.contains(&end) {
        return Some(Form::Code);
    }
    known().of(Sign::File, &path.to_lowercase()).map(|_| Form::Name)
}

/// Words in the names of JSON files that hold settings.
const SETTINGS: &[&str] = &["appsettings", "config", "settings", "environment"];

/// Endings of programs and of pages.
const CODE: &[&str] = &[
    "js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte", "astro", "html", "htm", "erb", "haml", "slim",
    "ejs", "hbs", "pug", "twig", "liquid", "php", "py", "rb", "go", "java", "kt", "kts", "scala", "groovy",
    "cs", "cshtml", "razor", "fs", "vb", "rs", "ex", "exs", "heex", "swift", "dart", "clj", "hcl",
];
