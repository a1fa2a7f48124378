-- Every statement of the gateway, by name. Python holds no SQL.

-- name: append
-- One state change in one round trip; see journal_append_v1 in schema.sql. The salts of its commitments go with it.
WITH appended AS MATERIALIZED (
    SELECT fresh, receipt, digest FROM journal_append_v1(
        $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
), disclosed AS (
    INSERT INTO ledger_disclosure
    SELECT $1, $3, $24, $25 FROM appended WHERE fresh AND $24::text[] IS NOT NULL
)
SELECT fresh, receipt, digest FROM appended;

-- name: claim_transmission
-- The next due transmission whose counterpart has a free place, whose office and exchange are not stopped, and whose
-- exchange has nothing earlier under way at the same counterpart. Routing takes no place at anybody's; an answer is
-- owed now, whatever else is under way there.
-- However long the queue: each lane is entered by the index, the one that waits longest first, and left at the first
-- row that will do. OFFSET 0 keeps the planner from looking at all rows for the sake of one.
WITH RECURSIVE lanes AS (
    (SELECT t.lane FROM transmission t WHERE t.state = 'ready' ORDER BY t.lane LIMIT 1)
    UNION ALL
    SELECT (SELECT t.lane FROM transmission t WHERE t.state = 'ready' AND t.lane > l.lane ORDER BY t.lane LIMIT 1)
    FROM lanes l WHERE l.lane IS NOT NULL
), next AS MATERIALIZED (
    SELECT found.hosted, found.transmission_id
    FROM (
        SELECT l.lane FROM lanes l WHERE l.lane <> ALL ($2::text[])
        ORDER BY (SELECT min(t.due_at) FROM transmission t WHERE t.state = 'ready' AND t.lane = l.lane)
    ) AS open
    CROSS JOIN LATERAL (
        SELECT c.hosted, c.transmission_id
        FROM transmission c
        WHERE c.state = 'ready' AND c.lane = open.lane AND c.due_at <= $1
          AND (c.lease_until IS NULL OR c.lease_until < clock_timestamp())
          AND c.hosted NOT IN (SELECT s.hosted FROM stop s)
          AND NOT EXISTS (
              SELECT FROM exchange e
              WHERE e.hosted = c.hosted AND e.exchange_id = c.exchange_id AND e.on_hold OFFSET 0)
          AND (c.task = 'answer' OR NOT EXISTS (
              SELECT FROM transmission b
              WHERE b.hosted = c.hosted AND b.exchange_id = c.exchange_id AND b.position < c.position
                AND b.counterpart = c.counterpart AND b.adapter = c.adapter
                AND b.state IN ('ready', 'held') AND b.task NOT IN ('recheck', 'answer') OFFSET 0))
        ORDER BY c.due_at, c.position
        LIMIT 1
        FOR UPDATE OF c SKIP LOCKED
    ) AS found
    LIMIT 1
)
UPDATE transmission t
SET lease_until = clock_timestamp() + $3::interval, fence = t.fence + 1, woken = false
FROM next
WHERE t.hosted = next.hosted AND t.transmission_id = next.transmission_id
RETURNING t.hosted, t.transmission_id, t.exchange_id, t.counterpart, t.adapter, t.task, t.version, t.agreement,
          t.due_at, t.fence, t.attempts, t.progress, t.created_at;

-- name: renew_lease
UPDATE transmission SET lease_until = clock_timestamp() + $4::interval
WHERE hosted = $1 AND transmission_id = $2 AND fence = $3 AND state = 'ready'
RETURNING true;

-- name: postpone_transmission
-- What was woken since it was claimed is looked at again at once: the news came after the attempt had asked.
UPDATE transmission
SET due_at = CASE WHEN woken THEN due_at ELSE $4 END, lease_until = NULL, woken = false, attempts = 0
WHERE hosted = $1 AND transmission_id = $2 AND fence = $3 AND state = 'ready'
RETURNING true;

-- name: commit_progress
UPDATE transmission SET progress = jsonb_strip_nulls(progress || $4::jsonb)
WHERE hosted = $1 AND transmission_id = $2 AND fence = $3 AND state = 'ready'
RETURNING true;

-- name: next_number
INSERT INTO counter AS c VALUES ($1, $2, $3)
ON CONFLICT (hosted, name) DO UPDATE SET value = greatest(c.value + 1, $3)
RETURNING value;

-- name: find_message
SELECT receipt, digest, exchange_id FROM message WHERE hosted = $1 AND sender = $2 AND message_id = $3;

-- name: find_exchange
SELECT e.*, EXISTS (SELECT FROM stop s WHERE s.hosted = e.hosted) AS office_stopped
FROM exchange e WHERE e.hosted = $1 AND e.exchange_id = $2;

-- name: find_exchanges_by_application
SELECT e.*, EXISTS (SELECT FROM stop s WHERE s.hosted = e.hosted) AS office_stopped
FROM exchange e
WHERE e.hosted = $1 AND e.party = $2 AND e.office = $3 AND e."right" = $4 AND e.normal = $5
ORDER BY e.created_at DESC LIMIT 20;

-- name: list_exchanges
SELECT e.*, EXISTS (SELECT FROM stop s WHERE s.hosted = e.hosted) AS office_stopped
FROM exchange e
WHERE e.hosted = $1 AND ($2::text IS NULL OR e.state = $2) AND ($3::uuid IS NULL OR e.exchange_id < $3)
  AND ($5::text IS NULL OR e.normal = $5)
ORDER BY e.exchange_id DESC LIMIT $4;

-- name: list_decisions
SELECT condition, outcome, by, basis, decided_at FROM decision
WHERE hosted = $1 AND exchange_id = $2 ORDER BY position;

-- name: list_facts
SELECT name, at, value FROM fact WHERE hosted = $1 AND exchange_id = $2 ORDER BY position;

-- name: list_documents
SELECT version, content_id, document_id, size, sha256, role, media_type, language, certification, wrapped_key,
       inline, address
FROM document WHERE hosted = $1 AND exchange_id = $2 ORDER BY version, content_id;

-- name: list_transmissions
SELECT transmission_id, counterpart, adapter, task, version, agreement, state, due_at, attempts, reason, progress,
       created_at
FROM transmission WHERE hosted = $1 AND exchange_id = $2 ORDER BY position;

-- name: find_transmission_by_acknowledgement
-- What waits under the counterpart's id; or, when that is done, the look for changes of the same exchange.
SELECT t.transmission_id, t.exchange_id
FROM transmission a
JOIN transmission t ON t.hosted = a.hosted AND t.exchange_id = a.exchange_id AND t.counterpart = a.counterpart
    AND (t.transmission_id = a.transmission_id OR t.task = 'recheck')
WHERE a.hosted = $1 AND a.counterpart = $2 AND a.progress->>'acknowledgement' = $3
  AND a.progress ? 'acknowledgement' AND t.state = 'ready'
ORDER BY t.transmission_id = a.transmission_id DESC, t.position DESC LIMIT 1;

-- name: find_access_code
SELECT access_code FROM exchange WHERE hosted = $1 AND exchange_id = $2;

-- name: list_notifications
SELECT notification_id, exchange_id, event, content, created_at FROM notification
WHERE hosted = $1 AND addressee = $2 AND confirmed_at IS NULL
ORDER BY notification_id LIMIT $3;

-- name: find_notification
SELECT notification_id, exchange_id, event, confirmed_at FROM notification
WHERE hosted = $1 AND addressee = $2 AND notification_id = $3;

-- name: count_wrong_code
INSERT INTO wrong_code AS w VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (hosted, caller, document) DO UPDATE SET guesses = w.guesses + 1, last_at = $4
RETURNING guesses;

-- name: find_wrong_codes
SELECT guesses FROM wrong_code WHERE hosted = $1 AND caller = $2 AND document = $3;

-- name: forgive_wrong_codes
DELETE FROM wrong_code WHERE hosted = $1 AND document = $2;

-- name: remember_assertion
-- One row per assertion that was used; a second use finds it there (RFC 7523, 3, jti).
INSERT INTO assertion_seen VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING true;

-- name: forget_assertions
DELETE FROM assertion_seen WHERE expires_at < $1;

-- name: queue_depths
SELECT counterpart, state, count(*) AS depth, min(created_at) AS oldest
FROM transmission WHERE state IN ('ready', 'held') GROUP BY counterpart, state;

-- name: referenced_addresses
SELECT address FROM document WHERE address = ANY ($1::text[])
UNION SELECT evidence_address FROM message WHERE evidence_address = ANY ($1::text[]);

-- name: forget_exchange
SELECT exchange_forget_v1($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: list_disclosures
SELECT d.entry_id, d.names, d.salts
FROM ledger_entry e JOIN ledger_disclosure d USING (hosted, entry_id)
WHERE e.hosted = $1 AND e.exchange_id = $2 ORDER BY e.at, e.entry_id;

-- name: ledger_size
-- Places are gapless: the last one of each office, and what waits for one; nothing is counted that only grows.
WITH RECURSIVE offices AS (
    (SELECT p.hosted FROM ledger_position p ORDER BY p.hosted LIMIT 1)
    UNION ALL
    SELECT (SELECT p.hosted FROM ledger_position p WHERE p.hosted > o.hosted ORDER BY p.hosted LIMIT 1)
    FROM offices o WHERE o.hosted IS NOT NULL
)
SELECT coalesce(sum((SELECT max(p.seq) + 1 FROM ledger_position p WHERE p.hosted = o.hosted)), 0)::bigint
       + (SELECT count(*) FROM ledger_pending)
FROM offices o WHERE o.hosted IS NOT NULL;

-- name: ping
SELECT now();

-- The ledger's order: see ledger_write.py and ledger_read.py. ------------------------------------------------------

-- name: ledger_lead
SELECT pg_try_advisory_lock($1);

-- name: ledger_take
-- Takes up to $1 waiting entries of the offices $2 out of the waiting list, in the order in which they get their place.
WITH taken AS (
    DELETE FROM ledger_pending
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM ledger_pending WHERE hosted = ANY ($2::text[]) LIMIT $1))
    RETURNING hosted, entry_id
)
SELECT t.hosted, t.entry_id, e.leaf_hash
FROM taken t JOIN ledger_entry e USING (hosted, entry_id)
ORDER BY t.hosted, e.at, t.entry_id;

