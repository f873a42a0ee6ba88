//! Address books: one file with the addresses of many pieces that all of them read. It says where each is, not who
//! needs whom; that is said by the code that looks a name up.

use std::collections::{BTreeMap, BTreeSet};

use super::resolve::Graph;
use super::sketch::{Mention, Origin, Sketch, Target};

/// So many pieces must read a file before it can be a book.
const READERS: usize = 3;
/// So many of its readers must stand in it.
const LISTED: usize = 2;

impl Sketch<'_> {
    /// How many pieces mount a file.
    fn mounted_by(&self, path: &str) -> usize {
        let mounts = self.mounts.iter().filter(|(mount, _)| {
            path.strip_prefix(mount.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        mounts.map(|(_, piece)| *piece).collect::<BTreeSet<usize>>().len()
    }

    /// The host names in files that many pieces mount: what code may look up there.
    pub(crate) fn listed_hosts(&self) -> BTreeSet<String> {
        let mut hosts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for mention in &self.mentions {
            if let (Origin::File(path), Target::Address { address, .. }) = (&mention.origin, &mention.target)
            {
                hosts.entry(path).or_default().insert(&address.host);
            }
        }
        let shared = hosts.into_iter().filter(|(path, _)| self.mounted_by(path) >= READERS);
        shared.flat_map(|(_, hosts)| hosts).map(str::to_owned).collect()
    }
}

impl Graph {
    /// The files that are address books.
    pub(super) fn books(&self, sketch: &Sketch<'_>, mentions: &[Mention]) -> BTreeSet<String> {
        let mut hosts: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
        for mention in mentions {
            if let (Origin::File(path), Target::Address { address, .. }) = (&mention.origin, &mention.target)
            {
                hosts.entry(path).or_default().insert(&address.host);
            }
        }
        let is_book = |path: &str, hosts: &BTreeSet<&str>| {
            let readers: BTreeSet<usize> = self
                .speakers(sketch, &Origin::File(path.to_owned()), "")
                .into_iter()
                .map(|(cluster, _)| cluster)
                .collect();
            if readers.len() < READERS {
                return false;
            }
            let listed: BTreeSet<usize> =
                hosts.iter().filter_map(|host| self.lookup(sketch, None, host)).collect();
            readers.intersection(&listed).count() >= LISTED
        };
        hosts.into_iter().filter(|(path, hosts)| is_book(path, hosts)).map(|(path, _)| path.clone()).collect()
    }
}
