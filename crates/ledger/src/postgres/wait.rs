//! Waking up when somebody appends. A notification may get lost, and then only costs time: who waits looks again
//! after a while, whatever it heard.

use std::time::Duration;

use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

use super::PostgresLedger;
use crate::Ledger;
use crate::error::Result;

/// How long to wait at most before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A connection that hears of appends; made when somebody first waits.
#[derive(Default)]
pub(super) struct Watch {
    client: Option<Client>,
}

impl Watch {
    /// Waits for a notification, or until the time is over.
    fn hear(&mut self, timeout: Duration) {
        let Some(mut client) = self.client.take() else { return std::thread::sleep(timeout) };
        if client.notifications().timeout_iter(timeout).next().is_err() {
            // Cut: whoever waits looks at once, and listens anew the next time.
            return;
        }
        // One look answers all that were heard so far.
        while let Ok(Some(_)) = client.notifications().iter().next() {}
        self.client = Some(client);
    }
}

impl PostgresLedger {
    /// [`Ledger::wait`], for half a second at most.
    pub(super) fn wait_or_look(&mut self, after: u64, timeout: Duration) -> Result<u64> {
        if self.watch.client.is_none() {
            self.watch.client = self.listen();
        }
        // Looked at after listening began: what comes later is heard.
        let position = self.position()?;
        if position > after {
            return Ok(position);
        }
        self.watch.hear(timeout.min(LOOK_AGAIN));
        self.position()
    }

    /// A connection that listens; none where that can't be had at the moment.
    fn listen(&self) -> Option<Client> {
        let ledger = self.meta("ledger").ok()?;
        let mut client = self.address.connect().ok()?;
        // 32 hexadecimal digits: nothing to escape.
        client.batch_execute(&format!("LISTEN stave_{ledger}")).ok()?;
        Some(client)
    }
}
