"""The offices file in use: trust, senders, token clients and agreements; read again on reload."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TypeVar, cast

from gateway.core.agreement import Agreement
from gateway.core.document import DocumentKind
from gateway.core.office import OfficeCode, Right
from gateway.core.release import Condition
from gateway.core.request import Hosting, Issuer
from gateway.core.transmission import Task
from gateway.settings import AgreementSettings, NumberFormatSettings, Settings, SettingsError
from gateway.wire.numbers import NumberFormat, NumberFormats, shipped_formats
from pki.keys import UnusableKey, load_certificate
from pki.policy import PublicKey
from pki.trust import Purpose, TrustedCertificate, TrustList, UnusablePin, pin

__all__ = ["Offices", "OfficesInUse", "read_offices"]

_E = TypeVar("_E", bound=Enum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offices:
    """What the offices file says, checked."""

    trust: TrustList
    senders: Mapping[OfficeCode, frozenset[OfficeCode]]
    clients: Mapping[str, tuple[OfficeCode, PublicKey, frozenset[str]]]
    agreements: tuple[Agreement, ...]
    numbers: NumberFormats


class OfficesInUse:
    """The offices as they are now: what holds this sees a reload at once."""

    def __init__(self, now: Offices) -> None:
        self.now = now

    def senders(self) -> Mapping[OfficeCode, frozenset[OfficeCode]]:
        """For which hosted offices an office's messages are taken."""
        return self.now.senders

    def agreements(self) -> tuple[Agreement, ...]:
        """The agreements in force."""
        return self.now.agreements

    def normalise(self, office: OfficeCode, right: Right, number: str) -> str:
        """The form of a number to compare by; Refused(NUMBER_MALFORMED)."""
        return self.now.numbers.normalise(office, right, number).normal


def read_offices(settings: Settings) -> Offices:
    """Load certificates and check words; SettingsError names the dotted path."""
    hosted = {item.code for item in settings.hosted}
    pins: list[TrustedCertificate] = []
    senders: dict[OfficeCode, frozenset[OfficeCode]] = {}
    clients: dict[str, tuple[OfficeCode, PublicKey, frozenset[str]]] = {}
    formats: list[NumberFormat] = []
    for position, office in enumerate(settings.office):
        place, code = f"office[{position}]", OfficeCode(office.code)
        try:
            pins += [pin(code, Purpose.SIGNING, load_certificate(path)) for path in office.signing_certificates]
        except (UnusableKey, UnusablePin, OSError) as error:
            raise SettingsError(f"{place}.signing_certificates: {error}") from None
        taken = frozenset(OfficeCode(item) for item in office.exchanges_as or {code} & hosted)
        for number, other in enumerate(office.exchanges_as):
            if other not in hosted:
                raise SettingsError(f"{place}.exchanges_as[{number}]: is not hosted here")
        senders[code] = taken
        for number, client in enumerate(office.client):
            try:
                key = cast(PublicKey, load_certificate(client.certificate).public_key())
            except (UnusableKey, OSError) as error:
                raise SettingsError(f"{place}.client[{number}].certificate: {error}") from None
            if client.id in clients:
                raise SettingsError(f"{place}.client[{number}].id: stands there twice")
            clients[client.id] = (code, key, frozenset(client.scopes))
        formats += [_format(code, item, f"{place}.number_format[{n}]") for n, item in enumerate(office.number_format)]
    return Offices(
        trust=TrustList(pins),
        senders=senders,
        clients=clients,
        agreements=tuple(_agreement(item, n) for n, item in enumerate(settings.agreement)),
        numbers=shipped_formats().adding(formats),
    )


def _format(code: OfficeCode, item: NumberFormatSettings, place: str) -> NumberFormat:
    rights = frozenset({_word(Right, item.right, f"{place}.right")})
    written = NumberFormat(office=code, rights=rights, expression=item.expression, normal=item.normal)
    try:
        NumberFormats([written])
    except ValueError:
        raise SettingsError(f"{place}: is not of the bounded kind that schemas/number_formats.toml shows") from None
    return written


def _agreement(item: AgreementSettings, position: int) -> Agreement:
    place = f"agreement[{position}]"
    tasks = _words(Task, item.tasks, f"{place}.tasks")
    if Task.ROUTE in tasks:
        raise SettingsError(f"{place}.tasks: routing is the gateway's own")
    return Agreement(
        name=item.name,
        hosted=OfficeCode(item.hosted),
        counterpart=OfficeCode(item.counterpart),
        adapter=item.adapter,
        tasks=tasks,
        kinds=_words(DocumentKind, item.kinds, f"{place}.kinds"),
        rights=_words(Right, item.rights, f"{place}.rights"),
        hosting=_words(Hosting, item.hosting, f"{place}.hosting"),
        code_issuers=_words(Issuer, item.code_issuers, f"{place}.code_issuers"),
        standing_release=_words(Condition, item.standing_release, f"{place}.standing_release"),
        window=timedelta(days=item.window_days),
        recheck=timedelta(seconds=item.recheck_seconds) if item.recheck_seconds is not None else None,
        suspended=item.suspended,
    )


def _words(table: type[_E], words: tuple[str, ...], place: str) -> frozenset[_E]:
    return frozenset(_word(table, word, f"{place}[{number}]") for number, word in enumerate(words))


def _word(table: type[_E], word: str, place: str) -> _E:
    try:
        return table(word)
    except ValueError:
        allowed = ", ".join(str(item.value) for item in table)
        raise SettingsError(f"{place}: is none of {allowed}") from None
