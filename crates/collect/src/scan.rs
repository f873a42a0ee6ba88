//! A scan from folders to statements' parts: find trees, read what the readers want, link, sort.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use stave_model::{Author, Scope, Source};

use crate::again::{self, Print, Sight};
use crate::choice::{Places, counted, merge_settings};
use crate::git::{self, Checkout, Walked};
use crate::limits;
use crate::link::{Sketch, finish};
use crate::parse::{Decoded, Syntax, decode};
use crate::place::{Attributes, LeftOutBy, says_generated};
use crate::readers::{Entry, READERS, SourceFile};
use crate::settings::Settings;
use crate::walk::{Found, threads, walk};
use crate::{LeftOut, Options, Part, People, Progress, Receiver, Scan, ScanError, TreeScan, Warning};

/// Scans folders. Each is a tree, a part of one, or holds several; a repository found under two of them is
/// scanned once. The result doesn't depend on the number of threads or the order of the folders.
///
/// # Errors
/// Where a folder isn't there. What is wrong inside becomes warnings.
pub fn scan(
    folders: &[PathBuf],
    options: &Options,
    people: &dyn People,
    progress: &dyn Progress,
) -> Result<Scan, ScanError> {
    let mut all = All(Vec::new());
    let warnings = scan_for(&mut all, folders, options, people, progress)?;
    let All(mut trees) = all;
    trees.sort_by(|a, b| a.root.cmp(&b.root));
    Ok(Scan { trees, warnings })
}

/// A [`Receiver`] that keeps everything.
struct All(Vec<TreeScan>);

impl Receiver for All {
    type Error = ScanError;

    fn take(&mut self, tree: TreeScan) -> Result<(), ScanError> {
        self.0.push(tree);
        Ok(())
    }
}

/// As [`scan`], for somebody who takes each tree as it is read, so that nobody holds the claims of all. Trees come in a
/// fixed order; those of one folder are sorted by root. Gives the warnings that concern no tree.
///
/// # Errors
/// As [`scan`], and where the receiver fails: nothing is read after that.
pub fn scan_for<R: Receiver>(
    receiver: &mut R,
    folders: &[PathBuf],
    options: &Options,
    people: &dyn People,
    progress: &dyn Progress,
) -> Result<Vec<Warning>, R::Error> {
    let mut warnings = Vec::new();
    let counters = Counters::default();
    let with = With { options, people, progress, counters: &counters };
    for (top, outer) in tops(folders)? {
        let found = walk(&top, outer.is_some(), options, progress);
        counters.walked.fetch_add(found.files.len() as u64, Ordering::Relaxed);
        let mut roots: Vec<PathBuf> = found.roots.iter().cloned().collect();
        let base = outer.clone().unwrap_or_else(|| top.clone());
        if !roots.contains(&base) {
            roots.insert(0, base.clone());
        }
        if outer.is_none() && crate::walk::is_bare(&top) {
            let tree = Tree { root: top.clone(), top, is_git: true, files: Vec::new() };
            receiver.take(tree.scan(&with, receiver, &[], false))?;
            continue;
        }
        let trees = assign(roots, &top, found.files);
        let several = trees.len() > 1;
        if trees.is_empty() {
            warnings.extend(found.warnings.iter().cloned());
        }
        for tree in trees {
            if several && !tree.is_git && !tree.is_wanted() {
                continue;
            }
            progress.tree(&tree.root);
            let unread: Vec<(PathBuf, Option<Warning>)> = found
                .unread
                .iter()
                .filter(|path| path.starts_with(&tree.root))
                .map(|path| {
                    let warning =
                        found.warnings.iter().find(|warning| Path::new(&warning.path) == *path).cloned();
                    (path.clone(), warning)
                })
                .collect();
            receiver.take(tree.scan(&with, receiver, &unread, found.cut))?;
        }
    }
    Ok(warnings)
}

