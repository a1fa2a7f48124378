"""pouch package make: a package of files in one of the forms that priority documents travel in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import click

from gateway.commands.answering import answer, fail, json_option
from gateway.core.office import Application, OfficeCode, Right
from gateway.core.reason import Refused
from gateway.packages.making import (
    PddpContent,
    make_pddp,
    make_sep,
    make_signed_archive,
    make_signed_xml,
    make_wad,
    make_wasp,
)
from gateway.packages.making_epo import make_epo_document
from pki.keys import SigningKey, UnusableKey, load_certificate, load_signing_key
from pki.verdict import Refusal

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    application: Application
    files: tuple[Path, ...]
    mandatory: tuple[Path, ...]
    supplementary: tuple[Path, ...]
    key: SigningKey | None
    recipient: Path | None
    at: datetime

    def named(self) -> dict[str, Path]:
        named = {path.name: path for path in self.files}
        if len(named) != len(self.files):
            fail("Two of the files have the same name; rename one.", code=2)
        return named

    def signer(self) -> SigningKey:
        return self.key or fail("This form is signed: name --key and --certificate.", code=2)

    def only(self) -> Path:
        return self.files[0] if len(self.files) == 1 else fail("This form takes exactly one file.", code=2)


def _pddp(wanted: _Wanted, sink: BinaryIO) -> None:
    content = PddpContent(core=wanted.only(), mandatory=wanted.mandatory, supplementary=wanted.supplementary)
    make_pddp(wanted.application, content, sink, at=wanted.at)


def _wad(wanted: _Wanted, sink: BinaryIO) -> None:
    make_wad(wanted.application, wanted.named(), sink, at=wanted.at)


def _wasp(wanted: _Wanted, sink: BinaryIO) -> None:
    wad = BytesIO()
    _wad(wanted, wad)
    size = wad.tell()
    wad.seek(0)
    make_wasp(wad, size, sink, key=wanted.signer(), at=wanted.at)


def _sep(wanted: _Wanted, sink: BinaryIO) -> None:
    if wanted.recipient is None:
        fail("A SEP is encrypted for somebody: name the recipient's certificate with --for.", code=2)
    wasp = BytesIO()
    _wasp(wanted, wasp)
    sink.write(make_sep(wasp.getvalue(), load_certificate(wanted.recipient), at=wanted.at))


def _epo(wanted: _Wanted, sink: BinaryIO) -> None:
    make_epo_document(wanted.application, wanted.named(), sink, key=wanted.signer(), at=wanted.at)


def _signed_archive(wanted: _Wanted, sink: BinaryIO) -> None:
    make_signed_archive(wanted.named(), sink, key=wanted.signer(), at=wanted.at)


def _signed_xml(wanted: _Wanted, sink: BinaryIO) -> None:
    sink.write(make_signed_xml(wanted.only().read_bytes(), key=wanted.signer()))


_FORMS: Final[dict[str, Callable[[_Wanted, BinaryIO], None]]] = {
    "pddp": _pddp,
    "wad": _wad,
    "wasp": _wasp,
    "sep": _sep,
    "epo": _epo,
    "signed-archive": _signed_archive,
    "signed-xml": _signed_xml,
}


@click.command()
@click.argument("form", type=click.Choice(list(_FORMS)))
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The package.")
@click.option("--office", required=True, help="ST.3 code of the office of first filing.")
@click.option("--number", required=True, help="The application number, as the office writes it.")
@click.option("--date", "filed", required=True, metavar="YYYY-MM-DD", help="The filing date.")
@click.option("--right", type=click.Choice([right.value for right in Right]), default="patent", show_default=True)
@click.option("--mandatory", multiple=True, type=_FILE, help="PDDP: a PNG or ST.26 file of the mandatory folder.")
@click.option("--supplementary", multiple=True, type=_FILE, help="PDDP: a file of the supplementary folder.")
@click.option("--key", type=_FILE, help="PEM file of the signing key, for forms that are signed.")
@click.option("--certificate", type=_FILE, help="PEM file of its certificate.")
@click.option("--for", "recipient", type=_FILE, help="SEP: PEM file of the recipient's RSA certificate.")
@json_option
def command(
    form: str,
    files: tuple[Path, ...],
    output: Path,
    office: str,
    number: str,
    filed: str,
    right: str,
    mandatory: tuple[Path, ...],
    supplementary: tuple[Path, ...],
    key: Path | None,
    certificate: Path | None,
    recipient: Path | None,
    as_json: bool,
) -> None:
    """Make a package of FORM from FILES; certified bytes go in as they are. It never overwrites."""
    if (key is None) != (certificate is None):
        fail("--key and --certificate go together.", code=2)
    try:
        application = Application(
            office=OfficeCode(office),
            right=Right(right),
            number=number,
            normal=number,
            filing_date=date.fromisoformat(filed),
        )
        signer = load_signing_key(key, certificate) if key is not None and certificate is not None else None
        wanted = _Wanted(
            application=application,
            files=files,
            mandatory=mandatory,
            supplementary=supplementary,
            key=signer,
            recipient=recipient,
            at=datetime.now(UTC),
        )
        made = BytesIO()
        _FORMS[form](wanted, made)
        with output.open("xb") as sink:
            sink.write(made.getbuffer())
    except FileExistsError:
        fail(f"{output} is there already; name another file.", code=2)
    except Refusal as refusal:
        fail(refusal.verdict.explanation, code=2)
    except Refused as refused:
        fail(f"{refused.reason.text}\n  {refused.reason.remedy}", code=2)
    except (ValueError, UnusableKey) as error:
        fail(str(error), code=2)
    told = {"form": form, "file": str(output), "size": output.stat().st_size}
    answer(told, f"{output}: {form}, {told['size']} bytes. Check it with: pouch validate {output}", as_json=as_json)
