"""Verifying a dossier with no database and no network: START READING HERE.

    dossier_file       the file is byte for byte what the office has sealed
    dossier_log        its entries are in the log, and who else vouches for that, since when
    dossier_messages   receipts, messages and notifications are signed, and speak of the same things

Rules: nothing raises for what a dossier contains; the verdict says what holds, what does not, and what cannot be told.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations
from typing import BinaryIO, Final

from gateway.core.document import Role, digest_of_digests
from gateway.core.instant import rfc3339
from gateway.evidence.dossier_file import OpenDossier, open_dossier
from gateway.evidence.dossier_log import KnownEntry, verify_log_part
from gateway.evidence.dossier_messages import verify_messages
from gateway.evidence.dossier_trust import Trust
from gateway.evidence.dossier_verdict import DossierVerdict, Found
from gateway.evidence.findings import CannotTell, Tampered
from gateway.wire.dossier_contents import DecisionTaken
from pki.keys import thumbprint
from pki.verdict import Indication

__all__ = ["Trust", "verify_dossier"]

#: Documents of one message whose order is tried out.
_PERMUTED: Final = 6


def verify_dossier(source: BinaryIO, trust: Trust) -> DossierVerdict:
    """Verify a dossier in a seekable file. Never raises for what it contains."""
    found = Found()
    try:
        dossier = open_dossier(source)
    except (Tampered, CannotTell) as finding:
        found.take(finding)
        return _verdict(found, None)
    _check_signer(dossier, trust, found)
    try:
        entries = verify_log_part(dossier, trust, found)
        _check_documents(dossier, entries, found)
        _check_decisions(dossier, entries, found)
        verify_messages(dossier, entries, trust, found)
    except (Tampered, CannotTell) as finding:
        found.take(finding)
    for missing in dossier.contents.missing:
        found.note(f"missing: {missing.what}: {missing.why}")
    return _verdict(found, dossier)


def _check_signer(dossier: OpenDossier, trust: Trust, found: Found) -> None:
    manifest = dossier.manifest
    believed = trust.believes(dossier.signer, manifest.made_at)
    whose = f"certificate {thumbprint(dossier.signer)}"
    text = f"{len(manifest.members)} members as office {manifest.office} sealed them at {rfc3339(manifest.made_at)}"
    found.hold("the file", text)
    if believed is None:
        found.note(
            f"whose seal this is was not checked: give the certificate you have from the office (--trust); {whose}"
        )
    elif not believed:
        found.take(CannotTell("seal.xml", f"is sealed by nobody you trust: {whose}"))


def _check_documents(dossier: OpenDossier, entries: Mapping[str, KnownEntry], found: Found) -> None:
    """Entries that name documents name those of the dossier: one digest over the digests of what came together."""
    named = {digest for entry in entries.values() if (digest := entry.digest("documents")) is not None}
    came: dict[tuple[int, bool], list[bytes]] = {}
    for document in dossier.contents.documents:
        certificate = document.role is Role.REGISTRATION_CERTIFICATE
        came.setdefault((document.version, certificate), []).append(bytes.fromhex(document.sha256))
    for (version, certificate), digests in came.items():
        about = f"{'the registration certificate' if certificate else 'the documents'} of version {version}"
        if any(digest_of_digests(order) in named for order in _orders(digests)):
            found.hold(about, f"{len(digests)} by SHA-256, as an entry of the ledger names them")
        else:
            found.note(f"{about}: no entry is found that names them and no others")


def _check_decisions(dossier: OpenDossier, entries: Mapping[str, KnownEntry], found: Found) -> None:
    """Each decision that an entry commits to is one of the dossier's: by whom, and on what basis."""
    left = list(dossier.contents.decisions)
    opened = 0
    for entry in entries.values():
        committed = {
            each.name.rpartition(".")[0] for each in entry.files.disclosed if each.name.startswith("decision.")
        }
        for name in sorted(committed):
            meant = next((each for each in left if _is_meant(each, name, entry)), None)
            if meant is None:
                raise Tampered(entry.files.leaf, f"commits to another {name} than the dossier says")
            left.remove(meant)
            opened += 1
    if opened:
        found.hold(
            "the release decisions", f"{opened} by whom and on what basis, as the ledger's entries commit to them"
        )
    if left:
        found.note(f"{len(left)} of the release decisions stand in no entry by name: rules took them, or it was erased")


def _is_meant(decision: DecisionTaken, name: str, entry: KnownEntry) -> bool:
    values = {"by": decision.by, "basis": decision.basis}
    return all(entry.names(f"{name}.{what}", text.encode()) for what, text in values.items())


def _orders(digests: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
    """The orders in which they may have come: the entry kept that of the message, the dossier lists them by name."""
    return permutations(digests) if len(digests) <= _PERMUTED else iter([tuple(digests)])


def _verdict(found: Found, dossier: OpenDossier | None) -> DossierVerdict:
    findings: list[Tampered | CannotTell] = [*found.wrong, *found.open]
    indication = Indication.PASSED
    if findings:
        indication = Indication.FAILED if found.wrong else Indication.INDETERMINATE
    manifest = None if dossier is None else dossier.manifest
    return DossierVerdict(
        indication=indication,
        findings=tuple((finding.place, finding.explanation) for finding in findings),
        holdings=tuple(found.holdings),
        remarks=tuple(found.remarks),
        office=None if manifest is None else manifest.office,
        exchange_id=None if manifest is None else manifest.exchange_id,
        made_at=None if manifest is None else manifest.made_at,
    )