/// The folders to walk, each with the repository that it lies in: real paths, none inside another; folders of one
/// repository become their common parent, for one scope is said once.
fn tops(folders: &[PathBuf]) -> Result<Vec<(PathBuf, Option<PathBuf>)>, ScanError> {
    let mut tops: BTreeMap<PathBuf, Option<PathBuf>> = BTreeMap::new();
    for folder in folders {
        let path = folder
            .canonicalize()
            .map_err(|error| ScanError::Folder { path: folder.clone(), why: error.to_string() })?;
        if !path.is_dir() {
            return Err(ScanError::NoFolder(folder.clone()));
        }
        let outer = path.ancestors().find(|folder| folder.join(".git").exists()).map(Path::to_path_buf);
        tops.insert(path, outer);
    }
    let mut out: Vec<(PathBuf, Option<PathBuf>)> = Vec::new();
    for (path, outer) in tops {
        if out.iter().any(|(other, _)| path.starts_with(other)) {
            continue;
        }
        match out.iter_mut().find(|(_, other)| other.is_some() && *other == outer) {
            Some((other, _)) => {
                let common: PathBuf = other
                    .components()
                    .zip(path.components())
                    .take_while(|(a, b)| a == b)
                    .map(|(a, _)| a)
                    .collect();
                *other = common;
            }
            None => out.push((path, outer)),
        }
    }
    Ok(out)
}

/// What all trees of a scan are read with.
struct With<'a> {
    options: &'a Options,
    people: &'a dyn People,
    progress: &'a dyn Progress,
    counters: &'a Counters,
}

struct Tree {
    root: PathBuf,
    /// The folder that was pointed at: the root, a folder in it, or one above it.
    top: PathBuf,
    is_git: bool,
    files: Vec<Found>,
}

/// Gives each file to the innermost tree that it lies in.
fn assign(roots: Vec<PathBuf>, top: &Path, files: Vec<Found>) -> Vec<Tree> {
    let mut trees: Vec<Tree> = roots
        .into_iter()
        .map(|root| {
            let is_git = root.join(".git").exists() || crate::walk::is_bare(&root);
            Tree { root, top: top.to_path_buf(), is_git, files: Vec::new() }
        })
        .collect();
    trees.sort_by(|a, b| a.root.cmp(&b.root));
    // Both lists are sorted part by part, so a stack of the open trees is enough.
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for file in files {
        while next < trees.len() && trees[next].root <= file.path {
            while open.last().is_some_and(|last| !trees[next].root.starts_with(&trees[*last].root)) {
                open.pop();
            }
            open.push(next);
            next += 1;
        }
        while open.last().is_some_and(|last| !file.path.starts_with(&trees[*last].root)) {
            open.pop();
        }
        if let Some(last) = open.last() {
            trees[*last].files.push(file);
        }
    }
    trees
}

#[derive(Default)]
struct Counters {
    walked: AtomicU64,
    read: AtomicU64,
}

/// One file to read, with the readers that want it (positions in the table).
struct Job {
    path: String,
    source: JobSource,
    wanted: Vec<usize>,
    /// The tree's settings ask for it, whatever it says of itself.
    is_asked: bool,
}

enum JobSource {
    Disk(PathBuf, u64),
    Blob(gix::ObjectId),
}

/// What came of a job.
#[derive(Default)]
struct Done {
    job: usize,
    facts: Vec<(usize, Box<dyn std::any::Any + Send>)>,
    warnings: Vec<Warning>,
    /// Readers that could not read it.
    unread: Vec<usize>,
    bytes: u64,
    /// It says that a program wrote it.
    is_generated: bool,
}

fn is_attributes(path: &str) -> bool {
    crate::link::base_name(path) == ".gitattributes"
}

fn relative(path: &Path, root: &Path) -> Option<String> {
    let path = path.strip_prefix(root).ok()?.to_str()?;
    if cfg!(windows) { Some(path.replace('\\', "/")) } else { Some(path.to_owned()) }
}

impl Tree {
    /// Whether any reader wants any of its files.
    fn is_wanted(&self) -> bool {
        self.files.iter().filter_map(|file| relative(&file.path, &self.root)).any(|path| {
            let name = crate::link::base_name(&path).to_ascii_lowercase();
            READERS.iter().any(|reader| (reader.wants)(&path, &name))
        })
    }

    /// The folder inside the root that was pointed at, with a `/` behind it; empty for the whole tree.
    fn prefix(&self) -> String {
        match relative(&self.top, &self.root) {
            Some(path) if !path.is_empty() => format!("{path}/"),
            _ => String::new(),
        }
    }

