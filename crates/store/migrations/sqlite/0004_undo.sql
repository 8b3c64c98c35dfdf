-- Until when an action can be taken back.
ALTER TABLE actions ADD COLUMN undo_until INTEGER;
CREATE INDEX actions_to_undo ON actions (workspace, id) WHERE undo_until IS NOT NULL;
