//! `cargo xtask docs`: documents that are generated, and outputs in documents that are run again.
//!
//! docs/reference.md is the binary's own help, docs/stave.1 its man page; `--help-only` writes these two alone. A block that stands below `<!-- output: COMMAND -->` in README.md or
//! docs/ is what COMMAND prints in a fresh clone; times, ports and the like may differ (see [`settled`]).

use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Outcome;
use crate::args::Args;
use crate::run;

const REFERENCE: &str = "docs/reference.md";
const MAN_PAGE: &str = "docs/stave.1";

pub(crate) fn task(mut args: Args) -> Result<Outcome> {
    let check = args.flag("--check");
    // What the command line's definition gives takes seconds; running all outputs again takes minutes.
    let is_help_only = args.flag("--help-only");
    args.end()?;
    let clone = Clone::new(&run::debug_binary()?)?;
    let man_page = raw_output(clone.command("stave").arg("man"))?;
    let mut pages = vec![(REFERENCE.to_owned(), reference(&clone)?), (MAN_PAGE.to_owned(), man_page)];
    for path in run::project_files()?.into_iter().filter(|_| !is_help_only) {
        let documented = path == "README.md" || (path.starts_with("docs/") && path.ends_with(".md"));
        if documented && path != REFERENCE {
            let text = fs::read_to_string(&path)?;
            let page = with_outputs(&text, |command| clone.run(command)).with_context(|| path.clone())?;
            pages.push((path, page));
        }
    }
    let mut stale = 0;
    for (path, page) in &pages {
        let old = fs::read_to_string(path).unwrap_or_default();
        if old == *page {
            continue;
        }
        stale += 1;
        if check {
            println!("{path} is stale: {}", first_difference(&old, page));
        } else {
            fs::write(path, page)?;
            println!("{path} written");
        }
    }
    println!("docs: {} pages, {stale} {}", pages.len(), if check { "stale" } else { "written" });
    if check && stale > 0 {
        println!("\nto write them: cargo xtask docs");
    }
    Ok(Outcome::passed_if(!check || stale == 0))
}

fn first_difference(old: &str, new: &str) -> String {
    let lines = old.lines().zip(new.lines()).enumerate();
    let differing = lines.into_iter().find(|(_, (old, new))| old != new);
    match differing {
        Some((at, (old, new))) => format!("line {}\n  - {old}\n  + {new}", at + 1),
        None => format!("{} lines, should have {}", old.lines().count(), new.lines().count()),
    }
}

/// The example's past: day, who, folder, and the tag on it. Who is a desk of the shop: nobody is meant.
const HISTORY: &[(&str, &str, &str, &str)] = &[
    ("2026-05-04", "Till", "examples/shop/services/payments", ""),
    ("2026-05-05", "Stockroom", "examples/shop/services/orders", ""),
    ("2026-05-06", "Counter", "examples/shop/services/storefront", ""),
    ("2026-05-07", "Stockroom", "examples/shop/services/warehouse", ""),
    ("2026-05-11", "Counter", "examples/shop/services/catalogue", ""),
    ("2026-05-12", "Counter", "examples/shop/services/basket", ""),
    ("2026-05-18", "Counter", "examples/shop/deployment", "v1.0.0"),
    ("2026-05-27", "Till", "examples/shop/services/payments", ""),
    ("2026-06-01", "Counter", "examples/shop/services/orders", "v1.1.0"),
    ("2026-06-22", "Stockroom", "examples/shop/services/orders", ""),
    ("2026-07-06", "Counter", "examples/shop/services/storefront", "v1.2.0"),
    ("2026-07-15", "Counter", "examples/shop/services/storefront", "v1.2.1"),
    ("2026-07-18", "Stockroom", "examples/shop/services/warehouse", ""),
    ("2026-08-10", "Till", "examples/shop/services/payments", ""),
    ("2026-08-17", "Stockroom", "examples/shop/services/notifier", "v1.3.0"),
    ("2026-08-18", "Till", "examples/shop/services/payments", "v1.3.1"),
    ("2026-09-07", "Till", "examples/shop/services/mailroom", ""),
    ("2026-09-28", "Counter", "examples/shop/services/basket", "v1.4.0"),
    ("2026-10-12", "Counter", "examples/shop/services/recommendations", ""),
    ("2026-10-26", "Till", "examples/shop/services/payments", ""),
    ("2026-11-02", "Counter", "examples", "v1.5.0"),
];

