"""The settings of the ledger: its keys, its readers, who cosigns it, and whose logs this gateway cosigns."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from gateway.settings_anchors import ExportSettings, TimestampingSettings, check_anchors
from gateway.settings_table import Office, SettingsError, Table, check_url

__all__ = ["LedgerSettings", "WitnessSettings", "WitnessedSettings", "check_ledger"]


class WitnessSettings(Table, frozen=True, kw_only=True):
    """Who cosigns our logs: `url` is the prefix of its add-checkpoint, `vkey` its verifier key (type 0x04)."""

    url: str
    vkey: str
    ca: Path | None = None
    plain_http: bool = False  # inside the office's own network only


class WitnessedSettings(Table, frozen=True, kw_only=True):
    """A partner's log that we cosign: `vkey` is its verifier key; while it rolls over, both stand here."""

    vkey: str


class LedgerSettings(Table, frozen=True, kw_only=True):
    """The signed log. `keys`: the first is current, the others sign too while keys roll over; none: nothing is signed.

    `readers` are the codes of other offices whose clients may read it (scope "ledger"), since volume and timing are
    confidential; the hosted office's own may. `checkpoint_seconds` lie at least between two checkpoints.
    `reconciles` are those whose clients may compare the books about their own documents (scope "ledger").
    `witness_key` makes this gateway a witness of the logs in `witnessed`; each `witness` cosigns ours, asked at most
    every `witness_seconds`.
    """

    keys: tuple[Path, ...] = ()
    sequencing: bool = True
    checkpoint_seconds: Annotated[float, Meta(gt=0, le=60)] = 1.0
    readers: tuple[Office, ...] = ()
    reconciles: tuple[Office, ...] = ()
    witness_key: Path | None = None
    witnessed: tuple[WitnessedSettings, ...] = ()
    witness: tuple[WitnessSettings, ...] = ()
    witness_seconds: Annotated[float, Meta(gt=0, le=3600)] = 10.0
    timestamping: TimestampingSettings = TimestampingSettings()
    export: ExportSettings = ExportSettings()


def check_ledger(ledger: LedgerSettings, place: str) -> None:
    """SettingsError, naming the place, for what must agree with something else."""
    check_anchors(ledger.timestamping, f"{place}.timestamping")
    if ledger.witnessed and ledger.witness_key is None:
        raise SettingsError(f"{place}.witness_key: is needed to cosign what ledger.witnessed names")
    for position, witness in enumerate(ledger.witness):
        check_url(witness.url, f"{place}.witness[{position}].url")
        if not witness.plain_http and not witness.url.startswith("https:"):
            raise SettingsError(f"{place}.witness[{position}].url: is not https, and plain_http is not set")
