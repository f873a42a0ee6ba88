//! A PostgreSQL server of one's own: in a temporary folder, on a free port of this machine, gone when its owner is.
//! For tests, and for the measurements of `cargo xtask reliability`.

use std::io::{Error, Result, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// The superuser's password; with signs that a URL must escape.
const PASSWORD: &str = "pass:w/rd@1";
const PASSWORD_IN_URL: &str = "pass%3Aw%2Frd%401";

/// How soon a server must answer after it was started.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Server {
    folder: TempDir,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    settings: Vec<String>,
    pub(crate) port: u16,
    postmaster: Child,
    /// Ends the server when this process ends, however that happens: it notices that this pipe is closed.
    guard: Option<(Child, ChildStdin)>,
}

/// The folder of the server's programs, if PostgreSQL is installed: Debian keeps them out of PATH.
pub(crate) fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|entry| entry.path().join("bin")).collect();
    versions.sort();
    folders.extend(versions.into_iter().rev());
    let all = ["initdb", "postgres", "pg_isready", "psql"];
    folders.into_iter().find(|folder| all.iter().all(|program| folder.join(program).is_file()))
}

fn failed(what: &str, said: &[u8]) -> Error {
    Error::other(format!("{what}: {}", String::from_utf8_lossy(said)))
}

/// The user and group to run as: PostgreSQL refuses to run as root.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    let id = |words: &[&str]| -> Result<u32> {
        let output = Command::new("id").args(words).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().map_err(|_| failed("id", &output.stderr))
    };
    if id(&["-u"])? != 0 {
        return Ok(None);
    }
    Ok(Some((id(&["-u", "postgres"])?, id(&["-g", "postgres"])?)))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

