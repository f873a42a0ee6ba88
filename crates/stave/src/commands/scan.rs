//! `stave scan DIR…`: trees into the ledger, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use serde::Serialize;
use stave_answers::text::{counted, grouped, tame};
use stave_answers::when::day;
use stave_collect::{LeftOut, Options, Receiver, TreeScan, Warning};
use stave_ledger::{Appended, Ledger, Outcome};
use stave_model::{Author, Hash, Scope, Statement, Time};

use crate::cli::{Scan, Trees};
use crate::context::{Context, build, new_op, now};
use crate::estate;
use crate::git_config;
use crate::histories::{self, HistoryReport};
use crate::opened::Opened;
use crate::problem::{Exit, Problem};
use crate::reading::{Directory, Spinner, Stamp};
use crate::remembered::Remembered;
use crate::surroundings::quote;
use crate::trees::{self, Tree};

/// Warnings that are printed without --verbose; the rest is counted.
const SHOWN_WARNINGS: usize = 20;
/// The branch of a folder without git.
const NO_BRANCH: &str = "-";
/// Rules that left files out that are printed without --verbose.
const SHOWN_RULES: usize = 6;

/// What a scan did.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// The ledger's folder.
    pub(super) ledger: PathBuf,
    /// The command, for `undo`.
    pub(super) op: String,
    /// The trees, by folder.
    pub(super) trees: Vec<TreeReport>,
    /// Their histories.
    pub(super) histories: Vec<HistoryReport>,
    /// What could not be read.
    pub(super) warnings: Vec<WarningReport>,
    /// Trees that were scanned earlier in these folders and were not met: their pieces stay, as last seen.
    pub(super) missing: Vec<MissingReport>,
    /// Wall time, with appending and folding.
    pub(super) milliseconds: u64,
}

/// What was read of one tree.
#[derive(Debug, Serialize)]
pub(super) struct TreeReport {
    root: PathBuf,
    repository: String,
    branch: String,
    scope: String,
    /// Uncommitted work: stays on this machine.
    work: bool,
    #[serde(skip)]
    is_git: bool,
    files_walked: u64,
    files_read: u64,
    bytes_read: u64,
    /// Claims of all readers.
    claims: u64,
    /// Statements that the ledger didn't have.
    appended: u64,
    /// Readers that said what they had said before.
    unchanged: u64,
    /// Paths that no reader could look at.
    unread: u64,
    /// Files that describe no running system: which rule left out how many.
    left_out: Vec<LeftOut>,
}

/// A tree that was scanned earlier and was not met.
#[derive(Debug, Serialize)]
pub(super) struct MissingReport {
    root: PathBuf,
    scope: String,
    /// When it was last looked at.
    seen: Time,
    /// Its folder is there; nothing in it is read any more.
    folder_is_there: bool,
}

