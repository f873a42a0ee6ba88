//! What git says about a tree: whose repository, which branch and commit, whether something is uncommitted.
//!
//! Only the repository's own files are read: no user or system configuration, no environment, no program is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gix::bstr::{BStr, ByteSlice};
use gix::index::entry::{Flags, Mode};
use serde_json::Value;
use stave_model::{Basis, Claim, Reference, Time};

use crate::{Options, Part, Warning};

/// The branch of a folder without git.
pub(crate) const NO_BRANCH: &str = "-";
/// The branch of a commit that no branch is known for.
pub(crate) const DETACHED: &str = "detached";

/// A repository on this machine.
pub(crate) struct Checkout {
    pub(crate) repo: gix::Repository,
    /// `HOST/PATH`, where origin has a host.
    pub(crate) origin: Option<String>,
    pub(crate) branch: String,
    pub(crate) commit: Option<Commit>,
    /// What origin/HEAD says.
    pub(crate) default_branch: Option<String>,
    pub(crate) bare: bool,
}

/// The commit that is checked out.
pub(crate) struct Commit {
    pub(crate) id: String,
    pub(crate) time: Time,
}

/// A file that the walk found, as the index would know it.
pub(crate) struct Walked {
    /// Relative to the repository's root, with `/`.
    pub(crate) path: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) mtime: Option<(i64, u32)>,
    pub(crate) is_link: bool,
}

/// `HOST/PATH` of a remote's URL: lower case, without user, port and `.git`. `None` for a path on this machine.
pub fn repository_of_url(url: &str) -> Option<String> {
    let url = url.trim();
    let (host, path) = match url.split_once("://") {
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return None,
        Some((_, rest)) => {
            let (authority, path) = rest.split_once('/')?;
            let host = authority.rsplit('@').next()?;
            // A port is cut off; a bracketed address keeps its colons inside.
            let host = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some((inner, _)) => inner.to_owned(),
                None => host.split(':').next()?.to_owned(),
            };
            (host, path)
        }
        None => scp_form(url)?,
    };
    let path = path.split(['?', '#']).next()?;
    let path = path.to_lowercase();
    let names_something = |part: &str| !matches!(part, "" | "." | "..");
    let mut parts: Vec<&str> = path.split('/').filter(|part| names_something(part)).collect();
    // What is left of a name that is nothing but `.git`, and dots before it, is no name.
    while let Some(part) = parts.last().and_then(|last| last.strip_suffix(".git")) {
        parts.pop();
        if names_something(part) {
            parts.push(part);
        }
    }
    let path = parts.join("/").replace('@', "%40");
    let host = host.trim_end_matches('.').to_lowercase();
    let bad = |c: char| c.is_whitespace() || c.is_control();
    let ok = !host.is_empty()
        && host != "-"
        && !path.is_empty()
        && !host.contains(|c| bad(c) || matches!(c, '?' | '#' | '@' | '[' | ']'))
        && !path.contains(bad)
        && host.len() + path.len() < 1_000;
    ok.then(|| format!("{host}/{path}"))
}

/// Host and path of `[user@]host:path`, `[user@][host]:path` and `[user@host:port]:path`; none where it is a path here.
fn scp_form(url: &str) -> Option<(String, &str)> {
    let behind_user = match url.split_once('@') {
        Some((user, rest)) if !user.contains([':', '[']) => rest,
        _ => url,
    };
    let (host, path) = match behind_user.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        Some((inner, path)) => {
            let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let inner = inner.rsplit('@').next()?;
            // Of an address in IPv6, the brackets hold several colons.
            (inner.split_once(':').filter(|(_, port)| is_port(port)).map_or(inner, |(host, _)| host), path)
        }
        None => {
            let (front, path) = url.split_once(':')?;
            (front.rsplit('@').next()?, path)
        }
    };
    // A slash before the colon means a path, and so does a drive's letter.
    let front = &url[..url.len() - path.len()];
    let is_path = front.contains('/') || front.len() < 3 || path.starts_with('\\');
    (!is_path).then(|| (host.to_owned(), path))
}

