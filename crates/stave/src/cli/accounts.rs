//! `stave user`, `stave token`, and where a server listens.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use stave_server::door::Role;

use super::Board;

/// Where and for whom the board is served.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) board: Board,

    /// Listen here, ADDRESS or ADDRESS:PORT; beyond this machine only when there are accounts [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,

    /// Answer under this name too, NAME or NAME:PORT; only when there are accounts; can be repeated
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,

    /// Believe this proxy who asks (X-Forwarded-For); can be repeated
    #[arg(long = "proxy", value_name = "IP")]
    pub(crate) proxies: Vec<IpAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct UserArguments {
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

/// How a password comes in or goes out.
#[derive(Debug, Args)]
pub(crate) struct PasswordFrom {
    /// Read the password from standard input, one line, instead of making one
    #[arg(long)]
    pub(crate) password_stdin: bool,

    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// Where a secret is shown.
#[derive(Debug, Args)]
pub(crate) struct Shown {
    /// Write what is made to this new file, readable by you alone, instead of printing it
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) secret_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Add a user; prints a password, once
    Add {
        /// The e-mail address to sign in with
        address: String,
        /// The name to show
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// viewer (reads), member (speaks), admin (also forgets and redacts)
        #[arg(long, default_value = "member")]
        role: Role,
        /// Make no password: they sign in elsewhere (OpenID Connect)
        #[arg(long, conflicts_with_all = ["password_stdin", "secret_file"])]
        no_password: bool,
        #[command(flatten)]
        password: PasswordFrom,
    },
    /// List the users
    List,
    /// Remove a user, and sign them out
    Remove {
        /// Their e-mail address
        address: String,
    },
    /// Change what a user may do
    Role {
        /// Their e-mail address
        address: String,
        /// viewer, member, admin
        role: Role,
    },
    /// Give a user another password, and sign them out; prints it, once
    Password {
        /// Their e-mail address
        address: String,
        #[command(flatten)]
        password: PasswordFrom,
    },
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token; prints it, once
    Add {
        /// Its name: what statements made with it carry
        name: String,
        /// Whose statements it may make: collector:*, system:jira, a person's e-mail address; can be repeated. None:
        /// it only reads
        #[arg(long = "author", value_name = "AUTHOR")]
        authors: Vec<String>,
        /// What they may be about: repo:HOST/ORG, history:HOST/ORG, ticket:INSTANCE, * for all; can be repeated
        #[arg(long = "scope-prefix", value_name = "PREFIX")]
        scope_prefixes: Vec<String>,
        /// When it ends: an age like 90d, or its last day like 2027-01-31 [default: never]
        #[arg(long, value_name = "WHEN")]
        until: Option<String>,
        #[command(flatten)]
        shown: Shown,
    },
    /// List the tokens
    List,
    /// Remove a token: nobody comes in with it any more
    Remove {
        /// Its name
        name: String,
    },
}