/// A warning with the path as a person can open it.
#[derive(Debug, Serialize)]
pub(super) struct WarningReport {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

pub(super) fn run(context: &mut Context<'_>, arguments: &Scan) -> anyhow::Result<Exit> {
    let (opened, report) = read(context, &arguments.trees)?;
    if context.terminal.is_json() {
        let counts = opened.map.counts()?;
        context.terminal.json(&serde_json::json!({"scan": report, "counts": counts}))?;
        return Ok(Exit::Answered);
    }
    report.print(context)?;
    let counts = opened.map.counts()?;
    let entities: u64 = counts.kinds.iter().map(|(_, count)| count).sum();
    context.terminal.line(&format!(
        "{}, {}, {}",
        counted(entities, "entity", "entities"),
        counted(counts.relations, "relation", "relations"),
        counted(counts.questions, "question", "questions"),
    ))?;
    Ok(Exit::Answered)
}

/// The text of the estate's own stave.toml, for the tools in it. Where the estate's folder is a repository, the file is
/// that repository's and counts for it alone.
fn estate_settings(context: &mut Context<'_>, folder: &Path) -> String {
    let file = folder.join("stave.toml");
    if folder.join(".git").exists() {
        return String::new();
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    for problem in stave_collect::problems_of_tools(&text) {
        context.terminal.warn(&format!("{}: {problem}", file.display()));
    }
    text
}

/// Reads trees into the ledger and brings the map up to date.
pub(super) fn read(context: &mut Context<'_>, trees: &Trees) -> anyhow::Result<(Opened, Report)> {
    let started = Instant::now();
    let folders = folders(&trees.folders)?;
    let place = estate::for_scan(context, &folders)?;
    if !place.exists() {
        context.terminal.detail(&format!("a new ledger in {}", place.folder.display()));
    }
    let mut opened = Opened::at(context, place)?;
    let stamp = Stamp { by: opened.bringer(context)?, op: new_op()?, time: now() };
    let estate_settings = estate_settings(context, &opened.place.root);
    let options = Options {
        estate_settings,
        branch: trees.branch.clone(),
        // What is not committed stays on its machine.
        from_commit: trees.commit || opened.place.is_afar(),
        estate_id: opened.ledger.info()?.estate.chars().take(8).collect(),
        ignore_file: ignore_file(context),
        reader: build(),
        ..Options::at(stamp.time)
    };
    let directory = Directory::new(opened.ledger.estate_key()?);
    let spinner = Spinner::new(context.terminal.shows_progress());
    let mut receiving = Receiving {
        ledger: &mut *opened.ledger,
        remembered: Remembered { folder: opened.place.read_folder() },
        stamp: &stamp,
        directory: &directory,
        trees: Vec::new(),
        warnings: Vec::new(),
        heard: Vec::new(),
    };
    let unplaced = stave_collect::scan_for(&mut receiving, &folders, &options, &directory, &spinner)?;
    if !opened.place.is_afar() {
        receiving.end_work()?;
    }
    let Receiving { mut trees, warnings, heard, .. } = receiving;
    trees.sort_by(|a, b| a.root.cmp(&b.root));
    let unplaced = unplaced.into_iter().map(|warning| WarningReport::new(warning, Path::new("")));
    let mut report = Report {
        ledger: PathBuf::from(opened.place.shown()),
        op: stamp.op.to_string(),
        trees,
        histories: Vec::new(),
        warnings: unplaced.chain(warnings).collect(),
        missing: Vec::new(),
        milliseconds: 0,
    };
    opened.ledger.add_heard(&heard)?;
    catch_up(&mut opened, &spinner)?;
    if context.settings.history() && read_histories(&mut opened, &stamp, &spinner, &mut report)? {
        catch_up(&mut opened, &spinner)?;
    }
    spinner.end();
    report.missing = missing(&opened, &folders, &report, stamp.time)?;
    report.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok((opened, report))
}

fn catch_up(opened: &mut Opened, spinner: &Spinner) -> anyhow::Result<()> {
    spinner.say("folding it into the map");
    let caught_up = opened
        .catch_up()
        .context("what was read is in the ledger, but the map could not be brought up to date");
    if caught_up.is_err() {
        spinner.end();
    }
    caught_up
}

/// Reads the histories of the trees that are repositories. Whether there was something new.
fn read_histories(
    opened: &mut Opened,
    stamp: &Stamp,
    spinner: &Spinner,
    report: &mut Report,
) -> anyhow::Result<bool> {
    let mut has_news = false;
    let directory = Directory::new(opened.ledger.estate_key()?);
    let held = histories::AllHeld::of(opened)?;
    for tree in report.trees.iter().filter(|tree| tree.branch != NO_BRANCH) {
        let Some((statements, history)) =
            histories::read(opened, &held, &tree.of(), stamp, &directory, spinner)?
        else {
            continue;
        };
        opened.ledger.add_people(&directory.new_rows())?;
        let appended = opened.ledger.append(&statements).with_context(|| {
            format!("the history that was read in {} is not in the ledger", tree.root.display())
        })?;
        has_news |= appended.iter().any(|one| one.outcome == Outcome::New);
        let warnings = history.warnings.iter().map(|said| WarningReport::of_history(said, &tree.root));
        report.warnings.extend(warnings);
        report.histories.push(history);
    }
    Ok(has_news)
}

/// Appends each tree as it is read: an estate's claims are many more than one tree's.
struct Receiving<'a> {
    ledger: &'a mut dyn Ledger,
    remembered: Remembered,
    stamp: &'a Stamp,
    directory: &'a Directory,
    trees: Vec<TreeReport>,
    warnings: Vec<WarningReport>,
    /// What was said again, for the register.
    heard: Vec<(Author, Scope, Time)>,
}

impl Receiver for Receiving<'_> {
    type Error = anyhow::Error;

