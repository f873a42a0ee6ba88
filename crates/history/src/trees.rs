//! What differs between two trees, file by file.
//!
//! Trees of neighbouring commits are equal but for an entry or two, so equal bytes are skipped at the speed of memory and
//! only one of the two trees is cut into entries there. Subtrees with equal ids are never read.

use gix::ObjectId;
use gix::objs::Kind;

use crate::limits;
use crate::objects::{Miss, Reader};

/// Bits of a mode that tell what an entry is (gitformat-index names the same numbers).
const TYPE_MASK: u32 = 0o170_000;
const TREE: u32 = 0o040_000;
const FILE: u32 = 0o100_000;

/// A file, link or submodule on one side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) path: Vec<u8>,
    pub(crate) mode: u32,
    pub(crate) id: ObjectId,
}

impl Side {
    /// A file with content of its own, executable or not; no link and no submodule.
    pub(crate) fn is_file(&self) -> bool {
        self.mode & TYPE_MASK == FILE
    }

    /// The part of the path behind the last slash.
    pub(crate) fn base_name(&self) -> &[u8] {
        let start = memchr::memrchr(b'/', &self.path).map_or(0, |at| at + 1);
        self.path.get(start..).unwrap_or_default()
    }
}

/// What differs. Each list is sorted by path, as trees are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) added: Vec<Side>,
    pub(crate) deleted: Vec<Side>,
    /// Another content, another mode, or another type.
    pub(crate) modified: Vec<Vec<u8>>,
}

/// One entry of a tree object.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    mode: u32,
    name: &'a [u8],
    id: &'a gix::oid,
}

impl Entry<'_> {
    fn is_tree(self) -> bool {
        self.mode & TYPE_MASK == TREE
    }
}

/// Compares the trees `old` and `new`; none is an empty tree.
///
/// # Errors
/// The first tree that could not be read; [`Miss::TooLarge`] also where there are too many changes or levels.
pub(crate) fn difference(
    reader: &mut Reader<'_>,
    old: Option<ObjectId>,
    new: Option<ObjectId>,
) -> Result<Difference, Miss> {
    let mut walk = Walk { reader, path: Vec::new(), depth: 0, found: Difference::default() };
    if old != new {
        walk.trees(old.as_deref(), new.as_deref())?;
    }
    Ok(walk.found)
}

/// Every file, link and submodule of a tree.
///
/// # Errors
/// As [`difference`].
pub(crate) fn files(reader: &mut Reader<'_>, tree: ObjectId) -> Result<Vec<Side>, Miss> {
    difference(reader, None, Some(tree)).map(|found| found.added)
}

struct Walk<'a, 'b> {
    reader: &'a mut Reader<'b>,
    path: Vec<u8>,
    depth: usize,
    found: Difference,
}

