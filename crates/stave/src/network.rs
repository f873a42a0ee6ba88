//! Whether a folder lies on another machine: SQLite's journal needs memory that all who have the file open share, and
//! no network file system gives them that.

use std::path::Path;

/// File systems of other machines, by the number that Linux has for each (statfs(2)).
const KINDS: [(u32, &str); 8] = [
    (0x6969, "NFS"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x517b, "SMB"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
];

fn kind(number: u32) -> Option<&'static str> {
    KINDS.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The network file system that a folder lies on, if it does and the system says so.
#[cfg(target_os = "linux")]
pub(crate) fn file_system(folder: &Path) -> Option<&'static str> {
    let found = rustix::fs::statfs(folder).ok()?;
    // The numbers have 32 bits, whatever width a machine's C library gives them.
    kind(u32::try_from(i128::from(found.f_type) & 0xffff_ffff).ok()?)
}

/// Other systems name file systems otherwise, and are not asked.
#[cfg(not(target_os = "linux"))]
pub(crate) fn file_system(_folder: &Path) -> Option<&'static str> {
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_of_other_machines_are_told_from_this_one() {
        assert_eq!(kind(0x6969), Some("NFS"));
        assert_eq!(kind(0xfe53_4d42), Some("SMB2"));
        // ext, tmpfs
        assert_eq!(kind(0xef53).or(kind(0x0102_1994)), None);
        assert_eq!(file_system(Path::new("/proc")), None);
        assert_eq!(file_system(Path::new("/no/such/folder")), None);
    }
}
