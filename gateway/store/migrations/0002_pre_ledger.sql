-- The ledger gets its order: what waits for a place, the gapless places, the full tiles, the signed checkpoints.
-- Origin of the tree: RFC 6962; of tiles and checkpoints: C2SP tlog-tiles and tlog-checkpoint.

-- What was written and has no place yet. The trigger below fills it in the transaction of the entry, whoever writes it,
-- so that nothing can be missed; the sequencer empties it in the transaction that gives the place.
CREATE TABLE ledger_pending (
    hosted    text        NOT NULL,
    entry_id  uuid        NOT NULL,
    at        timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_insert_threshold = -1);

CREATE TABLE ledger_position (
    hosted     text   NOT NULL,
    seq        bigint NOT NULL CHECK (seq >= 0),  -- gapless from 0
    entry_id   uuid   NOT NULL,
    leaf_hash  bytea  NOT NULL CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (hosted, seq),
    UNIQUE (hosted, entry_id)
);
CREATE INDEX ledger_position_leaf ON ledger_position (leaf_hash);

-- Full tiles only; the partial ones at the right edge follow from the positions and from the roots one level below.
CREATE TABLE ledger_tile (
    hosted  text     NOT NULL,
    level   smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    index   bigint   NOT NULL CHECK (index >= 0),
    hashes  bytea    NOT NULL CHECK (octet_length(hashes) = 8192),
    root    bytea    NOT NULL CHECK (octet_length(root) = 32),  -- of the tile: a hash of the level above
    PRIMARY KEY (hosted, level, index)
);
ALTER TABLE ledger_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;  -- hashes do not compress

CREATE TABLE ledger_checkpoint (
    hosted      text        NOT NULL,
    number      bigint      GENERATED ALWAYS AS IDENTITY,
    size        bigint      NOT NULL,
    root        bytea       NOT NULL CHECK (octet_length(root) = 32),
    note        bytea       NOT NULL,  -- signed, as it is handed out
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (hosted, number)
);
CREATE INDEX ledger_checkpoint_size ON ledger_checkpoint (hosted, size);

CREATE TRIGGER ledger_position_for_ever BEFORE UPDATE OR DELETE ON ledger_position
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_position_never_empty BEFORE TRUNCATE ON ledger_position
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_tile_for_ever BEFORE UPDATE OR DELETE ON ledger_tile
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_tile_never_empty BEFORE TRUNCATE ON ledger_tile
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoint_for_ever BEFORE UPDATE OR DELETE ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_checkpoint_never_empty BEFORE TRUNCATE ON ledger_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- As its owner, so that the application need not, and cannot, put anything there itself.
CREATE FUNCTION ledger_await_place() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO public.ledger_pending VALUES (NEW.hosted, NEW.entry_id, NEW.at);
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_entry_awaits_place AFTER INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_await_place();

GRANT SELECT, DELETE ON ledger_pending TO pouch_app;
GRANT SELECT, INSERT ON ledger_position, ledger_tile, ledger_checkpoint TO pouch_app;

-- What was written before; the trigger's lock keeps everybody else out until this is committed.
INSERT INTO ledger_pending SELECT hosted, entry_id, at FROM ledger_entry;