    fn recall(&self, root: &Path, fingerprint: &Hash) -> Option<TreeScan> {
        self.remembered.recall(self.ledger, self.stamp, root, fingerprint)
    }

    fn take(&mut self, mut tree: TreeScan) -> anyhow::Result<()> {
        // Persons first: a statement that speaks of one is read with their name at once.
        let people = self.directory.new_rows();
        if !people.is_empty() {
            self.ledger.add_people(&people)?;
        }
        let warnings = std::mem::take(&mut tree.warnings);
        let heard = tree.again.iter().map(|part| (part.author.clone(), tree.scope.clone(), self.stamp.time));
        self.heard.extend(heard);
        let statements = self.stamp.statements(&mut tree);
        let mut report = TreeReport::new(&tree, &statements);
        report.count(&self.append(&tree.root, &statements)?);
        self.trees.push(report);
        self.warnings.extend(warnings.iter().cloned().map(|warning| WarningReport::new(warning, &tree.root)));
        if tree.again.is_empty() {
            self.remembered.keep(&TreeScan { warnings, ..tree }, &statements);
        }
        Ok(())
    }
}

impl Receiving<'_> {
    fn append(&mut self, root: &Path, statements: &[Statement]) -> anyhow::Result<Vec<Appended>> {
        self.ledger
            .append(statements)
            .with_context(|| format!("what was read in {} is not in the ledger", root.display()))
    }

    /// Ends what uncommitted work said in trees that are clean now. Waits for the last tree: of two checkouts of one
    /// branch, the clean one must not end what the other just said.
    fn end_work(&mut self) -> anyhow::Result<()> {
        let work: BTreeSet<String> =
            self.trees.iter().filter(|tree| tree.work).map(|tree| tree.scope.clone()).collect();
        for index in 0..self.trees.len() {
            let tree = &self.trees[index];
            let scope = format!("{}+work", tree.scope);
            if tree.work || !tree.is_git || work.contains(&scope) {
                continue;
            }
            let root = tree.root.clone();
            let ends = self.stamp.end_of_work(self.ledger, &scope.parse()?)?;
            if !ends.is_empty() {
                let appended = self.append(&root, &ends)?;
                self.trees[index].count(&appended);
            }
        }
        Ok(())
    }
}

/// The trees that this scan should have met and did not, less those that a person retired. Remembers what it met.
fn missing(
    opened: &Opened,
    folders: &[PathBuf],
    report: &Report,
    now: Time,
) -> anyhow::Result<Vec<MissingReport>> {
    let met: Vec<Tree> = report
        .trees
        .iter()
        .map(|tree| Tree {
            root: tree.root.clone(),
            scope: tree.scope.strip_suffix("+work").unwrap_or(&tree.scope).to_owned(),
            seen: now,
        })
        .collect();
    let (missing, mut known) = trees::compare(trees::known(&opened.place), folders, &met, Path::exists);
    let live: BTreeSet<String> =
        opened.map.slots()?.into_iter().filter(|slot| slot.is_live).map(|slot| slot.scope).collect();
    let mut reports = Vec::new();
    for tree in missing {
        let scope = opened.map.folded_scope(&tree.scope)?;
        // Retired, or never on the map: nothing is left that somebody could miss.
        if live.contains(&scope) || live.contains(&format!("{scope}+work")) {
            reports.push(MissingReport {
                folder_is_there: tree.root.exists(),
                root: tree.root,
                scope: tree.scope,
                seen: tree.seen,
            });
        } else {
            known.retain(|other| *other != tree);
        }
    }
    trees::remember(&opened.place, &known);
    Ok(reports)
}

