//! Where an estate's ledger is, and making one.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use stave_ledger::{Ledger, SqliteLedger};
use stave_model::hash_bytes;

use crate::context::Context;
use crate::door;
use crate::problem::Problem;
use crate::reach::{self, Reach};

/// The folder's name.
pub(crate) const FOLDER: &str = ".stave";
/// The ledger's file in it.
pub(crate) const LEDGER_FILE: &str = "ledger.sqlite";
/// The read model's file in it; it can be deleted at any time.
pub(crate) const MAP_FILE: &str = "map.sqlite";
/// The file in it with what was read of a ledger behind a server's door; it can be deleted at any time.
const READ_FILE: &str = "read.sqlite";
/// The folder in it with what scans remember.
pub(crate) const READ_FOLDER: &str = "read";

/// The folder in it with maps of the past.
pub(crate) const PAST_FOLDER: &str = "at";

/// Where an estate lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder that holds `.stave`, absolute.
    pub(crate) root: PathBuf,
    /// The `.stave` folder, absolute; of a ledger that is reached by its address, the folder of what is remembered of it.
    pub(crate) folder: PathBuf,
    /// How the ledger is reached.
    pub(crate) reach: Reach,
}

impl Place {
    fn of_folder(folder: PathBuf) -> Place {
        let root = folder.parent().unwrap_or(&folder).to_owned();
        Place { root, folder, reach: Reach::File }
    }

    fn in_root(root: PathBuf) -> Place {
        Place { folder: root.join(FOLDER), root, reach: Reach::File }
    }

    fn at_address(context: &Context<'_>, reach: Reach) -> anyhow::Result<Place> {
        if matches!(reach, Reach::Postgres(_)) && !context.is_operators {
            return Err(Problem::new("a ledger in PostgreSQL is reached through a server")
                .hint("stave serve --ledger postgres://… opens the door; then --ledger https://HOST, with a token")
                .into());
        }
        if let Reach::Door(options) = &reach {
            door::may_send_to(&options.address, context)?;
        }
        let cache = context.surroundings.cache_home().ok_or_else(|| {
            Problem::new("there is no folder to keep the map in").hint("set HOME or XDG_CACHE_HOME")
        })?;
        let name = hash_bytes(reach.distinct().unwrap_or_default().as_bytes()).short();
        Ok(Place { root: here()?, folder: cache.join("stave").join(name), reach })
    }

    /// Where the ledger is, as it may be shown.
    pub(crate) fn shown(&self) -> String {
        self.reach.address().unwrap_or_else(|| self.folder.display().to_string())
    }

    /// Whether the ledger is somebody else's, behind a server's door.
    pub(crate) fn is_afar(&self) -> bool {
        matches!(self.reach, Reach::Door(_))
    }

    /// Puts a server's key to hand, now that the settings are known.
    pub(crate) fn unlock(&mut self, context: &mut Context<'_>) -> Result<(), Problem> {
        let read = self.folder.join(READ_FILE);
        if let Reach::Door(options) = &mut self.reach {
            options.token = door::token(context, &options.address)?;
            options.roots = door::roots(&options.address)?;
            options.cache = Some(read);
        }
        Ok(())
    }

    /// Opens the ledger; makes one where there is no file.
    pub(crate) fn open(&self) -> anyhow::Result<Box<dyn Ledger>> {
        if self.reach != Reach::File {
            self.make()?;
        } else if !self.exists() {
            self.make()?;
            return Ok(Box::new(SqliteLedger::open_or_create(&self.ledger_file())?));
        }
        self.reach.open(&self.ledger_file())
    }

    /// Whether only operators' verbs may use it, and all others come through a server.
    pub(crate) fn is_for_operators(&self) -> bool {
        matches!(self.reach, Reach::Postgres(_))
    }

    pub(crate) fn ledger_file(&self) -> PathBuf {
        self.folder.join(LEDGER_FILE)
    }

    pub(crate) fn map_file(&self) -> PathBuf {
        self.folder.join(MAP_FILE)
    }

    /// What scans remember of trees; it can be deleted at any time.
    pub(crate) fn read_folder(&self) -> PathBuf {
        self.folder.join(READ_FOLDER)
    }

    /// Where maps of the past are kept; it can be deleted at any time.
    pub(crate) fn past_folder(&self) -> PathBuf {
        self.folder.join(PAST_FOLDER)
    }

    pub(crate) fn exists(&self) -> bool {
        self.reach != Reach::File || self.ledger_file().is_file()
    }

    /// Makes the folder, with a `.gitignore` of its own: a ledger is no part of a repository.
    pub(crate) fn make(&self) -> Result<(), Problem> {
        let problem = |error: std::io::Error| {
            Problem::new(format!("can't make a ledger in {}: {error}", self.root.display()))
                .hint("put it where you may write: --ledger PATH")
        };
        // The map and the files beside the databases say as much as the ledger, which only its owner can read.
        let mut maker = fs::DirBuilder::new();
        maker.recursive(true).mode(0o700);
        maker.create(&self.folder).map_err(problem)?;
        // The folder's own name has to survive a power cut, or the ledger in it is lost. Not every system can sync a
        // folder, and none needs it to go on.
        if let Ok(root) = fs::File::open(&self.root) {
            let _ = root.sync_all();
        }
        let ignore = self.folder.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(problem)?;
        }
        Ok(())
    }
}

