"""pouch package receipt: whether a package header or receipt of Annex F names exactly this package."""

import sys
from pathlib import Path
from typing import Final

import click

from gateway.commands.answering import FAILED, answer, fail, json_option
from gateway.core.finding import Severity
from gateway.core.reason import Refused
from gateway.packages.annexf import check_receipt
from gateway.wire.xml import PACKAGED

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("receipt", type=_FILE)
@click.argument("package", type=_FILE)
@json_option
def command(receipt: Path, package: Path, as_json: bool) -> None:
    """Compare the digest in RECEIPT (pkgheader or xmit-receipt) with the bytes of PACKAGE; exit 1 if they differ."""
    try:
        with receipt.open("rb") as header, package.open("rb") as source:
            findings = list(check_receipt(header.read(PACKAGED.size + 1), source))
    except Refused as refused:
        fail(f"{receipt}: {refused.reason.text}\n  {refused.reason.remedy}")
    text = "\n".join(f"{each.code.code}: {each.code.text}\n  {each.code.remedy}" for each in findings)
    told = {"fits": not findings, "findings": [each.told() for each in findings]}
    answer(told, text or f"{receipt} names exactly {package}.", as_json=as_json)
    if any(each.severity is Severity.ERROR for each in findings):
        sys.exit(FAILED)
