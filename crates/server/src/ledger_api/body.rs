//! Bodies that come in: read on a thread that may wait, unpacked, and never more than is allowed.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use futures_util::StreamExt as _;
use stave_ledger::{Error, wire};
use tokio::sync::mpsc;

use crate::state::State;

/// How long the other side may send nothing.
const SILENCE: Duration = Duration::from_secs(30);
/// Pieces that wait to be read.
const PIECES: usize = 4;

/// How much may come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// What an append may be.
    Append,
    /// What any other body may be.
    Body,
}

impl Limit {
    /// Bytes as they are sent, and when they are unpacked.
    fn bytes(self) -> (u64, u64) {
        match self {
            Limit::Append => (wire::limits::APPEND_BYTES, wire::limits::APPEND_PLAIN_BYTES),
            Limit::Body => (wire::limits::BODY_BYTES, wire::limits::BODY_BYTES),
        }
    }
}

/// Has `parse` read the body of a request.
///
/// # Errors
/// What `parse` says, with the status that says the same.
pub(super) async fn received<T: Send + 'static>(
    state: &Arc<State>,
    request: Request,
    limit: Limit,
    parse: impl FnOnce(&mut dyn Read) -> stave_ledger::Result<T> + Send + 'static,
) -> Result<T, (StatusCode, Error)> {
    let lost = || {
        let error = Error::Caller("the request could not be read to its end".into());
        (StatusCode::INTERNAL_SERVER_ERROR, error)
    };
    // Each of these may hold as much as an append may be.
    let Ok(permit) = Arc::clone(&state.ledger_bodies).acquire_owned().await else { return Err(lost()) };
    let coding = request.headers().get(header::CONTENT_ENCODING).map(|coding| coding.as_bytes().to_vec());
    let is_packed = match coding.as_deref() {
        None | Some(b"identity") => false,
        Some(b"zstd") => true,
        Some(_) => {
            let error = Error::Caller("a body may be compressed with zstd and nothing else".into());
            return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, error));
        }
    };
    let (send, pieces) = mpsc::channel(PIECES);
    let reading = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let (sent_bytes, plain_bytes) = limit.bytes();
        let pieces = Pieces { pieces, piece: Bytes::new(), left: sent_bytes };
        if !is_packed {
            return parse(&mut Plain { source: pieces, left: plain_bytes });
        }
        let unpacking = zstd::stream::read::Decoder::new(pieces).and_then(|mut decoder| {
            decoder.window_log_max(wire::limits::WINDOW_LOG)?;
            Ok(decoder)
        });
        let source = unpacking.map_err(|source| Error::Io { path: "the request".into(), source })?;
        parse(&mut Plain { source, left: plain_bytes })
    });
    let mut body = request.into_body().into_data_stream();
    // Dropped at the end of this block: the reader sees the end then.
    let sending = async move {
        loop {
            let piece = match tokio::time::timeout(SILENCE, body.next()).await {
                Ok(None) => return,
                Ok(Some(Ok(piece))) => Ok(piece),
                Ok(Some(Err(error))) => Err(io::Error::other(error.to_string())),
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut)),
            };
            let is_end = piece.is_err();
            // Nobody takes it: the reader has seen enough.
            if send.send(piece).await.is_err() || is_end {
                return;
            }
        }
    };
    sending.await;
    match reading.await {
        Ok(Ok(parsed)) => Ok(parsed),
        Ok(Err(error)) => Err((status(&error), error)),
        Err(_) => Err(lost()),
    }
}

fn status(error: &Error) -> StatusCode {
    match error {
        Error::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
            StatusCode::PAYLOAD_TOO_LARGE
        }
        Error::Io { source, .. } if source.kind() == io::ErrorKind::TimedOut => StatusCode::REQUEST_TIMEOUT,
        Error::Io { .. } => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, "this is more than one request may bring")
}

/// The pieces of a body, one after the other.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    piece: Bytes,
    left: u64,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.pieces.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.piece = piece?,
            }
            self.left = self.left.checked_sub(self.piece.len() as u64).ok_or_else(too_large)?;
        }
        let count = into.len().min(self.piece.len());
        into[..count].copy_from_slice(&self.piece.split_to(count));
        Ok(count)
    }
}

/// What was unpacked, as long as it is not too much.
struct Plain<R> {
    source: R,
    left: u64,
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(into)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(too_large)?;
        Ok(count)
    }
}
