-- What an agent keeps with a run: its plan, its state, digests of the files it watches.
CREATE TABLE run_papers (
    workspace BLOB NOT NULL,
    run BLOB NOT NULL,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (workspace, run, kind)
) WITHOUT ROWID;

-- Which step of a plan an action belongs to, without reading its record.
ALTER TABLE actions ADD COLUMN call_id TEXT;
ALTER TABLE actions ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;
UPDATE actions SET call_id = json_extract(record, '$.call_id'),
    updated_at = json_extract(record, '$.updated_at');
DROP INDEX actions_by_run;
CREATE INDEX actions_by_run ON actions (workspace, run, id, call_id, state, updated_at);
