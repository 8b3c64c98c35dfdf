-- The first schema. Every key carries the workspace.

CREATE TABLE settings (
    workspace BLOB NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) WITHOUT ROWID;

-- People, agents and machines.
CREATE TABLE principals (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    owner BLOB,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX principals_by_name ON principals (workspace, kind, name);

CREATE TABLE groups (
    workspace BLOB NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (workspace, name)
) WITHOUT ROWID;

CREATE TABLE members (
    workspace BLOB NOT NULL,
    group_name TEXT NOT NULL,
    principal BLOB NOT NULL,
    PRIMARY KEY (workspace, group_name, principal)
) WITHOUT ROWID;

-- Bearer secrets, by their hash: tokens of agents and machines, reading tokens, browser sessions.
CREATE TABLE tokens (
    workspace BLOB NOT NULL,
    hash BLOB NOT NULL,
    id TEXT NOT NULL,
    principal BLOB NOT NULL,
    scopes TEXT NOT NULL,
    session INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (workspace, hash)
) WITHOUT ROWID;

-- Public keys with which people prove that a person decides.
CREATE TABLE keys (
    workspace BLOB NOT NULL,
    id TEXT NOT NULL,
    principal BLOB NOT NULL,
    surface TEXT NOT NULL,
    origin TEXT NOT NULL,
    public BLOB NOT NULL,
    salt BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

-- One-time codes to enrol such a key, by their hash.
CREATE TABLE enrolments (
    workspace BLOB NOT NULL,
    hash BLOB NOT NULL,
    principal BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    PRIMARY KEY (workspace, hash)
) WITHOUT ROWID;

-- Nonces of proofs; each is good once.
CREATE TABLE proofs (
    workspace BLOB NOT NULL,
    key_id TEXT NOT NULL,
    nonce TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (workspace, key_id, nonce)
) WITHOUT ROWID;
CREATE INDEX proofs_by_time ON proofs (at);

CREATE TABLE runs (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    agent BLOB NOT NULL,
    name TEXT NOT NULL,
    goal TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX runs_by_name ON runs (workspace, agent, name);

-- `dedupe` is what a repeat is recognised by: the call id for good, the digest while open.
CREATE TABLE actions (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    run BLOB NOT NULL,
    agent BLOB NOT NULL,
    dedupe BLOB,
    state TEXT NOT NULL,
    open INTEGER NOT NULL,
    wake_at INTEGER,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX actions_by_dedupe ON actions (workspace, run, dedupe) WHERE dedupe IS NOT NULL;
CREATE INDEX actions_by_run ON actions (workspace, run, id);
CREATE INDEX actions_by_wake ON actions (wake_at) WHERE wake_at IS NOT NULL;

-- What can be erased: arguments, words, reasons, outputs, what facts say.
CREATE TABLE payloads (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;

CREATE TABLE requests (
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    number INTEGER NOT NULL,
    action BLOB NOT NULL,
    agent BLOB NOT NULL,
    owner BLOB,
    open INTEGER NOT NULL,
    -- Order of the queue: riskiest first, then least time left.
    rank INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    closed_at INTEGER,
    version INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX requests_by_number ON requests (workspace, number);
CREATE INDEX requests_in_queue ON requests (workspace, rank, due_at, id) WHERE open = 1;
CREATE INDEX requests_closed ON requests (workspace, closed_at, id) WHERE open = 0;
CREATE INDEX requests_open_by_agent ON requests (workspace, agent) WHERE open = 1;
CREATE INDEX requests_open_by_owner ON requests (workspace, owner) WHERE open = 1;

-- How many requests are open: counting them takes longer the more there are.
CREATE TABLE open_counts (
    workspace BLOB PRIMARY KEY,
    n INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER request_inserted AFTER INSERT ON requests WHEN NEW.open = 1
BEGIN
    INSERT INTO open_counts (workspace, n) VALUES (NEW.workspace, 1)
    ON CONFLICT (workspace) DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER request_changed AFTER UPDATE OF open ON requests WHEN NEW.open <> OLD.open
BEGIN
    UPDATE open_counts SET n = n + NEW.open - OLD.open WHERE workspace = NEW.workspace;
END;

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace BLOB NOT NULL,
    id BLOB NOT NULL,
    v INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    action BLOB,
    request BLOB,
    run BLOB NOT NULL,
    by TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- Work that follows from a change; done at least once, leased while it is being done.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace BLOB NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    leased_until INTEGER NOT NULL DEFAULT 0
);
