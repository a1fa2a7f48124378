-- The whole schema as it is after all migrations; a test proves that they are equal.
-- The hosted office is part of every key and row. Two roles: pouch_owner owns, pouch_app reads and writes rows.

CREATE TABLE exchange (
    hosted        text        NOT NULL,
    exchange_id   uuid        NOT NULL,
    party         text        NOT NULL,
    kind          text        NOT NULL,
    office        text        NOT NULL,  -- whose application: ST.3
    "right"       text        NOT NULL,
    number        text        NOT NULL,  -- as received, never rebuilt
    normal        text        NOT NULL,  -- to compare by
    filing_date   date        NOT NULL,
    state         text        NOT NULL,
    version       integer     NOT NULL,
    revision      integer     NOT NULL,
    on_hold       boolean     NOT NULL DEFAULT false,
    publication   text        NOT NULL,
    terms         jsonb       NOT NULL DEFAULT '{}',  -- what was agreed at its start: hosting, code issuer, own number ...
    access_code   bytea,                 -- sealed; the key that opens it lies outside the database
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (hosted, exchange_id)
);
CREATE INDEX exchange_application ON exchange (hosted, normal, party);
-- One live deposit of a document: a second one is a replacement or a mistake.
CREATE UNIQUE INDEX exchange_deposited_once ON exchange (hosted, kind, office, "right", normal)
    WHERE party = 'depositing' AND state NOT IN ('withdrawn', 'refused');
-- Few: what a new deposit of the same document has to wait for.
CREATE INDEX exchange_withdrawn ON exchange (hosted, normal) WHERE party = 'depositing' AND state = 'withdrawn';

CREATE TABLE message (
    hosted            text        NOT NULL,
    sender            text        NOT NULL,
    message_id        text        NOT NULL,
    operation         text        NOT NULL,
    exchange_id       uuid,
    digest            bytea       NOT NULL,
    receipt           bytea       NOT NULL,  -- signed before the commit, replayed byte for byte
    evidence_id       uuid,                  -- the raw message, sealed under its own key
    evidence_key      bytea,
    evidence_inline   bytea,
    evidence_address  text,
    accepted_at       timestamptz NOT NULL,
    PRIMARY KEY (hosted, sender, message_id)
);
CREATE INDEX message_exchange ON message (hosted, exchange_id);
CREATE INDEX message_evidence_address ON message (evidence_address) WHERE evidence_address IS NOT NULL;

CREATE TABLE document (
    hosted       text    NOT NULL,
    exchange_id  uuid    NOT NULL,
    version      integer NOT NULL,
    content_id   text    NOT NULL,
    document_id  uuid    NOT NULL,
    size         bigint  NOT NULL,
    sha256       bytea   NOT NULL,
    role         text    NOT NULL,
    media_type   text    NOT NULL,
    language     text,
    certification jsonb,
    wrapped_key  bytea,          -- NULL: forgotten
    inline       bytea,
    address      text,
    PRIMARY KEY (hosted, exchange_id, version, content_id),
    CHECK (num_nonnulls(inline, address) = 1)
);
CREATE INDEX document_address ON document (address) WHERE address IS NOT NULL;
ALTER TABLE document ALTER COLUMN inline SET STORAGE EXTERNAL;  -- sealed bytes do not compress

CREATE TABLE decision (
    hosted       text        NOT NULL,
    exchange_id  uuid        NOT NULL,
    position     bigint      GENERATED ALWAYS AS IDENTITY,
    condition    text        NOT NULL,
    outcome      text        NOT NULL,
    by           text        NOT NULL,
    basis        text        NOT NULL,
    decided_at   timestamptz NOT NULL,
    PRIMARY KEY (hosted, exchange_id, position)
);

CREATE TABLE fact (
    hosted       text        NOT NULL,
    exchange_id  uuid        NOT NULL,
    position     bigint      GENERATED ALWAYS AS IDENTITY,
    name         text        NOT NULL,
    at           timestamptz NOT NULL,
    value        text,
    PRIMARY KEY (hosted, exchange_id, position)
);

