//! Encrypted connections, with the server's certificate checked. Encryption without a check would keep out only those
//! who listen, not those who answer in the server's place: there is none such here.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use postgres::config::SslMode;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// What a URL says about encryption that its parser doesn't know.
#[derive(Default)]
pub(super) struct Encryption {
    /// The file with the certificates to trust.
    pub(super) roots: Option<PathBuf>,
}

/// Takes the settings of encryption out of a URL. `verify-full` is what `require` means here.
pub(super) fn taken(url: &str) -> (String, Encryption) {
    let mut encryption = Encryption::default();
    // Behind the last `@` no password can be.
    let start = url.rfind('@').unwrap_or_default();
    let Some(at) = url[start..].find('?').map(|at| start + at) else { return (url.to_owned(), encryption) };
    let (before, settings) = (&url[..at], &url[at + 1..]);
    let mut kept: Vec<&str> = Vec::new();
    for setting in settings.split('&') {
        match setting.split_once('=') {
            Some(("sslrootcert", file)) => {
                encryption.roots = Some(PathBuf::from(&*percent_decode_str(file).decode_utf8_lossy()));
            }
            Some(("sslmode", "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(setting),
        }
    }
    let mark = if kept.is_empty() { "" } else { "?" };
    (format!("{before}{mark}{}", kept.join("&")), encryption)
}

/// What encrypts, where `sslmode` asks for it.
pub(super) fn connector(
    ledger: &str,
    mode: SslMode,
    roots: Option<&Path>,
) -> Result<Option<MakeRustlsConnect>> {
    let problem = |reason: String, hint: &str| Error::Server {
        ledger: ledger.to_owned(),
        reason,
        hint: hint.to_owned(),
    };
    if mode != SslMode::Require {
        return match roots {
            None => Ok(None),
            Some(_) => Err(problem(
                "sslrootcert names certificates to trust, but nothing asks for encryption".to_owned(),
                "say sslmode=require too",
            )),
        };
    }
    let Some(file) = roots else {
        return Err(problem(
            "sslmode=require asks for TLS, and nothing says which certificates to trust".to_owned(),
            "add sslrootcert=FILE to the URL: the server's own certificate, that of whoever signed it, or the system's \
             list (Debian: /etc/ssl/certs/ca-certificates.crt)",
        ));
    };
    let unread = |why: &dyn std::fmt::Display| {
        problem(
            format!("the certificates in {} can't be read: {why}", file.display()),
            "sslrootcert names a file with certificates in PEM form",
        )
    };
    let mut trusted = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unread(&error))? {
        let certificate = certificate.map_err(|error| unread(&error))?;
        trusted.add(certificate).map_err(|error| unread(&error))?;
    }
    if trusted.is_empty() {
        return Err(unread(&"there is none in it"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| problem(error.to_string(), "this build of Stave can't speak TLS"))?
        .with_root_certificates(trusted)
        .with_no_client_auth();
    Ok(Some(MakeRustlsConnect::new(config)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_what_the_parser_does_not_know_is_taken() {
        for (url, left, roots) in [
            ("postgres://a@h/d", "postgres://a@h/d", None),
            ("postgres://a:x?sslrootcert=y@h/d", "postgres://a:x?sslrootcert=y@h/d", None),
            ("postgres://a@h/d?sslmode=verify-full", "postgres://a@h/d?sslmode=require", None),
            ("postgres://a@h/d?sslrootcert=%2Fa%20b", "postgres://a@h/d", Some("/a b")),
            ("postgres://a@h/d?x=1&sslrootcert=/c&y=2", "postgres://a@h/d?x=1&y=2", Some("/c")),
        ] {
            let (kept, encryption) = taken(url);
            assert_eq!((kept.as_str(), encryption.roots), (left, roots.map(PathBuf::from)), "{url}");
        }
    }
}
