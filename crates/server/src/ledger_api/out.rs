//! Answers that go out while they are made: small ones whole, large ones in pieces, compressed for who takes it.

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Response, header};
use futures_util::stream;
use stave_ledger::{Error, Ledger, wire};
use tokio::sync::{mpsc, oneshot};

use super::{Answered, No};
use crate::pool::PoolError;
use crate::state::State;

/// Up to this size an answer is sent whole, with its length; an error that comes earlier has its own status.
const WHOLE_BYTES: usize = 64 * 1024;
/// Pieces that wait for the network.
const PIECES: usize = 4;
/// Compression of what is sent.
const LEVEL: i32 = 1;
/// Lines of JSON.
const LINES: HeaderValue = HeaderValue::from_static("application/jsonl; charset=utf-8");

/// What becomes of an answer.
enum Head {
    /// All of it.
    Whole(Vec<u8>),
    /// It comes in pieces.
    Pieces,
    /// There is none.
    Failed(Error),
}

/// A whole answer.
pub(super) fn whole(bytes: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(header::CONTENT_TYPE, LINES);
    response
}

/// Answers with what `work` writes. It runs on a thread that may wait, and ends early when the other side is gone.
pub(super) async fn give(
    state: &Arc<State>,
    is_packed: bool,
    work: impl FnOnce(&mut dyn Ledger, &mut dyn Write) -> stave_ledger::Result<()> + Send + 'static,
) -> Answered {
    let permit = Arc::clone(&state.ledger_streams).acquire_owned().await;
    let permit = permit.map_err(|_| No::Pool(PoolError::Lost))?;
    let (pieces, from) = mpsc::channel(PIECES);
    let (head, told_head) = oneshot::channel();
    let pool = state.pool.clone();
    let working = tokio::spawn(async move {
        pool.ledger_stream(permit, move |ledger| {
            let mut out = Out { head: Some(head), kept: Vec::new(), pieces, packed: None, is_packed };
            let done = work(ledger, &mut out);
            out.finish(done)
        })
        .await
    });
    match told_head.await {
        Ok(Head::Whole(bytes)) => Ok(whole(bytes)),
        Ok(Head::Failed(error)) => Err(No::Ledger(error)),
        Ok(Head::Pieces) => Ok(in_pieces(from, is_packed)),
        // The work ended before it began: its own error says why.
        Err(_) => match working.await {
            Ok(Err(error)) => Err(error.into()),
            _ => Err(No::Pool(PoolError::Lost)),
        },
    }
}

fn in_pieces(from: mpsc::Receiver<Bytes>, is_packed: bool) -> Response<Body> {
    let body = stream::unfold(from, |mut from| async move {
        let piece = from.recv().await?;
        Some((Ok::<Bytes, Infallible>(piece), from))
    });
    let mut response = Response::new(Body::from_stream(body));
    response.headers_mut().insert(header::CONTENT_TYPE, LINES);
    if is_packed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("zstd"));
    }
    response
}

/// Where an answer is written to.
struct Out {
    head: Option<oneshot::Sender<Head>>,
    /// What was written and not sent.
    kept: Vec<u8>,
    pieces: mpsc::Sender<Bytes>,
    packed: Option<zstd::stream::write::Encoder<'static, Vec<u8>>>,
    is_packed: bool,
}

impl Out {
    /// Sends what is ready. Once anything is sent the answer is one in pieces.
    fn send(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        if let Some(head) = self.head.take() {
            let _ = head.send(Head::Pieces);
        }
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        if bytes.is_empty() { Ok(()) } else { self.pieces.blocking_send(bytes.into()).map_err(gone) }
    }

    /// Passes on what was kept, through the compressor where there is one.
    fn pass_on(&mut self) -> io::Result<()> {
        let kept = std::mem::take(&mut self.kept);
        if !self.is_packed {
            return self.send(kept);
        }
        let mut packed = match self.packed.take() {
            Some(packed) => packed,
            None => zstd::stream::write::Encoder::new(Vec::new(), LEVEL)?,
        };
        packed.write_all(&kept)?;
        let ready =
            if packed.get_ref().len() >= WHOLE_BYTES { std::mem::take(packed.get_mut()) } else { Vec::new() };
        self.packed = Some(packed);
        self.send(ready)
    }

    fn finish(mut self, done: stave_ledger::Result<()>) -> stave_ledger::Result<()> {
        if let Some(head) = self.head.take() {
            let _ = match done {
                Ok(()) => head.send(Head::Whole(self.kept)),
                Err(error) => head.send(Head::Failed(error)),
            };
            return Ok(());
        }
        if let Err(error) = done {
            // What was said stays said; the other side reads why there is no more.
            wire::give_error(&error, &mut self)?;
        }
        let ended = self.pass_on().and_then(|()| match self.packed.take() {
            Some(packed) => {
                let rest = packed.finish()?;
                self.send(rest)
            }
            None => Ok(()),
        });
        ended.map_err(Error::Export)
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.kept.extend_from_slice(bytes);
        if self.kept.len() >= WHOLE_BYTES {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