CREATE TABLE transmission (
    hosted           text        NOT NULL,
    transmission_id  uuid        NOT NULL,
    exchange_id      uuid        NOT NULL,
    counterpart      text        NOT NULL,
    adapter          text        NOT NULL,
    task             text        NOT NULL,
    version          integer     NOT NULL,
    agreement        text        NOT NULL,
    position         bigint      GENERATED ALWAYS AS IDENTITY,  -- the order of planning, whatever the clocks say
    lane             text        NOT NULL GENERATED ALWAYS AS (CASE WHEN task = 'route' THEN '' ELSE counterpart END)
                     STORED,  -- whose places it takes: routing takes nobody's
    state            text        NOT NULL,  -- ready, held, done, refused
    due_at           timestamptz NOT NULL,
    lease_until      timestamptz,
    woken            boolean     NOT NULL DEFAULT false,  -- since it was claimed: the attempt's end puts nothing off
    fence            bigint      NOT NULL DEFAULT 0,
    attempts         integer     NOT NULL DEFAULT 0,  -- failed ones in a row: what waits politely has none
    progress         jsonb       NOT NULL DEFAULT '{}',
    reason           text,
    created_at       timestamptz NOT NULL,
    ended_at         timestamptz,
    PRIMARY KEY (hosted, transmission_id)
);
CREATE INDEX transmission_open ON transmission (state, lane, due_at, position) WHERE state IN ('ready', 'held');
CREATE INDEX transmission_exchange ON transmission (hosted, exchange_id, position);
CREATE INDEX transmission_acknowledgement ON transmission (hosted, counterpart, (progress->>'acknowledgement'))
    WHERE progress ? 'acknowledgement';

CREATE TABLE notification (
    hosted           text        NOT NULL,
    notification_id  uuid        NOT NULL,
    exchange_id      uuid        NOT NULL,
    addressee        text        NOT NULL,
    event            text        NOT NULL,
    content          bytea       NOT NULL,  -- signed XML
    created_at       timestamptz NOT NULL,
    confirmed_at     timestamptz,
    PRIMARY KEY (hosted, notification_id)
);
CREATE INDEX notification_waiting ON notification (hosted, addressee, notification_id) WHERE confirmed_at IS NULL;

CREATE TABLE stop (
    hosted       text        NOT NULL PRIMARY KEY,  -- the whole office is stopped while the row is there
    explanation  text        NOT NULL,
    stopped_at   timestamptz NOT NULL
);

CREATE TABLE counter (
    hosted  text   NOT NULL,
    name    text   NOT NULL,
    value   bigint NOT NULL,
    PRIMARY KEY (hosted, name)
);

CREATE TABLE wrong_code (
    hosted    text        NOT NULL,
    caller    text        NOT NULL,
    document  bytea       NOT NULL,  -- SHA-256 of office, right and normal number
    guesses   integer     NOT NULL,
    last_at   timestamptz NOT NULL,
    PRIMARY KEY (hosted, caller, document)
);

CREATE TABLE assertion_seen (
    client      text        NOT NULL,
    jti         text        NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (client, jti)
);

CREATE TABLE ledger_entry (
    hosted       text        NOT NULL,
    entry_id     uuid        NOT NULL,
    exchange_id  uuid,
    step         text        NOT NULL,
    at           timestamptz NOT NULL,
    leaf         bytea       NOT NULL,
    leaf_hash    bytea       NOT NULL,
    PRIMARY KEY (hosted, entry_id)
);
CREATE INDEX ledger_entry_exchange ON ledger_entry (hosted, exchange_id) WHERE exchange_id IS NOT NULL;

-- The ledger is insert-only for everybody who is not the owner, and by trigger even for him in passing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger entries are for ever' USING ERRCODE = 'PX009';
END $$;
CREATE TRIGGER ledger_entry_for_ever BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_entry_never_empty BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- One state change, one append, one round trip. What is NULL or empty is not written.
-- Errors: PX001 the exchange has changed since it was read; PX002 the lease was lost; PX003 a former deposit of the
-- same document is still being withdrawn: its withdrawal would take back the new registration.
CREATE FUNCTION journal_append_v1(
    p_hosted text, p_at timestamptz,
    p_entry_id uuid, p_step text, p_leaf bytea, p_leaf_hash bytea, p_exchange_id uuid,
    p_sender text, p_message_id text, p_operation text, p_digest bytea, p_receipt bytea,
    p_evidence_id uuid, p_evidence_key bytea, p_evidence_inline bytea, p_evidence_address text,
    p_exchange jsonb, p_access_code bytea,
    p_document jsonb, p_document_keys bytea[], p_document_inline bytea[], p_document_sha256 bytea[],
    p_rest jsonb
) RETURNS TABLE (fresh boolean, receipt bytea, digest bytea) LANGUAGE plpgsql AS $$
DECLARE
    touched integer;
