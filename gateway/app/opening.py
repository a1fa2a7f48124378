"""Opening a gateway: settings in, wired objects out. Everything is made here once and handed down."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

from gateway.app.counterparts import CounterpartMap, connect_counterparts, find_callers
from gateway.app.examining import make_examiner
from gateway.app.log_keys import LogKeys, load_log_keys, under_present_names
from gateway.app.offices import Offices, OfficesInUse, read_offices
from gateway.app.revoking import RevocationInUse, read_revocation
from gateway.app.signing import HostSigner, TokenDesk
from gateway.app.standing import Standings
from gateway.app.system import KeySealing, SystemClock, SystemRandomness
from gateway.app.verifying import OfficeVerifier
from gateway.app.witness_asking import read_witnesses
from gateway.core.office import OfficeCode
from gateway.core.reason import Reason
from gateway.core.request import REQUESTS
from gateway.core.secret import Secret
from gateway.core.transmission import Task
from gateway.settings import Settings, SettingsError, load_settings
from gateway.stages.line import Line
from gateway.stages.refuse import Crowd
from gateway.store.documents import SealedDocuments
from gateway.store.embedded import EmbeddedPostgres, EmbeddedRefused
from gateway.store.guesses import PostgresAssertions, PostgresGuesses
from gateway.store.journal import PostgresJournal
from gateway.store.key_file import KeyFileRefused, load_key_file
from gateway.store.ledger_read import PostgresLedger
from gateway.store.migrate import Half, MigrationRefused, migrate, pending
from gateway.store.named_queries import load_queries
from gateway.store.outbox import PostgresOutbox
from gateway.store.pool import DatabaseUnavailable, Pool, open_pool
from gateway.store.records import PostgresRecords
from monitoring.log import logger
from monitoring.meter import Meter
from monitoring.metrics import Bounds
from monitoring.scrape import start_worker_metrics
from pki.keys import SigningKey, UnusableKey, load_signing_key
from pki.wss import WssPolicy

__all__ = [
    "CannotOpen",
    "Gateway",
    "meter_for",
    "migrate_database",
    "open_database",
    "open_gateway",
    "pending_migrations",
]


class CannotOpen(Exception):
    """The database is away, cannot be started, or its schema is not ours; the text says what to do."""


#: No message was ever signed before this gateway was written: a clock that says so is wrong.
_BORN: Final = datetime(2026, 11, 1, tzinfo=UTC)

#: How often it is looked whether the embedded server lives.
_LOOK_SECONDS: Final = 1.0

_log = logger("database")


@dataclass(slots=True, kw_only=True)
class Gateway:
    """One process's gateway, open. `reload` reads the offices file again."""

    settings: Settings
    pool: Pool
    queries: dict[str, str]
    line: Line
    outbox: PostgresOutbox
    counterparts: CounterpartMap
    documents: SealedDocuments
    verifier: OfficeVerifier
    desk: TokenDesk
    assertions: PostgresAssertions
    crowd: Crowd
    meter: Meter
    signing_keys: dict[OfficeCode, SigningKey]
    log_keys: LogKeys
    ledger: PostgresLedger
    standings: Standings
    offices: OfficesInUse
    revocation: RevocationInUse

    def reload(self) -> None:
        """Take the offices file as it is now; SettingsError leaves everything as it was."""
        loaded = load_settings(self.settings.file)
        offices = read_offices(loaded)
        revoked = read_revocation(loaded, offices.trust, self.line.clock.now())
        self.use(offices)
        self.revocation.now = revoked
        self.settings = msgspec.structs.replace(self.settings, office=loaded.office, agreement=loaded.agreement)

    def use(self, offices: Offices) -> None:
        """Work with these offices from now on."""
        self.offices.now = replace(offices, agreements=self.counterparts.informed(offices.agreements))
        self.verifier.trust = offices.trust
        self.desk.register(dict(offices.clients))


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Secret]:
    """Have a database: the server of the settings, or the embedded one started and brought up to date."""
    if dsn := settings.database.secret_dsn:
        yield dsn
        return
    postgres = EmbeddedPostgres(settings.gateway.storage / "postgres")
    try:
        async with postgres as dsns:
            await migrate(dsns.owner)
            keeping = asyncio.create_task(_keep_alive(postgres))
            try:
                yield dsns.app
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)
    except (EmbeddedRefused, MigrationRefused) as error:
        raise CannotOpen(str(error)) from None


async def _keep_alive(postgres: EmbeddedPostgres) -> None:
    """A server of our own that dies is ours to start again; whoever has connections to it opens new ones."""
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            if await postgres.revive():
                _log.error("the database server died and was started again")
        except (EmbeddedRefused, DatabaseUnavailable, OSError) as error:
            _log.error("the database server died and does not start", error=type(error).__name__)


async def migrate_database(settings: Settings, half: Half) -> tuple[str, ...]:
    """Bring the schema up as its owner; gives the names of what ran. CannotOpen."""
    try:
        if settings.database.dsn is None:
            async with EmbeddedPostgres(settings.gateway.storage / "postgres") as dsns:
                return await migrate(dsns.owner, half)
        return await migrate(Secret(settings.database.migration_dsn or settings.database.dsn), half)
    except (EmbeddedRefused, MigrationRefused, DatabaseUnavailable, OSError) as error:
        raise CannotOpen(str(error)) from None


