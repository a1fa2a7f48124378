"""Time-stamps over our checkpoints, from a real authority over HTTP: kept when they hold, else counted."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

import asyncpg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from ledger_filling import fill
from log_house import open_house

from gateway.app.daily_export import export_day
from gateway.app.stamping import Stamping, load_authorities
from gateway.evidence.sources import FolderSource
from gateway.evidence.verifying import verify_log
from gateway.settings import SettingsError
from gateway.store.export_folder import ExportFolder
from gateway.store.stamps import PostgresStamps
from monitoring.metrics import STAMP_CAUSES
from pki.note_keys import parse_vkey
from pki.timestamps import verify_token
from sandbox.hostility import Rule, Switch
from sandbox.serving import listen
from sandbox.tsa.authority import make_authority
from sandbox.tsa.server import Desk, make_app
from sandbox.tsa.stamping import Manner

CAUSES = {
    Manner.BARE: "certificate",
    Manner.OTHER_DIGEST: "other-digest",
    Manner.WRONG_NONCE: "nonce",
    Manner.WRONG_POLICY: "policy",
    Manner.EXPIRED: "expired",
    Manner.NOT_CRITICAL: "certificate",
    Manner.FROM_FUTURE: "clock",
    Manner.FROM_PAST: "expired",
    Manner.TORN_SIGNATURE: "signature",
    Manner.REJECTION: "rejected",
    Manner.REDIRECT: "status",
    Manner.HUGE: "malformed",
}


class Stamped:
    """A gateway whose logs are stamped by a sandbox authority."""

    def __init__(self, house, desk):
        self.house, self.desk = house, desk
        self.stamping = Stamping(house.gateway, load_authorities(house.gateway.settings))
        self.stamping._duty._holder = "this test"  # so that a second one has it too

    async def kept(self, hosted="XA"):
        connection = await asyncpg.connect(self.house.dsn.reveal())
        try:
            return await connection.fetch("SELECT * FROM ledger_timestamp WHERE hosted = $1", hosted)
        finally:
            await connection.close()

    def metric(self, name, **labels):
        return self.house.gateway.meter.registry.get_sample_value(f"pouch_ledger_timestamp_{name}", labels)

    def failures(self, cause):
        return self.metric("failures_total", authority="sandbox", cause=cause)


@pytest.fixture
async def stamped(database, tmp_path):
    desk = Desk(authority=make_authority(datetime.now(UTC)))
    runner, origin = await listen(make_app(desk), host="127.0.0.1", port=0, certificate=None, key=None)
    root = tmp_path / "tsa-root.pem"
    root.write_bytes(desk.authority.root.public_bytes(Encoding.PEM))
    authority = {
        "name": "sandbox",
        "url": f"{origin}/",
        "certificates": [str(root)],
        "plain_http": True,
        "policy": "1.2.3.4",
    }
    try:
        async with open_house(
            tmp_path / "xa", database.app, ledger={"timestamping": {"authority": [authority]}}
        ) as house:
            await fill(house.dsn, 3)
            await house.order()
            opened = Stamped(house, desk)
            yield opened
            for one in opened.stamping._authorities:
                await one.http.close()
    finally:
        await runner.cleanup()


async def test_every_log_is_stamped_and_each_token_is_an_entry(stamped):
    await stamped.stamping.look()
    newest = await stamped.house.gateway.ledger.newest("XA")
    [row] = await stamped.kept()
    assert len(await stamped.kept("XB")) == 1
    stamp = verify_token(row["token"], newest.note, roots=[stamped.desk.authority.root], at=datetime.now(UTC))
    assert (stamp.gen_time, stamp.policy) == (row["at"], "1.2.3.4")
    assert 0 <= stamped.metric("age_seconds", office="XA", authority="sandbox") < 60
    connection = await asyncpg.connect(stamped.house.dsn.reveal())
    leaf = await connection.fetchval("SELECT leaf FROM ledger_entry WHERE step = 'time-stamped' AND hosted = 'XA'")
    await connection.close()
    entry = json.loads(leaf[1:])
    assert entry["actor"] == "sandbox"
    assert entry["digests"] == {
        "checkpoint": sha256(newest.note).hexdigest(),
        "token": sha256(row["token"]).hexdigest(),
    }


async def test_it_is_done_once_an_hour_over_the_newest_checkpoint(stamped):
    clock = stamped.house.gateway.line.clock
    await stamped.stamping.look()
    await stamped.stamping.look()
    assert stamped.desk.record.count("stamped") == 2  # one for each log
    await fill(stamped.house.dsn, 2, start=3)
    await stamped.house.order()
    later = datetime.now(UTC) + timedelta(hours=1, minutes=1)
    stamped.desk.now = lambda: later
    object.__setattr__(stamped.house.gateway.line, "clock", type("Later", (), {"now": lambda self: later})())
    try:
        await stamped.stamping.look()
    finally:
        object.__setattr__(stamped.house.gateway.line, "clock", clock)
    rows = await stamped.kept()
    assert len(rows) == 2 and rows[1]["checkpoint"] > rows[0]["checkpoint"]


async def test_where_nothing_was_signed_since_nobody_is_asked_again(stamped):
    await stamped.stamping.look()
    later = datetime.now(UTC) + timedelta(hours=5)
    stamped.desk.now = lambda: later
    object.__setattr__(stamped.house.gateway.line, "clock", type("Later", (), {"now": lambda self: later})())
    await stamped.stamping.look()
    assert stamped.desk.record.count("stamped") == 2
    assert stamped.metric("age_seconds", office="XA", authority="sandbox") > 4 * 3600


async def test_who_has_not_the_duty_asks_nobody(stamped):
    other = Stamping(stamped.house.gateway, load_authorities(stamped.house.gateway.settings))
    await stamped.stamping.look()
    await other.look()
    assert stamped.desk.record.count("stamped") == 2
    assert 0 <= stamped.metric("age_seconds", office="XA", authority="sandbox") < 60
    for one in other._authorities:
        await one.http.close()


@pytest.mark.parametrize(("manner", "cause"), CAUSES.items(), ids=str)
async def test_what_does_not_hold_is_not_kept_and_counted_by_its_cause(stamped, manner, cause):
    stamped.desk.manners.change(manner)
    await stamped.stamping.look()
    assert cause in STAMP_CAUSES and stamped.failures(cause) == 1  # the second log waits for the next try
    assert await stamped.kept() == []
    assert stamped.desk.record.count("followed") == 0


@pytest.mark.parametrize(
    ("switch", "cause"),
    {
        Switch.CUT_BEFORE: "unanswered",
        Switch.SERVER_ERROR: "status",
        Switch.CAPTIVE_PORTAL: "malformed",
    }.items(),
    ids=str,
)
async def test_a_broken_line_is_counted_and_it_goes_on_by_itself(stamped, switch, cause):
    stamped.desk.hostility.add(Rule(switch=switch, calls=1))
    await stamped.stamping.look()
    assert stamped.failures(cause) == 1 and await stamped.kept() == []
    await stamped.stamping.look()
    assert await stamped.kept() == []  # not at once again
    [authority] = stamped.stamping._authorities
    assert authority.not_before is not None and authority.failures == 1
    authority.not_before = None  # a minute later
    await stamped.stamping.look()
    assert len(await stamped.kept()) == 1 and authority.failures == 0


async def test_an_authority_that_never_answers_is_given_up(stamped, monkeypatch):
    [authority] = stamped.stamping._authorities
    object.__setattr__(authority.http._reach, "total", 0.2)
    release = asyncio.Event()
    stamped.desk.hostility.sleep = lambda _: release.wait()
    stamped.desk.hostility.add(Rule(switch=Switch.SLOW, probability=1.0))
    await stamped.stamping.look()
    release.set()
    assert stamped.failures("unanswered") == 1


async def test_an_authority_that_is_away_for_days_is_asked_seldom_and_the_age_grows(stamped):
    [authority] = stamped.stamping._authorities
    stamped.desk.hostility.add(Rule(switch=Switch.SERVER_ERROR, probability=1.0))
    start, passed = datetime.now(UTC), timedelta()

    class Clock:
        def now(self):
            return start + passed

    object.__setattr__(stamped.house.gateway.line, "clock", Clock())
    asked = []
    for _ in range(48 * 60):  # two days, a look a minute
        passed += timedelta(minutes=1)
        before = authority.failures
        if passed < timedelta(hours=3) or passed > timedelta(hours=47):
            await stamped.stamping.look()
        if authority.failures > before:
            asked.append(passed)
    gaps = [later - earlier for earlier, later in pairwise(asked[4:])]
    assert min(gaps) >= timedelta(minutes=8) and timedelta(minutes=15) in gaps
    assert stamped.metric("age_seconds", office="XA", authority="sandbox") > 47 * 3600
    assert await stamped.kept() == []


async def test_without_a_database_nothing_is_asked_and_nothing_breaks(stamped):
    await stamped.house.gateway.pool.close()
    await stamped.stamping.look()
    assert stamped.desk.record.count("stamped") == 0


async def test_certificates_without_a_root_are_refused_by_the_setting(stamped, tmp_path):
    settings = stamped.house.gateway.settings
    (tmp_path / "tsa-root.pem").write_bytes(stamped.desk.authority.between.public_bytes(Encoding.PEM))
    with pytest.raises(SettingsError, match=r"authority\[0\].certificates: the authority's self-signed root"):
        load_authorities(settings)
    (tmp_path / "tsa-root.pem").write_bytes(b"nothing")
    with pytest.raises(SettingsError, match="no PEM certificate"):
        load_authorities(settings)


async def test_the_export_holds_every_token_with_the_note_it_is_over(stamped, tmp_path):
    gateway, place = stamped.house.gateway, ExportFolder(tmp_path / "xa-export")
    stamps = PostgresStamps(gateway.pool, gateway.queries)
    await stamped.stamping.look()
    await stamped.house.order()  # the token's own entry has its place, and there is a newer checkpoint
    now = datetime.now(UTC)
    await export_day(gateway.ledger, stamps, "XA", place, now)
    [row] = await stamped.kept()
    stem = place.folder / "stamps" / f"{row['checkpoint']}-sandbox"
    note, token = stem.with_suffix(".note").read_bytes(), stem.with_suffix(".tst").read_bytes()
    assert verify_token(token, note, roots=[stamped.desk.authority.root], at=now).gen_time == row["at"]
    assert b"xa.pouch.example/ledger\n3\n" in note
    before = stem.with_suffix(".tst").stat().st_mtime_ns
    await export_day(gateway.ledger, stamps, "XA", place, now + timedelta(days=1))
    assert stem.with_suffix(".tst").stat().st_mtime_ns == before
    vkey = parse_vkey((stamped.house.folder / "keys" / "ledger.vkey").read_text())
    assert (await verify_log(FolderSource(place.folder), [vkey], exact=True)).size == 4
