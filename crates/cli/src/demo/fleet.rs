//! The fleet: instances, their load, and, in a table the agent never looks at, what they are for.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use crate::output::Stop;

/// Instances in all.
const ALL: usize = 212;
/// Those that look unused.
const IDLE: usize = 47;

/// The database of the fleet.
pub(super) struct Fleet {
    connection: Connection,
}

/// Numbers that follow from a seed (SplitMix64), so that a seed always gives the same fleet.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        Stop::failed(&error)
    }
}

impl Fleet {
    pub(super) fn open(path: &Path) -> Result<Self, Stop> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        Ok(Self { connection })
    }

    /// Makes the fleet of a seed.
    pub(super) fn make(path: &Path, seed: u64) -> Result<(), Stop> {
        let mut fleet = Self::open(path)?;
        let transaction = fleet.connection.transaction()?;
        transaction.execute_batch(
            "CREATE TABLE inventory (instance_id TEXT PRIMARY KEY, region TEXT NOT NULL, \
             cpu_30d REAL NOT NULL, state TEXT NOT NULL);
             CREATE TABLE tags (instance_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL);
             CREATE TABLE executor_log (action_id TEXT PRIMARY KEY, tool TEXT NOT NULL, \
             detail TEXT NOT NULL);",
        )?;
        let mut numbers = Numbers(seed);
        let mut ids = BTreeSet::new();
        while ids.len() < ALL {
            ids.insert(format!("i-{:012x}", numbers.next() >> 16));
        }
        let mut ids: Vec<String> = ids.into_iter().collect();
        for index in (1..ids.len()).rev() {
            let other = numbers.below(index as u64 + 1);
            ids.swap(index, usize::try_from(other).unwrap_or(0));
        }
        let standbys = 20 + numbers.below(20);
        for (index, id) in ids.iter().enumerate() {
            let idle = index < IDLE;
            let tenths = if idle { numbers.below(49) } else { 80 + numbers.below(800) };
            let role = match idle {
                true if (index as u64) < standbys => "dr-standby",
                true => "loadtest",
                false => "app",
            };
            transaction.execute(
                "INSERT INTO inventory VALUES (?1, 'eu-west-1', ?2 / 10.0, 'running')",
                params![id, i64::try_from(tenths).unwrap_or(0)],
            )?;
            transaction.execute("INSERT INTO tags VALUES (?1, 'role', ?2)", params![id, role])?;
        }
        transaction.commit()?;
        Ok(())
    }

    /// Instances in all, and idle ones.
    pub(super) fn size(&self) -> Result<(u64, u64), Stop> {
        let sql = "SELECT count(*), sum(cpu_30d < 5) FROM inventory";
        Ok(self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Terminated instances, and the standbys among them.
    pub(super) fn terminated(&self) -> Result<(u64, u64), Stop> {
        let sql = "SELECT count(*), coalesce(sum(t.value = 'dr-standby'), 0) FROM inventory i \
                   JOIN tags t ON t.instance_id = i.instance_id AND t.key = 'role' \
                   WHERE i.state = 'terminated'";
        Ok(self.connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// The first column of a query, as a list.
    pub(super) fn column(&self, sql: &str) -> Result<Vec<String>, Stop> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What the executor wrote down about an action, if it carried it out.
    pub(super) fn carried_out(&self, action: &str) -> Result<Option<String>, Stop> {
        let sql = "SELECT detail FROM executor_log WHERE action_id = ?1";
        Ok(self.connection.query_row(sql, [action], |row| row.get(0)).optional()?)
    }

    /// Terminates instances and writes it down, both or neither; once for an action.
    pub(super) fn terminate(&mut self, action: &str, ids: &[String]) -> Result<String, Stop> {
        let transaction = self.connection.transaction()?;
        let mut terminated = 0;
        for id in ids {
            terminated += transaction.execute(
                "UPDATE inventory SET state = 'terminated' \
                 WHERE instance_id = ?1 AND state = 'running'",
                [id],
            )?;
        }
        let detail = format!("{terminated} instances terminated");
        transaction.execute(
            "INSERT INTO executor_log VALUES (?1, 'terminate_instances', ?2)",
            [action, &detail],
        )?;
        transaction.commit()?;
        Ok(detail)
    }

    /// Writes down that something else was carried out.
    pub(super) fn note(&self, action: &str, tool: &str, detail: &str) -> Result<(), Stop> {
        self.connection.execute(
            "INSERT INTO executor_log VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            [action, tool, detail],
        )?;
        Ok(())
    }
}