/// A part of a repository's name that comes from a folder or a setting: lower case, without characters that
/// mean something in scopes and references.
pub(crate) fn name_part(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase).take(100) {
        if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    let out = out.trim_matches('-').to_owned();
    if out.is_empty() { "tree".to_owned() } else { out }
}

/// Another handle of an open repository.
pub(crate) fn open_plain(git_dir: &Path) -> Option<gix::Repository> {
    gix::open_opts(git_dir, gix::open::Options::isolated().open_path_as_is(true)).ok()
}

/// Opens the repository whose `.git` (or whose bare folder) `root` is.
///
/// # Errors
/// Where git's files there can't be read.
pub(crate) fn open(root: &Path, options: &Options) -> Result<Checkout, String> {
    let repo = gix::open_opts(root, gix::open::Options::isolated()).map_err(|error| error.to_string())?;
    let origin = repo
        .config_snapshot()
        .string("remote.origin.url")
        .and_then(|url| url.to_str().ok().and_then(repository_of_url));
    let default_branch = repo
        .try_find_reference("refs/remotes/origin/HEAD")
        .ok()
        .flatten()
        .and_then(|reference| reference.target().try_name().map(|name| name.as_bstr().to_string()))
        .and_then(|name| name.strip_prefix("refs/remotes/origin/").map(str::to_owned));
    let commit = repo.head_commit().ok().map(|commit| Commit {
        id: commit.id().to_string(),
        time: Time::from_millis(commit.time().map_or(0, |time| time.seconds.saturating_mul(1000))),
    });
    let head = repo.head_name().ok().flatten();
    let named = head.and_then(|name| {
        name.as_bstr().to_str().ok().and_then(|name| name.strip_prefix("refs/heads/")).map(str::to_owned)
    });
    let branch = match named {
        Some(name) => name,
        None => {
            options.branch.clone().or_else(|| branch_of_commit(&repo)).unwrap_or_else(|| DETACHED.to_owned())
        }
    };
    let bare = repo.workdir().is_none();
    Ok(Checkout { repo, origin, branch, commit, default_branch, bare })
}

/// The one branch of origin at the checked-out commit, if it is one.
fn branch_of_commit(repo: &gix::Repository) -> Option<String> {
    let head = repo.head_id().ok()?.detach();
    let mut found: Option<String> = None;
    let platform = repo.references().ok()?;
    for reference in platform.prefixed(b"refs/remotes/origin/".as_bstr()).ok()?.filter_map(Result::ok) {
        let Some(id) = reference.try_id() else { continue };
        let name = reference.name().as_bstr().to_str().ok()?.strip_prefix("refs/remotes/origin/")?.to_owned();
        if id.detach() == head && name != "HEAD" && found.replace(name).is_some() {
            return None;
        }
    }
    found
}

/// `FOLDER-ROOT8` for a repository without a host: its main folder and its first-parent root commit.
/// `None` where history doesn't reach back to a root.
pub(crate) fn rooted_name(git_dir: &Path) -> Option<String> {
    let repo = open_plain(git_dir)?;
    if repo.is_shallow().unwrap_or(true) {
        return None;
    }
    let head = repo.head_id().ok()?;
    let walk = head.ancestors().first_parent_only().all().ok()?;
    let mut last = None;
    for info in walk {
        last = Some(info.ok()?.id);
    }
    let common = repo.common_dir().canonicalize().ok()?;
    let folder =
        if common.file_name().is_some_and(|name| name == ".git") { common.parent()? } else { &common };
    let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let name = name.strip_suffix(".git").unwrap_or(&name).to_owned();
    Some(format!("{}-{}", name_part(&name), &last?.to_string()[..8]))
}

