//! The machine under the ledger: permissions, disk, file system, git.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Check, State, size};
use crate::estate::Place;
use crate::reach::Reach;
use crate::surroundings::shell_word;

/// Free space below which work will soon end.
const LITTLE_BYTES: u64 = 500_000_000;

/// File systems whose locks SQLite can't rely on, by the numbers that Linux gives them (`statfs(2)`, linux/magic.h).
const NETWORKS: &[(u32, &str)] = &[
    (0x0000_6969, "NFS"),
    (0x0000_517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9P"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x0bd0_0bd0, "Lustre"),
    (0x6573_5546, "FUSE"),
];

pub(super) fn look(place: &Place, ledger_bytes: Option<u64>) -> Vec<Check> {
    let mut checks = vec![permissions(place)];
    checks.extend(disk(&place.folder, ledger_bytes));
    if place.reach == Reach::File {
        checks.extend(file_system(&place.folder));
    }
    checks.push(git());
    checks
}

/// What is in the folder says as much as the ledger: it is its owner's alone.
fn permissions(place: &Place) -> Check {
    let mut open = Vec::new();
    let mut look = |path: &Path| {
        if let Ok(meta) = fs::metadata(path)
            && meta.permissions().mode() & 0o077 != 0
        {
            open.push(path.to_owned());
        }
    };
    look(&place.folder);
    for file in [place.ledger_file(), place.map_file()] {
        look(&file);
    }
    if !place.folder.exists() {
        return Check::ok("permissions", format!("nothing is kept in {} yet", place.folder.display()));
    }
    let writable = rustix::fs::access(&place.folder, rustix::fs::Access::WRITE_OK).is_ok();
    if !writable {
        return Check::todo(
            "permissions",
            format!("{} can't be written to", place.folder.display()),
            "SQLite needs to write to the folder, even to read; check its owner and permissions",
        );
    }
    if open.is_empty() {
        return Check::ok("permissions", format!("only you can enter {}", place.folder.display()));
    }
    let names: Vec<String> = open.iter().map(|path| path.display().to_string()).collect();
    let words: Vec<String> = open.iter().map(|path| shell_word(path)).collect();
    Check::todo(
        "permissions",
        format!("others on this machine can read {}", names.join(", ")),
        format!("chmod go= {}", words.join(" ")),
    )
}

fn disk(folder: &Path, ledger_bytes: Option<u64>) -> Option<Check> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    // A map that is made again, and a backup, take about as much as the ledger each.
    let wanted = ledger_bytes.unwrap_or_default().saturating_mul(2).max(LITTLE_BYTES);
    Some(if free < wanted {
        Check::todo(
            "disk",
            format!("{} are free in {}", size(free), folder.display()),
            format!("make room: {} are wanted, for a map that is made again and a backup", size(wanted)),
        )
    } else {
        Check::ok("disk", format!("{} are free", size(free)))
    })
}

#[cfg(target_os = "linux")]
fn file_system(folder: &Path) -> Option<Check> {
    let magic = rustix::fs::statfs(folder).ok()?.f_type;
    // Signed or unsigned, of 32 or 64 bits: it depends on the processor. The number has 32 bits.
    let magic = (i128::from(magic) & 0xffff_ffff) as u32;
    Some(match NETWORKS.iter().find(|(number, _)| *number == magic) {
        None => Check::ok("file system", "it is a local one"),
        Some((_, name)) => Check::new(
            "file system",
            State::Todo,
            format!("{} is on {name}: locks of SQLite may not hold there", folder.display()),
        )
        .hint("keep the ledger on a local disk, or in PostgreSQL; copies are merged with stave export and merge"),
    })
}

#[cfg(not(target_os = "linux"))]
fn file_system(_: &Path) -> Option<Check> {
    None
}

/// Scans read repositories without git; who works with them has it.
fn git() -> Check {
    let asked = Command::new("git").arg("--version").stdin(Stdio::null()).stderr(Stdio::null()).output();
    match asked {
        Ok(output) if output.status.success() => {
            Check::ok("git", String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        _ => Check::ok("git", "there is none; scans don't need it"),
    }
}
