//! Processes of one machine: systemd's services and the process types of a Procfile.

use crate::limits;
use crate::link::{Form, Origin, Place, Runs, Sketch, Target, base_name, clean_name, parent};
use crate::parse::parse_env;
use crate::values::clean_text;

use super::compose::resolve;
use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "processes";

/// A value with its line.
type Line<T> = (T, u32);

/// One file of either kind.
pub(crate) enum Processes {
    Procfile(Vec<Process>),
    Unit(Box<Unit>),
}

/// A line of a Procfile.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Process {
    typ: String,
    /// The folder that the command goes into first, as written.
    folder: Option<String>,
    line: u32,
}

/// A service of systemd.
#[derive(Debug, Default)]
pub(crate) struct Unit {
    description: Option<String>,
    /// The program that is started; nothing where that is only an interpreter.
    program: Option<String>,
    is_one_off: bool,
    needs: Vec<Line<String>>,
    environment: Vec<Line<(String, String)>>,
    line: u32,
}

/// The reader of such files.
pub(crate) struct ProcessFiles;

impl Reader for ProcessFiles {
    type Facts = Processes;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["ExecStart", ":"];

    fn wants(_path: &str, name: &str) -> bool {
        name == "procfile" || name.ends_with(".service")
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Processes> {
        if file.name() == "procfile" {
            let found = procfile(file.text);
            return Ok((!found.is_empty()).then_some(Processes::Procfile(found)));
        }
        Ok(unit(file.text).map(|unit| Processes::Unit(Box::new(unit))))
    }

    fn link(facts: Vec<(String, Processes)>, sketch: &mut Sketch<'_>) {
        for (path, processes) in &facts {
            match processes {
                Processes::Procfile(found) => link_procfile(sketch, path, found),
                Processes::Unit(unit) => link_unit(sketch, path, unit),
            }
        }
    }
}

/// Process types that end by themselves or only help whoever develops.
const STEPS: &[&str] = &[
    "release",
    "console",
    "migrate",
    "migration",
    "rake",
    "shell",
    "seed",
    "setup",
    "build",
    "assets",
    "css",
    "js",
    "vite",
    "webpack",
    "tailwind",
    "test",
    "lint",
    "docs",
    "log",
    "logs",
];

fn procfile(text: &str) -> Vec<Process> {
    let mut out = Vec::new();
    for (line, content) in
        (1_u32..).zip(text.lines()).filter(|(_, content)| content.len() <= limits::LINE_BYTES)
    {
        let Some((typ, command)) = content.trim().split_once(':') else { continue };
        let is_type =
            !typ.is_empty() && typ.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if !is_type || command.trim().is_empty() || STEPS.contains(&typ.to_ascii_lowercase().as_str()) {
            continue;
        }
        // A product that is started beside the app is there for whoever develops.
        if crate::products::by_image(typ).is_some() {
            continue;
        }
        let folder = command
            .trim()
            .strip_prefix("cd ")
            .and_then(|rest| rest.split(['&', ';']).next())
            .map(|folder| folder.trim().to_owned());
        out.push(Process { typ: typ.to_owned(), folder, line });
    }
    out
}

/// Programs that run other programs.
const INTERPRETERS: &[&str] = &[
    "sh",
    "bash",
    "zsh",
    "env",
    "sudo",
    "su",
    "nice",
    "node",
    "nodejs",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "deno",
    "bun",
    "python",
    "python2",
    "python3",
    "pypy",
    "java",
    "ruby",
    "bundle",
    "perl",
    "php",
    "php-fpm",
    "dotnet",
    "mono",
    "docker",
    "podman",
    "docker-compose",
    "compose",
    "gunicorn",
    "uvicorn",
    "uwsgi",
    "celery",
    "pm2",
    "make",
    "go",
    "cargo",
    "uv",
    "poetry",
    "pipenv",
    "systemctl",
    "kubectl",
    "true",
    "echo",
    "sleep",
    "mount",
    "chroot",
    "flock",
];

fn unit(text: &str) -> Option<Unit> {
    let mut unit = Unit::default();
    let mut section = "";
    let mut has_start = false;
    for (line, content) in joined(text) {
        let content = content.trim();
        if content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            section = match name {
                "Unit" => "Unit",
                "Service" => "Service",
                _ => "",
            };
            if section == "Service" {
                unit.line = line;
            }
            continue;
        }
        let Some((key, value)) = content.split_once('=') else { continue };
        let value = value.trim();
        match (section, key.trim()) {
            ("Unit", "Description") => unit.description = Some(value.to_owned()),
            ("Unit", "After" | "Requires" | "Wants" | "BindsTo" | "Requisite" | "PartOf") => {
                let names = value.split_whitespace().filter_map(|name| name.strip_suffix(".service"));
                unit.needs.extend(names.map(|name| (without_instance(name).to_owned(), line)));
            }
            ("Service", "ExecStart") => {
                has_start |= !value.is_empty();
                let words =
                    value.split_whitespace().map(|word| word.trim_start_matches(['-', '@', ':', '+', '!']));
                let program = words.map(base_name).next().filter(|word| !INTERPRETERS.contains(word));
                unit.program = program.map(str::to_owned);
            }
            ("Service", "Type") => unit.is_one_off = value.eq_ignore_ascii_case("oneshot"),
            ("Service", "Environment") => {
                let words = words(value).join("\n");
                let pairs = parse_env(&words).into_iter();
                unit.environment.extend(pairs.map(|pair| ((pair.key, pair.value), line)));
            }
            _ => {}
        }
    }
    has_start.then_some(unit)
}

