-- Anchors: what others attest of our checkpoints, and what we have attested of theirs.

-- A witness's signature line under one of our checkpoints (C2SP tlog-cosignature), verified before it is kept.
CREATE TABLE ledger_cosignature (
    hosted      text        NOT NULL,
    checkpoint  bigint      NOT NULL,  -- ledger_checkpoint.number
    witness     text        NOT NULL,  -- the name of its key
    line        text        NOT NULL,  -- as received, without the line's end
    at          timestamptz NOT NULL,  -- as the witness says
    PRIMARY KEY (hosted, checkpoint, witness),
    FOREIGN KEY (hosted, checkpoint) REFERENCES ledger_checkpoint (hosted, number)
);

-- An authority's token over the bytes of one of our signed notes (RFC 3161), verified before it is kept.
CREATE TABLE ledger_timestamp (
    hosted      text        NOT NULL,
    checkpoint  bigint      NOT NULL,
    authority   text        NOT NULL,  -- as the settings name it
    token       bytea       NOT NULL,  -- TimeStampToken, DER
    at          timestamptz NOT NULL,  -- genTime
    PRIMARY KEY (hosted, checkpoint, authority),
    FOREIGN KEY (hosted, checkpoint) REFERENCES ledger_checkpoint (hosted, number)
);

-- The newest checkpoint of a partner's log that we have cosigned (C2SP tlog-witness): it only ever grows.
CREATE TABLE witnessed_log (
    hosted  text        NOT NULL,
    origin  text        NOT NULL,
    size    bigint      NOT NULL,
    root    bytea       NOT NULL CHECK (octet_length(root) = 32),
    note    bytea       NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (hosted, origin)
);

CREATE TRIGGER ledger_cosignature_for_ever BEFORE UPDATE OR DELETE ON ledger_cosignature
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_cosignature_never_empty BEFORE TRUNCATE ON ledger_cosignature
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_timestamp_for_ever BEFORE UPDATE OR DELETE ON ledger_timestamp
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_timestamp_never_empty BEFORE TRUNCATE ON ledger_timestamp
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON ledger_cosignature, ledger_timestamp, witnessed_log TO pouch_app;
GRANT UPDATE (size, root, note, at) ON witnessed_log TO pouch_app;