BEGIN
    IF p_message_id IS NOT NULL THEN
        INSERT INTO message AS m VALUES (
            p_hosted, p_sender, p_message_id, p_operation, p_exchange_id, p_digest, p_receipt,
            p_evidence_id, p_evidence_key, p_evidence_inline, p_evidence_address, p_at)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN QUERY SELECT false, m.receipt, m.digest FROM message m
                WHERE m.hosted = p_hosted AND m.sender = p_sender AND m.message_id = p_message_id;
            RETURN;
        END IF;
    END IF;

    INSERT INTO ledger_entry VALUES (p_hosted, p_entry_id, p_exchange_id, p_step, p_at, p_leaf, p_leaf_hash);

    IF p_exchange IS NOT NULL THEN
        IF (p_exchange->>'revision')::integer = 0 THEN
            INSERT INTO exchange VALUES (
                p_hosted, p_exchange_id, p_exchange->>'party', p_exchange->>'kind', p_exchange->>'office',
                p_exchange->>'right', p_exchange->>'number', p_exchange->>'normal',
                (p_exchange->>'filing_date')::date, p_exchange->>'state', (p_exchange->>'version')::integer, 1,
                (p_exchange->>'on_hold')::boolean, p_exchange->>'publication', p_exchange->'terms',
                p_access_code, p_at, p_at);
            IF p_exchange->>'party' = 'depositing' AND EXISTS (
                SELECT FROM exchange e JOIN transmission t ON t.hosted = e.hosted AND t.exchange_id = e.exchange_id
                WHERE e.hosted = p_hosted AND e.party = 'depositing' AND e.state = 'withdrawn'
                  AND e.normal = p_exchange->>'normal' AND e.office = p_exchange->>'office'
                  AND e."right" = p_exchange->>'right' AND e.kind = p_exchange->>'kind'
                  AND t.state IN ('ready', 'held') AND t.task <> 'answer') THEN
                RAISE EXCEPTION 'a former deposit is still being withdrawn' USING ERRCODE = 'PX003';
            END IF;
        ELSE
            UPDATE exchange e SET
                filing_date = (p_exchange->>'filing_date')::date, state = p_exchange->>'state',
                version = (p_exchange->>'version')::integer, revision = e.revision + 1,
                on_hold = (p_exchange->>'on_hold')::boolean, publication = p_exchange->>'publication',
                terms = p_exchange->'terms', access_code = coalesce(p_access_code, e.access_code), changed_at = p_at
            WHERE e.hosted = p_hosted AND e.exchange_id = p_exchange_id
              AND e.revision = (p_exchange->>'revision')::integer;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the exchange has changed' USING ERRCODE = 'PX001';
            END IF;
        END IF;
    END IF;

    IF p_document IS NOT NULL THEN
        INSERT INTO document
        SELECT p_hosted, p_exchange_id, d.version, d.content_id, d.document_id, d.size, p_document_sha256[d.n],
               d.role, d.media_type, d.language, d.certification, p_document_keys[d.n], p_document_inline[d.n], d.address
        FROM jsonb_to_recordset(p_document) AS d(
            n integer, version integer, content_id text, document_id uuid, size bigint, role text, media_type text,
            language text, certification jsonb, address text);
    END IF;

    IF p_rest IS NOT NULL THEN
        INSERT INTO decision (hosted, exchange_id, condition, outcome, by, basis, decided_at)
        SELECT p_hosted, p_exchange_id, d.condition, d.outcome, d.by, d.basis, d.decided_at
        FROM jsonb_to_recordset(p_rest->'decisions') AS d(
            condition text, outcome text, by text, basis text, decided_at timestamptz);

        INSERT INTO fact (hosted, exchange_id, name, at, value)
        SELECT p_hosted, p_exchange_id, f.name, f.at, f.value
        FROM jsonb_to_recordset(p_rest->'facts') AS f(name text, at timestamptz, value text);

        INSERT INTO transmission (hosted, transmission_id, exchange_id, counterpart, adapter, task, version,
                                  agreement, state, due_at, progress, created_at)
        SELECT p_hosted, l.transmission_id, p_exchange_id, l.counterpart, l.adapter, l.task, l.version,
               l.agreement, 'ready', l.due_at, l.progress, p_at
        FROM jsonb_to_recordset(p_rest->'legs') AS l(
            transmission_id uuid, counterpart text, adapter text, task text, version integer, agreement text,
            due_at timestamptz, progress jsonb);
        IF FOUND THEN
            NOTIFY transmission;
        END IF;

        INSERT INTO notification
        SELECT p_hosted, n.notification_id, p_exchange_id, n.addressee, n.event, convert_to(n.content, 'UTF8'), p_at, NULL
        FROM jsonb_to_recordset(p_rest->'notifications') AS n(
            notification_id uuid, addressee text, event text, content text);

        IF p_rest ? 'settles' THEN
            UPDATE transmission t SET
                state = CASE WHEN t.woken AND p_rest->'settles'->>'state' = 'held' THEN 'ready'
                             ELSE p_rest->'settles'->>'state' END,
                reason = p_rest->'settles'->>'reason',
                due_at = CASE WHEN t.woken THEN t.due_at
                              ELSE coalesce((p_rest->'settles'->>'due_at')::timestamptz, t.due_at) END,
                attempts = (p_rest->'settles'->>'attempts')::integer, lease_until = NULL, woken = false,
                ended_at = CASE WHEN p_rest->'settles'->>'state' IN ('done', 'refused') THEN p_at END
            WHERE t.hosted = p_hosted AND t.transmission_id = (p_rest->'settles'->>'transmission_id')::uuid
              AND t.fence = (p_rest->'settles'->>'fence')::bigint AND t.state = 'ready';
            IF NOT FOUND THEN
                RAISE EXCEPTION 'the lease was lost' USING ERRCODE = 'PX002';
            END IF;
        END IF;

        IF p_rest ? 'wakes' THEN
            UPDATE transmission t SET due_at = p_at, state = 'ready', ended_at = NULL,
                   woken = t.lease_until IS NOT NULL,
                   attempts = CASE WHEN t.state = 'ready' THEN t.attempts ELSE 0 END
            WHERE t.hosted = p_hosted
              AND t.transmission_id IN (SELECT jsonb_array_elements_text(p_rest->'wakes')::uuid)
              AND t.state <> 'done';
            NOTIFY transmission;
        END IF;

        IF p_rest ? 'confirms' THEN
            UPDATE notification n SET confirmed_at = p_at
            WHERE n.hosted = p_hosted AND n.notification_id = (p_rest->>'confirms')::uuid AND n.confirmed_at IS NULL;
        END IF;

        IF p_rest ? 'stop' THEN
            INSERT INTO stop VALUES (p_hosted, p_rest->'stop'->>'explanation', p_at) ON CONFLICT DO NOTHING;
        END IF;
        IF p_rest ? 'resume' THEN
            DELETE FROM stop s WHERE s.hosted = p_hosted;
            NOTIFY transmission;
        END IF;
    END IF;

    RETURN QUERY SELECT true, p_receipt, p_digest;
