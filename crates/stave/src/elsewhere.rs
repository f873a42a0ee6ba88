//! Where people sign in elsewhere: the settings of OpenID Connect, as a server needs them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use stave_server::door::{Oidc, Role};

use crate::context::Context;
use crate::problem::Problem;
use crate::surroundings::Surroundings;
use crate::terminal::Terminal;

/// The variable that holds the client's secret, where no file does.
const SECRET: &str = "STAVE_OIDC_SECRET";

/// Largest file of a secret, in bytes.
const SECRET_BYTES: u64 = 4_096;

/// Who is neither a file's owner nor of its group, by which a service's user may be given it.
const ANYBODY: u32 = 0o007;

/// What the settings `oidc.…` say; nothing where no provider is named.
///
/// # Errors
/// Where a setting is missing that the others need, or the secret can't be read.
pub(crate) fn settings(context: &mut Context<'_>) -> Result<Option<Oidc>, Problem> {
    let value = |key: &str| context.settings.text(key).map(str::to_owned);
    let Some(issuer) = value("oidc.issuer") else { return Ok(None) };
    let needed = |key: &str| {
        value(key).ok_or_else(|| {
            Problem::new(format!("the setting oidc.issuer needs {key} beside it"))
                .hint("stave config list --origins shows all settings and where they come from")
        })
    };
    let role: Role = needed("oidc.role")?.parse().map_err(Problem::new)?;
    let domains = value("oidc.domains").unwrap_or_default();
    let domains = domains.split(',').map(str::trim).filter(|domain| !domain.is_empty());
    Ok(Some(Oidc {
        client_id: needed("oidc.client_id")?,
        client_secret: secret(&context.surroundings, context.terminal, value("oidc.secret_file"))?,
        url: needed("oidc.url")?,
        domains: domains.map(str::to_lowercase).collect(),
        role,
        roots: if issuer.starts_with("https://") { roots()? } else { Vec::new() },
        issuer,
    }))
}

/// The name under which browsers ask for a server at this address.
pub(crate) fn host(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', '?', '#']).next().filter(|host| !host.is_empty())
}

fn secret(
    surroundings: &Surroundings,
    terminal: &mut Terminal,
    file: Option<String>,
) -> Result<String, Problem> {
    if let Some(secret) = surroundings.get(SECRET) {
        return Ok(secret.to_owned());
    }
    let Some(file) = file else {
        return Err(Problem::new("OpenID Connect needs the client's secret")
            .hint(format!("put it into a file and name that in oidc.secret_file, or into {SECRET}")));
    };
    let problem = |why: String| Problem::new(format!("the secret in {file} (oidc.secret_file) {why}"));
    let path = Path::new(&file);
    let meta = fs::metadata(path).map_err(|error| problem(format!("can't be read: {error}")))?;
    if meta.len() > SECRET_BYTES {
        return Err(problem(format!("is {} bytes long; {SECRET_BYTES} are allowed", meta.len())));
    }
    if meta.permissions().mode() & ANYBODY != 0 {
        terminal.warn(&format!("{file}: anybody can read this secret\n\nhint: chmod o= {file}"));
    }
    let text = fs::read_to_string(path).map_err(|error| problem(format!("can't be read: {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Whose word on certificates counts on this machine.
fn roots() -> Result<Vec<Vec<u8>>, Problem> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(Problem::new("no certificate authorities are known on this machine")
            .hint("install your system's package ca-certificates, or set SSL_CERT_FILE"));
    }
    Ok(found.certs.iter().map(|certificate| certificate.to_vec()).collect())
}
