"""pouch verify: a dossier checked with no database, no network and no settings."""

import sys
from pathlib import Path
from typing import Any, Final

import click

from gateway.commands.answering import FAILED, UNCERTAIN, answer, fail, json_option
from gateway.commands.ledger_asking import read_keys
from gateway.core.instant import rfc3339
from gateway.evidence.dossier import Trust, verify_dossier
from gateway.evidence.dossier_verdict import DossierVerdict
from gateway.evidence.findings import CannotTell
from pki.keys import UnusableKey, load_certificates
from pki.verdict import Indication

_EXIT: Final = {Indication.PASSED: 0, Indication.FAILED: FAILED, Indication.INDETERMINATE: UNCERTAIN}
_WORDS: Final = {
    Indication.PASSED: "good",
    Indication.FAILED: "TAMPERED",
    Indication.INDETERMINATE: "CANNOT TELL",
}
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--vkey",
    "vkeys",
    type=_FILE,
    multiple=True,
    help="File with verifier keys of the log and its witnesses, from the office itself; may be repeated.",
)
@click.option(
    "--trust",
    "trusted",
    type=_FILE,
    multiple=True,
    help="PEM file with certificates to believe: the office's, its authority's, a time-stamp authority's root.",
)
@json_option
def command(file: Path, vkeys: tuple[Path, ...], trusted: tuple[Path, ...], as_json: bool) -> None:
    """Verify a dossier, and say what holds since when.

    Without --vkey and --trust everything is judged by the keys and certificates that are in the dossier: then it holds
    together, and whose keys these are is for you to find out. Certificates that have expired since do not matter: what
    counts is the time of each signature, and who vouches for that time.

    Exit 0 if all holds, 1 if it was tampered with, 3 if it cannot be told.
    """
    try:
        certificates = [certificate for path in trusted for certificate in load_certificates(path)]
        trust = Trust(certificates=certificates, keys=read_keys(vkeys))
        with file.open("rb") as source:
            verdict = verify_dossier(source, trust)
    except (UnusableKey, CannotTell) as error:
        fail(f"{error}.", code=UNCERTAIN)
    except OSError as error:
        fail(f"{error.filename or file} cannot be read ({error.strerror}).", code=UNCERTAIN)
    answer(_value(verdict), "\n".join(_lines(verdict)), as_json=as_json)
    if not verdict.holds:
        sys.exit(_EXIT[verdict.indication])


def _value(verdict: DossierVerdict) -> dict[str, Any]:
    value: dict[str, Any] = {
        "result": verdict.indication.value.lower(),
        "findings": [{"place": place, "explanation": explanation} for place, explanation in verdict.findings],
        "holds": [{"about": each.about, "holds": each.text, "since": list(each.since)} for each in verdict.holdings],
        "remarks": list(verdict.remarks),
    }
    if verdict.office is not None and verdict.made_at is not None:
        value |= {
            "office": verdict.office,
            "exchangeId": verdict.exchange_id,
            "madeAt": rfc3339(verdict.made_at),
        }
    return value


def _lines(verdict: DossierVerdict) -> list[str]:
    lines = [_WORDS[verdict.indication]]
    if verdict.made_at is not None:
        lines[0] += (
            f": dossier of office {verdict.office} on exchange {verdict.exchange_id}, {rfc3339(verdict.made_at)}"
        )
    lines += [f"  {place} {explanation}" for place, explanation in verdict.findings]
    if verdict.indication is Indication.FAILED:
        return lines
    for each in verdict.holdings:
        lines.append(f"  holds: {each.about}: {each.text}")
        lines += [f"         since: {words}" for words in _first(each.since)]
    return lines + [f"  note: {remark}" for remark in verdict.remarks]


def _first(since: tuple[str, ...]) -> list[str]:
    """The earliest witness and the earliest time-stamp; --json tells all."""
    kinds: dict[str, str] = {}
    for words in since:
        kinds.setdefault(words.partition(" ")[0], words)
    return list(kinds.values())
