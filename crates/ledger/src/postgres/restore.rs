//! Bringing a backup back into a database. It takes the owner of the tables, as they may have to be made.

use std::path::Path;

use stave_model::Time;

use super::append::{Appender, Attempts, chunk, hear};
use super::compact::note_horizon;
use super::link::Link;
use super::{Fail, PostgresLedger, WRITE_AGAIN, add_people, heard_by_slot, incomplete, meta};
use crate::error::{Error, Result};
use crate::sqlite::Renumbered;
use crate::{Estate, Info, Ledger, Repeats, SqliteLedger};

type Done<T> = std::result::Result<T, Fail>;

/// A backup as it is read for a database.
struct Backup {
    ledger: SqliteLedger,
    info: Info,
    own: Estate,
}

impl PostgresLedger {
    /// Puts a backup into a database, into the first schema of the connection's search path: where no ledger is, or one
    /// in which nothing stands yet. It begins a new epoch, later than `now` and than that of the backup. Accounts come
    /// along, sessions don't. Statements are numbered anew, without gaps. It is there whole or not at all; `aside` is a
    /// folder for a copy of the backup, which is not changed.
    ///
    /// # Errors
    /// [`Error::Occupied`] where a ledger is in which something stands: nothing is changed then. Else where `backup` is
    /// no whole ledger or a newer Stave wrote it, and as [`PostgresLedger::open_or_create`].
    pub fn restore(url: &str, backup: &Path, aside: &Path, now: Time) -> Result<PostgresLedger> {
        let (ledger, _file) = SqliteLedger::copy_of(backup, aside)?;
        let own = Estate { id: ledger.info()?.estate, key: ledger.estate_key()? };
        let backup = Backup { info: ledger.info()?, ledger, own };
        let restored = PostgresLedger::open_or_create(url)?;
        let earlier = restored.info()?.epoch.max(backup.info.epoch);
        let epoch = earlier.saturating_add(1).max(now.millis().unsigned_abs());
        let address = restored.address.clone();
        restored.attempt(&WRITE_AGAIN, |link| {
            link.transaction(|link| {
                link.lock()?;
                if is_used(link)? {
                    // By an earlier attempt, if the answer to its commit was lost on the way.
                    let is_ours = meta(link, "ledger")? == backup.info.ledger
                        && meta(link, "epoch")? == epoch.to_string();
                    return if is_ours {
                        Ok(())
                    } else {
                        Err(Error::Occupied(address.name.clone().into()).into())
                    };
                }
                let mut attempts = Attempts::default();
                let mut appender = Appender::new(link, &address, Repeats::Keep, &mut attempts);
                let mut statements = Renumbered::new(&backup.ledger)?;
                appender.add_all(&mut || chunk(&mut || statements.next().transpose()))?;
                appender.finish()?;
                if let Some(horizon) = statements.horizon() {
                    note_horizon(link, horizon)?;
                }
                backup.give_rest(link, epoch)
            })
        })?;
        Ok(restored)
    }
}

/// Whether anything stands in a ledger.
fn is_used(link: &mut Link) -> Done<bool> {
    let sql = "SELECT EXISTS (SELECT FROM statements) OR EXISTS (SELECT FROM people)
        OR EXISTS (SELECT FROM shelf) OR EXISTS (SELECT FROM estates)";
    Ok(link.one(sql, &[])?.try_get(0)?)
}

impl Backup {
    /// All but the statements, some of which say whom to forget.
    fn give_rest(&self, link: &mut Link, epoch: u64) -> Done<()> {
        let Backup { ledger, info, own } = self;
        let (epoch, revision) = (epoch.to_string(), info.revision.to_string());
        for (key, value) in [
            ("ledger", &info.ledger),
            ("epoch", &epoch),
            ("revision", &revision),
            ("estate", &own.id),
            ("estate_key", &own.key.to_hex()),
        ] {
            if link.execute("UPDATE meta SET value = $2 WHERE key = $1", &[&key, value])? == 0 {
                return Err(incomplete(key).into());
            }
        }
        for Estate { id, key } in ledger.other_estates()? {
            link.execute("INSERT INTO estates (id, key) VALUES ($1, $2)", &[&id, &key.to_hex()])?;
        }
        add_people(link, &ledger.people()?)?;
        let heard = ledger.heard()?;
        let heard = heard_by_slot(&heard);
        let rows = heard.iter();
        hear(
            link,
            rows.map(|(slot, (author, scope, time))| (*slot, author.as_str(), scope.as_str(), *time)),
        )?;
        for (shelf, key, value) in ledger.lasting()? {
            let sql = "INSERT INTO shelf (shelf, key, value) VALUES ($1, $2, $3)";
            link.execute(sql, &[&shelf, &key, &value])?;
        }
        Ok(())
    }
}
