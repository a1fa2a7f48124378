"""What `pouch validate` and `pouch send` share: one file inspected in a confined process, and its report told.

Rules: values of the file are printable and bounded already (core.finding.found); nothing else of it is shown.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from cryptography.x509 import Certificate, load_pem_x509_certificates

from gateway.client import Outbound
from gateway.commands.answering import answer, fail
from gateway.core.document import CertificationForm
from gateway.core.finding import Judgement, Report, Severity
from gateway.packages.confining import ConfinedInspector
from gateway.packages.form import Declared
from gateway.packages.turning import kept, turned_away_by

__all__ = ["check_before_sending", "declared_type", "inspect_file", "read_roots", "report_text", "roots_option"]

#: What a file's name declares of its type.
_TYPES: Final = {".pdf": "application/pdf", ".zip": "application/zip", ".xml": "application/xml"}
_WORDS: Final = {
    Judgement.PASSED: "nothing against it",
    Judgement.FAILED: "has faults",
    Judgement.INDETERMINATE: "could not all be checked",
}

roots_option = click.option(
    "--roots",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of the authorities or signers whose signatures in documents are agreed.",
)


def read_roots(path: Path | None) -> tuple[Certificate, ...]:
    """Read the certificates of a PEM file, none if none is named; ends with exit 2 if it holds none."""
    if path is None:
        return ()
    try:
        return tuple(load_pem_x509_certificates(path.read_bytes()))
    except (OSError, ValueError):
        fail(f"{path} holds no certificate in PEM form.", code=2)


def declared_type(path: Path) -> str | None:
    """The media type that the file's name declares."""
    return _TYPES.get(path.suffix.lower())


def inspect_file(
    path: Path, declared: Declared, roots: tuple[Certificate, ...] = (), *, schemas: Path | None = None
) -> Report:
    """Inspect a file in a confined process of its own; ends with exit 2 if it cannot be opened."""
    try:
        with path.open("rb") as source, ConfinedInspector(roots, schemas=schemas) as inspector:
            return inspector.inspect(source.fileno(), name=path.name, at=datetime.now(UTC), declared=declared)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.", code=2)


def check_before_sending(documents: Iterable[Outbound], *, as_json: bool) -> None:
    """Inspect what is to be sent; warnings go to standard error, and what a gateway turns away ends with exit 1."""
    for document in documents:
        form = (document.certification or {}).get("form")
        declared = Declared(
            media_type=document.media_type, is_digitally_signed=form == CertificationForm.DIGITALLY_SIGNED.value
        )
        report = inspect_file(document.path, declared)
        if kept(report):
            click.echo(report_text(report, least=Severity.WARNING), err=True)
        if turned_away_by(report, refuses_unreadable=False):
            if as_json:
                answer(report.told(), "", as_json=True)
            fail(f"{document.path.name} was not sent.\n  Correct it, or send it as it is with --no-check.")


def report_text(report: Report, *, least: Severity = Severity.NOTE) -> str:
    """The report for a person; findings of less weight than `least` are left out."""
    lines = [f"{report.name}: {report.form.value}, {report.judgement.value} ({_WORDS[report.judgement]})"]
    if report.certification is not None:
        seal = report.certification
        lines.append(f"  its own signature: {seal.judgement.value}, {seal.explanation}")
    weights = list(Severity)
    for each in report.findings:
        if weights.index(each.severity) > weights.index(least):
            continue
        place = f" at {each.place}" if each.place else ""
        detail = f" ({each.detail})" if each.detail else ""
        lines += [
            f"  {each.severity.value:<8}{each.code.code}{place}{detail}",
            f"          {each.code.text}",
            f"          -> {each.code.remedy}",
            f"          rule: {each.code.rule}",
        ]
    return "\n".join(lines)