END $$;

-- No more than the statements of queries.sql and the function above need; the rest stays as it was written.
GRANT SELECT, INSERT ON exchange, message, document, decision, fact, transmission, notification, stop, counter,
    wrong_code, assertion_seen, ledger_entry TO pouch_app;
GRANT UPDATE (filing_date, state, version, revision, on_hold, publication, terms, access_code, changed_at)
    ON exchange TO pouch_app;
GRANT UPDATE (wrapped_key) ON document TO pouch_app;
GRANT UPDATE (state, due_at, lease_until, woken, fence, attempts, progress, reason, ended_at)
    ON transmission TO pouch_app;
GRANT UPDATE (confirmed_at) ON notification TO pouch_app;
GRANT UPDATE (value) ON counter TO pouch_app;
GRANT UPDATE (guesses, last_at) ON wrong_code TO pouch_app;
GRANT DELETE ON stop, assertion_seen, wrong_code TO pouch_app;

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

-- What is in force, when somebody was away, and how checkpoints follow each other.

-- What changed in settings, keys, trust or agreements, by name; the entry holds the digests of `content` and `picture`.
CREATE TABLE ledger_change (
    hosted    text   NOT NULL,
    kind      text   NOT NULL,
    number    bigint NOT NULL,  -- 1, 2, ...: of several that see the same change, one has it
    entry_id  uuid   NOT NULL,
    content   bytea  NOT NULL,  -- RFC 8785 JSON: what changed, names only
    picture   bytea  NOT NULL,  -- RFC 8785 JSON: a salt, and by name the salted digest of what is in force
    PRIMARY KEY (hosted, kind, number),
    UNIQUE (hosted, entry_id)
);