/// A small repository with the example estate, always the same: outputs must not depend on whose clone it is.
struct Clone {
    folder: tempfile::TempDir,
    root: PathBuf,
    path: std::ffi::OsString,
}

impl Clone {
    fn new(stave: &Path) -> Result<Clone> {
        let folder = tempfile::tempdir()?;
        let root = folder.path().canonicalize()?.join("stave");
        for file in run::project_files()?.iter().filter(|file| file.starts_with("examples/")) {
            let to = root.join(file);
            fs::create_dir_all(to.parent().context("a file has a folder")?)?;
            fs::copy(file, to)?;
        }
        let bin = folder.path().join("bin");
        fs::create_dir_all(&bin)?;
        std::os::unix::fs::symlink(stave, bin.join("stave"))?;
        let mut path = bin.into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let clone = Clone { folder, root, path };
        for words in [
            &["init", "--quiet", "--initial-branch", "main"] as &[&str],
            &["remote", "add", "origin", "https://git.example.com/stave/stave.git"],
            &["config", "user.name", "Counter"],
            &["config", "user.email", "counter@leafcup.test"],
        ] {
            run::output(clone.command("git").args(words))?;
        }
        clone.history()?;
        for words in [
            // As after a clone: which branch is the default is known.
            &["update-ref", "refs/remotes/origin/main", "HEAD"] as &[&str],
            &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"],
        ] {
            run::output(clone.command("git").args(words))?;
        }
        Ok(clone)
    }

    /// Half a year of work on the example, which ends with the files as they are: questions about the past need one.
    fn history(&self) -> Result<()> {
        for (date, desk, folder, tag) in HISTORY {
            // A folder's first commits have an empty line more than its last.
            let is_last = !HISTORY.iter().any(|(later, _, other, _)| other == folder && later > date);
            let files = run::output(self.command("git").args([
                "ls-files",
                "--cached",
                "--others",
                "--exclude-standard",
                "--",
                folder,
            ]))?;
            let mut before = Vec::new();
            for file in files.lines().map(|file| self.root.join(file)) {
                let text = fs::read(&file)?;
                if !is_last {
                    fs::write(&file, [&text[..], format!("\n# {date}\n").as_bytes()].concat())?;
                }
                before.push((file, text));
            }
            let date = format!("{date}T09:00:00Z");
            let git = || {
                let mut command = self.command("git");
                command.env("GIT_AUTHOR_DATE", &date).env("GIT_COMMITTER_DATE", &date);
                command
            };
            run::output(git().args(["add", "--", folder]))?;
            let (name, mail) = (format!("user.name={desk}"), format!("{}@leafcup.test", desk.to_lowercase()));
            let message = format!("Work on {}", folder.rsplit('/').next().unwrap_or(folder));
            let mail = format!("user.email={mail}");
            run::output(git().args(["-c", &name, "-c", &mail, "commit", "--quiet", "--message", &message]))?;
            if !tag.is_empty() {
                run::output(git().args(["-c", &name, "-c", &mail, "tag", "--message", tag, tag]))?;
            }
            for (file, text) in before {
                fs::write(file, text)?;
            }
        }
        Ok(())
    }

    /// A command in the clone's root that knows nothing of whoever runs this.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.root)
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.folder.path())
            .env("NO_COLOR", "1")
            .env("LC_ALL", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_DATE", "2026-11-02T09:00:00Z")
            .env("GIT_COMMITTER_DATE", "2026-11-02T09:00:00Z");
        command
    }

    /// What a person sees who types the command: stdout and stderr as they come.
    fn run(&self, typed: &str) -> Result<String> {
        let line = typed.replace("cargo run --release --", "stave");
        eprintln!("$ {line}");
        let serves = ["stave up", "stave serve"].iter().any(|verb| line.starts_with(verb));
        let mut command = self.command("sh");
        let exec = if serves { format!("exec {line} --port 0 2>&1") } else { format!("{{ {line}; }} 2>&1") };
        command.args(["-c", &exec]).stdin(Stdio::null());
        let text = if serves { until_url(&mut command)? } else { raw_output(&mut command)? };
        let root = self.root.to_string_lossy();
        Ok(text.replace(&format!("{root}/"), "").replace(root.as_ref(), "."))
    }
}