impl Checkout {
    /// Compares what the walk found with the index, and the index with the commit. Returns whether anything
    /// is uncommitted, and the paths that a sparse checkout left out.
    ///
    /// A file is looked into only where its size and time don't settle it.
    pub(crate) fn compare(&self, root: &Path, prefix: &str, files: &[Walked]) -> (bool, Vec<String>) {
        let mut sparse = Vec::new();
        let Ok(Some(index)) = self.repo.try_index() else { return (!files.is_empty(), sparse) };
        let mut dirty = !self.index_is_commit(&index, prefix);
        let mut walked: BTreeMap<&[u8], &Walked> =
            files.iter().map(|file| (file.path.as_slice(), file)).collect();
        let stamp = index.timestamp();
        for entry in index.entries() {
            let path: &BStr = entry.path(&index);
            if !path.starts_with(prefix.as_bytes()) || is_own(path) {
                continue;
            }
            let found = walked.remove(path.as_bytes());
            if entry.flags.contains(Flags::SKIP_WORKTREE) || entry.mode == Mode::DIR {
                if found.is_none() {
                    sparse.push(path.to_str_lossy().into_owned());
                }
                continue;
            }
            if dirty || entry.mode == Mode::COMMIT {
                continue;
            }
            let changed = match found {
                Some(file) => {
                    let same_stat = file.size as u32 == entry.stat.size
                        && file.mtime.is_some_and(|(secs, nanos)| {
                            // Git writes 0 nanoseconds where it was built without them.
                            secs as u32 == entry.stat.mtime.secs
                                && (entry.stat.mtime.nsecs == 0 || nanos == entry.stat.mtime.nsecs)
                        })
                        && (entry.mode == Mode::SYMLINK) == file.is_link;
                    let racy = stamp.unix_seconds() < i64::from(entry.stat.mtime.secs)
                        || (stamp.unix_seconds() == i64::from(entry.stat.mtime.secs)
                            && (entry.stat.mtime.nsecs == 0
                                || stamp.nanoseconds() <= entry.stat.mtime.nsecs));
                    (!same_stat || racy)
                        && !self.same_content(&root.join(as_path(path)), entry.id, file.is_link)
                }
                // Tracked though ignored, or under a folder that the walk leaves out: look at it alone.
                None => match std::fs::symlink_metadata(root.join(as_path(path))) {
                    Ok(meta) => {
                        meta.len() as u32 != entry.stat.size
                            && !self.same_content(&root.join(as_path(path)), entry.id, meta.is_symlink())
                    }
                    Err(_) => true,
                },
            };
            dirty |= changed;
        }
        dirty |= !walked.is_empty();
        sparse.sort_unstable();
        (dirty, sparse)
    }

    fn same_content(&self, path: &Path, id: gix::ObjectId, is_link: bool) -> bool {
        let bytes = if is_link {
            std::fs::read_link(path).map(|target| target.as_os_str().as_encoded_bytes().to_vec())
        } else {
            std::fs::read(path)
        };
        let Ok(bytes) = bytes else { return false };
        let is = |bytes: &[u8]| {
            gix::objs::compute_hash(self.repo.object_hash(), gix::objs::Kind::Blob, bytes)
                .is_ok_and(|found| found == id)
        };
        // Line ends that git converts on checkout are no change.
        is(&bytes) || (bytes.contains(&b'\r') && is(&bytes.replace(b"\r\n", b"\n")))
    }

    fn index_is_commit(&self, index: &gix::index::File, prefix: &str) -> bool {
        let Ok(tree) = self.repo.head_tree_id_or_empty() else { return false };
        if let Some(cached) = index.tree()
            && cached.num_entries.is_some()
        {
            return cached.id == tree.detach();
        }
        let Ok(committed) = self.repo.index_from_tree(&tree) else { return false };
        let list = |file: &gix::index::File| -> Vec<(Vec<u8>, gix::ObjectId)> {
            file.entries()
                .iter()
                .map(|entry| (entry.path(file).to_vec(), entry.id))
                .filter(|(path, _)| path.starts_with(prefix.as_bytes()) && !is_own(path.as_bstr()))
                .collect()
        };
        index.is_sparse() || list(index) == list(&committed)
    }