    fn scan<R: Receiver>(
        &self,
        with: &With<'_>,
        receiver: &R,
        problems: &[(PathBuf, Option<Warning>)],
        cut: bool,
    ) -> TreeScan {
        let With { options, people, progress, counters } = *with;
        let mut warnings = Vec::new();
        let mut unread: BTreeSet<String> = BTreeSet::new();
        let prefix = self.prefix();
        if !prefix.is_empty() {
            unread.insert(format!("!{prefix}"));
        }
        for (path, warning) in problems {
            let inside = relative(path, &self.root).unwrap_or_else(|| path.to_string_lossy().into_owned());
            if let Some(warning) = warning {
                warnings.push(Warning { path: inside.clone(), ..warning.clone() });
            }
            unread.insert(if path.is_file() { inside } else { format!("{inside}/") });
        }
        let checkout = if self.is_git { self.open(options, &mut warnings) } else { None };
        let unwalked: Vec<PathBuf> = problems.iter().map(|(path, _)| path.clone()).collect();
        let sight = Sight {
            root: &self.root,
            prefix: &prefix,
            files: &self.files,
            checkout: checkout.as_ref(),
            problems: &unwalked,
            cut,
        };
        let print = again::print(&sight, options);
        if let Some(known) = receiver.recall(&self.root, &print.hash) {
            return known;
        }
        let from_commit = checkout.as_ref().is_some_and(|checkout| options.from_commit || checkout.bare);
        let Chosen { jobs, files, settings, is_dirty, mut left_out } = match &checkout {
            Some(checkout) if from_commit => {
                self.commit_jobs(checkout, &prefix, options, &mut warnings, &mut unread)
            }
            _ => self.disk_jobs(checkout.as_ref(), &prefix, &mut warnings, &mut unread),
        };
        if cut {
            warnings.push(Warning {
                path: String::new(),
                line: None,
                what: format!("more than {} files: the rest was not walked", options.limits.files),
                hint: Some("scan its folders one by one".to_owned()),
            });
            unread.extend(files.iter().map(|file| match file.split_once('/') {
                Some((folder, _)) => format!("{folder}/"),
                None => file.clone(),
            }));
        }
        let walked = files.len() as u64;
        let named = checkout.as_ref().and_then(|checkout| checkout.origin.clone());
        let needs_root = named.is_none() && settings.name.is_none();
        let git_dir =
            checkout.as_ref().filter(|_| needs_root).map(|checkout| checkout.repo.git_dir().to_path_buf());
        // Going back to the root commit takes as long as reading the files; both at once is half of it.
        let (done, rooted) = std::thread::scope(|scope| {
            let rooted = git_dir.map(|folder| scope.spawn(move || git::rooted_name(&folder)));
            let done = run(&jobs, checkout.as_ref(), options, progress, counters);
            (done, rooted.and_then(|thread| thread.join().ok().flatten()))
        });
        let repository = match named {
            Some(origin) => origin,
            None => {
                let name = settings.name.as_deref();
                git::local_name(checkout.as_ref(), rooted, &self.root, name, options, &mut warnings)
            }
        };
        let generated = done.iter().filter(|done| done.is_generated).count() as u64;
        if generated > 0 {
            left_out.insert(LeftOutBy::Marker, generated);
        }
        let (facts, reader_unread, files_read, bytes_read) = gather(&jobs, done, &mut warnings);

        let mut sketch = Sketch::new(&repository, people, files);
        sketch.tools = settings.tools;
        // What is wrong with the estate's rows is said where the estate's settings are read.
        sketch.tools.extend(crate::tools::rows_in(&options.estate_settings).map(|(table, _)| table));
        let mut parts = vec![git::part(&repository, checkout.as_ref())];
        for (reader, facts) in READERS.iter().zip(facts) {
            (reader.link)(facts, &mut sketch);
        }
        let mut claims = finish(&mut sketch);
        warnings.append(&mut sketch.warnings);
        let mut authors: BTreeMap<&str, (u32, BTreeSet<String>)> = BTreeMap::new();
        for (reader, unread) in READERS.iter().zip(reader_unread) {
            let slot = authors.entry(reader.name).or_default();
            slot.0 = slot.0.max(reader.rules);
            slot.1.extend(unread);
        }
        for (name, (rules, mut own)) in authors {
            let Some(author) = author(name) else { continue };
            own.extend(unread.iter().cloned());
            parts.push(Part {
                author,
                rules,
                unread: own.into_iter().take(stave_model::limits::UNREAD).collect(),
                claims: claims.remove(name).unwrap_or_default(),
            });
        }
        warnings.sort_unstable();
        warnings.dedup();
        let too_many = warnings.len().saturating_sub(limits::WARNINGS);
        if too_many > 0 {
            warnings.truncate(limits::WARNINGS);
            warnings.push(Warning {
                path: String::new(),
                line: None,
                what: format!("{too_many} more warnings are not shown"),
                hint: None,
            });
        }
        self.result(
            repository,
            checkout.as_ref(),
            is_dirty,
            options,
            &print,
            TreeNumbers { left_out: counted(left_out), walked, files_read, bytes_read },
            parts,
            unread,
            warnings,
        )
    }

