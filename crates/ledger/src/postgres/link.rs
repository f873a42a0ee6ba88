//! One connection to the server, with the queries that were prepared on it.

use std::collections::HashMap;
use std::ops::Range;

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Error as SqlError, Row, Statement};

use super::Fail;

/// What a connection is told when it begins. Whoever hangs in the middle of a change lets go of the lock some time;
/// commits that don't wait for the disk are not for a ledger.
const SETTINGS: &str = "
    SET lock_timeout = '60s';
    SET idle_in_transaction_session_timeout = '60s';
    SET default_transaction_isolation = 'read committed';
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// A parameter of a query.
pub(super) type Param<'a> = &'a (dyn ToSql + Sync);

/// A connection and what belongs to it.
pub(super) struct Link {
    client: Client,
    prepared: HashMap<String, Statement>,
    /// Numbers for bodies that the server gave to this connection alone.
    bodies: Range<i64>,
    lost: bool,
}

impl Link {
    /// Takes over a new connection.
    pub(super) fn new(client: Client) -> Result<Link, SqlError> {
        let mut link = Link { client, prepared: HashMap::new(), bodies: 0..0, lost: false };
        link.batch(SETTINGS)?;
        Ok(link)
    }

    /// Whether the connection was lost, or the server asks to begin again: the same can be tried on a new one.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    fn note<T>(&mut self, result: Result<T, SqlError>) -> Result<T, SqlError> {
        if let Err(error) = &result {
            self.lost |= is_lost(error);
        }
        result
    }

    fn prepared(&mut self, sql: &str) -> Result<Statement, SqlError> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql);
        let statement = self.note(statement)?;
        self.prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    /// The rows of a query. `sql` is one of a few fixed texts: each is prepared once and kept.
    pub(super) fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, SqlError> {
        let statement = self.prepared(sql)?;
        let rows = self.client.query(&statement, params);
        self.note(rows)
    }

    /// The only row of a query; an error where there are none or several.
    pub(super) fn one(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Row, SqlError> {
        let statement = self.prepared(sql)?;
        let row = self.client.query_one(&statement, params);
        self.note(row)
    }

    /// Runs a command; gives how many rows it changed.
    pub(super) fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, SqlError> {
        let statement = self.prepared(sql)?;
        let count = self.client.execute(&statement, params);
        self.note(count)
    }

    /// Runs commands without parameters.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), SqlError> {
        let result = self.client.batch_execute(sql);
        self.note(result)
    }

    /// Runs `change` as one transaction. One that fails is rolled back; where that fails too, the link is lost, and
    /// with its end the server rolls back.
    pub(super) fn transaction<T>(
        &mut self,
        change: impl FnOnce(&mut Link) -> Result<T, Fail>,
    ) -> Result<T, Fail> {
        self.batch("BEGIN")?;
        let result = change(self).and_then(|value| {
            self.batch("COMMIT")?;
            Ok(value)
        });
        if result.is_err() && self.batch("ROLLBACK").is_err() {
            self.lost = true;
        }
        result
    }

    /// Takes the lock under which all changes are made; gives the number of the last statement.
    pub(super) fn lock(&mut self) -> Result<i64, SqlError> {
        self.one("SELECT last FROM counter FOR UPDATE", &[])?.try_get(0)
    }

    /// A number for a new body, which nobody else has.
    pub(super) fn body_number(&mut self) -> Result<i64, SqlError> {
        if let Some(number) = self.bodies.next() {
            return Ok(number);
        }
        let first: i64 = self.one("SELECT nextval('body_numbers')", &[])?.try_get(0)?;
        // As many as schema.sql says.
        self.bodies = first + 1..first + 1_024;
        Ok(first)
    }
}

/// Whether the connection is gone, or the server asks to begin again.
pub(super) fn is_lost(error: &SqlError) -> bool {
    let Some(code) = error.code() else {
        return error.is_closed() || causes(error).any(|cause| cause.is::<std::io::Error>());
    };
    code.code().starts_with("08")
        || [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::T_R_DEADLOCK_DETECTED,
            SqlState::T_R_SERIALIZATION_FAILURE,
        ]
        .contains(code)
}

/// What an error says about its causes, from the outside to the inside.
pub(super) fn causes(error: &SqlError) -> impl Iterator<Item = &(dyn std::error::Error + 'static)> {
    let first: &(dyn std::error::Error + 'static) = error;
    std::iter::successors(first.source(), |cause| cause.source())
}