/// What a command prints, whatever it ends with: 1 is an answer, too.
fn raw_output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("can't start {}", run::shown(command)))?;
    if output.status.code().is_none_or(|code| code > 1) {
        bail!(
            "{} ended with {}\n{}",
            run::shown(command),
            output.status,
            String::from_utf8_lossy(&output.stdout)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// What a server prints until it has been quiet for a second behind its URL.
fn until_url(command: &mut Command) -> Result<String> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut stdout = child.stdout.take().context("stdout is piped")?;
    let (sender, pieces) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = stdout.read(&mut buffer) {
            let _ = sender.send(buffer[..count].to_vec());
        }
    });
    let mut bytes: Vec<u8> = Vec::new();
    let mut patience = Duration::from_secs(60);
    while let Ok(piece) = pieces.recv_timeout(patience) {
        bytes.extend(piece);
        if String::from_utf8_lossy(&bytes).contains("http://127.0.0.1:") {
            patience = Duration::from_secs(1);
        }
    }
    run::output(Command::new("kill").args(["-INT", &child.id().to_string()]))?;
    let status = child.wait()?;
    let text = String::from_utf8(bytes)?;
    if !status.success() || !text.contains("http://127.0.0.1:") {
        bail!("{} ended with {status} and printed\n{text}", run::shown(command));
    }
    Ok(text)
}

/// The binary's help, for the program and each verb, as a page.
fn reference(clone: &Clone) -> Result<String> {
    let mut page = String::from(
        "# Reference\n\nThe binary's own help, written by `cargo xtask docs`. Exit codes: 0 answered, 1 the answer is \
         no, 2 an error.\n",
    );
    help(clone, &[], &mut page)?;
    Ok(page)
}

fn help(clone: &Clone, verbs: &[&str], page: &mut String) -> Result<()> {
    let text = raw_output(clone.command("stave").args(verbs).arg("--help"))?;
    let title = [&["stave"], verbs].concat().join(" ");
    let trimmed: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    write!(page, "\n## {title}\n\n```text\n{}\n```\n", trimmed.join("\n"))?;
    for verb in commands_in(&text).into_iter().filter(|verb| *verb != "help") {
        help(clone, &[verbs, &[verb]].concat(), page)?;
    }
    Ok(())
}

/// The names below "Commands:" in a help text.
fn commands_in(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty()).filter(|line| {
        // Continuation lines stand further right.
        line.starts_with("  ") && !line.starts_with("   ")
    });
    names.filter_map(|line| line.split_whitespace().next()).collect()
}

const MARK: &str = "<!-- output: ";

/// The page with the blocks below [`MARK`] run again. A block that differs in nothing that matters stays as it is.
fn with_outputs(text: &str, mut run: impl FnMut(&str) -> Result<String>) -> Result<String> {
    let mut page = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(MARK) {
        let (command, after) = after.split_once(" -->").context("a mark isn't closed")?;
        let (gap, block) = after.split_once("```").with_context(|| format!("no block below {command}"))?;
        let (info, block) = block.split_once('\n').context("a block has no lines")?;
        let (old, after) = block.split_once("```").context("a block isn't closed")?;
        if !gap.trim().is_empty() {
            bail!("there is text between the mark of {command} and its block");
        }
        let mut new = run(command)?.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        new.push('\n');
        let shown = if settled(old) == settled(&new) { old } else { &new };
        write!(page, "{before}{MARK}{command} -->{gap}```{info}\n{shown}```")?;
        rest = after;
    }
    page.push_str(rest);
    Ok(page)
}

/// The text without what differs from run to run, and from day to day: durations, ages, ports, dates of today, random ids.
fn settled(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut kept: Vec<String> = Vec::new();
        let mut at = 0;
        while let Some(word) = words.get(at) {
            if is_age(&words[at..]) {
                kept.push("AGE".to_owned());
                at += 2;
            } else {
                let next = words.get(at + 1).copied().unwrap_or_default();
                kept.push(settled_word(word, next));
                at += 1;
            }
        }
        lines.push(kept.join(" "));
    }
    lines.join("\n")
}

