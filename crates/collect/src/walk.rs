//! The one walk over a folder: every file that git would see, with size and time, and where repositories begin.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ignore::{WalkBuilder, WalkState};

use crate::{Options, Progress, Warning};

/// A file of the walk.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) mtime: Option<(i64, u32)>,
    /// Seconds and nanoseconds of the last change of content, name or rights: nobody can set it.
    pub(crate) changed: (i64, i64),
    pub(crate) inode: u64,
    pub(crate) is_link: bool,
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Sorted by path.
    pub(crate) files: Vec<Found>,
    /// Folders with a `.git`, and bare repositories; sorted.
    pub(crate) roots: BTreeSet<PathBuf>,
    /// Folders that are over the limit of depth or could not be entered.
    pub(crate) unread: Vec<PathBuf>,
    pub(crate) warnings: Vec<Warning>,
    /// The limit of files was reached.
    pub(crate) cut: bool,
}

/// Whether a folder is a bare repository.
pub(crate) fn is_bare(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir()
}

/// Walks a folder in parallel. Links are listed, never followed.
pub(crate) fn walk(top: &Path, in_git: bool, options: &Options, progress: &dyn Progress) -> Walk {
    let threads = threads(options);
    let mut builder = WalkBuilder::new(top);
    builder
        .hidden(false)
        .follow_links(false)
        .ignore(false)
        .git_global(false)
        .git_ignore(true)
        .git_exclude(true)
        // Outside git an ignore file of a folder far above (a home directory's) would hide everything.
        .parents(in_git)
        .require_git(false)
        .max_depth(Some(options.limits.folder_depth))
        .threads(threads);
    if let Some(file) = &options.ignore_file {
        // A broken ignore file only means that more is read.
        let _ = builder.add_ignore(file);
    }
    let shared = Mutex::new(Walk::default());
    let count = AtomicU64::new(0);
    builder.build_parallel().run(|| {
        let mut local = Local { shared: &shared, files: Vec::new(), roots: Vec::new() };
        let (count, limits) = (&count, options.limits);
        Box::new(move |entry| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    local.problem(&error, top);
                    return WalkState::Continue;
                }
            };
            let Some(kind) = entry.file_type() else { return WalkState::Continue };
            let name = entry.file_name();
            if name == ".git" && entry.depth() > 0 {
                if let Some(folder) = entry.path().parent() {
                    local.roots.push(folder.to_path_buf());
                }
                return WalkState::Skip;
            }
            if name == ".stave" && entry.depth() > 0 {
                return WalkState::Skip;
            }
            if kind.is_dir() {
                if name.as_encoded_bytes().ends_with(b".git") && is_bare(entry.path()) {
                    local.roots.push(entry.path().to_path_buf());
                    return WalkState::Skip;
                }
                if entry.depth() >= limits.folder_depth {
                    local.too_deep(entry.path(), limits.folder_depth);
                }
                return WalkState::Continue;
            }
            if !kind.is_file() && !kind.is_symlink() {
                // Sockets, pipes and devices are never opened: reading one could wait for ever.
                return WalkState::Continue;
            }
            let walked = count.fetch_add(1, Ordering::Relaxed) + 1;
            if walked as usize > limits.files {
                local.cut();
                return WalkState::Quit;
            }
            if walked.is_multiple_of(4096) {
                progress.files(walked, 0);
            }
            let meta = entry.metadata().ok();
            let mtime = meta.as_ref().and_then(modified);
            let changed = meta.as_ref().map_or((i64::MAX, 0), |meta| (meta.ctime(), meta.ctime_nsec()));
            local.files.push(Found {
                size: meta.as_ref().map_or(0, std::fs::Metadata::len),
                mtime,
                changed,
                inode: meta.map_or(0, |meta| meta.ino()),
                is_link: kind.is_symlink(),
                path: entry.into_path(),
            });
            WalkState::Continue
        })
    });
    let mut found = shared.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    found.unread.sort_unstable();
    found.warnings.sort_unstable();
    found
}

/// How many threads to use.
pub(crate) fn threads(options: &Options) -> usize {
    match options.threads {
        0 => std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(32),
        some => some.min(256),
    }
}

fn modified(meta: &std::fs::Metadata) -> Option<(i64, u32)> {
    let time = meta.modified().ok()?;
    match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(since) => Some((i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())),
        Err(_) => None,
    }
}

/// One thread's share, given over when the thread ends.
struct Local<'a> {
    shared: &'a Mutex<Walk>,
    files: Vec<Found>,
    roots: Vec<PathBuf>,
}

impl Local<'_> {
    fn with(&self, change: impl FnOnce(&mut Walk)) {
        change(&mut self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    fn problem(&self, error: &ignore::Error, top: &Path) {
        // A faulty pattern in an ignore file is that file's matter; only what can't be read counts.
        let Some(io) = error.io_error() else { return };
        let path = path_of(error).unwrap_or(top).to_path_buf();
        let what = format!("can't be read: {io}");
        self.with(|walk| {
            walk.warnings.push(Warning {
                path: path.to_string_lossy().into_owned(),
                line: None,
                what,
                hint: None,
            });
            walk.unread.push(path);
        });
    }

    fn too_deep(&self, path: &Path, depth: usize) {
        let what = format!("folders deeper than {depth} levels are not read");
        let path = path.to_path_buf();
        self.with(|walk| {
            walk.warnings.push(Warning {
                path: path.to_string_lossy().into_owned(),
                line: None,
                what,
                hint: None,
            });
            walk.unread.push(path);
        });
    }

    fn cut(&self) {
        self.with(|walk| walk.cut = true);
    }
}

impl Drop for Local<'_> {
    fn drop(&mut self) {
        let (files, roots) = (std::mem::take(&mut self.files), std::mem::take(&mut self.roots));
        self.with(|walk| {
            walk.files.extend(files);
            walk.roots.extend(roots);
        });
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        _ => None,
    }
}
