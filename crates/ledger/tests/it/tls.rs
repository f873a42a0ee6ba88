//! A server that speaks TLS: whose certificate counts, and for which name.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use stave_ledger::{Address, Ledger as _, RemoteLedger, RemoteOptions};

/// Made for these tests, valid for a hundred years, for `localhost` alone.
const ISSUER: &[u8] = include_bytes!("tls/issuer.der");
const CERTIFICATE: &[u8] = include_bytes!("tls/localhost.der");
const KEY: &[u8] = include_bytes!("tls/localhost-key.der");

const INFO: &str = "{\"info\":{\"estate\":\"e\",\"ledger\":\"l\",\"epoch\":3,\"revision\":0,\"position\":7}}\n{\"end\":true}\n";

/// A server that answers every request with the same information about a ledger.
fn serve() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(CERTIFICATE.to_vec())],
            PrivateKeyDer::try_from(KEY.to_vec()).unwrap(),
        )
        .unwrap();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, mut connection) =
                (socket.unwrap(), ServerConnection::new(Arc::clone(&config)).unwrap());
            let mut stream = Stream::new(&mut connection, &mut socket);
            if stream.read(&mut [0; 4096]).is_ok() {
                let length = INFO.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nstave-api: 1\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{INFO}"
                );
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    port
}

fn ledger(address: &str, roots: &[&[u8]]) -> RemoteLedger {
    RemoteLedger::new(&RemoteOptions {
        address: Address::parse(address).unwrap(),
        token: None,
        roots: roots.iter().map(|root| root.to_vec()).collect(),
        cache: None,
        agent: "stave/test".to_owned(),
    })
}

#[test]
fn a_certificate_counts_by_its_issuer_and_for_its_name() {
    let port = serve();
    let by_name = format!("https://localhost:{port}");
    assert_eq!(ledger(&by_name, &[ISSUER]).info().unwrap().epoch, 3);
    assert_eq!(ledger(&by_name, &[ISSUER]).position().unwrap(), 7);
    for (address, roots) in [
        (by_name.clone(), &[][..]),
        (by_name, &[CERTIFICATE]),
        (format!("https://127.0.0.1:{port}"), &[ISSUER]),
    ] {
        let error = ledger(&address, roots).info().unwrap_err().to_string();
        assert!(error.contains("no encrypted connection could be made"), "{error}");
        assert!(error.contains("hint: the certificate must be valid for this host"), "{error}");
    }
}