-- name: ledger_waits
SELECT EXISTS (SELECT FROM ledger_pending WHERE hosted = ANY ($1::text[]));

-- name: ledger_add_positions
INSERT INTO ledger_position
SELECT $1, $2 + n.ordinality - 1, n.entry_id, n.leaf_hash
FROM unnest($3::uuid[], $4::bytea[]) WITH ORDINALITY AS n(entry_id, leaf_hash, ordinality);

-- name: ledger_add_tiles
INSERT INTO ledger_tile
SELECT $1, t.level, t.index, t.hashes, t.root
FROM unnest($2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[]) AS t(level, index, hashes, root);

-- name: ledger_add_checkpoint
INSERT INTO ledger_checkpoint (hosted, size, root, note, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: ledger_positions
SELECT coalesce(max(seq) + 1, 0) FROM ledger_position WHERE hosted = $1;

-- name: ledger_leaf_hashes
SELECT leaf_hash FROM ledger_position WHERE hosted = $1 AND seq >= $2 AND seq < $3 ORDER BY seq;

-- name: ledger_tile_roots
SELECT root FROM ledger_tile WHERE hosted = $1 AND level = $2 AND index >= $3 AND index < $4 ORDER BY index;

-- name: ledger_tile
SELECT hashes, root FROM ledger_tile WHERE hosted = $1 AND level = $2 AND index = $3;

-- name: ledger_tiles
SELECT index, hashes, root FROM ledger_tile WHERE hosted = $1 AND level = $2 AND index >= $3 AND index < $4
ORDER BY index;

-- name: ledger_entries
SELECT p.seq, p.leaf_hash, e.leaf
FROM ledger_position p LEFT JOIN ledger_entry e USING (hosted, entry_id)
WHERE p.hosted = $1 AND p.seq >= $2 AND p.seq < $3 ORDER BY p.seq;

-- name: ledger_seq_of_leaf
SELECT min(seq) FROM ledger_position WHERE hosted = $1 AND leaf_hash = $2;

-- name: ledger_newest_checkpoint
SELECT size, root, note, created_at FROM ledger_checkpoint WHERE hosted = $1 ORDER BY number DESC LIMIT 1;

-- name: ledger_checkpoint_of_size
SELECT size, root, note, created_at FROM ledger_checkpoint WHERE hosted = $1 AND size = $2
ORDER BY number DESC LIMIT 1;

-- name: ledger_checkpoints
-- What was signed for sizes above $2 and up to $3, each once, to be compared with the tree.
SELECT DISTINCT size, root, note FROM ledger_checkpoint
WHERE hosted = $1 AND size > $2 AND size <= $3 ORDER BY size;

-- name: ledger_greatest_checkpoint
SELECT coalesce(max(size), 0) FROM ledger_checkpoint WHERE hosted = $1;

-- name: ledger_waiting
SELECT hosted, count(*) AS depth, min(at) AS oldest FROM ledger_pending GROUP BY hosted;

-- name: ledger_without_place
-- Entries that have no place and do not wait for one: somebody has taken them off the list.
SELECT e.entry_id FROM ledger_entry e
WHERE e.hosted = $1
  AND NOT EXISTS (SELECT FROM ledger_position p WHERE p.hosted = e.hosted AND p.entry_id = e.entry_id)
  AND NOT EXISTS (SELECT FROM ledger_pending w WHERE w.hosted = e.hosted AND w.entry_id = e.entry_id)
ORDER BY e.at LIMIT 1;

-- Witnessing: see witnessed_logs.py (what we cosign) and cosignatures.py (what cosigns us). ------------------------

-- name: witnessed_log
SELECT size, root FROM witnessed_log WHERE hosted = $1 AND origin = $2;

-- name: witnessed_log_move
-- Compare and set: nothing is returned, and nothing has changed, if the log is not at size $7 with root $8 any more.
INSERT INTO witnessed_log AS w (hosted, origin, size, root, note, at, cosigned, told_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, $6)
ON CONFLICT (hosted, origin) DO UPDATE SET
    size = $3, root = $4, note = $5, at = $6, cosigned = w.cosigned + 1,
    told_at = CASE WHEN w.told_at > $6::timestamptz - interval '1 hour' THEN w.told_at ELSE $6 END
WHERE w.size = $7 AND w.root = $8
RETURNING cosigned, told_at = $6 AS telling;

-- name: witnessed_conflict
INSERT INTO witnessed_conflict
SELECT $1, $2, $3, $4, $5, $6
WHERE (SELECT count(*) FROM witnessed_conflict WHERE hosted = $1 AND origin = $2) < $7
ON CONFLICT DO NOTHING;

-- name: ledger_add_entry
INSERT INTO ledger_entry (hosted, entry_id, exchange_id, step, at, leaf, leaf_hash) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: cosignature_add
-- The cosignature is over origin, size and root: it is put to the newest checkpoint that says the same.
INSERT INTO ledger_cosignature (hosted, checkpoint, witness, line, at)
SELECT c.hosted, c.number, $4, $5, $6 FROM ledger_checkpoint c
WHERE c.hosted = $1 AND c.size = $2 AND c.root = $3 ORDER BY c.number DESC LIMIT 1
ON CONFLICT DO NOTHING;

-- name: cosignatures
-- One line of each witness, the latest, under any checkpoint of size $2 and root $3.
SELECT DISTINCT ON (s.witness) s.line FROM ledger_cosignature s
JOIN ledger_checkpoint c ON c.hosted = s.hosted AND c.number = s.checkpoint
WHERE c.hosted = $1 AND c.size = $2 AND c.root = $3 ORDER BY s.witness, s.at DESC;

-- name: cosigned_newest
-- The newest checkpoint of at least $2 entries that any witness has cosigned.
SELECT c.size, c.root, c.note, c.created_at FROM ledger_cosignature s
JOIN ledger_checkpoint c ON c.hosted = s.hosted AND c.number = s.checkpoint
WHERE s.hosted = $1 AND c.size >= $2 ORDER BY s.checkpoint DESC LIMIT 1;

-- name: cosigned_by
-- What the witness $2 has cosigned last.
SELECT c.size, c.root, s.at FROM ledger_cosignature s
JOIN ledger_checkpoint c ON c.hosted = s.hosted AND c.number = s.checkpoint
WHERE s.hosted = $1 AND s.witness = $2 ORDER BY s.checkpoint DESC LIMIT 1;

-- name: ledger_standings
SELECT hosted, origin, suspended, cause, size, since FROM ledger_standing;

-- name: ledger_standing_set
-- Returns a row if something has changed.
INSERT INTO ledger_standing AS s VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (hosted) DO UPDATE SET origin = $2, suspended = $3, cause = $4, size = $5, since = $6
WHERE (s.origin, s.suspended, s.cause, s.size) IS DISTINCT FROM ($2, $3, $4, $5)
RETURNING hosted;

-- name: ledger_eras
SELECT era, origin, size, lost, note, reason, at FROM ledger_era WHERE hosted = $1 ORDER BY era;

-- The dossier of an exchange: see dossier_rows.py. -----------------------------------------------------------------

-- name: dossier_messages
SELECT sender, message_id, operation, digest, receipt, evidence_id, evidence_key, evidence_inline, evidence_address,
       accepted_at
FROM message WHERE hosted = $1 AND exchange_id = $2 ORDER BY accepted_at, sender, message_id LIMIT $3;

-- name: dossier_notifications
SELECT notification_id, addressee, event, content, created_at, confirmed_at
FROM notification WHERE hosted = $1 AND exchange_id = $2 ORDER BY created_at, notification_id LIMIT $3;

-- name: dossier_entries
SELECT e.entry_id, e.step, e.at, e.leaf, p.seq, d.names, d.salts
FROM ledger_entry e LEFT JOIN ledger_position p USING (hosted, entry_id)
     LEFT JOIN ledger_disclosure d USING (hosted, entry_id)
WHERE e.hosted = $1 AND e.exchange_id = $2 ORDER BY p.seq, e.at, e.entry_id LIMIT $3;

-- name: dossier_newest_checkpoint
SELECT number, size, root, note, created_at FROM ledger_checkpoint WHERE hosted = $1 ORDER BY number DESC LIMIT 1;

-- name: dossier_earliest_cosigned
-- The earliest checkpoint with entry $2 that a witness has cosigned.
SELECT c.number, c.size, c.root, c.note, c.created_at FROM ledger_checkpoint c
WHERE c.hosted = $1 AND c.size > $2
  AND EXISTS (SELECT FROM ledger_cosignature s WHERE s.hosted = c.hosted AND s.checkpoint = c.number)
ORDER BY c.size, c.number LIMIT 1;

-- name: dossier_earliest_stamped
-- The earliest checkpoint with entry $2 that a time-stamp is over.
SELECT c.number, c.size, c.root, c.note, c.created_at FROM ledger_checkpoint c
WHERE c.hosted = $1 AND c.size > $2
  AND EXISTS (SELECT FROM ledger_timestamp t WHERE t.hosted = c.hosted AND t.checkpoint = c.number)
ORDER BY c.size, c.number LIMIT 1;

-- name: dossier_cosignatures
SELECT witness, line, at FROM ledger_cosignature WHERE hosted = $1 AND checkpoint = $2 ORDER BY witness;

-- name: dossier_time_stamps
SELECT authority, token, at FROM ledger_timestamp WHERE hosted = $1 AND checkpoint = $2 ORDER BY authority;

-- What is in force: see changes.py. ----------------------------------------------------------------------------------

-- name: changes_newest
SELECT DISTINCT ON (kind) kind, number, picture FROM ledger_change WHERE hosted = $1 ORDER BY kind, number DESC;

-- name: change_add
-- The change and its entry, or neither: the number is taken by one.
WITH turn AS (
    INSERT INTO ledger_change VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hosted, kind, number) DO NOTHING
    RETURNING entry_id
)
INSERT INTO ledger_entry SELECT $1, t.entry_id, NULL, $7, $8, $9, $10 FROM turn t
RETURNING true;