/// The folders, absolute and without links, so that one of them has one name.
fn folders(typed: &[PathBuf]) -> Result<Vec<PathBuf>, Problem> {
    let here = [PathBuf::from(".")];
    let typed = if typed.is_empty() { &here[..] } else { typed };
    typed
        .iter()
        .map(|folder| {
            let absolute = folder
                .canonicalize()
                .map_err(|error| Problem::new(format!("{} can't be scanned: {error}", folder.display())))?;
            if absolute.is_dir() {
                Ok(absolute)
            } else {
                Err(Problem::new(format!("{} is no folder", folder.display()))
                    .hint("name the folder that it stands in"))
            }
        })
        .collect()
}

/// The user's own list of files that git ignores.
fn ignore_file(context: &Context<'_>) -> Option<PathBuf> {
    let home = context.surroundings.home();
    let files = context.surroundings.git_files(None);
    let listed = git_config::read(&files, home.as_deref()).ignore_file;
    let built_in = || context.surroundings.config_home().map(|folder| folder.join("git/ignore"));
    listed.or_else(built_in).filter(|file| file.is_file())
}

impl TreeReport {
    fn new(tree: &TreeScan, said: &[Statement]) -> TreeReport {
        let claims = said.iter().map(|statement| statement.claims.len() as u64);
        TreeReport {
            root: tree.root.clone(),
            repository: tree.repository.clone(),
            branch: tree.branch.clone(),
            scope: tree.scope.to_string(),
            work: tree.is_work,
            is_git: tree.is_git,
            files_walked: tree.files_walked,
            files_read: tree.files_read,
            bytes_read: tree.bytes_read,
            claims: claims.chain(tree.again.iter().map(|part| part.count)).sum(),
            appended: 0,
            unchanged: tree.again.len() as u64,
            unread: tree.unread.len() as u64,
            left_out: tree.left_out.clone(),
        }
    }

    /// Adds what became of some of its statements.
    fn count(&mut self, appended: &[Appended]) {
        let new = appended.iter().filter(|one| one.outcome == Outcome::New).count();
        self.appended += new as u64;
        self.unchanged += (appended.len() - new) as u64;
    }

    /// Whose history it has.
    fn of(&self) -> histories::Of<'_> {
        histories::Of { root: &self.root, repository: &self.repository, branch: &self.branch }
    }

    fn line(&self) -> String {
        let branch = match (self.branch.as_str(), self.work) {
            (NO_BRANCH, _) => String::new(),
            (branch, false) => format!(" @ {branch}"),
            (branch, true) => format!(" @ {branch}, with uncommitted work"),
        };
        let news = match (self.appended, self.claims) {
            (0, _) => "nothing new".to_owned(),
            (_, claims) => counted(claims, "claim", "claims"),
        };
        format!(
            "{}{branch}: {} of {}, {news}",
            tame(&self.repository),
            self.files_read,
            counted(self.files_walked, "file", "files")
        )
    }
}

impl WarningReport {
    /// A sentence about a history, which may end in a hint.
    fn of_history(said: &str, root: &Path) -> WarningReport {
        let (what, hint) = match said.split_once("\n\nhint: ") {
            Some((what, hint)) => (what, Some(hint.to_owned())),
            None => (said, None),
        };
        let what = format!("history: {what}");
        WarningReport::new(Warning { path: String::new(), line: None, what, hint }, root)
    }

    fn new(warning: Warning, root: &Path) -> WarningReport {
        let path = root.join(&warning.path);
        let here = std::env::current_dir().unwrap_or_default();
        let shown = path.strip_prefix(&here).unwrap_or(&path).display().to_string();
        WarningReport {
            path: if shown.is_empty() { ".".to_owned() } else { shown },
            line: warning.line,
            what: warning.what,
            hint: warning.hint,
        }
    }

    fn text(&self) -> String {
        let line = self.line.map_or_else(String::new, |line| format!(":{line}"));
        let hint = self.hint.as_ref().map_or_else(String::new, |hint| format!("\n\nhint: {}", tame(hint)));
        format!("{}{line}: {}{hint}", tame(&self.path), tame(&self.what))
    }
}

