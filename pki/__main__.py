"""`python -m pki verify FILE`: check the signature of a receipt or another signed XML file, by hand.

Exit codes: 0 passed, 1 failed, 2 wrong usage, 3 cannot tell. Neither network nor database is used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lxml import etree

from pki.document import DOCUMENT_MOST
from pki.keys import UnusableKey, load_certificate, thumbprint
from pki.verdict import Indication, SubIndication, Verdict, shown
from pki.xmldsig import verify_enveloped

_EXIT: Final = {Indication.PASSED: 0, Indication.FAILED: 1, Indication.INDETERMINATE: 3}
_USAGE: Final = 2
_REMEDIES: Final = {
    SubIndication.NO_CERTIFICATE_CHAIN_FOUND: "give the signer's certificate: --certificate PEM",
    SubIndication.EXPIRED: "if you know when it was signed, say so: --at 2026-01-31T12:00:00Z",
    SubIndication.HASH_FAILURE: "ask the sender for the original file; do not re-save or re-indent XML",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else _USAGE
    try:
        # One byte more than is accepted, so that the verifier sees that it is too large.
        with options.file.open("rb") as file:
            document = file.read(DOCUMENT_MOST + 1)
        certificate = None if options.certificate is None else load_certificate(options.certificate)
    except (OSError, UnusableKey) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)  # noqa: T201
        return _USAGE
    verdict, signed = verify_enveloped(document, certificate=certificate, now=options.at)
    print("\n".join(_report(options.file, verdict, signed)))  # noqa: T201
    return _EXIT[verdict.indication]


def _report(file: Path, verdict: Verdict, signed: etree._Element | None) -> list[str]:
    reason = "" if verdict.sub_indication is None else f" ({verdict.sub_indication})"
    lines = [f"{file}: {verdict.indication}{reason}", f"  {verdict.explanation}"]
    if signed is not None:
        lines.append(f"  signed element: {shown(etree.QName(signed).localname)}")
    if verdict.certificate is not None:
        certificate = verdict.certificate
        lines += [
            f"  signer: {shown(certificate.subject.rfc4514_string())}",
            f"  valid: {certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}",
            f"  certificate SHA-256: {thumbprint(certificate)}",
        ]
    if verdict.sub_indication in _REMEDIES:
        lines.append(f"  what to do: {_REMEDIES[verdict.sub_indication]}")
    return lines


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m pki", description="Verify signed XML files.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        help="verify a file with an enveloped XML signature",
        epilog="Exit: 0 passed, 1 failed, 2 wrong usage, 3 cannot tell (for example, no certificate was given).",
    )
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument("--certificate", type=Path, metavar="PEM", help="the signer's certificate, from the signer")
    verify.add_argument(
        "--at",
        type=_moment,
        metavar="TIME",
        default=datetime.now(UTC),
        help="time at which the certificate must be valid (ISO 8601 with zone; now by default)",
    )
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone")
    return moment


if __name__ == "__main__":
    sys.exit(main())
