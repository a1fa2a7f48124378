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
