//! Connections: how many, how slow, and how they end.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep};

use crate::door::Peer;
use crate::state::State;
use crate::{Stop, routes};

/// Connections at one time; more wait in the system's queue.
const CONNECTIONS: usize = 256;

/// How long a client may take to send a request's head, and how long an idle connection is kept.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);

/// How long a client may take no byte of what is sent to it.
const WRITE_PATIENCE: Duration = Duration::from_secs(20);

/// Largest head of a request that is read at all.
const HEAD_BYTES: usize = 32 * 1024;

/// How long open connections get to finish when the server ends.
const GOODBYE: Duration = Duration::from_millis(1_200);

/// Takes connections until the server is stopped, then lets those that are open finish.
pub(crate) async fn accept(
    listener: TcpListener,
    state: Arc<State>,
    stop: &Stop,
    signals: bool,
    on_ready: impl FnOnce(),
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let routes = routes::routes(state, stop.watch());
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stopped = stop.watch();
    if signals {
        let stop = stop.clone();
        // Installed before the first connection, so that an early Ctrl-C is not lost.
        let asked_to_end = asked_to_end()?;
        tokio::spawn(async move {
            asked_to_end.await;
            stop.stop();
        });
    }
    // Told last: whoever reads the address may at once ask, or press Ctrl-C.
    on_ready();
    loop {
        // When all are taken, the end must still be heard.
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_owned() => permit,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Ok(permit) = permit else { break };
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            _ = stopped.wait_for(|stopped| *stopped) => break,
        };
        let Ok((stream, peer)) = taken else {
            // Out of file descriptors, most likely: others must end first.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Small answers should not wait for more.
        let _ = stream.set_nodelay(true);
        let service = FromPeer { peer: Peer(peer), inner: TowerToHyperService::new(routes.clone()) };
        let mut end = stop.watch();
        tokio::spawn(async move {
            let _permit = permit;
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_PATIENCE)
                .max_buf_size(HEAD_BYTES)
                .serve_connection(TokioIo::new(Patient::new(stream)), service);
            let mut connection = std::pin::pin!(connection);
            tokio::select! {
                // Whatever a client breaks is the client's business.
                _ = connection.as_mut() => return,
                _ = end.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
            }
            let _ = connection.await;
        });
    }
    drop(listener);
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = tokio::time::timeout(GOODBYE, permits.acquire_many(all)).await;
    Ok(())
}

/// Tells each request who is at the other end.
struct FromPeer {
    peer: Peer,
    inner: TowerToHyperService<Router>,
}

impl Service<Request<Incoming>> for FromPeer {
    type Response = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Response;
    type Error = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Error;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        request.extensions_mut().insert(self.peer);
        self.inner.call(request)
    }
}

/// SIGINT (Ctrl-C) or SIGTERM.
fn asked_to_end() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// A connection that ends when the other side takes nothing for too long.
struct Patient {
    stream: TcpStream,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn new(stream: TcpStream) -> Patient {
        Patient { stream, waiting: None }
    }

    /// Passes on what a write gave; one that waits for too long fails.
    fn judge<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(WRITE_PATIENCE)));
        match waiting.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(written, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = Pin::new(&mut self.stream).poll_flush(context);
        self.judge(written, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let written = Pin::new(&mut self.stream).poll_shutdown(context);
        self.judge(written, context)
    }
}