impl Server {
    /// Starts a server with these settings (`name=value`). Errors where PostgreSQL is not installed or doesn't start.
    pub(crate) fn start(settings: &[&str]) -> Result<Server> {
        let programs = programs().ok_or_else(|| Error::other("PostgreSQL is not installed"))?;
        let user = unprivileged()?;
        let folder = tempfile::Builder::new().prefix("stave-postgres-").tempdir()?;
        let password = folder.path().join("password");
        std::fs::write(&password, PASSWORD)?;
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group))?;
            chown(&password, Some(user), Some(group))?;
        }
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args([
            "--username=stave",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        ]);
        initdb.arg("--pwfile").arg(&password).arg("--pgdata").arg(folder.path().join("data"));
        let output = run_as(&mut initdb, user).output()?;
        if !output.status.success() {
            return Err(failed("initdb", &output.stderr));
        }
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let port = free_port()?;
        let postmaster = postmaster(&programs, folder.path(), user, port, &settings)?;
        let mut server = Server { folder, programs, user, settings, port, postmaster, guard: None };
        server.guard()?;
        server.answers()?;
        Ok(server)
    }

    /// Starts the process that ends the server when this one is gone.
    fn guard(&mut self) -> Result<()> {
        let data = self.folder.path().join("data");
        // The server's number is read when it is needed, for it may have been started again.
        let script = "cat > /dev/null
            if pid=$(head -n 1 \"$1/postmaster.pid\"); then
                kill -QUIT \"$pid\"
                for wait in $(seq 100); do kill -0 \"$pid\" || break; sleep 0.05; done
            fi
            rm -rf \"$2\"";
        let mut guard = Command::new("sh");
        guard.args(["-c", script, "guard"]).arg(data).arg(self.folder.path());
        // A group of its own: an interrupt at the keyboard is for the tests, and the guard comes after them.
        guard.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = guard.spawn()?;
        let pipe = child.stdin.take().ok_or_else(|| Error::other("the guard has no pipe"))?;
        self.guard = Some((child, pipe));
        Ok(())
    }

    /// Waits until the server takes connections.
    fn answers(&mut self) -> Result<()> {
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if let Some(status) = self.postmaster.try_wait()? {
                let log = std::fs::read(self.folder.path().join("log")).unwrap_or_default();
                return Err(failed(&format!("postgres ended with {status}"), &log));
            }
            let mut ready = Command::new(self.programs.join("pg_isready"));
            ready.args(["--quiet", "--host=127.0.0.1", "--username=stave", "--dbname=postgres"]);
            if ready.arg(format!("--port={}", self.port)).status()?.success() {
                return Ok(());
            }
            std::thread::sleep(step);
            waited += step;
        }
        Err(Error::other("postgres doesn't answer"))
    }

    /// Makes a certificate for this address that nobody signed, in a file of its own.
    pub(crate) fn certificate(&self, name: &str) -> Result<PathBuf> {
        let at = |end: &str| self.folder.path().join(format!("{name}.{end}"));
        let request = "[req]\ndistinguished_name = name\nx509_extensions = more\nprompt = no\n[name]\nCN = 127.0.0.1\n\
            [more]\nsubjectAltName = IP:127.0.0.1\nbasicConstraints = critical,CA:FALSE\n";
        std::fs::write(at("conf"), request)?;
        let mut openssl = Command::new("openssl");
        openssl
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-config"])
            .arg(at("conf"));
        openssl.arg("-keyout").arg(at("key")).arg("-out").arg(at("crt"));
        // As the server, to which the key has to belong.
        let output = run_as(&mut openssl, self.user).output()?;
        if output.status.success() { Ok(at("crt")) } else { Err(failed("openssl", &output.stderr)) }
    }

    /// Lets the server offer TLS with a certificate of [`Server::certificate`].
    pub(crate) fn encrypt(&self, certificate: &Path) -> Result<()> {
        let key = certificate.with_extension("key");
        self.sql("postgres", &format!("ALTER SYSTEM SET ssl_cert_file = '{}'", certificate.display()))?;
        self.sql("postgres", &format!("ALTER SYSTEM SET ssl_key_file = '{}'", key.display()))?;
        self.sql("postgres", "ALTER SYSTEM SET ssl = on")?;
        self.sql("postgres", "SELECT pg_reload_conf()")?;
        Ok(())
    }

    /// A new database's URL.
    pub(crate) fn database(&self, name: &str) -> Result<String> {
        self.sql("postgres", &format!("CREATE DATABASE {name}"))?;
        Ok(self.url("stave", PASSWORD_IN_URL, self.port, name))
    }

    /// A URL of this server, or of what stands before it at another port.
    pub(crate) fn url(&self, user: &str, password_in_url: &str, port: u16, database: &str) -> String {
        format!("postgres://{user}:{password_in_url}@127.0.0.1:{port}/{database}")
    }

    /// The superuser's URL of a database by way of another port.
    pub(crate) fn url_by(&self, port: u16, database: &str) -> String {
        self.url("stave", PASSWORD_IN_URL, port, database)
    }

    /// Runs commands as the superuser, and gives what they print: a row a line, columns between `|`.
    pub(crate) fn sql(&self, database: &str, commands: &str) -> Result<String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        psql.args(["--host=127.0.0.1", "--username=stave", "--no-password"])
            .arg(format!("--dbname={database}"));
        psql.arg(format!("--port={}", self.port)).env("PGPASSWORD", PASSWORD);
        let mut child = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(commands.as_bytes())?;
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(failed(commands, &output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Kills the server and all its processes as a power cut would end them, and starts it again.
    pub(crate) fn crash(&mut self) -> Result<()> {
        self.postmaster.kill()?;
        self.postmaster.wait()?;
        // Its children notice, and end; the shared memory is free once the last one has.
        let mut waited = Duration::ZERO;
        loop {
            self.postmaster =
                postmaster(&self.programs, self.folder.path(), self.user, self.port, &self.settings)?;
            match self.answers() {
                Err(_) if waited < PATIENCE => {
                    let step = Duration::from_millis(100);
                    std::thread::sleep(step);
                    waited += step;
                }
                result => return result,
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.postmaster.kill();
        let _ = self.postmaster.wait();
        // Nobody has this number any more, or somebody else.
        let _ = std::fs::remove_file(self.folder.path().join("data/postmaster.pid"));
        if let Some((mut guard, pipe)) = self.guard.take() {
            drop(pipe);
            let _ = guard.wait();
        }
    }
}

fn run_as(command: &mut Command, user: Option<(u32, u32)>) -> &mut Command {
    command.current_dir("/");
    match user {
        Some((user, group)) => command.uid(user).gid(group),
        None => command,
    }
}

fn postmaster(
    programs: &Path,
    folder: &Path,
    user: Option<(u32, u32)>,
    port: u16,
    settings: &[String],
) -> Result<Child> {
    let mut postgres = Command::new(programs.join("postgres"));
    postgres.arg("-D").arg(folder.join("data")).arg(format!("--port={port}"));
    postgres.args(["--listen_addresses=127.0.0.1", "--unix_socket_directories="]);
    for setting in settings {
        postgres.arg(format!("--{setting}"));
    }
    let log = std::fs::OpenOptions::new().create(true).append(true).open(folder.join("log"))?;
    postgres.process_group(0).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    run_as(&mut postgres, user).spawn()
}