-- name: changes_all
SELECT c.kind, c.number, e.at, c.entry_id, c.content, c.picture, e.leaf, e.leaf_hash, p.seq
FROM ledger_change c
JOIN ledger_entry e USING (hosted, entry_id)
LEFT JOIN ledger_position p USING (hosted, entry_id)
WHERE c.hosted = $1 ORDER BY e.at, c.kind, c.number;

-- name: schema_level
SELECT max(name) FROM pouch_migration;

-- Anchors: see stamps.py (time-stamps), duties.py, revocation_lists.py. ---------------------------------------------

-- name: duty_take
-- Returns a row to who has the duty from now on: who had it, or anybody once its time is over.
INSERT INTO duty AS d VALUES ($1, $2, clock_timestamp() + $3::interval)
ON CONFLICT (name) DO UPDATE SET holder = $2, until = clock_timestamp() + $3::interval
WHERE d.holder = $2 OR d.until < clock_timestamp()
RETURNING true;

-- name: stamp_newest
-- The newest time-stamp of each authority.
SELECT t.authority, max(t.at) AS at, max(t.checkpoint) AS checkpoint FROM ledger_timestamp t WHERE t.hosted = $1 GROUP BY t.authority;

-- name: stamp_target
SELECT number, size, root, note, created_at FROM ledger_checkpoint WHERE hosted = $1 ORDER BY number DESC LIMIT 1;

