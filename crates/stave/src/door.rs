//! What it takes to come through a server's door: a token, and issuers of certificates whose word counts.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use stave_ledger::{Address, Token};

use crate::context::Context;
use crate::problem::Problem;

/// The variable with a token.
const VARIABLE: &str = "STAVE_TOKEN";
/// Others than the owner may do something with a file.
const OTHERS: u32 = 0o077;

/// Whether a token may be sent to an address. Unencrypted, everybody on the way reads it.
pub(crate) fn may_send_to(address: &Address, context: &Context<'_>) -> Result<(), Problem> {
    if address.is_secure() || address.is_loopback() || context.insecure_http {
        return Ok(());
    }
    Err(Problem::new(format!(
        "{address} is not encrypted: everybody on the way reads the token and what is said"
    ))
    .hint("use https://")
    .hint("--insecure-http does it all the same, in a network where you trust everybody"))
}

/// The token for a server: STAVE_TOKEN, else the file that the setting `token_file` names, else the one of the server's
/// name in the user's folder. Without any, a server that asks for one says so.
pub(crate) fn token(context: &mut Context<'_>, address: &Address) -> Result<Option<Token>, Problem> {
    if let Some(text) = context.surroundings.get(VARIABLE).filter(|text| !text.is_empty()) {
        context.terminal.detail(&format!("token: {VARIABLE}"));
        return Ok(Some(parsed(text, VARIABLE)?));
    }
    let (file, is_needed) = match context.settings.token_file() {
        Some(file) => (PathBuf::from(file), true),
        None => match context.surroundings.config_home() {
            Some(folder) => (folder.join("stave/tokens").join(name(address)), false),
            None => return Ok(None),
        },
    };
    let shown = file.display().to_string();
    let text = match read(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_needed => return Ok(None),
        Err(error) => return Err(Problem::new(format!("the token in {shown} can't be read: {error}"))),
    };
    if fs::metadata(&file).is_ok_and(|meta| meta.permissions().mode() & OTHERS != 0) {
        context.terminal.warn(&format!("{shown}: others can read this token\n\nhint: chmod 600 {shown}"));
    }
    context.terminal.detail(&format!("token: {shown}"));
    Ok(Some(parsed(&text, &shown)?))
}

/// The file of a server's token: its host, and its port where one is named.
fn name(address: &Address) -> String {
    let text = address.as_str();
    text.split_once("://").map_or(text, |(_, host)| host).to_owned()
}

/// A token is short; what is longer is another file.
fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(file)?.take(4 * Token::MOST_BYTES as u64).read_to_string(&mut text)?;
    Ok(text)
}

fn parsed(text: &str, origin: &str) -> Result<Token, Problem> {
    let text = text.trim();
    Token::parse(text).map_err(|_| {
        Problem::new(format!("what stands in {origin} is no token"))
            .hint("it is one word, as `stave token add` printed it")
    })
}

/// Whose word on a server's certificate counts: what this machine trusts, or SSL_CERT_FILE.
pub(crate) fn roots(address: &Address) -> Result<Vec<Vec<u8>>, Problem> {
    if !address.is_secure() {
        return Ok(Vec::new());
    }
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        let why = found.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(Problem::new(format!("this machine knows no issuers of certificates{why}"))
            .hint("install the package ca-certificates, or name a file with them: SSL_CERT_FILE"));
    }
    Ok(found.certs.into_iter().map(|certificate| certificate.to_vec()).collect())
}