    #[expect(clippy::too_many_arguments, reason = "the last step puts everything together, once")]
    fn result(
        &self,
        repository: String,
        checkout: Option<&Checkout>,
        is_dirty: bool,
        options: &Options,
        print: &Print,
        numbers: TreeNumbers,
        parts: Vec<Part>,
        unread: BTreeSet<String>,
        warnings: Vec<Warning>,
    ) -> TreeScan {
        let branch = checkout.map_or(git::NO_BRANCH, |checkout| checkout.branch.as_str()).to_owned();
        let commit = checkout.and_then(|checkout| checkout.commit.as_ref());
        let source = match commit {
            Some(commit) if !is_dirty => Source { at: Some(commit.time), id: Some(commit.id.clone()) },
            Some(commit) => Source { at: Some(options.now), id: Some(format!("{}+work", commit.id)) },
            None => Source { at: Some(options.now), id: None },
        };
        let work = if is_dirty { "+work" } else { "" };
        TreeScan {
            scope: scope(&repository, &branch, work),
            repository,
            branch,
            source,
            root: self.root.clone(),
            is_work: is_dirty,
            is_git: checkout.is_some(),
            parts,
            again: Vec::new(),
            fingerprint: print.is_settled.then_some(print.hash),
            unread: unread.into_iter().collect(),
            warnings,
            files_walked: numbers.walked,
            files_read: numbers.files_read,
            bytes_read: numbers.bytes_read,
            left_out: numbers.left_out,
        }
    }

    fn open(&self, options: &Options, warnings: &mut Vec<Warning>) -> Option<Checkout> {
        match git::open(&self.root, options) {
            Ok(checkout) => Some(checkout),
            Err(why) => {
                warnings.push(Warning {
                    path: ".git".to_owned(),
                    line: None,
                    what: format!("not readable as a git repository: {why}"),
                    hint: Some("`git status` in that folder says more".to_owned()),
                });
                None
            }
        }
    }

