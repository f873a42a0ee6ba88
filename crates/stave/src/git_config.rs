//! Reads a name, an address and the list of ignored files from git's configuration files, without running git.
//!
//! Only what is needed: sections, `key = value`, quotes, comments, continued lines, `include.path`.
//! A file that can't be read is one that says nothing.

use std::fs;
use std::path::{Path, PathBuf};

/// How deep `include.path` is followed; git itself stops at 10.
const MAX_INCLUDES: usize = 10;
/// Longer files are nobody's git configuration.
const MAX_BYTES: u64 = 1024 * 1024;

/// What git would write into a commit, and what it would leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GitUser {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    /// `core.excludesFile`.
    pub(crate) ignore_file: Option<PathBuf>,
}

/// Reads configuration files in git's order: a later file overrides an earlier one.
pub(crate) fn read(files: &[PathBuf], home: Option<&Path>) -> GitUser {
    let mut user = GitUser::default();
    for file in files {
        read_file(file, home, MAX_INCLUDES, &mut user);
    }
    user
}

/// The configuration of the repository that a folder lies in, found upward.
pub(crate) fn repository_config(from: &Path) -> Option<PathBuf> {
    from.ancestors().find_map(|folder| {
        let git = folder.join(".git");
        if git.is_dir() {
            return Some(git.join("config"));
        }
        // A linked work tree or submodule: the file says where its git folder is, and that one where the
        // common one is.
        let pointer = fs::read_to_string(&git).ok()?;
        let own = folder.join(pointer.strip_prefix("gitdir:")?.trim());
        let common = fs::read_to_string(own.join("commondir"))
            .map_or_else(|_| own.clone(), |common| own.join(common.trim()));
        Some(common.join("config"))
    })
}

fn read_file(file: &Path, home: Option<&Path>, includes_left: usize, user: &mut GitUser) {
    if fs::metadata(file).map_or(true, |data| !data.is_file() || data.len() > MAX_BYTES) {
        return;
    }
    let Ok(bytes) = fs::read(file) else { return };
    for (section, key, value) in entries(&String::from_utf8_lossy(&bytes)) {
        match (section.as_str(), key.as_str()) {
            ("user", "name") if !value.is_empty() => user.name = Some(value),
            ("user", "email") if !value.is_empty() => user.email = Some(value),
            ("core", "excludesfile") if !value.is_empty() => {
                user.ignore_file = Some(path_of(&value, file, home))
            }
            ("include", "path") if includes_left > 0 => {
                read_file(&path_of(&value, file, home), home, includes_left - 1, user);
            }
            _ => {}
        }
    }
}

/// A path as a configuration file writes it: below the home folder, or relative to the file.
fn path_of(value: &str, file: &Path, home: Option<&Path>) -> PathBuf {
    match (value.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => file.parent().unwrap_or(Path::new("")).join(value),
    }
}

/// Section (without subsection: those with one are skipped), key and value of every entry.
fn entries(text: &str) -> Vec<(String, String, String)> {
    let mut entries = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let mut line = line.trim().to_owned();
        while line.ends_with('\\') && !line.ends_with("\\\\") {
            line.pop();
            let Some(more) = lines.next() else { break };
            line.push_str(more.trim());
        }
        if let Some(rest) = line.strip_prefix('[') {
            let Some((name, rest)) = rest.split_once(']') else { continue };
            section = name.trim().to_lowercase();
            // `[user] name = x` on one line is allowed.
            line = rest.trim().to_owned();
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        if key.starts_with(['#', ';']) {
            continue;
        }
        entries.push((section.clone(), key.trim().to_lowercase(), unquote(value.trim())));
    }
    entries
}

/// Drops quotes and comments; knows the escapes that matter in names.
fn unquote(value: &str) -> String {
    let mut plain = String::new();
    let mut is_quoted = false;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' => plain.extend(chars.next()),
            '#' | ';' if !is_quoted => break,
            _ => plain.push(c),
        }
    }
    plain.trim().to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_in_all_their_forms() {
        let text = "# x = y\n[User]\n\tname = \"Tea; Team\" # us\n  EMAIL=tea@example.com ; why\n[user \"x\"]\nemail=no\n";
        assert_eq!(
            entries(text)[..2],
            [
                ("user".to_owned(), "name".to_owned(), "Tea; Team".to_owned()),
                ("user".to_owned(), "email".to_owned(), "tea@example.com".to_owned()),
            ]
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        fs::write(&file, text).unwrap();
        let user = read(std::slice::from_ref(&file), None);
        assert_eq!(user.email.as_deref(), Some("tea@example.com"));
    }

    #[test]
    fn included_files_count_and_circles_end() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "[user]\nemail = a@example.com\n[include]\npath = two\n").unwrap();
        fs::write(&two, "[user]\nemail = b@example.com\n[include]\npath = one\n").unwrap();
        assert!(read(&[one], None).email.is_some());
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn any_configuration_is_read_and_never_panics(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
            like in "(\\[user\\]|\\[include\\]|\\[core \"|\\]|name|email|path|excludesFile|=|\\\\|\"|#|;|~/|é|\u{202e}|\n| ){0,40}",
        ) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("config");
            for content in [bytes, like.into_bytes()] {
                fs::write(&file, &content).unwrap();
                let user = read(std::slice::from_ref(&file), Some(folder.path()));
                assert_ne!(user.name.as_deref(), Some(""));
                // A pointer to a git folder is read the same way.
                fs::write(folder.path().join(".git"), &content).unwrap();
                let _ = repository_config(folder.path());
            }
        }
    }
}
