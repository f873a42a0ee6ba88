//! Starting programs, and finding them.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The root of the work tree: the folder above this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// A program in PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command with this terminal; whether it ended with 0.
pub(crate) fn passes(command: &mut Command) -> Result<bool> {
    eprintln!("$ {}", shown(command));
    let status = command.status().with_context(|| format!("can't start {}", shown(command)))?;
    Ok(status.success())
}

/// Runs a command that must end with 0.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    if passes(command)? { Ok(()) } else { bail!("{} failed", shown(command)) }
}

/// What a command that must end with 0 prints to stdout.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("can't start {}", shown(command)))?;
    if !output.status.success() {
        let talk = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}\n{}", shown(command), output.status, talk.trim_end());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} doesn't print UTF-8", shown(command)))
}

/// How long a command takes that must end with 0; its stdout is thrown away.
pub(crate) fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    let output = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .and_then(std::process::Child::wait_with_output)
        .with_context(|| format!("can't start {}", shown(command)))?;
    let took = start.elapsed();
    if !output.status.success() {
        let talk = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}\n{}", shown(command), output.status, talk.trim_end());
    }
    Ok(took)
}

/// A command that ended with 0.
pub(crate) struct Measured {
    pub(crate) took: Duration,
    /// The most memory that it had at once, as the system counts it; 0 where the system doesn't tell.
    pub(crate) peak_mb: f64,
}

/// Runs a command that must end with 0 and watches its memory; its stdout is thrown away.
pub(crate) fn measure(command: &mut Command) -> Result<Measured> {
    let start = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("can't start {}", shown(command)))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0.0;
    let status = loop {
        // The system keeps the highest value itself, so that only the last moment can be missed.
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
        peak_kb = number.unwrap_or(peak_kb);
        match child.try_wait()? {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let took = start.elapsed();
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(Measured { took, peak_mb: peak_kb / 1024.0 })
}

/// Runs a command, passes on what it prints, and gives every line to `see`; whether it ended with 0.
pub(crate) fn watched(command: &mut Command, see: impl Fn(&str) + Sync) -> Result<bool> {
    eprintln!("$ {}", shown(command));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("can't start {}", shown(command)))?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    std::thread::scope(|scope| {
        let see = &see;
        scope.spawn(move || pass_on(stdout, &mut std::io::stdout(), see));
        scope.spawn(move || pass_on(stderr, &mut std::io::stderr(), see));
    });
    Ok(child.wait()?.success())
}

fn pass_on(from: Option<impl Read>, to: &mut impl Write, see: &impl Fn(&str)) {
    let Some(from) = from else { return };
    for line in BufReader::new(from).split(b'\n').map_while(std::result::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        // A closed terminal must not stop the tests.
        let _ = writeln!(to, "{line}");
        see(&without_colour(&line));
    }
}

/// The text without terminal escapes (`ESC [ … letter`).
pub(crate) fn without_colour(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        if sign != '\u{1b}' {
            plain.push(sign);
            continue;
        }
        let _ = signs.by_ref().skip(1).find(char::is_ascii_alphabetic);
    }
    plain
}

/// Builds the release binary of Stave and gives its path.
pub(crate) fn release_binary() -> Result<PathBuf> {
    must(cargo().args(["build", "--release", "--locked", "--package", "stave"]))?;
    Ok(target_dir().join("release").join("stave"))
}

/// Builds an example of a package, a tool for measuring, and gives its path.
pub(crate) fn release_example(package: &str, name: &str) -> Result<PathBuf> {
    must(cargo().args(["build", "--release", "--locked", "--package", package, "--example", name]))?;
    Ok(target_dir().join("release").join("examples").join(name))
}

/// Builds the debug binary of Stave and gives its path. It asks for what the tests ask for: the same features of the
/// same packages, so that nothing is compiled twice.
pub(crate) fn debug_binary() -> Result<PathBuf> {
    must(cargo().args(["build", "--workspace", "--all-targets", "--locked"]))?;
    Ok(target_dir().join("debug").join("stave"))
}

/// All files of the work tree that git knows or would take, relative to the root, sorted.
pub(crate) fn project_files() -> Result<Vec<String>> {
    let list = output(Command::new("git").args([
        "-c",
        "core.quotePath=false",
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    let mut files: Vec<String> =
        list.lines().filter(|path| Path::new(path).is_file()).map(str::to_owned).collect();
    files.sort_unstable();
    files.dedup();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_goes_and_text_stays() {
        assert_eq!(without_colour("\u{1b}[1m\u{1b}[32mok\u{1b}[0m: [3] done"), "ok: [3] done");
        assert_eq!(without_colour("plain"), "plain");
    }
}