    /// Jobs for the files of the work tree; the walk's files; settings; whether something is uncommitted.
    fn disk_jobs(
        &self,
        checkout: Option<&Checkout>,
        prefix: &str,
        warnings: &mut Vec<Warning>,
        unread: &mut BTreeSet<String>,
    ) -> Chosen {
        let mut is_dirty = false;
        if let Some(checkout) = checkout {
            let walked: Vec<Walked> = self
                .files
                .iter()
                .filter_map(|file| {
                    let path = file.path.strip_prefix(&self.root).ok()?;
                    Some(Walked {
                        path: path.as_os_str().as_encoded_bytes().to_vec(),
                        size: file.size,
                        mtime: file.mtime,
                        is_link: file.is_link,
                    })
                })
                .collect();
            let (dirty, sparse) = checkout.compare(&self.root, prefix, &walked);
            is_dirty = dirty;
            unread.extend(sparse);
        }
        let mut files: Vec<(String, &Found)> = Vec::new();
        for file in &self.files {
            match relative(&file.path, &self.root) {
                Some(path) if file.is_link || !path.chars().any(char::is_control) => files.push((path, file)),
                _ => {
                    let path = file.path.strip_prefix(&self.root).unwrap_or(&file.path);
                    let path: String = path
                        .to_string_lossy()
                        .chars()
                        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                        .collect();
                    warnings.push(Warning {
                        path: path.clone(),
                        line: None,
                        what: "its path is not UTF-8 or has control characters; it was not read".to_owned(),
                        hint: Some("rename it".to_owned()),
                    });
                    unread.insert(path);
                }
            }
        }
        // Bytewise, not part by part: looking files up by prefix relies on it.
        files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let own = |path: &str| files.iter().find(|(name, file)| name == path && !file.is_link);
        let mut settings = Settings::default();
        let mut setting_files = vec![String::new()];
        if !prefix.is_empty() {
            setting_files.push(prefix.to_owned());
        }
        for folder in setting_files {
            let path = format!("{folder}stave.toml");
            let on_disk = self.root.join(&path);
            // At the root of a partly scanned repository the walk hasn't seen it.
            let is_above = folder.is_empty() && !prefix.is_empty();
            let is_there = own(&path).is_some()
                || is_above && on_disk.symlink_metadata().is_ok_and(|meta| meta.is_file());
            if is_there && let Ok((_, Some(bytes))) = read_limited(&on_disk, limits::FILE_BYTES) {
                merge_settings(&mut settings, &path, &bytes, self.is_git, warnings);
            }
        }
        let mut attributes = Attributes::default();
        for (path, file) in files.iter().filter(|(path, file)| is_attributes(path) && !file.is_link) {
            if let Ok((_, Some(bytes))) = read_limited(&file.path, limits::FILE_BYTES)
                && let Decoded::Text(text) = decode(&bytes)
            {
                attributes.add(path, &text);
            }
        }
        let mut places = Places { prefix, settings: &settings, attributes, left_out: BTreeMap::new() };
        let mut jobs = Vec::new();
        for (path, file) in files.iter().filter(|(_, file)| !file.is_link) {
            let wanted = places.wanted(path);
            if !wanted.is_empty() {
                let source = JobSource::Disk(file.path.clone(), file.size);
                jobs.push(Job { path: path.clone(), source, wanted, is_asked: places.is_included(path) });
            }
        }
        let left_out = places.left_out;
        let files = files.into_iter().map(|(path, _)| path).collect();
        Chosen { jobs, files, settings, is_dirty, left_out }
    }

    /// Jobs for the files of HEAD's tree.
    fn commit_jobs(
        &self,
        checkout: &Checkout,
        prefix: &str,
        options: &Options,
        warnings: &mut Vec<Warning>,
        unread: &mut BTreeSet<String>,
    ) -> Chosen {
        let mut files = checkout.files_of_commit(prefix).unwrap_or_else(|why| {
            warnings.push(Warning {
                path: ".git".to_owned(),
                line: None,
                what: format!("the commit's tree can't be read: {why}"),
                hint: None,
            });
            unread.insert(if prefix.is_empty() { "./".to_owned() } else { prefix.to_owned() });
            Vec::new()
        });
        files.retain(|(path, _)| !path.chars().any(char::is_control));
        files.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let mut settings = Settings::default();
        for path in ["stave.toml".to_owned(), format!("{prefix}stave.toml")] {
            let blob = files.iter().find(|(name, _)| *name == path).map(|(_, id)| *id);
            if let Some(Ok((_, Some(bytes)))) = blob.map(|id| checkout.blob(id, options.limits.file_bytes)) {
                merge_settings(&mut settings, &path, &bytes, self.is_git, warnings);
            }
        }
        let mut attributes = Attributes::default();
        for (path, id) in files.iter().filter(|(path, _)| is_attributes(path)) {
            if let Ok((_, Some(bytes))) = checkout.blob(*id, options.limits.file_bytes)
                && let Decoded::Text(text) = decode(&bytes)
            {
                attributes.add(path, &text);
            }
        }
        let mut places = Places { prefix, settings: &settings, attributes, left_out: BTreeMap::new() };
        let mut jobs = Vec::new();
        for (path, id) in &files {
            let wanted = places.wanted(path);
            if !wanted.is_empty() {
                let source = JobSource::Blob(*id);
                jobs.push(Job { path: path.clone(), source, wanted, is_asked: places.is_included(path) });
            }
        }
        let left_out = places.left_out;
        let files = files.into_iter().map(|(path, _)| path).collect();
        Chosen { jobs, files, settings, is_dirty: false, left_out }
    }
}

