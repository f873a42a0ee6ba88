//! Objects by their ids: packs and loose files of a repository, and of those that it borrows from.
//!
//! Trees of neighbouring commits stand in a pack as deltas against each other. Whoever reads thousands of them in order
//! finds the base of the next one among those that were just decoded, so a reader keeps decoded bases and applies one
//! delta where git's general path would apply a chain. Nothing here fails: an object is there, missing, or damaged.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use gix::ObjectId;
use gix::objs::Kind;
use gix::odb::pack;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Inflate;
use rustc_hash::FxHashMap;

use crate::limits;

/// Why there is no object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// It is not in this repository: a partial or shallow clone, or a damaged one.
    Absent,
    /// It is there and can't be read.
    Damaged,
    /// It is over a limit.
    TooLarge,
}

/// A decoded object.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) kind: Kind,
    pub(crate) bytes: Rc<Vec<u8>>,
}

/// Where objects are. Shared by the threads that read.
pub(crate) struct Store {
    packs: Vec<Pack>,
    loose: Vec<gix::odb::loose::Store>,
    /// What `git replace` put in the place of what.
    replaced: FxHashMap<ObjectId, ObjectId>,
}

struct Pack {
    index: pack::index::File,
    data: pack::data::File,
}

/// Place of an object: the number of its pack and the offset there.
type Place = (usize, u64);

/// One thread's view of a [`Store`].
pub(crate) struct Reader<'a> {
    store: &'a Store,
    inflate: Inflate,
    decoded: Cache,
    delta: Vec<u8>,
    last_pack: usize,
}

impl Store {
    /// The packs that can be opened now. One that can't is passed over: its objects are missing then.
    pub(crate) fn open(repo: &gix::Repository) -> Store {
        let own: PathBuf = repo.common_dir().join("objects");
        let here = std::path::absolute(&own).unwrap_or_else(|_| own.clone());
        let mut folders = vec![here.clone()];
        folders.extend(gix::odb::alternate::resolve(here.clone(), &here).unwrap_or_default());
        folders.dedup();
        let hash = repo.object_hash();
        let packs = folders.iter().flat_map(|folder| packs_of(&folder.join("pack"), hash)).collect();
        let loose = folders.iter().map(|folder| gix::odb::loose::Store::at(folder, hash)).collect();
        Store { packs, loose, replaced: replacements(repo) }
    }

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            store: self,
            inflate: Inflate::default(),
            decoded: Cache::default(),
            delta: Vec::new(),
            last_pack: 0,
        }
    }
}

/// Sorted by name, so that of two packs with the same object the same one is read each time.
fn packs_of(folder: &Path, hash: gix::hash::Kind) -> Vec<Pack> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut indices: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "idx"))
        .collect();
    indices.sort();
    let open = |path: PathBuf| {
        let index = pack::index::File::at(&path, hash).ok()?;
        let data = pack::data::File::at(path.with_extension("pack"), hash).ok()?;
        Some(Pack { index, data })
    };
    indices.into_iter().filter_map(open).collect()
}

fn replacements(repo: &gix::Repository) -> FxHashMap<ObjectId, ObjectId> {
    let mut replaced = FxHashMap::default();
    let Ok(platform) = repo.references() else { return replaced };
    let Ok(references) = platform.prefixed(b"refs/replace/".as_slice()) else { return replaced };
    for reference in references.filter_map(Result::ok) {
        let old = reference.name().as_bstr().rsplit(|byte| *byte == b'/').next().map(ObjectId::from_hex);
        if let (Some(Ok(old)), Some(new)) = (old, reference.try_id()) {
            replaced.insert(old, new.detach());
        }
    }
    replaced
}

impl<'a> Reader<'a> {
    /// The object of this kind.
    pub(crate) fn find(&mut self, id: &gix::oid, kind: Kind, max_bytes: u64) -> Result<Rc<Vec<u8>>, Miss> {
        let object = self.object(id, max_bytes)?;
        if object.kind == kind { Ok(object.bytes) } else { Err(Miss::Damaged) }
    }

    /// Any object.
    pub(crate) fn object(&mut self, id: &gix::oid, max_bytes: u64) -> Result<Object, Miss> {
        let replaced = self.store.replaced.get(id).copied();
        let id = replaced.as_deref().unwrap_or(id);
        match self.place(id) {
            Some(place) => self.packed(place, max_bytes),
            None => self.loose(id, max_bytes),
        }
    }

