//! What can go wrong between here and a server. No message holds the token.

/// Why an address or a token can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// No address of a server.
    #[error("this is no address of a server\n\nhint: write it like https://stave.example.com")]
    Form,
    /// A user or password in it.
    #[error(
        "an address is shown and stored: it may hold no user and no password\n\nhint: say the token with STAVE_TOKEN"
    )]
    Secret,
    /// A path, query or fragment behind the host.
    #[error(
        "only a host and a port may stand in a ledger's address\n\nhint: leave out what stands behind them"
    )]
    Path,
    /// A token that can't be one.
    #[error(
        "the token can't be one: it is empty, or has characters that no token has\n\nhint: copy it again, whole and alone"
    )]
    Token,
}

/// What went wrong between here and a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteProblem {
    /// Nobody answers there.
    #[error("there is no answer: {0}\n\nhint: is the server running, and the address right?")]
    Unreachable(String),
    /// Somebody answers whom we can't trust, or not encrypted.
    #[error(
        "no encrypted connection could be made: {0}\n\nhint: the certificate must be valid for this host and its issuer known to this machine; SSL_CERT_FILE names a file with further issuers"
    )]
    Tls(String),
    /// It took too long.
    #[error("the server took too long\n\nhint: try again; the server's log says what it was doing")]
    Slow,
    /// The answer ended in the middle, every time.
    #[error("the connection was cut again and again ({0})\n\nhint: try again when the network is better")]
    Cut(String),
    /// An answer was lost after something had been sent.
    #[error(
        "it isn't known whether what was sent was taken: {0}\n\nhint: `stave log` shows it if it was; the same words sent twice count once"
    )]
    Unsure(String),
    /// Something else answers.
    #[error(
        "this answers, but not as a server of Stave does ({0})\n\nhint: name the address of the board, without a path"
    )]
    NoStave(String),
    /// A newer Stave answers.
    #[error(
        "the server speaks version {found} of its protocol; this Stave knows {known}\n\nhint: use a newer Stave here"
    )]
    Newer {
        /// The server's version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// More in one append than a server takes.
    #[error(
        "this is {bytes} bytes, compressed; a server takes {most} at a time\n\nhint: merge it where the ledger is"
    )]
    TooLarge {
        /// What would have to be sent.
        bytes: u64,
        /// The limit.
        most: u64,
    },
    /// No token was sent, or none that counts.
    #[error("{said}\n\nhint: {}", token_hint(.has_token))]
    Token {
        /// The server's sentence.
        said: String,
        /// Whether one was sent.
        has_token: bool,
    },
    /// The server says no, in a sentence with its hint.
    #[error("{}{}", .said, .hint.as_ref().map_or_else(String::new, |hint| format!("\n\nhint: {hint}")))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's sentence.
        said: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

fn token_hint(has_token: &bool) -> &'static str {
    if *has_token {
        "the token may have ended, or been taken back; ask for a new one"
    } else {
        "say a token with STAVE_TOKEN, or name a file with it in the setting token_file"
    }
}
