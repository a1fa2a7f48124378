"""What `pouch validate` and `pouch send` share: one file inspected in a confined process, and its report told.

Rules: values of the file are printable and bounded already (core.finding.found); nothing else of it is shown.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from cryptography.x509 import Certificate, load_pem_x509_certificates

from gateway.commands.answering import fail
from gateway.core.finding import Judgement, Report, Severity
from gateway.packages.confining import ConfinedInspector
from gateway.packages.form import Declared

__all__ = ["declared_type", "inspect_file", "read_roots", "report_text", "roots_option"]

#: What a file's name declares of its type.
_TYPES: Final = {".pdf": "application/pdf", ".zip": "application/zip", ".xml": "application/xml"}
_WORDS: Final = {
    Judgement.PASSED: "nothing against it",
    Judgement.FAILED: "would be refused",
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


def inspect_file(path: Path, declared: Declared, roots: tuple[Certificate, ...] = ()) -> Report:
    """Inspect a file in a confined process of its own; ends with exit 2 if it cannot be opened."""
    try:
        with path.open("rb") as source, ConfinedInspector(roots) as inspector:
            return inspector.inspect(source.fileno(), name=path.name, at=datetime.now(UTC), declared=declared)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}.", code=2)


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
