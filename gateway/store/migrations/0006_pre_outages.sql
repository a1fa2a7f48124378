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
