//! `cargo xtask smoke`: the README's first command, in the release build, as a user meets it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::Outcome;
use crate::args::Args;
use crate::run;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn task(args: Args) -> Result<Outcome> {
    args.end()?;
    let stave = run::release_binary()?;
    let ledger = tempfile::tempdir()?;
    let mut command = Command::new(&stave);
    command.arg("--ledger").arg(ledger.path()).args(["up", "examples/shop", "--port", "0"]);
    let mut checks = Checks::default();
    let mut server = Server::start(&mut command)?;
    checks.say(&format!("prints its URL after {:.2} s", server.url_after.as_secs_f64()), true);

    let host = server.address.clone();
    let front = server.get("/", &host)?;
    checks.say("the front page answers 200", front.status == 200);
    checks.say("the front page is HTML", front.header("content-type").starts_with("text/html"));
    checks.say("a content-security-policy is sent", !front.header("content-security-policy").is_empty());
    let list = server.get("/entities?q=storefront", &host)?;
    let entity = followed(&server, &host, &list, |_, text| text == "storefront")?;
    checks.say("search leads to an entity's page", entity.is_some());
    let entity = entity.unwrap_or_default();
    checks.say("which names its owner", entity.body.contains("counter"));
    let why =
        followed(&server, &host, &entity, |path, _| path.contains("/why?fact=calls"))?.unwrap_or_default();
    checks.say("and says why, with file and line", why.body.contains("docker-compose.yml:"));
    let secret = [&front, &list, &entity, &why].iter().any(|page| page.body.contains("is-not-a"));
    checks.say("no secret of the example stands on a page", !secret);
    let health = server.get("/healthz", &host)?;
    checks.say("/healthz answers 200", health.status == 200);
    let stranger = server.get("/", "stave.example.com")?;
    checks.say("another Host name is refused", (400..500).contains(&stranger.status));
    checks.say("SIGINT ends it with 0", server.interrupt()? == Some(0));
    Ok(checks.outcome())
}

#[derive(Default)]
struct Checks {
    passed: usize,
    failed: usize,
}

impl Checks {
    fn say(&mut self, what: &str, passed: bool) {
        println!("{} {what}", if passed { "ok    " } else { "FAILED" });
        if passed { self.passed += 1 } else { self.failed += 1 }
    }

    fn outcome(&self) -> Outcome {
        println!("smoke: {} passed, {} failed", self.passed, self.failed);
        Outcome::passed_if(self.failed == 0)
    }
}

/// The page that the first matching link (address, text) of a page leads to, if it answers 200.
fn followed(
    server: &Server,
    host: &str,
    page: &Answer,
    matches: impl Fn(&str, &str) -> bool,
) -> Result<Option<Answer>> {
    let links = page.links();
    let Some((path, _)) = links.iter().find(|(path, text)| matches(path, text)) else { return Ok(None) };
    let answer = server.get(path, host)?;
    Ok(Some(answer).filter(|found| found.status == 200))
}

/// A running `stave up`. It is ended when this value goes.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// From the start of the process to the line with the URL.
    pub(crate) url_after: Duration,
}

impl Server {
    /// Starts the command and waits for the line with a URL, on stdout or stderr.
    pub(crate) fn start(command: &mut Command) -> Result<Server> {
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {}", run::shown(command)))?;
        let (sender, lines) = mpsc::channel();
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|out| Box::new(out) as _),
            child.stderr.take().map(|out| Box::new(out) as _),
        ];
        for stream in streams.into_iter().flatten() {
            let sender = sender.clone();
            // Reads on after the URL: a full pipe would stop the server.
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(std::result::Result::ok) {
                    let _ = sender.send((start.elapsed(), line));
                }
            });
        }
        drop(sender);
        let mut talk = Vec::new();
        while let Ok((after, line)) = lines.recv_timeout(PATIENCE.saturating_sub(start.elapsed())) {
            if let Some(address) = address_in(&line) {
                return Ok(Server { child, address, url_after: after });
            }
            talk.push(line);
        }
        // Nothing is left to do with a server that never listened.
        let _ = child.kill();
        let _ = child.wait();
        bail!("{} printed no URL\n{}", run::shown(command), talk.join("\n"))
    }

    fn get(&self, path: &str, host: &str) -> Result<Answer> {
        let mut stream = TcpStream::connect(&self.address).with_context(|| self.address.clone())?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes)?;
        Answer::parse(&String::from_utf8_lossy(&bytes)).with_context(|| format!("GET {path} is not answered"))
    }

    /// What Ctrl-C does; the exit code, where the process ends by itself.
    pub(crate) fn interrupt(&mut self) -> Result<Option<i32>> {
        let pid = self.child.id().to_string();
        run::output(Command::new("kill").args(["-INT", &pid]))?;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// HOST:PORT of the first http URL in a line.
fn address_in(line: &str) -> Option<String> {
    let plain = run::without_colour(line);
    let (_, rest) = plain.split_once("http://")?;
    let end = rest.find(|sign: char| sign == '/' || sign.is_whitespace()).unwrap_or(rest.len());
    Some(rest[..end].to_owned()).filter(|address| address.contains(':'))
}

#[derive(Default)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn parse(text: &str) -> Option<Answer> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        Some(Answer { status, headers, body: body.to_owned() })
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value)
    }

    /// The page's links: address and text without tags.
    fn links(&self) -> Vec<(String, String)> {
        let mut links = Vec::new();
        for part in self.body.split("<a ").skip(1) {
            let Some((tag, rest)) = part.split_once('>') else { continue };
            let Some((_, href)) = tag.split_once("href=\"") else { continue };
            let (Some((href, _)), Some((inner, _))) = (href.split_once('"'), rest.split_once("</a>")) else {
                continue;
            };
            let mut text = String::new();
            for piece in inner.split('<') {
                text.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
            }
            links.push((href.replace("&amp;", "&"), text.trim().to_owned()));
        }
        links
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_a_line() {
        let line = "  \u{1b}[1mhttp://127.0.0.1:4173/?key=ab\u{1b}[0m  (Ctrl-C ends it)";
        assert_eq!(address_in(line).as_deref(), Some("127.0.0.1:4173"));
        assert_eq!(address_in("  http://127.0.0.1:80"), Some("127.0.0.1:80".to_owned()));
        assert_eq!(address_in("9 components"), None);
    }

    #[test]
    fn links_are_read_with_their_texts() {
        let text = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n<a class=\"x\" href=\"/e/1?a=1&amp;b=2\">two <b>words</b></a><a>no</a>";
        let answer = Answer::parse(text).unwrap_or_else(|| unreachable!("the text is an answer"));
        assert_eq!((answer.status, answer.header("a")), (200, "b"));
        assert_eq!(answer.links(), [("/e/1?a=1&b=2".to_owned(), "two words".to_owned())]);
    }
}