/// What is to be read of a tree.
struct Chosen {
    jobs: Vec<Job>,
    /// The walk's files.
    files: Vec<String>,
    settings: Settings,
    /// Something is uncommitted.
    is_dirty: bool,
    left_out: BTreeMap<LeftOutBy, u64>,
}

struct TreeNumbers {
    left_out: Vec<LeftOut>,
    walked: u64,
    files_read: u64,
    bytes_read: u64,
}

fn scope(repository: &str, branch: &str, work: &str) -> Scope {
    let clean: String = branch.chars().filter(|c| !c.is_control()).take(1_000).collect();
    // The first form has no control characters and is short, the second is a constant.
    format!("repo:{repository}@{clean}{work}").parse().unwrap_or_else(|_| fallback_scope())
}

fn fallback_scope() -> Scope {
    match "repo:-/tree@-".parse() {
        Ok(scope) => scope,
        Err(_) => unreachable!("a constant in the form of a scope"),
    }
}

fn author(name: &str) -> Option<Author> {
    format!("collector:{name}").parse().ok()
}

/// Reads all jobs on several threads; the result is in the order of the jobs.
fn run(
    jobs: &[Job],
    checkout: Option<&Checkout>,
    options: &Options,
    progress: &dyn Progress,
    counters: &Counters,
) -> Vec<Done> {
    let next = AtomicUsize::new(0);
    let budget = AtomicU64::new(options.limits.tree_bytes);
    let all = Mutex::new(Vec::with_capacity(jobs.len()));
    let needs_blobs = jobs.iter().any(|job| matches!(job.source, JobSource::Blob(_)));
    // A repository handle belongs to one thread; opening another is cheap.
    let git_dir = checkout.filter(|_| needs_blobs).map(|checkout| checkout.repo.git_dir().to_path_buf());
    let work = || {
        let blobs = git_dir.as_ref().and_then(|folder| git::open_plain(folder));
        let mut done = Vec::new();
        loop {
            // Several at a time: most files are a few microseconds' work.
            let from = next.fetch_add(8, Ordering::Relaxed);
            if from >= jobs.len() {
                break;
            }
            for (job, index) in jobs[from..].iter().zip(from..).take(8) {
                done.push(read(job, index, blobs.as_ref(), options, &budget));
                let read = counters.read.fetch_add(1, Ordering::Relaxed) + 1;
                if read.is_multiple_of(256) {
                    progress.files(counters.walked.load(Ordering::Relaxed), read);
                }
            }
        }
        all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(done);
    };
    let count = threads(options).min(jobs.len() / 16 + 1);
    std::thread::scope(|scope| {
        for _ in 1..count {
            scope.spawn(work);
        }
        work();
    });
    let mut done: Vec<Done> = all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|done| done.job);
    done
}

/// A file's size and, where that is within the limit, its bytes. Links are not followed.
fn read_limited(path: &Path, limit: u64) -> std::io::Result<(u64, Option<Vec<u8>>)> {
    let meta = std::fs::symlink_metadata(path)?;
    if !meta.is_file() {
        return Err(std::io::Error::other("no plain file"));
    }
    if meta.len() > limit {
        return Ok((meta.len(), None));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or(0) + 1);
    std::fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    let size = bytes.len() as u64;
    Ok((size, (size <= limit).then_some(bytes)))
}