    /// Every file of the commit below a prefix: path and blob. Links and submodules are left out.
    ///
    /// # Errors
    /// Where an object of the commit's trees is missing.
    pub(crate) fn files_of_commit(&self, prefix: &str) -> Result<Vec<(String, gix::ObjectId)>, String> {
        let Some(_) = self.commit else { return Ok(Vec::new()) };
        let tree = self.repo.head_tree_id().map_err(|error| error.to_string())?;
        let index = self.repo.index_from_tree(&tree).map_err(|error| error.to_string())?;
        Ok(index
            .entries()
            .iter()
            .filter(|entry| matches!(entry.mode, Mode::FILE | Mode::FILE_EXECUTABLE))
            .filter_map(|entry| entry.path(&index).to_str().ok().map(|path| (path.to_owned(), entry.id)))
            .filter(|(path, _)| path.starts_with(prefix) && !is_own(path.as_bytes().as_bstr()))
            .collect())
    }

    /// A blob's size and, where that is at most `limit`, its bytes.
    ///
    /// # Errors
    /// Where the object is missing (a partial clone) or damaged.
    pub(crate) fn blob(&self, id: gix::ObjectId, limit: u64) -> Result<(u64, Option<Vec<u8>>), String> {
        let header = self.repo.find_header(id).map_err(|error| error.to_string())?;
        if header.size() > limit {
            return Ok((header.size(), None));
        }
        let object = self.repo.find_object(id).map_err(|error| error.to_string())?;
        Ok((header.size(), Some(object.detach().data)))
    }
}

/// Stave's own folder is never part of a tree.
fn is_own(path: &BStr) -> bool {
    path.split(|byte| *byte == b'/').any(|part| part == b".stave")
}

fn as_path(path: &BStr) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        PathBuf::from(std::ffi::OsStr::from_bytes(path))
    }
    #[cfg(not(unix))]
    {
        PathBuf::from(path.to_str_lossy().into_owned())
    }
}

/// How a repository is named when origin says nothing: settings, root commit, folder; with a warning for the last.
pub(crate) fn local_name(
    checkout: Option<&Checkout>,
    rooted: Option<String>,
    root: &Path,
    set_name: Option<&str>,
    options: &Options,
    warnings: &mut Vec<Warning>,
) -> String {
    if let Some(name) = set_name {
        return format!("-/{}", name_part(name));
    }
    if let Some(name) = rooted {
        return format!("-/{name}");
    }
    let folder = root.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let name = format!("-/{}-{}", name_part(&folder), name_part(&options.estate_id));
    let why = match checkout {
        None => "a folder without git",
        Some(checkout) if checkout.commit.is_none() => "a repository without origin and commits",
        Some(_) => "a shallow repository without origin",
    };
    warnings.push(Warning {
        path: String::new(),
        line: None,
        what: format!(
            "{why} has no name that other machines would know; it is called {name} in this estate only"
        ),
        hint: Some("write name = \"…\" into a stave.toml in it".to_owned()),
    });
    name
}

/// What git itself says: the repository is there, and which branch is its default.
pub(crate) fn part(repository: &str, checkout: Option<&Checkout>) -> Part {
    let mut claims = Vec::new();
    if let Ok(reference) = format!("repo:{repository}").parse::<Reference>() {
        let mut exists = Claim::new("exists", reference.clone(), Basis::Discovered);
        exists.value = Some(Value::from("repository"));
        claims.push(exists);
        let mut name = Claim::new("name", reference.clone(), Basis::Discovered);
        name.value = Some(Value::from(crate::link::base_name(repository)));
        claims.push(name);
        if let Some(branch) = checkout.and_then(|checkout| checkout.default_branch.as_deref()) {
            let mut default = Claim::new("default_branch", reference, Basis::Discovered);
            default.value = Some(Value::from(branch));
            claims.push(default);
        }
    }
    // The name is a constant in the form of an author.
    let author = match "collector:git".parse() {
        Ok(author) => author,
        Err(_) => unreachable!("a constant in the form of an author"),
    };
    Part { author, rules: 1, unread: Vec::new(), claims }
}