    /// The size of an object, without decoding all of it.
    pub(crate) fn size(&mut self, id: &gix::oid) -> Result<u64, Miss> {
        let Some((number, offset)) = self.place(id) else { return self.loose_size(id) };
        let pack = self.pack(number)?;
        let entry = pack.data.entry(offset).map_err(|_| Miss::Damaged)?;
        if !entry.header.is_delta() {
            return Ok(entry.decompressed_size);
        }
        // A delta begins with the sizes of its base and its result, of ten bytes each at most.
        let end = pack.data.data_len() as u64;
        let input = pack.data.entry_slice(entry.data_offset..end).ok_or(Miss::Damaged)?;
        let mut front = [0; 32];
        self.inflate.reset();
        let (_, _, read) = self.inflate.prefix(input, &mut front).map_err(|_| Miss::Damaged)?;
        let mut delta = front.get(..read).ok_or(Miss::Damaged)?;
        size_in_delta(&mut delta).ok_or(Miss::Damaged)?;
        size_in_delta(&mut delta).ok_or(Miss::Damaged)
    }

    fn place(&mut self, id: &gix::oid) -> Option<Place> {
        let count = self.store.packs.len();
        for step in 0..count {
            // Neighbours stand in one pack.
            let number = (self.last_pack + step) % count;
            let index = &self.store.packs.get(number)?.index;
            if let Some(entry) = index.lookup(id) {
                self.last_pack = number;
                return Some((number, index.pack_offset_at_index(entry)));
            }
        }
        None
    }

    fn pack(&self, number: usize) -> Result<&'a Pack, Miss> {
        self.store.packs.get(number).ok_or(Miss::Damaged)
    }

    fn loose(&mut self, id: &gix::oid, max_bytes: u64) -> Result<Object, Miss> {
        for store in &self.store.loose {
            match store.try_header(id) {
                Ok(Some((size, _))) if size > max_bytes => return Err(Miss::TooLarge),
                Ok(Some(_)) => {}
                Ok(None) => continue,
                Err(_) => return Err(Miss::Damaged),
            }
            let mut bytes = Vec::new();
            let found = store.try_find(id, &mut bytes).map_err(|_| Miss::Damaged)?;
            let kind = found.ok_or(Miss::Damaged)?.kind;
            return Ok(Object { kind, bytes: Rc::new(bytes) });
        }
        Err(Miss::Absent)
    }

    fn loose_size(&self, id: &gix::oid) -> Result<u64, Miss> {
        for store in &self.store.loose {
            match store.try_header(id) {
                Ok(Some((size, _))) => return Ok(size),
                Ok(None) => {}
                Err(_) => return Err(Miss::Damaged),
            }
        }
        Err(Miss::Absent)
    }

    /// Follows deltas to a base that is whole or known, and applies them on the way back.
    fn packed(&mut self, place: Place, max_bytes: u64) -> Result<Object, Miss> {
        let mut deltas = Vec::new();
        let mut at = place;
        let mut object = loop {
            if let Some(object) = self.decoded.get(at) {
                break object;
            }
            if deltas.len() > limits::MAX_DELTAS {
                return Err(Miss::Damaged);
            }
            let entry = self.pack(at.0)?.data.entry(at.1).map_err(|_| Miss::Damaged)?;
            let base = match &entry.header {
                Header::OfsDelta { base_distance } => {
                    let offset = entry.checked_base_pack_offset(*base_distance).ok_or(Miss::Damaged)?;
                    (at.0, offset)
                }
                Header::RefDelta { base_id } => match self.place(base_id) {
                    Some(base) => base,
                    // The base of a thin pack can be loose.
                    None => {
                        let object = self.loose(base_id, max_bytes)?;
                        deltas.push((at, entry));
                        break object;
                    }
                },
                whole => {
                    let kind = whole.as_kind().ok_or(Miss::Damaged)?;
                    let mut bytes = zeroed(entry.decompressed_size, max_bytes)?;
                    let data = &self.pack(at.0)?.data;
                    data.decompress_entry(&entry, &mut self.inflate, &mut bytes)
                        .map_err(|_| Miss::Damaged)?;
                    let object = Object { kind, bytes: Rc::new(bytes) };
                    self.decoded.put(at, &object);
                    break object;
                }
            };
            deltas.push((at, entry));
            at = base;
        };
        while let Some((delta_at, entry)) = deltas.pop() {
            let size = usize::try_from(entry.decompressed_size).map_err(|_| Miss::TooLarge)?;
            if entry.decompressed_size > max_bytes.saturating_mul(2) {
                return Err(Miss::TooLarge);
            }
            self.delta.clear();
            self.delta.resize(size, 0);
            let data = &self.pack(delta_at.0)?.data;
            data.decompress_entry(&entry, &mut self.inflate, &mut self.delta).map_err(|_| Miss::Damaged)?;
            let bytes = apply(&object.bytes, &self.delta, max_bytes)?;
            object = Object { kind: object.kind, bytes: Rc::new(bytes) };
            self.decoded.put(delta_at, &object);
        }
        if object.bytes.len() as u64 > max_bytes {
            return Err(Miss::TooLarge);
        }
        Ok(object)
    }
}

