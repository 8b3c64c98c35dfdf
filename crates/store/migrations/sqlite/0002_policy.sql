-- Policy, modes, stops, grants, spending and the seals of the log.

-- Events that are about no run: people, stops, grants, policy.
CREATE TABLE events_2 (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    v INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    action BLOB,
    request BLOB,
    run BLOB,
    by TEXT NOT NULL,
    detail TEXT NOT NULL
);
INSERT INTO events_2 SELECT seq, workspace, id, v, kind, at, action, request, run, by, detail FROM events;
DROP TABLE events;
ALTER TABLE events_2 RENAME TO events;
CREATE INDEX events_by_action ON events (workspace, action, seq) WHERE action IS NOT NULL;

-- A command on an action looks at its run: the version guards that.
ALTER TABLE runs ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN wake_at INTEGER;
CREATE INDEX runs_by_wake ON runs (wake_at) WHERE wake_at IS NOT NULL;

-- What an agent spent on a day.
CREATE TABLE spending (
    workspace BLOB NOT NULL,
    agent BLOB NOT NULL,
    day INTEGER NOT NULL,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, agent, day)
) WITHOUT ROWID;

CREATE TABLE stops (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

-- Grows with every stop that is made or lifted. What begins an execution is written only when it
-- is still what was read.
CREATE TABLE control (
    workspace BLOB PRIMARY KEY,
    version INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE grants (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    agent BLOB NOT NULL,
    used INTEGER NOT NULL,
    uses INTEGER,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE INDEX grants_by_agent ON grants (workspace, agent, expires_at) WHERE revoked_at IS NULL;

-- Every policy that was in force.
CREATE TABLE policies (
    workspace BLOB NOT NULL,
    number INTEGER NOT NULL,
    digest BLOB NOT NULL,
    sources TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (workspace, number)
) WITHOUT ROWID;

-- The chain over the events.
CREATE TABLE seals (
    workspace BLOB NOT NULL,
    number INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    count INTEGER NOT NULL,
    marks BLOB NOT NULL,
    mac BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (workspace, number)
) WITHOUT ROWID;
