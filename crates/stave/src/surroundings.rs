//! The environment, read once: variables and folders. Nothing else in Stave asks the operating system for these.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Environment variables that are text, and what follows from them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    variables: BTreeMap<String, String>,
}

impl Surroundings {
    pub(crate) fn read() -> Surroundings {
        let variables = std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)));
        Surroundings { variables: variables.collect() }
    }

    #[cfg(test)]
    pub(crate) fn of(variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        Surroundings { variables: variables.collect() }
    }

    /// A variable that is set and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.variables.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Variables of Stave, by name.
    pub(crate) fn own(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str).filter(|key| key.starts_with("STAVE_"))
    }

    pub(crate) fn home(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
    }

    /// `$XDG_CONFIG_HOME`, else `~/.config`.
    pub(crate) fn config_home(&self) -> Option<PathBuf> {
        self.get("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .or_else(|| self.home().map(|home| home.join(".config")))
    }

    /// `$XDG_CACHE_HOME`, else `~/.cache`.
    pub(crate) fn cache_home(&self) -> Option<PathBuf> {
        self.get("XDG_CACHE_HOME")
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
            .or_else(|| self.home().map(|home| home.join(".cache")))
    }

    /// git's own configuration files, in its order, the repository's last.
    pub(crate) fn git_files(&self, repository: Option<PathBuf>) -> Vec<PathBuf> {
        let mut files = vec![PathBuf::from("/etc/gitconfig")];
        match self.get("GIT_CONFIG_GLOBAL") {
            Some(global) => files.push(PathBuf::from(global)),
            None => {
                files.extend(self.config_home().map(|folder| folder.join("git/config")));
                files.extend(self.home().map(|home| home.join(".gitconfig")));
            }
        }
        files.extend(repository);
        files
    }

    /// `USER@HOST`: who speaks where nobody says more.
    pub(crate) fn user_at_host(&self) -> String {
        let user = self.get("USER").or_else(|| self.get("LOGNAME")).unwrap_or("somebody");
        let uname = rustix::system::uname();
        let host = uname.nodename().to_string_lossy();
        format!("{user}@{}", if host.is_empty() { "localhost" } else { &host })
    }

    /// The program as it has to be typed again: its bare name where the search path leads to it, else as it was typed.
    pub(crate) fn invocation(&self) -> String {
        let typed = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
        let running = std::env::current_exe().and_then(|path| path.canonicalize()).ok();
        let on_path = self.get("PATH").is_some_and(|path| {
            std::env::split_paths(path)
                .map(|folder| folder.join("stave"))
                .find(|program| program.is_file())
                .and_then(|program| program.canonicalize().ok())
                .is_some_and(|program| Some(program) == running)
        });
        if on_path || typed.as_os_str().is_empty() { "stave".to_owned() } else { shell_word(&typed) }
    }
}

/// Bytes of memory that this process holds; only Linux tells.
pub(crate) fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1_024)
}

/// A path as a shell wants it typed.
pub(crate) fn shell_word(path: &Path) -> String {
    quote(&path.to_string_lossy())
}

/// A word as a shell wants it typed.
pub(crate) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:,@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn words_for_the_shell() {
        assert_eq!(quote("examples/shop"), "examples/shop");
        assert_eq!(quote("my code"), "'my code'");
        assert_eq!(quote("it's"), "'it'\\''s'");
        assert_eq!(quote(""), "''");
    }
}