fn zeroed(size: u64, max_bytes: u64) -> Result<Vec<u8>, Miss> {
    if size > max_bytes {
        return Err(Miss::TooLarge);
    }
    usize::try_from(size).map(|size| vec![0; size]).map_err(|_| Miss::TooLarge)
}

/// A number of seven bits a byte, the lowest first.
fn size_in_delta(delta: &mut &[u8]) -> Option<u64> {
    let mut size = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = delta.split_first()?;
        *delta = rest;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

/// Makes an object from its base (gitformat-pack, "Deltified representation"): pieces of the base and new bytes.
pub(crate) fn apply(base: &[u8], delta: &[u8], max_bytes: u64) -> Result<Vec<u8>, Miss> {
    apply_in_full(base, delta, max_bytes).unwrap_or(Err(Miss::Damaged))
}

fn apply_in_full(base: &[u8], mut delta: &[u8], max_bytes: u64) -> Option<Result<Vec<u8>, Miss>> {
    let base_size = size_in_delta(&mut delta)?;
    let size = size_in_delta(&mut delta)?;
    if base_size != base.len() as u64 {
        return None;
    }
    if size > max_bytes {
        return Some(Err(Miss::TooLarge));
    }
    let size = usize::try_from(size).ok()?;
    let mut out = Vec::with_capacity(size);
    while let Some((command, rest)) = delta.split_first() {
        delta = rest;
        let piece = if command & 0x80 == 0 {
            let (piece, rest) = delta.split_at_checked(usize::from(*command))?;
            if piece.is_empty() {
                return None;
            }
            delta = rest;
            piece
        } else {
            let offset = little_endian(command & 0x0f, &mut delta)?;
            let length = match little_endian((command >> 4) & 0x07, &mut delta)? {
                0 => 0x1_0000,
                length => length,
            };
            base.get(offset..offset.checked_add(length)?)?
        };
        if piece.len() > size - out.len() {
            return None;
        }
        out.extend_from_slice(piece);
    }
    (out.len() == size).then_some(Ok(out))
}

/// A number of which only the bytes are written whose bit is set.
fn little_endian(present: u8, delta: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for byte_number in 0..4 {
        if present & (1 << byte_number) != 0 {
            let (byte, rest) = delta.split_first()?;
            *delta = rest;
            number |= usize::from(*byte) << (8 * byte_number);
        }
    }
    Some(number)
}

/// Decoded objects in two generations: what was not asked for while the young one filled up is dropped whole. That is
/// nearly least recently used, without a list to maintain at each access.
#[derive(Default)]
struct Cache {
    young: FxHashMap<Place, Object>,
    old: FxHashMap<Place, Object>,
    young_bytes: usize,
}

impl Cache {
    fn get(&mut self, place: Place) -> Option<Object> {
        if let Some(object) = self.young.get(&place) {
            return Some(object.clone());
        }
        let object = self.old.remove(&place)?;
        self.put(place, &object);
        Some(object)
    }

    fn put(&mut self, place: Place, object: &Object) {
        let size = object.bytes.len();
        // Files are read for a comparison or two and would push out trees, which are read again and again.
        if object.kind == Kind::Blob || size > limits::CACHE_BYTES / 8 {
            return;
        }
        if self.young_bytes + size > limits::CACHE_BYTES / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(place, object.clone()).is_none() {
            self.young_bytes += size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delta_copies_and_inserts() {
        // base of 11, result of 9: copy 5 from 6, insert 4.
        let delta = [11, 9, 0x91, 6, 5, 4, b'!', b'!', b'!', b'?'];
        assert_eq!(apply(b"hello world", &delta, 100), Ok(b"world!!!?".to_vec()));
        assert_eq!(apply(b"hello world", &delta, 8), Err(Miss::TooLarge));
        assert_eq!(apply(b"hello", &delta, 100), Err(Miss::Damaged));
        assert_eq!(apply(b"hello world", &delta[..9], 100), Err(Miss::Damaged));
    }

    proptest::proptest! {
        #[test]
        fn any_delta_is_applied_or_refused(base: Vec<u8>, delta: Vec<u8>) {
            let _ = apply(&base, &delta, 1 << 16);
        }
    }
}
