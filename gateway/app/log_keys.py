"""The logs' names and the keys that sign their checkpoints."""

from collections.abc import Mapping, Sequence

from gateway.core.office import OfficeCode
from gateway.settings import Settings, SettingsError
from gateway.store.ledger_read import PostgresLedger
from pki.keys import UnusableKey
from pki.note_keys import NoteKey, load_note_key

__all__ = ["LogKeys", "hosted_of", "load_log_keys", "named", "origin_of", "under_present_names"]

#: The keys that sign an office's checkpoints, the current one first, each under the name of its log.
LogKeys = Mapping[OfficeCode, tuple[NoteKey, ...]]


def hosted_of(settings: Settings, code: str | None) -> OfficeCode:
    """The hosted office that was named, or the first one; SettingsError if it is not hosted here."""
    hosted = [OfficeCode(item.code) for item in settings.hosted]
    if code is None:
        return hosted[0]
    if code not in hosted:
        raise SettingsError(f"--office: hosted here are {', '.join(hosted)}")
    return OfficeCode(code)


def origin_of(settings: Settings, hosted: OfficeCode) -> str:
    """The name of an office's log: `gateway.origin` for the first hosted office, with the code behind it for others."""
    origin = settings.gateway.origin
    return origin if hosted == settings.hosted[0].code else f"{origin}/{hosted.lower()}"


def named(keys: Sequence[NoteKey], origin: str) -> tuple[NoteKey, ...]:
    """The same keys under the name of a log: another name is another verifier key."""
    return tuple(NoteKey(name=origin, key=key.key) for key in keys)


async def under_present_names(keys: LogKeys, ledger: PostgresLedger) -> LogKeys:
    """The keys under the names that the logs have now: a log that was begun anew has another than the settings say."""
    present: dict[OfficeCode, tuple[NoteKey, ...]] = {}
    for hosted, own in keys.items():
        present[hosted] = named(own, (await ledger.origins(hosted, own[0].name))[-1]) if own else own
    return present


def load_log_keys(settings: Settings) -> LogKeys:
    """Load what signs the logs; SettingsError names the setting.

    One key signs all logs of a gateway, under the name of each: another name is another verifier key.
    """
    keys: list[NoteKey] = []
    for position, path in enumerate(settings.ledger.keys):
        place = f"ledger.keys[{position}]"
        try:
            key = load_note_key(path)
        except (UnusableKey, OSError) as error:
            raise SettingsError(f"{place}: {error}") from None
        if key.name != settings.gateway.origin:
            raise SettingsError(f"{place}: is the key of another origin than gateway.origin")
        keys.append(key)
    return {OfficeCode(item.code): named(keys, origin_of(settings, OfficeCode(item.code))) for item in settings.hosted}