/// The place that `--ledger` or STAVE_LEDGER names: a `.stave` folder, one with a ledger in it, its file, or
/// the folder that holds (or shall hold) `.stave`.
fn named(context: &Context<'_>, path: &Path) -> anyhow::Result<Place> {
    let address = Reach::of_address(path)
        .map_err(|error| anyhow::anyhow!("--ledger {}: {error}", reach::shown(path).display()))?;
    match address {
        Some(reach) => Place::at_address(context, reach),
        None => Ok(lying(path)?),
    }
}

/// The same of a path.
fn lying(path: &Path) -> Result<Place, Problem> {
    if let Some(beginning) = reach::unknown(path) {
        return Err(Problem::new(format!("--ledger {beginning}…: no ledger is reached like this")).hint(
            "a folder, postgres://USER@HOST/DATABASE, or the address of a server: https://HOST (http:// on this machine)",
        ));
    }
    let absolute = std::path::absolute(path)
        .map_err(|error| Problem::new(format!("--ledger {}: {error}", path.display())))?;
    let absolute = absolute.canonicalize().unwrap_or(absolute);
    if absolute.is_file() {
        return match (absolute.file_name(), absolute.parent()) {
            (Some(name), Some(folder)) if name == LEDGER_FILE => Ok(Place::of_folder(folder.to_owned())),
            _ => Err(Problem::new(format!("--ledger {}: this is a file", path.display()))
                .hint("name the .stave folder, or the folder that holds it")),
        };
    }
    let is_folder =
        absolute.file_name().is_some_and(|name| name == FOLDER) || absolute.join(LEDGER_FILE).is_file();
    Ok(if is_folder { Place::of_folder(absolute) } else { Place::in_root(absolute) })
}

/// The nearest folder at or above `from` that holds a ledger.
fn upward(from: &Path) -> Option<Place> {
    from.ancestors().map(|folder| Place::in_root(folder.to_owned())).find(Place::exists)
}

fn here() -> Result<PathBuf, Problem> {
    std::env::current_dir()
        .map_err(|error| Problem::new(format!("the current folder can't be read: {error}")))
}

/// The ledger of the verbs that scan nothing, if there is one.
pub(crate) fn find(context: &Context<'_>) -> anyhow::Result<Option<Place>> {
    match &context.ledger {
        Some(path) => Ok(Some(named(context, path)?).filter(Place::exists)),
        None => Ok(upward(&here()?)),
    }
}

/// The ledger of the verbs that scan nothing.
pub(crate) fn existing(context: &Context<'_>) -> anyhow::Result<Place> {
    if let Some(place) = find(context)? {
        return Ok(place);
    }
    let where_to = match &context.ledger {
        Some(path) => format!("there is no ledger at {}", reach::shown(path).display()),
        None => format!("there is no ledger in {} or any folder above it", here()?.display()),
    };
    let stave = context.surroundings.invocation();
    Err(Problem::new(where_to)
        .hint(format!("{stave} up DIR scans a folder of repositories and makes one"))
        .hint("-C DIR or --ledger PATH uses one that lies elsewhere")
        .into())
}

/// The ledger for scanned folders: the one that is asked for, else the nearest at or above their common
/// parent, else a new one in it.
pub(crate) fn for_scan(context: &Context<'_>, folders: &[PathBuf]) -> anyhow::Result<Place> {
    if let Some(path) = &context.ledger {
        return named(context, path);
    }
    let common = common_parent(folders);
    if let Some(place) = upward(&common) {
        return Ok(place);
    }
    if common.parent().is_none() {
        return Err(Problem::new(
            "these folders have nothing but / in common, and a ledger doesn't belong there",
        )
        .hint("say where it shall be: --ledger PATH")
        .into());
    }
    Ok(Place::in_root(common))
}

/// Where a verb that scans nothing makes a ledger: where it is asked for, else here.
pub(crate) fn to_make(context: &Context<'_>) -> anyhow::Result<Place> {
    match &context.ledger {
        Some(path) => named(context, path),
        None => Ok(Place::in_root(here()?)),
    }
}

fn common_parent(folders: &[PathBuf]) -> PathBuf {
    let mut folders = folders.iter();
    let mut common = folders.next().cloned().unwrap_or_default();
    for folder in folders {
        while !folder.starts_with(&common) {
            if !common.pop() {
                break;
            }
        }
    }
    common
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_lies_in_what_the_folders_have_in_common() {
        let common = |paths: &[&str]| common_parent(&paths.iter().map(PathBuf::from).collect::<Vec<_>>());
        assert_eq!(common(&["/a/b"]), PathBuf::from("/a/b"));
        assert_eq!(common(&["/a/b/c", "/a/b/d"]), PathBuf::from("/a/b"));
        assert_eq!(common(&["/a/b", "/a/bc"]), PathBuf::from("/a"));
        assert_eq!(common(&["/a", "/b"]), PathBuf::from("/"));
    }

    #[test]
    fn a_ledger_is_named_in_four_ways() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let place = Place::in_root(root.clone());
        place.make().unwrap();
        fs::write(place.ledger_file(), "").unwrap();
        for path in [root.clone(), root.join(".stave"), root.join(".stave/ledger.sqlite")] {
            assert_eq!(lying(&path).unwrap(), place, "{}", path.display());
        }
        fs::write(root.join("other"), "").unwrap();
        assert!(lying(&root.join("other")).is_err());
        assert_eq!(fs::read_to_string(root.join(".stave/.gitignore")).unwrap(), "*\n");
    }
}