impl MissingReport {
    fn text(&self, stave: &str) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        let root = self.root.strip_prefix(&here).unwrap_or(&self.root).display().to_string();
        let how = if self.folder_is_there {
            "has nothing in it that is read any more"
        } else {
            "is not there any more"
        };
        format!(
            "{} {how}: {} was last seen on {}, and its pieces stay on the map as they were\n\nhint: if it is gone for \
             good: {stave} retire {}",
            tame(&root),
            tame(&self.scope),
            day(self.seen),
            quote(&self.scope)
        )
    }
}

impl Report {
    /// The folder that holds `.stave`.
    fn ledger_root(&self) -> PathBuf {
        self.ledger.parent().unwrap_or(&self.ledger).to_owned()
    }

    /// Warnings, then a line for each tree.
    pub(super) fn print(&self, context: &mut Context<'_>) -> anyhow::Result<()> {
        let shown = if context.terminal.is_verbose() { usize::MAX } else { SHOWN_WARNINGS };
        for warning in self.warnings.iter().take(shown) {
            context.terminal.warn(&warning.text());
        }
        let more = self.warnings.len().saturating_sub(shown) as u64;
        if more > 0 {
            context.terminal.warn(&format!(
                "and {} more\n\nhint: --verbose shows all",
                counted(more, "warning", "warnings")
            ));
        }
        for missing in &self.missing {
            let stave = context.typed(&self.ledger_root());
            context.terminal.warn(&missing.text(&stave));
        }
        for tree in &self.trees {
            context.terminal.line(&tree.line())?;
        }
        if let Some(histories) = self.histories() {
            context.terminal.line(&histories)?;
        }
        if let Some(left_out) = self.left_out(context.terminal.is_verbose()) {
            context.terminal.say(&left_out);
        }
        if self.trees.is_empty() {
            context.terminal.warn("there was nothing to read: no repository and no file that a reader knows");
        }
        Ok(())
    }

    /// What was read of histories, all trees together; none where there was nothing new.
    fn histories(&self) -> Option<String> {
        let sum = |of: fn(&HistoryReport) -> u64| self.histories.iter().map(of).sum::<u64>();
        let commits = sum(|history| history.commits);
        if commits == 0 {
            return None;
        }
        let repositories = self.histories.iter().filter(|history| history.commits > 0).count() as u64;
        let mut line = format!(
            "history: {} of {}, {}",
            counted(commits, "new commit", "new commits"),
            counted(repositories, "repository", "repositories"),
            counted(sum(|history| history.changes), "changed file", "changed files"),
        );
        for (count, what) in [
            (sum(|history| history.renames), "renamed"),
            (sum(|history| history.unread), "commits unread"),
            (sum(|history| history.missing_blobs), "contents missing"),
        ] {
            if count > 0 {
                line.push_str(&format!(", {} {what}", grouped(count)));
            }
        }
        Some(line)
    }

    /// Which rules of places left files out, all trees together; a short list unless all are asked for.
    fn left_out(&self, is_verbose: bool) -> Option<String> {
        let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
        for left_out in self.trees.iter().flat_map(|tree| &tree.left_out) {
            *rules.entry(&left_out.rule).or_default() += left_out.files;
        }
        let total: u64 = rules.values().sum();
        let mut rules: Vec<(&str, u64)> = rules.into_iter().collect();
        rules.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let shown = if is_verbose { rules.len() } else { SHOWN_RULES };
        let mut list: Vec<String> = rules
            .iter()
            .take(shown)
            .map(|(rule, files)| format!("{} {}", tame(rule), grouped(*files)))
            .collect();
        if rules.len() > shown {
            list.push(format!("{} more rules (--verbose)", rules.len() - shown));
        }
        (total > 0).then(|| {
            format!(
                "{} left out, as no part of what runs: {}; scan.include in stave.toml reads them",
                counted(total, "file was", "files were"),
                list.join(", ")
            )
        })
    }

    /// How many warnings there were, as words.
    pub(super) fn warning_count(&self) -> String {
        counted(self.warnings.len() as u64, "warning", "warnings")
    }
}
