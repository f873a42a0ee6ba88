//! What is known of a branch as a whole: its tip, the tags, who is who, which commits say nothing, the files.

use std::collections::BTreeMap;

use gix::ObjectId;
use gix::objs::Kind;
use rustc_hash::FxHashSet;
use stave_model::records::{CommitId, File, Head, Tag};

use crate::attributes::Attributes;
use crate::commit;
use crate::mailmap::{self, Mailmap};
use crate::objects::{Miss, Reader};
use crate::trees::{self, Side};
use crate::walk::{object_id, person, record_id, text};
use crate::{Coverage, Options, People, Tip, class, limits};

/// A tip, and what reading behind it needs.
pub(crate) struct Found {
    pub(crate) tip: Tip,
    /// Commits whose parents a shallow clone leaves out.
    pub(crate) edge: FxHashSet<ObjectId>,
    /// Tags that lead to something that is missing or damaged.
    broken_tags: u64,
}

/// Finds the tip and the tags; none where there is no commit.
pub(crate) fn tip(
    repo: &gix::Repository,
    reader: &mut Reader<'_>,
    commit: Option<CommitId>,
) -> Option<Found> {
    let commit = match commit {
        Some(commit) => commit,
        None => record_id(&repo.head().ok()?.id()?),
    };
    let edge: FxHashSet<ObjectId> = match repo.shallow_commits() {
        Ok(Some(commits)) => commits.iter().copied().collect(),
        _ => FxHashSet::default(),
    };
    let mut broken_tags = 0;
    let mut tags = Vec::new();
    for (name, id) in tag_references(repo) {
        match follow(reader, id) {
            Ok(Some((commit, at, is_annotated))) => tags.push(Tag { name, commit, at, is_annotated }),
            // It marks a file or a folder.
            Ok(None) => {}
            Err(_) => broken_tags += 1,
        }
    }
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    Some(Found { tip: Tip { commit, tags, is_shallow: !edge.is_empty() }, edge, broken_tags })
}

fn tag_references(repo: &gix::Repository) -> Vec<(String, ObjectId)> {
    let Ok(platform) = repo.references() else { return Vec::new() };
    let Ok(references) = platform.tags() else { return Vec::new() };
    references
        .filter_map(Result::ok)
        .filter_map(|reference| {
            let name = text(reference.name().as_bstr()).strip_prefix("refs/tags/")?.to_owned();
            Some((name, reference.try_id()?.detach()))
        })
        .take(limits::MAX_TAGS)
        .collect()
}

/// The commit that a tag leads to, its time, and whether it is annotated. None where it leads to something else.
fn follow(reader: &mut Reader<'_>, tag: ObjectId) -> Result<Option<(CommitId, i64, bool)>, Miss> {
    let mut id = tag;
    let mut tagged = None;
    for _ in 0..limits::MAX_TAG_DEPTH {
        let object = reader.object(&id, limits::MAX_COMMIT_BYTES)?;
        match object.kind {
            Kind::Commit => {
                let at = match tagged {
                    Some(Some(at)) => at,
                    _ => commit::parse(&object.bytes).committed,
                };
                return Ok(Some((record_id(&id), at, tagged.is_some())));
            }
            Kind::Tag => {
                let (target, at) = commit::parse_tag(&object.bytes);
                // Of a tag of a tag, the outer one is what people named and dated.
                tagged = tagged.or(Some(at));
                id = target.ok_or(Miss::Damaged)?;
            }
            Kind::Tree | Kind::Blob => return Ok(None),
        }
    }
    Err(Miss::TooLarge)
}

/// Reads the tree at the tip: the head, the files, when the tip was committed, and what was wrong.
pub(crate) fn read(
    reader: &mut Reader<'_>,
    found: Found,
    options: &Options<'_>,
    people: &dyn People,
    coverage: &Coverage,
) -> (Head, Vec<File>, Option<i64>, Vec<String>) {
    let mut warnings = Vec::new();
    if found.broken_tags > 0 {
        let lead = crate::counted(found.broken_tags, "tag leads", "tags lead");
        warnings.push(format!("{lead} to objects that are missing or damaged"));
    }
    let tip = reader.find(&object_id(found.tip.commit), Kind::Commit, limits::MAX_COMMIT_BYTES);
    let tip = tip.map(|bytes| commit::parse(&bytes));
    let committed = tip.as_ref().ok().map(|tip| tip.committed);
    let tree = tip.and_then(|tip| tip.tree.ok_or(Miss::Damaged));
    let sides = match tree.and_then(|tree| trees::files(reader, tree)) {
        Ok(sides) => sides,
        Err(_) => {
            warnings.push(
                "the files of the last commit are not known, since folders in it are missing, damaged or too large"
                    .to_owned(),
            );
            Vec::new()
        }
    };
    let at_root = |name: &[u8]| sides.iter().find(|side| side.path == name && side.is_file());
    let mailmap = at_root(b".mailmap").and_then(|side| small_file(reader, side));
    let ignored = at_root(b".git-blame-ignore-revs").and_then(|side| small_file(reader, side));
    let mut attributes = Attributes::default();
    for side in attribute_files(&sides) {
        if let Some(bytes) = small_file(reader, side) {
            let folder = side.path.len() - side.base_name().len();
            attributes.add(side.path.get(..folder).unwrap_or_default(), &bytes);
        }
    }
    let mut files = Vec::with_capacity(sides.len());
    for side in sides.iter().filter(|side| side.is_file()).take(limits::MAX_FILES) {
        let path = text(&side.path);
        let class = class::of(&path, attributes.of(&side.path));
        files.push(File { bytes: reader.size(&side.id).unwrap_or(0), class, path });
    }
    files.sort();
    let mut who_is_who = BTreeMap::new();
    for (old, proper) in Mailmap::parse(&mailmap.unwrap_or_default()).pairs() {
        let (old, proper) = (person(people, &old), person(people, &proper));
        if old != proper {
            who_is_who.insert(old, proper);
        }
    }
    let ignored = mailmap::ignored_commits(&ignored.unwrap_or_default());
    let head = Head {
        branch: options.branch.to_owned(),
        tip: found.tip.commit,
        tags: found.tip.tags,
        who_is_who,
        ignored: ignored.iter().map(|id| record_id(id)).collect(),
        is_shallow: found.tip.is_shallow,
        unread_commits: coverage.unread_commits + coverage.unread_changes,
        missing_blobs: coverage.missing_blobs,
    };
    (head, files, committed, warnings)
}

/// The `.gitattributes`, those of outer folders first.
fn attribute_files(sides: &[Side]) -> Vec<&Side> {
    let mut files: Vec<&Side> =
        sides.iter().filter(|side| side.base_name() == b".gitattributes" && side.is_file()).collect();
    files.sort_by_key(|side| side.path.iter().filter(|byte| **byte == b'/').count());
    files
}

fn small_file(reader: &mut Reader<'_>, side: &Side) -> Option<std::rc::Rc<Vec<u8>>> {
    reader.find(&side.id, Kind::Blob, limits::MAX_FILE_BYTES).ok()
}