async def pending_migrations(dsn: Secret) -> tuple[str, ...]:
    """Name what `pouch migrate` would run. CannotOpen."""
    try:
        return await pending(dsn)
    except (MigrationRefused, OSError) as error:
        raise CannotOpen(str(error)) from None


@asynccontextmanager
async def open_gateway(
    settings: Settings, dsn: Secret, *, metrics: Path | None = None, slot: int = 0
) -> AsyncIterator[Gateway]:
    """Wire everything for one process; SettingsError says what cannot be used, CannotOpen what is away."""
    clock, randomness = SystemClock(), SystemRandomness()
    if clock.now() < _BORN:
        raise SettingsError("the clock of this machine is wrong: set it (NTP) before starting")
    offices = read_offices(settings)
    revoked = read_revocation(settings, offices.trust, clock.now())
    keys = {OfficeCode(item.code): _key(item.signing_key, item.signing_certificate) for item in settings.hosted}
    signers = {
        OfficeCode(item.code): HostSigner(
            keys[OfficeCode(item.code)],
            _key(item.receipt_key, item.receipt_certificate)
            if item.receipt_key and item.receipt_certificate
            else keys[OfficeCode(item.code)],
        )
        for item in settings.hosted
    }
    log_keys = load_log_keys(settings)
    read_witnesses(settings)  # what cannot be used is told before anything starts
    try:
        wrapping = load_key_file(settings.gateway.wrapping_key)
    except KeyFileRefused as error:
        raise SettingsError(f"gateway.wrapping_key: {error}") from None
    if metrics is not None:
        start_worker_metrics(metrics, slot)
    meter = meter_for(settings)
    async with AsyncExitStack() as stack:
        try:
            pool = await open_pool(dsn, application=f"pouch {slot}", largest=settings.database.pool)
        except DatabaseUnavailable as error:
            raise CannotOpen(f"{error}; is the server of database.dsn running?") from None
        stack.push_async_callback(pool.close)
        queries = dict(load_queries())
        documents = SealedDocuments(
            settings.gateway.storage / "documents", wrapping=wrapping, reserve_bytes=settings.gateway.reserve_bytes
        )
        stack.callback(documents.close)
        outbox = PostgresOutbox(pool, queries, clock)
        counterparts = connect_counterparts(
            settings,
            pool=pool,
            queries=queries,
            clock=clock,
            randomness=randomness,
            signers=signers,
            documents=documents,
            outbox=outbox,
            meter=meter,
            log=logger("adapters"),
        )
        stack.push_async_callback(counterparts.close)
        desk = TokenDesk(next(iter(keys.values())), issuer=settings.front_door.public_url)
        policy = WssPolicy(skew=timedelta(seconds=settings.front_door.clock_skew_seconds))
        verifier = OfficeVerifier(desk=desk, callers=find_callers(settings, counterparts), policy=policy)
        verifier.revocation = revocation = RevocationInUse(revoked, meter)
        in_use = OfficesInUse(offices)
        examiner = make_examiner(settings.packages, clock)
        if examiner is not None:
            stack.callback(examiner.close)
        standings = Standings(settings, pool, queries)
        line = Line(
            origin=settings.gateway.origin,
            clock=clock,
            randomness=randomness,
            journal=PostgresJournal(pool, queries),
            records=PostgresRecords(pool, queries),
            outbox=outbox,
            documents=documents,
            guesses=PostgresGuesses(pool, queries, clock),
            sealing=KeySealing(wrapping),
            verifier=verifier,
            signers=signers,
            senders=in_use.senders,
            agreements=in_use.agreements,
            normalise=in_use.normalise,
            meter=meter,
            document_limit=settings.front_door.body_limit,
            logs=standings.now,
            examiner=examiner,
        )
        gateway = Gateway(
            settings=settings,
            pool=pool,
            queries=queries,
            line=line,
            outbox=outbox,
            counterparts=counterparts,
            documents=documents,
            verifier=verifier,
            desk=desk,
            assertions=PostgresAssertions(pool, queries),
            crowd=Crowd(settings.front_door.refusals_per_minute),
            meter=meter,
            signing_keys=keys,
            log_keys=log_keys,
            ledger=PostgresLedger(pool, queries),
            standings=standings,
            offices=in_use,
            revocation=revocation,
        )
        gateway.use(offices)
        await standings.read()
        gateway.log_keys = await under_present_names(log_keys, gateway.ledger)
        yield gateway


def _key(key: Path, certificate: Path) -> SigningKey:
    try:
        return load_signing_key(key, certificate)
    except (UnusableKey, OSError) as error:
        raise SettingsError(f"hosted.signing_key: {error}") from None


def meter_for(settings: Settings) -> Meter:
    """Make this process's meter, with its labels bounded by the settings and our own tables."""
    hosted = frozenset(item.code for item in settings.hosted)
    bounds = Bounds(
        operations=frozenset(request.__name__ for request in REQUESTS),
        offices=hosted,
        counterparts=frozenset(item.code for item in settings.counterpart) | hosted,
        reasons=frozenset(reason.code for reason in Reason),
        tasks=frozenset(task.value for task in Task),
        certificates=hosted | {"front-door"},
        witnesses=frozenset(item.vkey.partition("+")[0] for item in settings.ledger.witness),
        authorities=frozenset(item.name for item in settings.ledger.timestamping.authority),
        partners=frozenset(item.code for item in settings.office),
    )
    return Meter(bounds, version=version("pouch"))