-- Outages and announced downtime; the entry holds the digest of `content`.
CREATE TABLE outage_event (
    hosted     text        NOT NULL,
    outage_id  uuid        NOT NULL,
    event      text        NOT NULL CHECK (event IN ('began', 'ended', 'announced', 'called-off')),
    entry_id   uuid        NOT NULL,
    at         timestamptz NOT NULL,
    content    bytea       NOT NULL,  -- RFC 8785 JSON with a salt
    PRIMARY KEY (hosted, outage_id, event),
    UNIQUE (hosted, entry_id)
);
CREATE INDEX outage_event_at ON outage_event (hosted, at);

-- When the front door last said that it serves, by the database's clock, and by the clock since the machine's start,
-- which does not jump.
CREATE TABLE sign_of_life (
    hosted   text             NOT NULL PRIMARY KEY,
    at       timestamptz      NOT NULL,
    boot     text             NOT NULL,
    seconds  double precision NOT NULL,
    orderly  boolean          NOT NULL  -- the last word of a gateway that was stopped in order
) WITH (fillfactor = 50);

-- How the attempts at a counterpart go, over all workers.
CREATE TABLE link_state (
    hosted         text        NOT NULL,
    counterpart    text        NOT NULL,
    adapter        text        NOT NULL,
    goods          bigint      NOT NULL,  -- how often a worker told of a success: who sees it grow begins to count anew
    good_at        timestamptz,
    failing_since  timestamptz,
    failed_at      timestamptz,
    failures       integer     NOT NULL,  -- since the last success
    reasons        jsonb       NOT NULL,  -- of them, by Reason code
    outage_id      uuid,                  -- the outage that has begun and not ended
    PRIMARY KEY (hosted, counterpart, adapter)
);

CREATE TRIGGER ledger_change_for_ever BEFORE UPDATE OR DELETE ON ledger_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_change_never_empty BEFORE TRUNCATE ON ledger_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER outage_event_for_ever BEFORE UPDATE OR DELETE ON outage_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER outage_event_never_empty BEFORE TRUNCATE ON outage_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Each checkpoint's row holds a digest over itself and the row before, and one row names the last of them: what was
-- taken out or changed in between is found. Who could rewrite them all is met by what is kept outside.
ALTER TABLE ledger_checkpoint ADD COLUMN chain bytea;

CREATE TABLE ledger_head (
    hosted  text   NOT NULL PRIMARY KEY,
    number  bigint NOT NULL,
    chain   bytea  NOT NULL
) WITH (fillfactor = 50);

CREATE FUNCTION ledger_chain_v1(p_former bytea, p_hosted text, p_number bigint, p_size bigint, p_root bytea,
                                p_note bytea, p_at timestamptz) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(sha256(coalesce(p_former, '')) || sha256(p_root) || sha256(p_note) || convert_to(
        p_hosted || ' ' || p_number || ' ' || p_size || ' ' || (extract(epoch FROM p_at) * 1000000)::bigint, 'UTF8'))
$$;

CREATE FUNCTION ledger_chain_checkpoint() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    NEW.chain := public.ledger_chain_v1(
        (SELECT h.chain FROM public.ledger_head h WHERE h.hosted = NEW.hosted),
        NEW.hosted, NEW.number, NEW.size, NEW.root, NEW.note, NEW.created_at);
    INSERT INTO public.ledger_head AS h VALUES (NEW.hosted, NEW.number, NEW.chain)
    ON CONFLICT (hosted) DO UPDATE SET number = NEW.number, chain = NEW.chain;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_checkpoint_is_chained BEFORE INSERT ON ledger_checkpoint
    FOR EACH ROW EXECUTE FUNCTION ledger_chain_checkpoint();

GRANT SELECT, INSERT ON ledger_change, outage_event, sign_of_life, link_state TO pouch_app;
GRANT SELECT ON ledger_head TO pouch_app;
GRANT UPDATE (at, boot, seconds, orderly) ON sign_of_life TO pouch_app;
GRANT UPDATE (goods, good_at, failing_since, failed_at, failures, reasons, outage_id) ON link_state TO pouch_app;