/// Lines with those that end in `\` joined to the next.
fn joined(text: &str) -> Vec<(u32, String)> {
    let mut out: Vec<(u32, String)> = Vec::new();
    let mut goes_on = false;
    for (line, content) in
        (1_u32..).zip(text.lines()).filter(|(_, content)| content.len() <= limits::LINE_BYTES)
    {
        let part = content.strip_suffix('\\').unwrap_or(content);
        match out.last_mut().filter(|(_, whole)| goes_on && whole.len() < limits::VALUE_BYTES) {
            Some((_, whole)) => {
                whole.push(' ');
                whole.push_str(part);
            }
            None => out.push((line, part.to_owned())),
        }
        goes_on = content.ends_with('\\');
    }
    out
}

/// Words with quotes around them or not: `"A=b c" D=e`.
fn words(text: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() => out.push(std::mem::take(&mut word)),
            _ => word.push(c),
        }
    }
    out.push(word);
    out
}

/// `mail@.service` and `mail@eu.service` are `mail`.
fn without_instance(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

fn link_unit(sketch: &mut Sketch<'_>, path: &str, unit: &Unit) {
    let file = base_name(path);
    let name = without_instance(file.strip_suffix(".service").unwrap_or(file));
    let folder = parent(path);
    let at = |line: u32| -> Place { (path.to_owned(), line) };
    let Some(piece) = sketch.piece(NAME, Form::Deployed, folder, "systemd", name, at(unit.line)) else {
        return;
    };
    let own = &mut sketch.pieces[piece];
    own.stack = Some(format!("systemd {folder}"));
    own.description =
        unit.description.as_deref().and_then(|text| clean_text(text, limits::DESCRIPTION_BYTES));
    own.names.extend(unit.program.as_deref().and_then(clean_name).map(|name| name.to_lowercase()));
    if unit.is_one_off {
        own.typ = Some("job".to_owned());
    }
    let origin = Origin::Piece(piece);
    for (name, line) in &unit.needs {
        let target = Target::Name { name: name.to_lowercase(), starts: true };
        sketch.mention(NAME, origin.clone(), target, None, at(*line), None);
    }
    for ((key, value), line) in &unit.environment {
        sketch.mention_value(NAME, &origin, key, value, true, &at(*line), None);
    }
}

fn link_procfile(sketch: &mut Sketch<'_>, path: &str, processes: &[Process]) {
    for process in processes {
        let place: Place = (path.to_owned(), process.line);
        let home = match &process.folder {
            Some(folder) => resolve(parent(path), folder),
            None => Some(parent(path).to_owned()),
        };
        let Some(home) = home else { continue };
        let runs_here =
            |form: Form| matches!(form, Form::Deployed | Form::Settings | Form::Code | Form::Built);
        let here: Vec<usize> = (0..sketch.pieces.len())
            .filter(|index| {
                let piece = &sketch.pieces[*index];
                piece.home.as_deref() == Some(home.as_str()) && runs_here(piece.form)
            })
            .collect();
        let app = here
            .iter()
            .map(|index| &sketch.pieces[*index])
            .min_by_key(|piece| piece.form)
            .map(|piece| piece.name.clone())
            .unwrap_or_else(|| {
                base_name(if home.is_empty() { &sketch.repository } else { &home }).to_owned()
            });
        // What serves the web is the app itself, and so is what a folder of its own is gone into for.
        if process.typ == "web" || process.folder.is_some() {
            for index in &here {
                let piece = &mut sketch.pieces[*index];
                if piece.form == Form::Code {
                    piece.runs = Runs::Yes;
                    piece.at.insert(place.clone());
                }
            }
            if here.is_empty()
                && let Some(piece) = sketch.piece(NAME, Form::Deployed, &home, "procfile", &app, place)
            {
                sketch.pieces[piece].home = Some(home.clone());
                sketch.homes.insert(home);
            }
            continue;
        }
        // Another file may deploy it already, under its short name or the long one.
        let name = format!("{app}-{}", process.typ);
        let is_known = sketch.pieces.iter().any(|piece| {
            piece.reader != NAME
                && piece.form == Form::Deployed
                && [process.typ.as_str(), name.as_str()]
                    .iter()
                    .any(|own| piece.name.eq_ignore_ascii_case(own))
        });
        if is_known {
            continue;
        }
        if let Some(piece) = sketch.piece(NAME, Form::Deployed, parent(path), "procfile", &name, place) {
            sketch.pieces[piece].stack = Some(format!("procfile {}", parent(path)));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn process_types_that_run_on() {
        let found = procfile(
            "# c\nweb: gunicorn app:x\nworker: celery -A app worker\nrelease: ./migrate\nredis: redis-server\nui: cd ui && yarn start\nbad line\n: x\na b: c\nempty:\n",
        );
        let short: Vec<String> = found
            .iter()
            .map(|one| format!("{} {} {}", one.typ, one.folder.as_deref().unwrap_or("."), one.line))
            .collect();
        assert_eq!(short, ["web . 2", "worker . 3", "ui ui 6"]);
    }

    #[test]
    fn units_say_what_they_run_and_need() {
        let found = unit(
            "[Unit]\nDescription=Sends mail\nAfter=network.target orders.service \\\n  queue@eu.service\n[Service]\n# ExecStart=/x\nExecStart=-/usr/bin/mailer --x\nEnvironment=\"ORDERS_URL=http://orders:80\" 'B=c d' E=f\nType=oneshot\n[Install]\nAlias=x\n",
        )
        .unwrap();
        assert_eq!(found.description.as_deref(), Some("Sends mail"));
        assert_eq!(found.program.as_deref(), Some("mailer"));
        assert_eq!(found.needs, [("orders".to_owned(), 3), ("queue".to_owned(), 3)]);
        let keys: Vec<&str> = found.environment.iter().map(|((key, _), _)| key.as_str()).collect();
        assert_eq!(keys, ["ORDERS_URL", "B", "E"]);
        assert!(found.is_one_off);
        assert!(unit("[D-BUS Service]\nExec=/x\n").is_none());
        assert_eq!(unit("[Service]\nExecStart=/usr/bin/env node x\n").unwrap().program, None);
    }
}