-- name: ledger_first_signed
SELECT created_at FROM ledger_checkpoint WHERE hosted = $1 ORDER BY number LIMIT 1;

-- name: stamp_add
-- The token and its entry, or neither.
WITH stamp AS (
    INSERT INTO ledger_timestamp VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING hosted
)
INSERT INTO ledger_entry (hosted, entry_id, exchange_id, step, at, leaf, leaf_hash)
SELECT s.hosted, $6, NULL, $7, $8, $9, $10 FROM stamp s;

-- name: stamp_list
SELECT checkpoint, authority FROM ledger_timestamp WHERE hosted = $1 ORDER BY checkpoint, authority;

-- name: stamp_with_note
SELECT t.token, c.note FROM ledger_timestamp t
JOIN ledger_checkpoint c ON c.hosted = t.hosted AND c.number = t.checkpoint
WHERE t.hosted = $1 AND t.checkpoint = $2 AND t.authority = $3;

-- name: revocation_list_add
INSERT INTO revocation_list VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;

-- name: revocation_lists_at
-- Of each issuer's lists for an office, the one that was taken into use last before $2.
SELECT DISTINCT ON (issuer) digest, issuer, this_update, next_update, content, taken_at FROM revocation_list
WHERE office = $1 AND taken_at <= $2 ORDER BY issuer, taken_at DESC, this_update DESC;

