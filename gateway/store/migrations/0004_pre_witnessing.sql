-- Witnessing and recovery: what we have cosigned only grows, what contradicts it is kept, a log that must not be
-- signed says so to every process, and a log that a person has begun anew says what it follows.

ALTER TABLE witnessed_log
    ADD COLUMN cosigned bigint NOT NULL DEFAULT 0,  -- cosignatures given since the last entry about them
    ADD COLUMN told_at timestamptz;                 -- when that entry was written

-- What a witness has cosigned last.
CREATE INDEX ledger_cosignature_witness ON ledger_cosignature (hosted, witness, checkpoint);

-- A witness that goes back is none: not even a mistake of ours may do it.
CREATE FUNCTION witnessed_log_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.size < OLD.size OR NEW.hosted <> OLD.hosted OR NEW.origin <> OLD.origin
       OR (NEW.size = OLD.size AND NEW.root <> OLD.root) THEN
        RAISE EXCEPTION 'a witnessed log only grows' USING ERRCODE = 'PX009';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER witnessed_log_only_grows BEFORE UPDATE OR DELETE ON witnessed_log
    FOR EACH ROW EXECUTE FUNCTION witnessed_log_grows();
CREATE TRIGGER witnessed_log_never_empty BEFORE TRUNCATE ON witnessed_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Checkpoints that their log has signed and that do not go with what we cosigned: evidence against it.
CREATE TABLE witnessed_conflict (
    hosted  text        NOT NULL,
    origin  text        NOT NULL,
    size    bigint      NOT NULL,
    root    bytea       NOT NULL CHECK (octet_length(root) = 32),
    note    bytea       NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (hosted, origin, size, root)
);

-- Whether a log may be signed now: one row an office, written by the leader, read by every worker.
CREATE TABLE ledger_standing (
    hosted     text        NOT NULL PRIMARY KEY,
    origin     text        NOT NULL,  -- of the log as it is now
    suspended  boolean     NOT NULL,
    cause      text,                  -- why it is suspended: one of a closed list
    size       bigint,                -- that is known to have been signed
    since      timestamptz NOT NULL
);

-- A person accepted that entries are lost: from `size` entries on, the log goes on under another name.
CREATE TABLE ledger_era (
    hosted    text        NOT NULL,
    era       integer     NOT NULL CHECK (era > 1),
    origin    text        NOT NULL,
    size      bigint      NOT NULL,  -- entries that it has in common with the database of before
    lost      bigint      NOT NULL,  -- the greatest size of the log of before that is known to anyone
    note      bytea,                 -- its last signed checkpoint that is known
    entry_id  uuid        NOT NULL,  -- the entry that commits to it
    reason    text        NOT NULL,  -- a person's words
    at        timestamptz NOT NULL,
    PRIMARY KEY (hosted, era)
);

-- Entries that came back from an export: what else they were committed to, in other tables, is lost.
CREATE TABLE ledger_restored (
    hosted    text    NOT NULL,
    entry_id  uuid    NOT NULL,  -- of the entry that tells it: its count is size - first
    first     bigint  NOT NULL,
    size      bigint  NOT NULL CHECK (size > first),
    PRIMARY KEY (hosted, entry_id)
);

CREATE TRIGGER witnessed_conflict_for_ever BEFORE UPDATE OR DELETE ON witnessed_conflict
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER witnessed_conflict_never_empty BEFORE TRUNCATE ON witnessed_conflict
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_era_for_ever BEFORE UPDATE OR DELETE ON ledger_era
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_era_never_empty BEFORE TRUNCATE ON ledger_era
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER ledger_restored_for_ever BEFORE UPDATE OR DELETE ON ledger_restored
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_restored_never_empty BEFORE TRUNCATE ON ledger_restored
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT UPDATE (cosigned, told_at) ON witnessed_log TO pouch_app;
GRANT SELECT, INSERT ON witnessed_conflict, ledger_standing, ledger_era, ledger_restored TO pouch_app;
GRANT UPDATE (origin, suspended, cause, size, since) ON ledger_standing TO pouch_app;