/// `22 days ago`, also in brackets.
fn is_age(words: &[&str]) -> bool {
    let [count, unit, ago, ..] = words else { return false };
    count.trim_start_matches('(').parse::<u32>().is_ok()
        && ["hour", "day", "month", "year"].contains(&unit.trim_end_matches('s'))
        && ago.trim_end_matches([')', ',', '.', ';']) == "ago"
}

fn settled_word(word: &str, next: &str) -> String {
    let bare = word.trim_matches(|sign: char| "(),;.".contains(sign));
    let number =
        |text: &str| !text.is_empty() && text.chars().all(|sign| sign.is_ascii_digit() || sign == '.');
    let units = ["ms", "s", "µs", "seconds", "second", "minutes", "minute"];
    let unit = |text: &str| units.contains(&text.trim_end_matches([',', ')', '.', ';']));
    let with_unit = units.iter().any(|end| bare.strip_suffix(end).is_some_and(number));
    if (number(bare) && unit(next)) || with_unit {
        return word.replace(bare, "TIME");
    }
    if let Some((front, port)) = bare.split_once("127.0.0.1:") {
        let path = port.trim_start_matches(|sign: char| sign.is_ascii_digit());
        let path = path.split_once("?key=").map_or(path.to_owned(), |(path, _)| format!("{path}?key=KEY"));
        return format!("{front}127.0.0.1:PORT{path}");
    }
    let date = |text: &str| {
        text.len() >= 10
            && text.is_char_boundary(10)
            && text[..10]
                .chars()
                .enumerate()
                .all(|(at, sign)| if at == 4 || at == 7 { sign == '-' } else { sign.is_ascii_digit() })
    };
    if date(bare) && !bare.starts_with("2026-11-02") {
        return "DATE".to_owned();
    }
    let clock = |text: &str| {
        text.len() >= 5
            && text.contains(':')
            && text.chars().all(|sign| sign.is_ascii_digit() || ":.Z".contains(sign))
    };
    if clock(bare) {
        return "CLOCK".to_owned();
    }
    let random = |text: &str| {
        text.len() >= 8
            && text.chars().all(|sign| sign.is_ascii_hexdigit())
            && text.chars().any(|sign| sign.is_ascii_digit())
    };
    if random(bare) {
        return word.replace(bare, "ID");
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_run_again_and_kept_where_only_times_differ() -> Result<()> {
        let text = "a\n<!-- output: stave x -->\n```text\ntook 12 ms\n```\nb\n";
        assert_eq!(with_outputs(text, |_| Ok("took 431 ms\n".to_owned()))?, text);
        let new = with_outputs(text, |_| Ok("took 3 cups\n".to_owned()))?;
        assert_eq!(new, "a\n<!-- output: stave x -->\n```text\ntook 3 cups\n```\nb\n");
        Ok(())
    }

    #[test]
    fn what_differs_from_run_to_run_is_settled() {
        assert_eq!(
            settled("found in 0.3 s, http://127.0.0.1:7878/e/1"),
            "found in TIME s, http://127.0.0.1:PORT/e/1"
        );
        assert_eq!(settled("http://127.0.0.1:1/?key=0af"), "http://127.0.0.1:PORT/?key=KEY");
        assert_eq!(settled("(1.2s)  op 0a1b2c3d on 2026-11-22 21:30"), "(TIME) op ID on DATE CLOCK");
        assert_eq!(settled("9 components, 12 calls"), "9 components, 12 calls");
        assert_eq!(settled("09:00 (22 days ago), main"), settled("09:00 (1 month ago), main"));
        assert_ne!(settled("22 days ago"), settled("22 days"));
        assert_ne!(settled("shop.yml:12"), settled("shop.yml:13"));
    }

    #[test]
    fn verbs_are_read_from_help() {
        let help = "x\n\nCommands:\n  up    Scan\n        more\n  scan  Read\n\nOptions:\n  -h  Help\n";
        assert_eq!(commands_in(help), ["up", "scan"]);
    }
}