-- Reconciliation: see books.py. The key of a document is that of core/reconcile.py. --------------------------------

-- name: reconcile_modestly
-- For this transaction: tables merged in the order of their keys, in one process and small work memory, with time.
SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_nestloop', 'off', true),
       set_config('enable_hashagg', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true), set_config('work_mem', '16MB', true),
       set_config('statement_timeout', '600000', true);

-- name: reconcile_book
-- All leaves of a book at the moment $5, each with its exchange, by bucket, in the order of their keys: of each
-- document the newest certified copy that a task $3 had carried over at $2; with $6, only where this fact is known.
-- OFFSET 0 has a key computed once.
WITH told AS (
    SELECT t.exchange_id, max(t.version) AS version, max(t.ended_at) AS at
    FROM transmission t
    WHERE t.hosted = $1 AND t.counterpart = $2 AND t.task = ANY ($3::text[]) AND t.state = 'done' AND t.ended_at <= $5
    GROUP BY t.exchange_id
), copied AS (
    SELECT DISTINCT ON (told.exchange_id) told.exchange_id, told.at, d.sha256 AS value
    FROM told JOIN document d ON d.hosted = $1 AND d.exchange_id = told.exchange_id
        AND d.version <= told.version AND d.role = 'certified-copy'
    ORDER BY told.exchange_id, d.version DESC, d.sha256
), known AS (
    SELECT DISTINCT f.exchange_id FROM fact f
    WHERE f.hosted = $1 AND f.name = $6 AND f.value = $2 AND f.at <= $5
), held AS (
    SELECT c.at, c.exchange_id, c.value, sha256(convert_to(
        concat_ws(chr(10), 'pouch reconcile v1', e.kind, e.office, e."right", e.normal), 'UTF8')) AS key
    FROM copied c JOIN exchange e ON e.hosted = $1 AND e.exchange_id = c.exchange_id AND e.party = $4
        AND ($7::text IS NULL OR e.office = $7)
    LEFT JOIN known k ON k.exchange_id = c.exchange_id
    WHERE $6::text IS NULL OR k.exchange_id IS NOT NULL
    OFFSET 0
), leaf AS (
    SELECT DISTINCT ON (get_byte(h.key, 0) * 256 + get_byte(h.key, 1), h.key)
        get_byte(h.key, 0) * 256 + get_byte(h.key, 1) AS bucket, h.key,
        sha256('\x00'::bytea || h.key || h.value) || uuid_send(h.exchange_id) AS record
    FROM held h
    ORDER BY get_byte(h.key, 0) * 256 + get_byte(h.key, 1), h.key, h.at DESC, h.exchange_id DESC
)
SELECT bucket, string_agg(record, ''::bytea ORDER BY key) AS records FROM leaf GROUP BY bucket ORDER BY bucket;

