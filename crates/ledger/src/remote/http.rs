//! One server, asked over HTTP. What may be asked twice is asked again when the network fails.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek as _, SeekFrom};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, Body, SendBody};

use super::{Options, RemoteProblem};
use crate::error::{Error, Result};
use crate::wire::{API, API_HEADER, Answer, ErrorLine, PREFIX, limits};

/// How long a connection may take to stand.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the other side may say nothing, or take nothing.
const SILENCE: Duration = Duration::from_secs(120);
/// What is waited before a question is asked again.
const AGAIN: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(1_000)];
/// For how long a server that asks to come back later is waited for, all attempts together. One that asks for more is
/// believed, and not asked again: a person had better know.
const LATER: Duration = Duration::from_secs(60);
/// Largest error that is read, in bytes.
const ERROR_BYTES: u64 = 64 * 1024;
/// Longest sentence of a server that is repeated, in characters.
const SENTENCE_CHARS: usize = 1_000;
/// A body above this size is announced first, so that it isn't sent for nothing.
const ANNOUNCED_BYTES: u64 = 256 * 1024;
/// A reader's buffer.
const BUFFER_BYTES: usize = 64 * 1024;

/// The body of a question.
#[derive(Clone, Copy)]
pub(super) enum Sent<'a> {
    /// None: the question is a GET.
    Nothing,
    /// As it is.
    Plain(&'a [u8]),
    /// A file with so many bytes, compressed.
    Packed(&'a File, u64),
}

/// An answer's lines.
pub(super) type Lines = Answer<Box<dyn BufRead>>;

/// Which failure it was, as far as asking again goes, and how long the other side asks to be left alone.
enum Failed {
    /// The question did not get there, or was not begun: nothing has happened.
    Before(Error, Option<Duration>),
    /// The answer did not come: something may have happened.
    Between(Error, Option<Duration>),
    /// Asking again would give the same.
    Surely(Error),
}

pub(super) struct Http {
    agent: Agent,
    address: String,
    authorization: Option<String>,
}

impl Http {
    pub(super) fn new(options: &Options) -> Http {
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            // A token goes to the host that was named and to no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(options.agent.clone())
            .accept_encoding("zstd")
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(SILENCE))
            .timeout_per_write(Some(SILENCE));
        if options.address.is_secure() {
            let roots = options.roots.iter().map(|der| Certificate::from_der(der).to_owned());
            config = config.https_only(true).tls_config(
                TlsConfig::builder()
                    .provider(TlsProvider::Rustls)
                    .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                    .root_certs(RootCerts::from(roots))
                    .build(),
            );
        }
        Http {
            agent: config.build().new_agent(),
            address: options.address.as_str().to_owned(),
            authorization: options.token.as_ref().map(super::Token::header),
        }
    }

    pub(super) fn problem(&self, problem: RemoteProblem) -> Error {
        Error::Remote { address: self.address.clone(), problem }
    }

    /// Asks what may be asked again, and reads the answer. `read` may be called again after a cut.
    pub(super) fn ask<T>(
        &self,
        what: &str,
        sent: Sent<'_>,
        read: &mut dyn FnMut(&mut Lines) -> Result<T>,
    ) -> Result<T> {
        self.attempt(what, sent, read).map(|(answer, _)| answer)
    }

    /// The same, and whether it took more than one attempt after which something may have happened.
    pub(super) fn attempt<T>(
        &self,
        what: &str,
        sent: Sent<'_>,
        read: &mut dyn FnMut(&mut Lines) -> Result<T>,
    ) -> Result<(T, bool)> {
        let mut may_have_happened = false;
        let mut waits = AGAIN.iter().copied();
        let started = Instant::now();
        loop {
            let (error, later) = match self.once(what, sent, read) {
                Ok(answer) => return Ok((answer, may_have_happened)),
                Err(Failed::Surely(error)) => return Err(error),
                Err(Failed::Before(error, later)) => (error, later),
                Err(Failed::Between(error, later)) => {
                    may_have_happened = true;
                    (error, later)
                }
            };
            let wait = match later {
                None => waits.next(),
                // An attempt can take as long as the wait that follows it: both count.
                Some(later) => (started.elapsed() + later <= LATER).then_some(later),
            };
            match wait {
                Some(wait) => std::thread::sleep(wait),
                None if may_have_happened && matches!(sent, Sent::Packed(..)) => {
                    return Err(self.problem(RemoteProblem::Unsure(reason(&error))));
                }
                None => return Err(error),
            }
        }
    }

    fn once<T>(
        &self,
        what: &str,
        sent: Sent<'_>,
        read: &mut dyn FnMut(&mut Lines) -> Result<T>,
    ) -> std::result::Result<T, Failed> {
        let response = self.send(what, sent)?;
        self.check(&response)?;
        let status = response.status().as_u16();
        let packed = response.headers().get("content-encoding").is_some_and(|coding| coding == "zstd");
        let later = retry_after(&response);
        let body = BufReader::with_capacity(BUFFER_BYTES, response.into_body().into_reader());
        if status != 200 {
            return Err(self.refused(status, later, body));
        }
        let source: Box<dyn BufRead> = if packed {
            let unpacked = zstd::stream::read::Decoder::with_buffer(body).and_then(|mut decoder| {
                decoder.window_log_max(limits::WINDOW_LOG)?;
                Ok(decoder)
            });
            match unpacked {
                Ok(decoder) => Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder)),
                Err(error) => return Err(Failed::Between(self.cut(&error), None)),
            }
        } else {
            Box::new(body)
        };
        read(&mut Answer::new(source, &self.address)).map_err(|error| match error {
            // A line that is none is one that was cut: the server writes whole ones.
            Error::Io { path, source } if path.as_os_str() == self.address.as_str() => {
                Failed::Between(self.cut(&source), None)
            }
            Error::Line { input, problem, .. } if input == self.address => {
                Failed::Between(self.problem(RemoteProblem::Cut(first_line(&problem))), None)
            }
            other => Failed::Surely(other),
        })
    }

    fn cut(&self, error: &std::io::Error) -> Error {
        self.problem(RemoteProblem::Cut(error.to_string()))
    }

    fn send(&self, what: &str, sent: Sent<'_>) -> std::result::Result<Response<Body>, Failed> {
        let uri = format!("{}{PREFIX}/{what}", self.address);
        let mut request = match sent {
            Sent::Nothing => Request::get(uri),
            Sent::Plain(_) | Sent::Packed(..) => Request::post(uri),
        };
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let answered = match sent {
            Sent::Nothing => request.body(()).map(|request| self.agent.run(request)),
            Sent::Plain(bytes) => request.body(bytes).map(|request| self.agent.run(request)),
            Sent::Packed(file, length) => {
                let mut file = file;
                let rewound = file.seek(SeekFrom::Start(0));
                rewound.map_err(|source| {
                    Failed::Surely(Error::Io { path: "a temporary file".into(), source })
                })?;
                request = request.header("content-encoding", "zstd").header("content-length", length);
                if length > ANNOUNCED_BYTES {
                    request = request.header("expect", "100-continue");
                }
                request.body(SendBody::from_reader(&mut file)).map(|request| self.agent.run(request))
            }
        };
        match answered {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(self.failed(error)),
            // Parts of an address that was checked, and a token that was.
            Err(error) => Err(Failed::Surely(self.problem(RemoteProblem::Unreachable(error.to_string())))),
        }
    }

    fn failed(&self, error: ureq::Error) -> Failed {
        use std::io::ErrorKind::{
            AddrNotAvailable, ConnectionRefused, HostUnreachable, InvalidData, NetworkUnreachable, TimedOut,
        };
        let unreachable = |why: &str| self.problem(RemoteProblem::Unreachable(why.to_owned()));
        match error {
            ureq::Error::HostNotFound => Failed::Surely(unreachable("no such host is known")),
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                Failed::Before(unreachable("the connection could not be made in time"), None)
            }
            ureq::Error::Timeout(_) => Failed::Between(self.problem(RemoteProblem::Slow), None),
            ureq::Error::Rustls(error) => Failed::Surely(self.problem(RemoteProblem::Tls(error.to_string()))),
            ureq::Error::Tls(what) => Failed::Surely(self.problem(RemoteProblem::Tls(what.to_owned()))),
            ureq::Error::Io(error) => match error.kind() {
                ConnectionRefused | HostUnreachable | NetworkUnreachable | AddrNotAvailable => {
                    Failed::Before(unreachable(&error.to_string()), None)
                }
                TimedOut => Failed::Between(self.problem(RemoteProblem::Slow), None),
                // What rustls finds wrong arrives as this.
                InvalidData if self.address.starts_with("https:") => {
                    Failed::Surely(self.problem(RemoteProblem::Tls(error.to_string())))
                }
                _ => Failed::Between(self.cut(&error), None),
            },
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => Failed::Surely(
                self.problem(RemoteProblem::NoStave("no HTTP, or not as it should be".to_owned())),
            ),
            other => Failed::Surely(unreachable(&other.to_string())),
        }
    }

    /// Whether a server of Stave answered, in a version that we know.
    fn check(&self, response: &Response<Body>) -> std::result::Result<(), Failed> {
        let status = response.status().as_u16();
        let version =
            response.headers().get(API_HEADER).map(|value| value.to_str().ok()?.parse::<u32>().ok());
        match version {
            Some(Some(API)) => Ok(()),
            Some(Some(found)) if found > API => {
                Err(Failed::Surely(self.problem(RemoteProblem::Newer { found, known: API })))
            }
            // A proxy whose server is just being started again.
            None if matches!(status, 502..=504) => {
                let error = self.problem(RemoteProblem::NoStave(format!("HTTP status {status}")));
                Err(Failed::Between(error, retry_after(response)))
            }
            _ => Err(Failed::Surely(self.problem(RemoteProblem::NoStave(format!("HTTP status {status}"))))),
        }
    }

    /// The server's own word on why not; `later`: after how long it wants to be asked again.
    fn refused(&self, status: u16, later: Option<Duration>, body: impl Read) -> Failed {
        #[derive(serde::Deserialize)]
        struct Told {
            error: ErrorLine,
        }
        let mut text = Vec::new();
        let told = body.take(ERROR_BYTES).read_to_end(&mut text).ok();
        let told = told.and_then(|_| serde_json::from_slice::<Told>(&text).ok()).map(|told| told.error);
        let ErrorLine { message, hint, number } = told.unwrap_or_else(|| ErrorLine {
            message: String::from_utf8_lossy(&text).trim().to_owned(),
            ..ErrorLine::default()
        });
        if let Some(number) = number {
            return Failed::Surely(Error::NoStatement(number));
        }
        let said = if message.is_empty() { format!("HTTP status {status}") } else { tamed(&message) };
        if status == 401 {
            let has_token = self.authorization.is_some();
            return Failed::Surely(self.problem(RemoteProblem::Token { said, has_token }));
        }
        let error = self.problem(RemoteProblem::Refused {
            status,
            said,
            hint: hint.as_deref().map(tamed).filter(|hint| !hint.is_empty()),
        });
        match status {
            // Too many ask at once: it was not begun.
            429 | 503 => Failed::Before(error, later),
            _ => Failed::Surely(error),
        }
    }
}

/// How long the other side asks to be left alone (RFC 9110, section 10.2.3), where it says so in seconds; a date would
/// need the present. At least as long as after a failure, so that a server that says 0 isn't asked in a loop.
fn retry_after(response: &Response<Body>) -> Option<Duration> {
    let seconds: u64 = response.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).max(AGAIN[1]))
}

/// What somebody else wrote, without what would do something to a terminal, and not too much of it.
fn tamed(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || *c == '\n').take(SENTENCE_CHARS).collect()
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

fn reason(error: &Error) -> String {
    match error {
        Error::Remote { problem, .. } => first_line(&problem.to_string()),
        other => first_line(&other.to_string()),
    }
}