-- Who does what only one process shall do (time-stamps, the daily export): a lease by the database's clock.
CREATE TABLE duty (
    name    text        NOT NULL PRIMARY KEY,
    holder  text        NOT NULL,  -- a process, by a random word of its own
    until   timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Every certificate revocation list that was taken into use for an office's signatures, verified before.
CREATE TABLE revocation_list (
    office       text        NOT NULL,
    digest       bytea       NOT NULL CHECK (octet_length(digest) = 32),  -- SHA-256 of `content`
    issuer       text        NOT NULL,  -- RFC 4514
    this_update  timestamptz NOT NULL,
    next_update  timestamptz,
    content      bytea       NOT NULL,  -- DER
    taken_at     timestamptz NOT NULL,  -- since when it was in use here
    PRIMARY KEY (office, digest)
);
CREATE INDEX revocation_list_taken ON revocation_list (office, taken_at);

CREATE TRIGGER revocation_list_for_ever BEFORE UPDATE OR DELETE ON revocation_list
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER revocation_list_never_empty BEFORE TRUNCATE ON revocation_list
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON duty, revocation_list TO pouch_app;
GRANT UPDATE (holder, until) ON duty TO pouch_app;

-- Commitments: the salts that open what ledger leaves commit to, and the one act that erases an exchange.

-- Of one entry: by name the salts of its commitments, HMAC-SHA-256(salt, value). The values are where they always were;
-- who reads leaves alone cannot find them by trying, and a leaf stays valid when salt and value are gone.
CREATE TABLE ledger_disclosure (
    hosted    text    NOT NULL,
    entry_id  uuid    NOT NULL,
    names     text[]  NOT NULL,
    salts     bytea[] NOT NULL,  -- 32 bytes each
    PRIMARY KEY (hosted, entry_id),
    CHECK (cardinality(names) = cardinality(salts))
);
GRANT SELECT, INSERT ON ledger_disclosure TO pouch_app;

-- Erases an exchange in one transaction with the entry that says so: the keys of its documents and messages, its access
-- code, what it says of persons, and the salts of all its entries. What is open is ended with Reason 4011. As the
-- owner, so that the application can erase in no other way. PX001: the exchange has changed since it was read.
CREATE FUNCTION exchange_forget_v1(
    p_hosted text, p_at timestamptz, p_entry_id uuid, p_leaf bytea, p_leaf_hash bytea,
    p_names text[], p_salts bytea[], p_exchange_id uuid, p_revision integer, p_basis text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE exchange e SET
        terms = e.terms - 'applicant_email', access_code = NULL, revision = e.revision + 1, changed_at = p_at
    WHERE e.hosted = p_hosted AND e.exchange_id = p_exchange_id AND e.revision = p_revision;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the exchange has changed' USING ERRCODE = 'PX001';
    END IF;

    UPDATE document SET wrapped_key = NULL WHERE hosted = p_hosted AND exchange_id = p_exchange_id;
    -- the receipt names the digest of what was said, by which the rest could be tried: it goes as well
    UPDATE message SET evidence_key = NULL, digest = '', receipt = ''
    WHERE hosted = p_hosted AND exchange_id = p_exchange_id;
    UPDATE decision SET by = 'erased', basis = 'erased' WHERE hosted = p_hosted AND exchange_id = p_exchange_id;
    UPDATE transmission SET
        state = 'refused', reason = '4011', ended_at = p_at, lease_until = NULL, woken = false, fence = fence + 1
    WHERE hosted = p_hosted AND exchange_id = p_exchange_id AND state IN ('ready', 'held');

    DELETE FROM ledger_disclosure d USING ledger_entry e
    WHERE e.hosted = p_hosted AND e.exchange_id = p_exchange_id
      AND d.hosted = e.hosted AND d.entry_id = e.entry_id;

    INSERT INTO fact (hosted, exchange_id, name, at, value)
    VALUES (p_hosted, p_exchange_id, 'forgotten', p_at, p_basis);
    INSERT INTO ledger_entry VALUES (p_hosted, p_entry_id, p_exchange_id, 'forgotten', p_at, p_leaf, p_leaf_hash);
    INSERT INTO ledger_disclosure VALUES (p_hosted, p_entry_id, p_names, p_salts);
END $$;
REVOKE ALL ON FUNCTION exchange_forget_v1 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION exchange_forget_v1 TO pouch_app;