-- name: reconcile_find
-- What is known now of documents that are named: per exchange the copies that went over, oldest first.
SELECT a.place, told.at, coalesce(told.under_way, false) AS under_way,
       $5::text IS NULL OR EXISTS (
           SELECT FROM fact f WHERE f.hosted = $1 AND f.exchange_id = e.exchange_id AND f.name = $5 AND f.value = $2
       ) AS taken,
       ARRAY(
           SELECT d.sha256 FROM document d
           WHERE d.hosted = $1 AND d.exchange_id = e.exchange_id AND d.version <= told.version
               AND d.role = 'certified-copy'
           ORDER BY d.version, d.sha256 DESC
       ) AS copies
FROM unnest($6::text[], $7::text[], $8::text[], $9::text[])
    WITH ORDINALITY AS a(kind, office, "right", normal, place)
JOIN exchange e ON e.hosted = $1 AND e.party = $4 AND e.normal = a.normal AND e.office = a.office
    AND e."right" = a."right" AND e.kind = a.kind
CROSS JOIN LATERAL (
    SELECT max(t.version) FILTER (WHERE t.state = 'done') AS version,
           max(t.ended_at) FILTER (WHERE t.state = 'done') AS at,
           bool_or(t.state IN ('ready', 'held')) AS under_way
    FROM transmission t
    WHERE t.hosted = $1 AND t.exchange_id = e.exchange_id AND t.counterpart = $2 AND t.task = ANY ($3::text[])
) told
ORDER BY a.place, told.at NULLS FIRST, e.exchange_id;

-- name: reconcile_name
SELECT e.exchange_id, e.kind, e.office, e."right", e.normal, e.number, e.filing_date,
       ARRAY(
           SELECT d.sha256 FROM document d
           WHERE d.hosted = $1 AND d.exchange_id = e.exchange_id AND d.role = 'certified-copy'
       ) AS copies
