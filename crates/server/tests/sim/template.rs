//! The data directory a world begins with, made once and copied for each.

use std::path::Path;
use std::sync::OnceLock;

use ed25519_dalek::SigningKey;
use holdshort_core::WorkspaceId;
use holdshort_server::{Purpose, Setup};
use holdshort_store::{Cause, Change, Sqlite, Store};

use crate::people::{AGENTS, Agent, Cast, PEOPLE, Person, SRE};

pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId::from_bytes([1; 16]);

/// A policy with what probes look at: one from the gate, one on the agent's machine.
macro_rules! with_probes {
    ($rules:literal) => {
        concat!(
            $rules,
            r#"
[[probe]]
id = "idle"
tool = "rotate_keys"
fact = "Nobody uses it"
run = ["look", "${args.name:path}"]
known_when = "output.name == args.name"
true_when = "output.clean"
bind = ["output.version"]
detail = "version {output.version}"
detail_true = "version {output.version}"

[[probe]]
id = "local"
tool = "delete_file"
at = "client"
fact = "Nobody reads it"
run = ["look", "${args.path:path}"]
known_when = "output.name == args.path"
true_when = "output.clean"
bind = ["output.version"]
detail = "version {output.version}"
detail_true = "version {output.version}"
"#
        )
    };
}

/// What policy says at first.
pub(crate) const USUAL: &str = with_probes!(
    r#"
[[rule]]
id = "issues"
reason = "Issues are seen by a person."
tool = "create_issue"
ask = true

[[rule]]
id = "keys"
reason = "Two of SRE."
tool = "rotate_keys"
ask = { ladder = "sre", quorum = 2 }

[[rule]]
id = "ghosts"
reason = "Nobody is in that group."
tool = "purge_cache"
ask = { ladder = "ghosts" }

[ladder.sre]
steps = [{ ask = "group:sre", within = "15m" }, { ask = "group:sre", within = "30m" }]

[ladder.ghosts]
steps = [{ ask = "group:ghosts", within = "5m" }]


[exceptions]
denials_in_row = 4
"#
);

/// Files are not deleted, and issues need two.
pub(crate) const STRICT: &str = with_probes!(
    r#"
[[rule]]
id = "no-files"
reason = "Files stay."
tool = "delete_file"
deny = true

[[rule]]
id = "issues-twice"
reason = "Two of SRE."
tool = "create_issue"
ask = { ladder = "sre", quorum = 2 }

[[rule]]
id = "keys"
reason = "Two of SRE."
tool = "rotate_keys"
ask = { ladder = "sre", quorum = 2 }

[[rule]]
id = "ghosts"
reason = "Nobody is in that group."
tool = "purge_cache"
ask = { ladder = "ghosts" }

[ladder.sre]
steps = [{ ask = "group:sre", within = "15m" }]

[ladder.ghosts]
steps = [{ ask = "group:ghosts", within = "5m" }]

[check_in]
steps = 3

"#
);

/// Cannot be used.
pub(crate) const BROKEN: &str = "[[rule]]\nid = \"a\"\nallowed = true\n";

/// A directory to copy, and who is in it.
pub(crate) struct Template {
    dir: tempfile::TempDir,
    pub(crate) cast: Cast,
}

/// The template of a team, or of one person.
pub(crate) fn template(team: bool) -> &'static Template {
    static TEAM: OnceLock<Template> = OnceLock::new();
    static PERSONAL: OnceLock<Template> = OnceLock::new();
    let place = if team { &TEAM } else { &PERSONAL };
    place.get_or_init(|| {
        // A thread of its own: a runtime does not begin within another one.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(make(team))
        })
        .join()
        .unwrap()
    })
}

impl Template {
    /// A data directory like it.
    pub(crate) fn copy(&self, to: &Path) {
        for file in std::fs::read_dir(self.dir.path()).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// A directory in memory, where there is one.
pub(crate) fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

async fn make(team: bool) -> Template {
    let dir = in_memory();
    let setup = Setup::open(dir.path(), Purpose::Bench).await.unwrap();
    let (mut people, mut agents) = (Vec::new(), Vec::new());
    for (at, name) in PEOPLE.into_iter().enumerate() {
        let id = setup.person(name).await.unwrap();
        let key = SigningKey::from_bytes(&[u8::try_from(at).unwrap() + 1; 32]);
        let key_id = setup.enrol_sitting(id, key.verifying_key().to_bytes()).await.unwrap();
        let token = setup.reading_token(id).await.unwrap().as_str().to_owned();
        people.push(Person { name, id: id.to_string(), token, key_id, key });
    }
    for (name, _) in AGENTS {
        let token = setup.agent_token(name).await.unwrap().as_str().to_owned();
        agents.push(Agent { token });
    }
    drop(setup);
    let cast = Cast { agents, people };
    let store = Sqlite::open_beside(dir.path()).unwrap();
    let mut changes: Vec<Change> =
        ["sre", "ghosts"].map(|group| Change::AddGroup(group.to_owned())).into();
    for name in SRE {
        let id = cast.person(name).id.parse().unwrap();
        changes.push(Change::AddMember("sre".to_owned(), id));
    }
    let mode = if team { "team" } else { "personal" };
    changes.push(Change::Set("mode".to_owned(), mode.to_owned()));
    let at = holdshort_core::Timestamp::from_micros(1);
    let cause = Cause { by: "the simulation".to_owned(), at, random: [9; 16] };
    store.change(WORKSPACE, changes, cause).await.unwrap();
    drop(store);
    let db = rusqlite::Connection::open(dir.path().join("holdshort.db")).unwrap();
    for (agent, owner) in AGENTS {
        let sql = "UPDATE principals SET owner = (SELECT id FROM principals WHERE name = ?2) \
                   WHERE name = ?1";
        assert_eq!(db.execute(sql, [agent, owner]).unwrap(), 1);
    }
    // What was written at the real time would hold back the time of the simulation.
    db.execute("UPDATE events SET at = 1", []).unwrap();
    db.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(db);
    std::fs::write(dir.path().join("policy.toml"), USUAL).unwrap();
    Template { dir, cast }
}
