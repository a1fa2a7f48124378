"""The counterparts of the settings: each with its adapter and its kit (pipeline.Counterparts)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from gateway.app.signing import KeyAsserter
from gateway.app.verifying import Caller
from gateway.core.agreement import Agreement
from gateway.core.office import OfficeCode
from gateway.core.transmission import Transmission
from gateway.kit.assembly import CounterpartKit, authorities
from gateway.kit.http import CounterpartHttp, Reach
from gateway.kit.tokens import BearerTokens, NoTokens, TokenClient
from gateway.ports import (
    AdapterKit,
    AdapterLog,
    AdapterMeter,
    Clock,
    Documents,
    OfficeAdapter,
    Outbox,
    Progress,
    Randomness,
    Signer,
    TokenSource,
)
from gateway.registry import AdapterUnknown, find_factory
from gateway.settings import CounterpartSettings, Settings, SettingsError
from gateway.store.outbox import PostgresCounters
from gateway.store.pool import Pool
from pki.keys import UnusableKey, load_signing_key

__all__ = ["CounterpartMap", "connect_counterparts", "find_callers"]

_Key = tuple[OfficeCode, OfficeCode, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterpartMap:
    """Adapters and kits by hosted office, counterpart and adapter name."""

    adapters: Mapping[_Key, OfficeAdapter]
    kits: Mapping[_Key, CounterpartKit]
    outbox: Outbox
    log: AdapterLog

    def adapter(self, hosted: OfficeCode, counterpart: OfficeCode, name: str) -> OfficeAdapter | None:
        """Give the adapter, or None if the settings no longer name one."""
        return self.adapters.get((hosted, counterpart, name))

    def kit(self, transmission: Transmission) -> AdapterKit:
        """Give the kit of one transmission."""
        leg = transmission.leg
        kit = self.kits[(transmission.hosted, leg.counterpart, leg.adapter)]
        return kit.for_transmission(progress=self.outbox.progress(transmission), log=self.log)

    def probe_kit(self, key: _Key, progress: Progress) -> AdapterKit:
        """Give a kit for a look at the counterpart outside any transmission."""
        return self.kits[key].for_transmission(progress=progress, log=self.log)

    def informed(self, agreements: tuple[Agreement, ...]) -> tuple[Agreement, ...]:
        """Give the agreements with what their counterparts' adapters say that a deposit must bring."""

        def needs_email(agreement: Agreement) -> bool:
            key = (agreement.hosted, agreement.counterpart, agreement.adapter)
            return bool(getattr(self.adapters.get(key), "needs_email", False))

        return tuple(replace(each, needs_email=needs_email(each)) for each in agreements)

    async def close(self) -> None:
        """End all connections."""
        for kit in self.kits.values():
            await kit.close()


def connect_counterparts(
    settings: Settings,
    *,
    pool: Pool,
    queries: Mapping[str, str],
    clock: Clock,
    randomness: Randomness,
    signers: Mapping[OfficeCode, Signer],
    documents: Documents,
    outbox: Outbox,
    meter: AdapterMeter,
    log: AdapterLog,
) -> CounterpartMap:
    """Make every counterpart of the settings; nothing is sent yet. SettingsError names the dotted path."""
    adapters: dict[_Key, OfficeAdapter] = {}
    kits: dict[_Key, CounterpartKit] = {}
    for position, item in enumerate(settings.counterpart):
        place = f"counterpart[{position}]"
        key = (OfficeCode(item.hosted), OfficeCode(item.code), item.adapter)
        if key[0] not in signers:
            raise SettingsError(f"{place}.hosted: is not hosted here")
        try:
            adapters[key] = find_factory(item.adapter)(item.settings)
        except (AdapterUnknown, ValueError) as error:
            raise SettingsError(f"{place}.settings: {error}") from None
        http = CounterpartHttp(_reach(item))
        kits[key] = CounterpartKit(
            http=http,
            tokens=_tokens(item, adapters[key], http, clock, place),
            clock=clock,
            randomness=randomness,
            signer=signers[key[0]],
            counters=PostgresCounters(pool, queries, key[0]),
            documents=documents,
            meter=meter,
        )
    return CounterpartMap(adapters=adapters, kits=kits, outbox=outbox, log=log)


def _reach(item: CounterpartSettings) -> Reach:
    named = {"settings": item.settings, "token": item.token_url or ""}
    calls_us = item.calls_us.jwks_url if item.calls_us else ""
    return Reach(
        authorities=authorities({**named, "keys": calls_us}, item.hosts),
        ca=item.ca,
        plain_http=item.plain_http,
        total=item.total_seconds,
    )


def _tokens(
    item: CounterpartSettings, adapter: OfficeAdapter, http: CounterpartHttp, clock: Clock, place: str
) -> TokenSource:
    """Tokens by the settings; an adapter that knows its counterpart's usual token server says so by itself."""
    url = item.token_url or getattr(adapter, "token_url", None)
    scope = item.token_scope or getattr(adapter, "token_scope", None)
    if url is None or item.client_id is None:
        return NoTokens()
    if item.client_key is None or item.client_certificate is None:
        raise SettingsError(f"{place}: client_id needs client_key and client_certificate")
    try:
        key = load_signing_key(item.client_key, item.client_certificate)
    except (UnusableKey, OSError) as error:
        raise SettingsError(f"{place}.client_key: {error}") from None
    client = TokenClient(url=url, client_id=item.client_id, scope=scope or "")
    return BearerTokens(http=http, asserter=KeyAsserter(key, clock), clock=clock, client=client)


def find_callers(settings: Settings, counterparts: CounterpartMap) -> list[Caller]:
    """Give the counterparts that call our DAS-shaped door, with the connection to their token servers."""
    callers = []
    for item in settings.counterpart:
        if item.calls_us is not None:
            key = (OfficeCode(item.hosted), OfficeCode(item.code), item.adapter)
            callers.append(
                Caller(
                    hosted=key[0],
                    office=key[1],
                    http=counterparts.kits[key].http,
                    jwks_url=item.calls_us.jwks_url,
                    audience=item.calls_us.audience,
                    subjects=frozenset(item.calls_us.subjects),
                    scope=item.calls_us.scope,
                    issuer=item.calls_us.issuer,
                )
            )
    return callers