FROM exchange e WHERE e.hosted = $1 AND e.exchange_id = ANY ($2::uuid[]);

-- Who was away: see outages.py. --------------------------------------------------------------------------------------

-- name: clock
SELECT clock_timestamp();

-- name: life_last
SELECT at, boot, seconds, orderly FROM sign_of_life WHERE hosted = $1 FOR UPDATE;

-- name: life_beat
INSERT INTO sign_of_life VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (hosted) DO UPDATE SET at = $2, boot = $3, seconds = $4, orderly = $5;

-- name: link_make
INSERT INTO link_state VALUES ($1, $2, $3, 0, NULL, NULL, NULL, 0, '{}', NULL) ON CONFLICT DO NOTHING;

-- name: link_state
SELECT goods, good_at, failing_since, failed_at, failures, reasons, outage_id
FROM link_state WHERE hosted = $1 AND counterpart = $2 AND adapter = $3 FOR UPDATE;

-- name: link_keep
UPDATE link_state
SET goods = $4, good_at = $5, failing_since = $6, failed_at = $7, failures = $8, reasons = $9, outage_id = $10
WHERE hosted = $1 AND counterpart = $2 AND adapter = $3;

-- name: links_away
SELECT counterpart, min(failing_since) AS failing_since FROM link_state WHERE outage_id IS NOT NULL
GROUP BY counterpart;

-- name: outage_add
-- The event and its entry, or neither.
WITH kept AS (
    INSERT INTO outage_event VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hosted, outage_id, event) DO NOTHING
    RETURNING entry_id
)
INSERT INTO ledger_entry SELECT $1, k.entry_id, NULL, $7, $5, $8, $9 FROM kept k
RETURNING true;

-- name: outage_events
-- What began, ended or was said since $2, links that are away now, and what was announced within a year before.
SELECT o.outage_id, o.event, o.at, o.content, o.entry_id, e.leaf, e.leaf_hash, p.seq
FROM outage_event o
JOIN ledger_entry e USING (hosted, entry_id)
LEFT JOIN ledger_position p USING (hosted, entry_id)
WHERE o.hosted = $1 AND o.outage_id IN (
    SELECT s.outage_id FROM outage_event s WHERE s.hosted = $1 AND s.at >= $2
    UNION
    SELECT l.outage_id FROM link_state l WHERE l.hosted = $1 AND l.outage_id IS NOT NULL
    UNION
    SELECT a.outage_id FROM outage_event a
    WHERE a.hosted = $1 AND a.event = 'announced' AND a.at >= $2::timestamptz - interval '1 year')
ORDER BY o.at, o.entry_id;

-- What pouch bench reconcile compares: rows as they are after a document went over, one per number. -----------------

-- name: bench_exchanges
INSERT INTO exchange (hosted, exchange_id, party, kind, office, "right", number, normal, filing_date, state, version,
                      revision, on_hold, publication, terms, created_at, changed_at)
SELECT $1::text, ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, 'priority-document', $3, 'patent',
       $3::text || ' 2026/' || lpad(n::text, 8, '0'), $3 || '2026' || lpad(n::text, 8, '0'), '2026-02-27', $4, 1, 2, false,
       'unpublished', jsonb_build_object('owner', $1::text), $5, $5
FROM generate_series($6::integer, $7::integer) n;

-- name: bench_documents
INSERT INTO document (hosted, exchange_id, version, content_id, document_id, size, sha256, role, media_type, address)
SELECT e.hosted, e.exchange_id, 1, 'copy', e.exchange_id, 3000,
       sha256(convert_to(e.normal || CASE WHEN e.normal = $4 THEN ' altered' ELSE '' END, 'UTF8')),
       'certified-copy', 'application/pdf', e.normal
FROM exchange e WHERE e.hosted = $1 AND e.normal >= $2 AND e.normal <= $3;

-- name: bench_transmissions
INSERT INTO transmission (hosted, transmission_id, exchange_id, counterpart, adapter, task, version, agreement, state,
                          due_at, created_at, ended_at)
SELECT e.hosted, e.exchange_id, e.exchange_id, $4, 'das', $5, 1, 'bench', 'done', e.created_at, e.created_at, e.created_at
FROM exchange e WHERE e.hosted = $1 AND e.normal >= $2 AND e.normal <= $3;

-- name: bench_facts
INSERT INTO fact (hosted, exchange_id, name, at, value)
SELECT e.hosted, e.exchange_id, 'taken-by-counterpart', e.created_at, $4
FROM exchange e WHERE e.hosted = $1 AND e.normal >= $2 AND e.normal <= $3;