impl Walk<'_, '_> {
    fn trees(&mut self, old: Option<&gix::oid>, new: Option<&gix::oid>) -> Result<(), Miss> {
        if self.depth >= limits::MAX_DEPTH {
            return Err(Miss::TooLarge);
        }
        self.depth += 1;
        let mut read = |id: &gix::oid| {
            // The empty tree need not be in any repository.
            if id == gix::ObjectId::empty_tree(id.kind()) {
                return Ok(std::rc::Rc::default());
            }
            self.reader.find(id, Kind::Tree, limits::MAX_TREE_BYTES)
        };
        let old_bytes = old.map(&mut read).transpose()?;
        let new_bytes = new.map(&mut read).transpose()?;
        let side = |bytes: &Option<std::rc::Rc<Vec<u8>>>| bytes.clone().unwrap_or_default();
        let (old_bytes, new_bytes) = (side(&old_bytes), side(&new_bytes));
        let (mut old_rest, mut new_rest) = (old_bytes.as_slice(), new_bytes.as_slice());
        loop {
            skip_equal(&mut old_rest, &mut new_rest)?;
            let old_entry = peek(old_rest)?;
            let new_entry = peek(new_rest)?;
            let order = match (old_entry, new_entry) {
                (None, None) => break,
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((one, _)), Some((other, _))) => by_name(one, other),
            };
            let old_entry = old_entry.filter(|_| order.is_le());
            let new_entry = new_entry.filter(|_| order.is_ge());
            if let Some((_, rest)) = old_entry {
                old_rest = rest;
            }
            if let Some((_, rest)) = new_entry {
                new_rest = rest;
            }
            self.entries(old_entry.map(|(entry, _)| entry), new_entry.map(|(entry, _)| entry))?;
        }
        self.depth -= 1;
        Ok(())
    }

    /// One name, on one side or on both. On both, both are trees or neither is.
    fn entries(&mut self, old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> Result<(), Miss> {
        let Some(any) = new.or(old) else { return Ok(()) };
        if let (Some(old), Some(new)) = (old, new)
            && old.id == new.id
            && old.mode == new.mode
        {
            return Ok(());
        }
        let length = self.path.len();
        if length > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(any.name);
        if any.is_tree() {
            let (old, new) = (old.map(|entry| entry.id), new.map(|entry| entry.id));
            if old != new {
                self.trees(old, new)?;
            }
        } else {
            self.file(old, new)?;
        }
        self.path.truncate(length);
        Ok(())
    }

    fn file(&mut self, old: Option<Entry<'_>>, new: Option<Entry<'_>>) -> Result<(), Miss> {
        let found = &mut self.found;
        let count = found.added.len() + found.deleted.len() + found.modified.len();
        if count >= limits::MAX_CHANGES || self.path.len() > limits::MAX_PATH_BYTES {
            return Err(Miss::TooLarge);
        }
        let side =
            |entry: Entry<'_>| Side { path: self.path.clone(), mode: entry.mode, id: entry.id.to_owned() };
        match (old, new) {
            (Some(_), Some(_)) => found.modified.push(self.path.clone()),
            (Some(old), None) => found.deleted.push(side(old)),
            (None, Some(new)) => found.added.push(side(new)),
            (None, None) => {}
        }
        Ok(())
    }
}

/// The order of entries in a tree: names as bytes, where a tree's name ends with a slash.
fn by_name(one: Entry<'_>, other: Entry<'_>) -> std::cmp::Ordering {
    let common = one.name.len().min(other.name.len());
    let next =
        |entry: Entry<'_>| entry.name.get(common).copied().unwrap_or(if entry.is_tree() { b'/' } else { 0 });
    one.name[..common].cmp(&other.name[..common]).then_with(|| next(one).cmp(&next(other)))
}

/// The first entry, and what follows it. An entry is a mode in octal digits, a space, a name, a zero byte and an id.
fn peek(bytes: &[u8]) -> Result<Option<(Entry<'_>, &[u8])>, Miss> {
    if bytes.is_empty() {
        return Ok(None);
    }
    parse(bytes).map(Some).ok_or(Miss::Damaged)
}

fn parse(bytes: &[u8]) -> Option<(Entry<'_>, &[u8])> {
    let mut mode = 0_u32;
    let mut digits = 0;
    for byte in bytes.iter().take(8) {
        match byte {
            b'0'..=b'7' => mode = mode << 3 | u32::from(byte - b'0'),
            b' ' => break,
            _ => return None,
        }
        digits += 1;
    }
    // The first versions of git wrote who else may write a file; all later ones read that as if it weren't there.
    let mode = match mode & TYPE_MASK {
        FILE if mode & 0o100 == 0 => FILE | 0o644,
        FILE => FILE | 0o755,
        other => other,
    };
    let rest = bytes.get(digits..)?.strip_prefix(b" ")?;
    let (name, rest) = rest.split_at_checked(memchr::memchr(0, rest)?)?;
    let (id, rest) = rest.get(1..)?.split_at_checked(20)?;
    if name.is_empty() {
        return None;
    }
    Some((Entry { mode, name, id: gix::oid::try_from_bytes(id).ok()? }, rest))
}