fn read(
    job: &Job,
    index: usize,
    blobs: Option<&gix::Repository>,
    options: &Options,
    budget: &AtomicU64,
) -> Done {
    let mut done = Done { job: index, ..Done::default() };
    let limit = options.limits.file_bytes;
    let bytes = match &job.source {
        JobSource::Disk(_, size) if *size > limit => Ok((*size, None)),
        JobSource::Disk(path, _) => read_limited(path, limit).map_err(|error| error.to_string()),
        JobSource::Blob(id) => match blobs {
            Some(repo) => blob(repo, *id, limit),
            None => Err("the repository is closed".to_owned()),
        },
    };
    let fail = |done: &mut Done, line: Option<u32>, what: String, hint: Option<&str>| {
        done.warnings.push(Warning { path: job.path.clone(), line, what, hint: hint.map(str::to_owned) });
        done.unread = job.wanted.clone();
    };
    let bytes = match bytes {
        Ok((_, Some(bytes))) => bytes,
        Ok((size, None)) => {
            let what = format!("{size} bytes are over the limit of {limit}; it was not read");
            fail(&mut done, None, what, Some("leave it out with scan.exclude in stave.toml"));
            return done;
        }
        Err(why) => {
            fail(&mut done, None, format!("can't be read: {why}"), None);
            return done;
        }
    };
    let size = bytes.len() as u64;
    let taken = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(size));
    if taken.is_err() {
        let what =
            format!("the tree's limit of {} bytes is reached; it was not read", options.limits.tree_bytes);
        fail(&mut done, None, what, None);
        return done;
    }
    done.bytes = size;
    match decode(&bytes) {
        Decoded::Text(text) => read_text(job, &text, &mut done),
        Decoded::Binary => {}
        Decoded::NotUtf8(line) => {
            fail(
                &mut done,
                Some(line),
                "neither UTF-8 nor UTF-16; it was not read".to_owned(),
                Some("save it as UTF-8"),
            );
        }
    }
    done
}

fn blob(repo: &gix::Repository, id: gix::ObjectId, limit: u64) -> Result<(u64, Option<Vec<u8>>), String> {
    let size = repo.find_header(id).map_err(|error| error.to_string())?.size();
    if size > limit {
        return Ok((size, None));
    }
    let object = repo.find_object(id).map_err(|error| error.to_string())?;
    Ok((size, Some(object.detach().data)))
}

fn read_text(job: &Job, text: &str, done: &mut Done) {
    if !job.is_asked && Syntax::of(&job.path).is_some() && says_generated(text) {
        done.is_generated = true;
        return;
    }
    let file = SourceFile::new(&job.path, text);
    for index in &job.wanted {
        let reader: &Entry = &READERS[*index];
        if !reader.triggers.is_empty() && !reader.triggers.iter().any(|trigger| text.contains(trigger)) {
            continue;
        }
        // The parsers are other people's code: a defect there costs this file, not the scan.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| (reader.read)(&file)));
        match result {
            Ok(Ok(Some(facts))) => done.facts.push((*index, facts)),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => {
                // One file is one warning, whoever wanted it.
                if done.warnings.is_empty() {
                    let warning =
                        Warning { path: job.path.clone(), line: error.line, what: error.what, hint: None };
                    done.warnings.push(warning);
                }
                done.unread.push(*index);
            }
            Err(_) => {
                if done.warnings.is_empty() {
                    let what = "a parser failed on it; it was not read".to_owned();
                    done.warnings.push(Warning { path: job.path.clone(), line: None, what, hint: None });
                }
                done.unread.push(*index);
            }
        }
    }
}

type ReaderFacts = Vec<Vec<(String, Box<dyn std::any::Any + Send>)>>;

/// Sorts what came of the jobs by reader.
fn gather(
    jobs: &[Job],
    done: Vec<Done>,
    warnings: &mut Vec<Warning>,
) -> (ReaderFacts, Vec<Vec<String>>, u64, u64) {
    let mut facts: ReaderFacts = READERS.iter().map(|_| Vec::new()).collect();
    let mut unread: Vec<Vec<String>> = READERS.iter().map(|_| Vec::new()).collect();
    let (mut files, mut bytes) = (0, 0);
    for one in done {
        let path = &jobs[one.job].path;
        files += u64::from(one.bytes > 0);
        bytes += one.bytes;
        warnings.extend(one.warnings);
        for (reader, fact) in one.facts {
            facts[reader].push((path.clone(), fact));
        }
        for reader in one.unread {
            unread[reader].push(path.clone());
        }
    }
    (facts, unread, files, bytes)
}