-- name: bench_tidy
-- What the server does by itself some time after so many rows came.
VACUUM (ANALYZE) exchange, document, transmission, fact;

-- Recovery: see ledger_restore.py. ---------------------------------------------------------------------------------

-- name: ledger_end_lead
-- Ends the sessions that hold the leader's lock $1; whoever leads next takes every log up anew.
SELECT pg_terminate_backend(l.pid) FROM pg_locks l
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.pid <> pg_backend_pid()
  AND (l.classid::bigint << 32 | l.objid::bigint) = $1
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());

-- name: ledger_restore_entries
INSERT INTO ledger_entry (hosted, entry_id, exchange_id, step, at, leaf, leaf_hash)
SELECT $1, e.id, e.exchange, e.step, e.at, e.leaf, e.hash
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bytea[], $7::bytea[])
    AS e(id, exchange, step, at, leaf, hash)
ON CONFLICT (hosted, entry_id) DO NOTHING;

-- name: ledger_restored_otherwise
-- The first of these entries that the database has with another leaf.
SELECT e.id FROM unnest($2::uuid[], $3::bytea[]) AS e(id, leaf)
JOIN ledger_entry k ON k.hosted = $1 AND k.entry_id = e.id WHERE k.leaf <> e.leaf LIMIT 1;

-- name: ledger_await_no_more
DELETE FROM ledger_pending WHERE hosted = $1 AND entry_id = ANY ($2::uuid[]);

-- name: ledger_add_restored
INSERT INTO ledger_restored (hosted, entry_id, first, size) VALUES ($1, $2, $3, $4);

-- name: ledger_restored
SELECT r.entry_id, r.first, r.size, e.leaf
FROM ledger_restored r LEFT JOIN ledger_entry e USING (hosted, entry_id) WHERE r.hosted = $1;

-- name: ledger_restored_steps
-- Entries of the steps $2 that have their places from $3 up to $4.
SELECT p.entry_id FROM ledger_position p JOIN ledger_entry e USING (hosted, entry_id)
WHERE p.hosted = $1 AND p.seq >= $3 AND p.seq < $4 AND e.step = ANY ($2::text[]);

-- name: ledger_begin_era
INSERT INTO ledger_era (hosted, era, origin, size, lost, note, entry_id, reason, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- What stands beside the tree: see ledger_rows.py. -------------------------------------------------------------------

-- name: ledger_entry_rows
SELECT p.seq, p.leaf_hash, p.entry_id, e.leaf, e.leaf_hash AS entry_hash, e.exchange_id, e.step, e.at
FROM ledger_position p LEFT JOIN ledger_entry e USING (hosted, entry_id)
WHERE p.hosted = $1 AND p.seq >= $2 AND p.seq < $3 ORDER BY p.seq;

-- name: ledger_waiting_rows
SELECT w.entry_id, w.at AS waiting_at, e.leaf, e.leaf_hash AS entry_hash, e.exchange_id, e.step, e.at,
       EXISTS (SELECT FROM ledger_position p WHERE p.hosted = w.hosted AND p.entry_id = w.entry_id) AS placed
FROM ledger_pending w LEFT JOIN ledger_entry e USING (hosted, entry_id)
WHERE w.hosted = $1 LIMIT $2;

-- name: ledger_chain_piece
-- Up to $3 checkpoints from number $2 on, and whether each follows from the one before it; the first of a piece has none
-- before it. Rows from before the chain was kept have none, and nothing is said of them but by the first that has one.
SELECT c.number, c.size,
       c.chain IS NOT DISTINCT FROM ledger_chain_v1(c.former, c.hosted, c.number, c.size, c.root, c.note, c.created_at)
       OR (c.chain IS NULL AND c.former IS NULL) AS good
FROM (
    SELECT k.*, lag(k.chain) OVER (ORDER BY k.number) AS former
    FROM ledger_checkpoint k WHERE k.hosted = $1 AND k.number >= $2 ORDER BY k.number LIMIT $3
) AS c
ORDER BY c.number;

-- name: ledger_head_astray
SELECT coalesce(h.number, c.number) AS number
FROM (SELECT number, chain FROM ledger_checkpoint WHERE hosted = $1 ORDER BY number DESC LIMIT 1) AS c
FULL JOIN (SELECT number, chain FROM ledger_head WHERE hosted = $1) AS h ON true
WHERE (c.number, c.chain) IS DISTINCT FROM (h.number, h.chain) AND (h.chain IS NOT NULL OR c.chain IS NOT NULL);

-- name: outage_events_all
SELECT o.outage_id, o.event, o.at, o.content, o.entry_id, e.leaf
FROM outage_event o JOIN ledger_entry e USING (hosted, entry_id) WHERE o.hosted = $1;