/// How many entries a tree has.
pub(crate) fn count(mut tree: &[u8]) -> Result<usize, Miss> {
    let mut count = 0;
    while let Some((_, rest)) = peek(tree)? {
        tree = rest;
        count += 1;
    }
    Ok(count)
}

/// Skips whole entries that are equal on both sides.
pub(crate) fn skip_equal(old: &mut &[u8], new: &mut &[u8]) -> Result<(), Miss> {
    let equal = common_prefix(old, new);
    if equal == old.len() && equal == new.len() {
        (*old, *new) = (&[], &[]);
        return Ok(());
    }
    // No entry is shorter than this.
    if equal < 24 {
        return Ok(());
    }
    let mut skipped = 0;
    loop {
        let rest = old.get(skipped..).unwrap_or_default();
        let Some(end) = entry_length(rest) else { return Err(Miss::Damaged) };
        if skipped + end > equal {
            break;
        }
        skipped += end;
        if skipped == equal {
            break;
        }
    }
    *old = old.get(skipped..).unwrap_or_default();
    *new = new.get(skipped..).unwrap_or_default();
    Ok(())
}

/// The length of the first entry; of nothing, 0 would go on forever, so there is none.
fn entry_length(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr(0, bytes)? + 21;
    (end <= bytes.len()).then_some(end)
}

fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    /// Arrays of this size are compared in a few instructions each.
    const STEP: usize = 64;
    let (one_steps, _) = one.as_chunks::<STEP>();
    let (other_steps, _) = other.as_chunks::<STEP>();
    let steps = one_steps.iter().zip(other_steps);
    let whole = steps.take_while(|(one, other)| one == other).count() * STEP;
    let tail = one.iter().skip(whole).zip(other.iter().skip(whole));
    whole + tail.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, &str, u8)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            bytes.extend_from_slice(&[*id; 20]);
        }
        bytes
    }

    #[test]
    fn equal_entries_are_skipped_whole() {
        let old = tree(&[("100644", "a", 1), ("100644", "b", 2), ("100644", "c", 3)]);
        let new = tree(&[("100644", "a", 1), ("100644", "b", 4), ("100644", "c", 3)]);
        let (mut old, mut new) = (old.as_slice(), new.as_slice());
        assert_eq!(skip_equal(&mut old, &mut new), Ok(()));
        let (entry, rest) = parse(old).unwrap();
        assert_eq!((entry.name, rest.len()), (b"b".as_slice(), 29));
        assert_eq!(old.len(), new.len());
    }

    #[test]
    fn a_folder_stands_behind_files_that_begin_like_it() {
        let entry = |mode: u32, name: &'static str| (mode, name);
        let order = |one: (u32, &'static str), other: (u32, &'static str)| {
            let id = gix::ObjectId::null(gix::hash::Kind::Sha1);
            let make = |(mode, name): (u32, &'static str)| Entry { mode, name: name.as_bytes(), id: &id };
            by_name(make(one), make(other))
        };
        let (tree, file) = (entry(0o40_000, "a"), entry(0o100_644, "a"));
        assert!(order(file, tree).is_lt());
        assert!(order(entry(0o100_644, "a.c"), tree).is_lt());
        assert!(order(entry(0o100_644, "a0"), tree).is_gt());
        assert!(order(tree, tree).is_eq());
    }

    proptest::proptest! {
        #[test]
        fn any_two_trees_are_cut_or_refused(
            old in proptest::collection::vec(0_u8..4, 0..200),
            new in proptest::collection::vec(0_u8..4, 0..200),
        ) {
            // Few different bytes, so that beginnings are equal and zero bytes are frequent.
            let bytes = |numbers: Vec<u8>| -> Vec<u8> {
                numbers.into_iter().map(|number| [0, b'1', b' ', b'a'][usize::from(number)]).collect()
            };
            let (old, new) = (bytes(old), bytes(new));
            let (mut old, mut new) = (old.as_slice(), new.as_slice());
            let _ = skip_equal(&mut old, &mut new);
            while let Ok(Some((_, rest))) = peek(new) {
                new = rest;
            }
        }
    }
}
