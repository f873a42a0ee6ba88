//! Nomad jobs: tasks with their images and settings, and the services that they offer and call in the mesh.

use crate::link::{Form, Origin, Place, Sketch, Target, clean_name, parent};
use crate::parse::{Block, Ends, parse_blocks};

use super::{ReadResult, Reader, SourceFile};

const NAME: &str = "nomad";

/// A value with its line.
type Line<T> = (T, u32);

/// A task that runs by itself.
pub(crate) struct Task {
    job: String,
    name: String,
    /// Under what others know it: names of services, its own and its group's where that says something.
    names: Vec<String>,
    image: Option<String>,
    environment: Vec<Line<(String, String)>>,
    upstreams: Vec<Line<String>>,
    is_job: bool,
    line: u32,
}

/// The reader of jobs.
pub(crate) struct Nomad;

impl Reader for Nomad {
    type Facts = Vec<Task>;
    const NAME: &'static str = NAME;
    const TRIGGERS: &'static [&'static str] = &["task \"", "task '"];

    fn wants(path: &str, name: &str) -> bool {
        let in_folder = || parent(path).split('/').any(|part| part.eq_ignore_ascii_case("nomad"));
        name.ends_with(".nomad") || name.ends_with(".nomad.hcl") || name.ends_with(".hcl") && in_folder()
    }

    fn read(file: &SourceFile<'_>) -> ReadResult<Vec<Task>> {
        let blocks = parse_blocks(&without_heredocs(file.text), Ends::Line)?;
        let mut tasks = Vec::new();
        for job in blocks.iter().filter(|block| block.head() == "job") {
            read_job(job, &mut tasks);
        }
        Ok((!tasks.is_empty()).then_some(tasks))
    }

    fn link(facts: Vec<(String, Vec<Task>)>, sketch: &mut Sketch<'_>) {
        for (path, tasks) in &facts {
            for task in tasks {
                link_task(sketch, path, task);
            }
        }
    }
}

/// The text with the lines of heredocs empty: what stands in them has braces of its own.
fn without_heredocs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut end: Option<&str> = None;
    for line in text.lines() {
        match end {
            Some(word) if line.trim() == word => end = None,
            Some(_) => {}
            None => match line.split_once("<<") {
                Some((before, word)) if !before.contains(['"', '#']) => {
                    out.push_str(before);
                    end = Some(word.trim().trim_start_matches(['-', '~'])).filter(|word| !word.is_empty());
                }
                _ => out.push_str(line),
            },
        }
        out.push('\n');
    }
    out
}

/// The blocks of a kind directly in another.
fn of<'a>(block: &'a Block, kind: &'a str) -> impl Iterator<Item = &'a Block> {
    block.children.iter().filter(move |child| child.head() == kind)
}

/// Name and value of `NAME = "VALUE"`, where that is written out.
fn attribute(block: &Block) -> Option<(&str, &str)> {
    let name = block.head().trim_end_matches('=');
    let [value] = block.rest().strip_prefix(&["=".to_owned()]).unwrap_or(block.rest()) else { return None };
    let is_named_elsewhere = ["var.", "local.", "data."].iter().any(|start| value.starts_with(start));
    (!name.is_empty() && !is_named_elsewhere && block.children.is_empty()).then_some((name, value))
}

fn text<'a>(block: &'a Block, key: &str) -> Option<&'a str> {
    block.children.iter().filter_map(attribute).find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// Names that only say that something is the one of its job.
fn is_generic(name: &str) -> bool {
    stave_model::COMMON_NAMES.contains(&name)
        || matches!(name, "group" | "task" | "main" | "run" | "container")
}

fn read_job(job: &Block, out: &mut Vec<Task>) {
    let Some(job_name) = job.rest().first() else { return };
    let is_job =
        matches!(text(job, "type"), Some("batch" | "sysbatch")) || of(job, "periodic").next().is_some();
    // What only starts before a task or stands beside it belongs to that one.
    let runs = |group: &Block| -> Vec<usize> {
        let tasks = group.children.iter().enumerate().filter(|(_, child)| child.head() == "task");
        tasks.filter(|(_, task)| of(task, "lifecycle").next().is_none()).map(|(at, _)| at).collect()
    };
    let groups: Vec<(&Block, Vec<usize>)> = of(job, "group").map(|group| (group, runs(group))).collect();
    let count: usize = groups.iter().map(|(_, tasks)| tasks.len()).sum();
    for (group, tasks) in &groups {
        let group_name = group.rest().first().map_or("", String::as_str);
        let is_alone = tasks.len() == 1;
        for task in tasks.iter().filter_map(|at| group.children.get(*at)) {
            let Some(task_name) = task.rest().first() else { continue };
            let own = if is_alone && !group_name.is_empty() { group_name } else { task_name.as_str() };
            let name = match own {
                _ if count == 1 => job_name.clone(),
                own if is_generic(own) => format!("{job_name}-{own}"),
                own => own.to_owned(),
            };
            let services = of(task, "service").chain(of(group, "service").filter(|_| is_alone));
            let services: Vec<&Block> = services.collect();
            let offered = services.iter().filter_map(|service| text(service, "name"));
            let called = [group_name, task_name.as_str()];
            let called = called.into_iter().filter(|name| is_alone || *name == task_name.as_str());
            let names = offered.chain(called.filter(|name| !is_generic(name))).map(str::to_owned).collect();
            out.push(Task {
                job: job_name.clone(),
                name,
                names,
                image: of(task, "config").find_map(|config| text(config, "image")).map(str::to_owned),
                environment: of(task, "env")
                    .flat_map(|env| &env.children)
                    .filter_map(|pair| {
                        attribute(pair).map(|(key, value)| ((key.to_owned(), value.to_owned()), pair.line))
                    })
                    .collect(),
                upstreams: services.iter().flat_map(|service| upstreams(service)).collect(),
                is_job,
                line: task.line,
            });
        }
    }
}

/// Whom a service calls through its sidecar.
fn upstreams(service: &Block) -> Vec<Line<String>> {
    let mut out = Vec::new();
    service.walk(&mut Vec::new(), &mut |_, block| {
        if block.head() == "upstreams"
            && let Some(name) = text(block, "destination_name")
        {
            out.push((name.to_owned(), block.line));
        }
    });
    out
}

fn link_task(sketch: &mut Sketch<'_>, path: &str, task: &Task) {
    let folder = parent(path);
    let at = |line: u32| -> Place { (path.to_owned(), line) };
    let full = format!("{}/{}", task.job, task.name);
    let Some(piece) = sketch.piece(NAME, Form::Deployed, folder, "nomad", &full, at(task.line)) else {
        return;
    };
    if let Some(image) = &task.image {
        sketch.set_image(piece, image);
    }
    let own = &mut sketch.pieces[piece];
    own.stack = Some(format!("nomad {folder}"));
    own.names.extend(task.names.iter().filter_map(|name| clean_name(name)).map(|name| name.to_lowercase()));
    if task.is_job {
        own.typ = Some("job".to_owned());
    }
    let origin = Origin::Piece(piece);
    for (name, line) in &task.upstreams {
        let target = Target::Name { name: name.to_lowercase(), starts: false };
        sketch.mention(NAME, origin.clone(), target, None, at(*line), None);
    }
    for ((key, value), line) in &task.environment {
        sketch.mention_value(NAME, &origin, key, value, true, &at(*line), None);
    }
}
