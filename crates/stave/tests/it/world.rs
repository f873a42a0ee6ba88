//! A machine of its own for each test: home, folders, git, and the binary with nothing else in its environment.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The binary under test.
pub(crate) const STAVE: &str = env!("CARGO_BIN_EXE_stave");

/// Folders that end with the test.
pub(crate) struct World {
    folder: TempDir,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Ran {
        Ran {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            code: output.status.code(),
        }
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Ran {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Asserts exit code 0.
    #[track_caller]
    pub(crate) fn ok(self) -> Ran {
        self.ends(0)
    }

    /// stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl World {
    pub(crate) fn new() -> World {
        let world = World { folder: tempfile::tempdir().unwrap() };
        fs::create_dir(world.path("home")).unwrap();
        world
    }

    /// A path in this world, without links in front of it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Writes a file and the folders above it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The binary, in a folder of this world, spoken by the tea counter.
    pub(crate) fn command(&self, folder: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(STAVE);
        command
            .args(arguments)
            .current_dir(self.path(folder))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("STAVE_PERSON", "Counter <counter@leafcup.test>")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, folder: &str, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(folder, arguments).output().unwrap())
    }

    /// Runs with `--json` and gives the JSON.
    #[track_caller]
    pub(crate) fn ask(&self, folder: &str, arguments: &[&str]) -> Value {
        let mut with_json = arguments.to_vec();
        with_json.push("--json");
        self.run(folder, &with_json).ok().json()
    }

    pub(crate) fn spawn(&self, folder: &str, arguments: &[&str]) -> Child {
        let mut command = self.command(folder, arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// git, knowing nobody's configuration; commits are dated one minute after each other by `minute`.
    #[track_caller]
    pub(crate) fn git(&self, folder: &str, minute: u32, arguments: &[&str]) -> String {
        let date = format!("2026-03-01T10:{minute:02}:00Z");
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Counter",
                "-c",
                "user.email=counter@leafcup.test",
                "-c",
                "init.defaultBranch=main",
            ])
            .args(arguments)
            .current_dir(self.path(folder))
            .env_clear()
            .env("HOME", self.path("home"))
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", &date)
            .env("GIT_COMMITTER_DATE", &date)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Commits everything that lies in a folder.
    pub(crate) fn commit(&self, folder: &str, minute: u32) {
        self.git(folder, minute, &["add", "--all"]);
        self.git(folder, minute, &["commit", "--quiet", "--message", "Change"]);
    }

    /// A copy of the example estate, not yet scanned.
    pub(crate) fn shop(&self) {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop"), &self.path("shop"));
    }

    /// Four services in a compose file, scanned into a ledger in `tea`: cart, basket, payments and shop-db.
    pub(crate) fn tea(&self) {
        self.write("tea/compose.yaml", TEA);
        self.run("tea", &["scan", "--quiet"]).ok();
    }
}

/// A small estate.
pub(crate) const TEA: &str = "\
services:
  cart:
    build: ./cart
    environment:
      PAYMENTS_URL: http://payments:8080
  basket:
    build: ./basket
  payments:
    build: ./payments
    depends_on: [shop-db]
  shop-db:
    image: postgres:17
";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_name() == ".stave" {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
