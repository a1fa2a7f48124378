-- Duties that one process at a time has, and the revocation lists that were in use.

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
