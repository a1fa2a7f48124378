"""pouch ledger reconcile: our books about a partner compared with the partner's about us, by signed tree nodes.

Exit codes: 0 equal, 1 different, 2 usage, 3 cannot tell.
"""

import ssl
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from gateway.app.opening import CannotOpen
from gateway.app.own_books import DatabaseBook, opened_books, write_book
from gateway.client import Profile, load_profile
from gateway.commands.answering import FAILED, UNCERTAIN, answer, fail, json_option, runs
from gateway.commands.ledger_asking import read_keys
from gateway.core.office import OfficeCode, office_code
from gateway.core.reason import Deferred, Reason
from gateway.core.reconcile import OPPOSITE, Book
from gateway.evidence.book_file import OwnBookFile, PartnerBookFile
from gateway.evidence.differences import Difference, Reconciliation, remedy_of
from gateway.evidence.findings import CannotTell, Tampered
from gateway.evidence.partner_book import DoorBook
from gateway.evidence.partner_door import PartnerAddress, PartnerDoor
from gateway.evidence.reconciling import reconcile
from gateway.settings import SettingsError, load_settings
from gateway.wire.reconcile import parse_moment, render_moment
from gateway.wire.tlog_tiles import MalformedLog
from pki.keys import UnusableKey, load_signing_key
from pki.note_keys import NoteVerifier
from pki.verdict import Indication

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_COMPARED: Final = (Book.TAKEN, Book.GIVEN, Book.FETCHED)
_MIB: Final = 1 << 20
_EXIT: Final = {Indication.PASSED: 0, Indication.FAILED: FAILED, Indication.INDETERMINATE: UNCERTAIN}


@click.command()
@click.option("-c", "--config", type=_FILE, help="Our gateway's settings file (pouch.toml).")
@click.option("-p", "--profile", type=_FILE, help="How to call the partner's gateway, as client.toml says it.")
@click.option("--vkey", "vkeys", type=_FILE, multiple=True, help="File with the verifier key of the partner's log.")
@click.option(
    "--book",
    "names",
    type=click.Choice([book.value for book in Book]),
    multiple=True,
    help="Our book: taken and given (straight from office to office), fetched (by the Bureau). Default: all three.",
)
@click.option(
    "--settling",
    type=click.IntRange(1, 1380),
    default=10,
    show_default=True,
    metavar="MINUTES",
    help="How far back books are compared: what was under way then has arrived since.",
)
@click.option("--at", metavar="MOMENT", help="The moment itself, such as 2026-11-23T09:30Z; at most a day ago.")
@click.option("--most-mib", type=click.IntRange(1, 4096), default=64, show_default=True, help="Traffic at most.")
@click.option("--export", type=click.Path(path_type=Path), help="Write our --book about --partner; compare nothing.")
@click.option("--partner", metavar="CC", help="With --export: the partner.")
@click.option("--office", metavar="CC", help="With --export: our office. Default: the first of the settings.")
@click.option("--ours", type=_FILE, help="Our book in a file, instead of -c.")
@click.option("--theirs", type=_FILE, help="The partner's book in a file, instead of -p.")
@json_option
@runs
async def command(
    config: Path | None,
    profile: Path | None,
    vkeys: tuple[Path, ...],
    names: tuple[str, ...],
    settling: int,
    at: str | None,
    most_mib: int,
    export: Path | None,
    partner: str | None,
    office: str | None,
    ours: Path | None,
    theirs: Path | None,
    as_json: bool,
) -> None:
    """Find what is missing or altered between two offices, without sending lists.

    \b
    pouch ledger reconcile -c pouch.toml -p xa.toml --vkey xa.vkey
    pouch ledger reconcile -c pouch.toml --partner XA --book taken --export taken.book
    pouch ledger reconcile --ours taken.book --theirs given.book --vkey xa.vkey
    """
    moment = _moment(at, settling)
    books = [Book(name) for name in names] or list(_COMPARED)
    try:
        if export is not None:
            await _export(config, office, partner, names, moment, export, as_json=as_json)
            return
        verifiers = tuple(read_keys(vkeys))
        if not verifiers:
            raise click.UsageError("Whose signature is believed? --vkey FILE.")
        if ours is not None and theirs is not None:
            _conclude([await _compare_files(ours, theirs, verifiers)], None, as_json=as_json)
        elif config is not None and profile is not None and ours is None and theirs is None:
            if Book.PLACED in books:
                raise click.UsageError("What was placed at the Bureau is compared by the office that fetches.")
            found, traffic = await _compare(config, load_profile(profile), verifiers, books, moment, most_mib * _MIB)
            _conclude(found, traffic, as_json=as_json)
        else:
            raise click.UsageError("Name both sides: -c and -p, or --ours and --theirs.")
    except Tampered as finding:
        reason = Reason.REMOTE_DIGEST
        text = f"the partner's answer is refused: {finding.place} {finding.explanation}"
        _cannot_tell(text, {"code": reason.code, "place": finding.place, "remedy": reason.remedy}, as_json=as_json)
    except CannotTell as finding:
        _cannot_tell(f"{finding.place} {finding.explanation}", {"place": finding.place}, as_json=as_json)
    except (SettingsError, CannotOpen, Deferred) as error:
        text = error.reason.text if isinstance(error, Deferred) else str(error)
        _cannot_tell(text, {"place": "our own books"}, as_json=as_json)
    except OSError as error:
        _cannot_tell(f"there is no room to compare: {error.strerror}", {"place": "our own books"}, as_json=as_json)
    except (ValueError, UnusableKey) as error:
        fail(str(error), code=2)


def _moment(at: str | None, settling: int) -> datetime:
    if at is None:
        return (datetime.now(UTC) - timedelta(minutes=settling)).replace(second=0, microsecond=0)
    try:
        moment = parse_moment(at)
    except MalformedLog as error:
        raise click.UsageError(f"--at: {error}.") from None
    if moment > datetime.now(UTC):
        raise click.UsageError("--at: nothing can be said yet of a moment in the future.")
    return moment


async def _compare(
    config: Path,
    profile: Profile,
    verifiers: tuple[NoteVerifier, ...],
    books: Sequence[Book],
    at: datetime,
    most_bytes: int,
) -> tuple[list[Reconciliation], int]:
    settings = load_settings(config)
    if profile.office not in {item.code for item in settings.hosted}:
        raise click.UsageError("The profile is not of an office that these settings host.")
    hosted, partner = OfficeCode(profile.office), OfficeCode(profile.hosted)
    address = PartnerAddress(
        url=profile.gateway.rstrip("/"),
        hosted=partner,
        office=hosted,
        client_id=profile.client_id,
        key=load_signing_key(profile.key, profile.certificate),
        context=_context(profile.ca),
        verifiers=verifiers,
    )
    async with opened_books(settings) as own, PartnerDoor(address, most_bytes=most_bytes) as door:
        found = [
            await reconcile(book, DatabaseBook(own, hosted, partner, book, at), DoorBook(door, OPPOSITE[book], at))
            for book in books
        ]
        return found, door.traffic


async def _compare_files(ours: Path, theirs: Path, verifiers: tuple[NoteVerifier, ...]) -> Reconciliation:
    own, partner = OwnBookFile(ours, None), PartnerBookFile(theirs, verifiers)
    book = own.signed.book
    if partner.signed.book is not OPPOSITE[book] or partner.signed.at != own.signed.at:
        raise CannotTell(
            str(theirs),
            f"is the book {partner.signed.book.value} of {render_moment(partner.signed.at)}, and ours is {book.value} "
            f"of {render_moment(own.signed.at)}: name the same --at to both, and opposite books",
        )
    return await reconcile(book, own, partner)


async def _export(
    config: Path | None,
    office: str | None,
    partner: str | None,
    names: Sequence[str],
    at: datetime,
    file: Path,
    *,
    as_json: bool,
) -> None:
    if config is None or partner is None or len(names) != 1:
        raise click.UsageError("--export needs -c, --partner and one --book.")
    settings = load_settings(config)
    hosted = OfficeCode(office or settings.hosted[0].code)
    if hosted not in {item.code for item in settings.hosted}:
        raise click.UsageError("--office: is not hosted here.")
    try:
        written = await write_book(settings, hosted, office_code(partner), Book(names[0]), at, file)
    except OSError as error:
        raise CannotTell(str(file), f"cannot be written ({error.strerror})") from None
    value = {"book": written.book.value, "partner": partner, "at": render_moment(at), "documents": written.documents}
    text = f"{written.documents} documents of {render_moment(at)} are in {file}."
    answer({**value, "file": str(file)}, text, as_json=as_json)


def _context(ca: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _conclude(found: Sequence[Reconciliation], traffic: int | None, *, as_json: bool) -> None:
    indications = {one.indication for one in found}
    worst = next(i for i in (Indication.FAILED, Indication.INDETERMINATE, Indication.PASSED) if i in indications)
    value: dict[str, Any] = {"result": worst.value.lower(), "books": [one.as_json() for one in found]}
    if traffic is not None:
        value["trafficBytes"] = traffic
    answer(value, "\n".join(line for one in found for line in _lines(one)), as_json=as_json)
    if _EXIT[worst]:
        sys.exit(_EXIT[worst])


def _lines(one: Reconciliation) -> list[str]:
    words = {Indication.PASSED: "equal", Indication.FAILED: "DIFFERENT", Indication.INDETERMINATE: "not settled"}
    opposite = OPPOSITE[one.book].value
    lines = [
        f"{one.book.value}: {words[one.indication]}: {one.documents} documents here, {one.theirs} {opposite} at the "
        f"partner, as of {render_moment(one.at)}"
    ]
    for difference in one.differences:
        lines += [f"  {difference.kind.value}: {_called(difference)}", f"    {remedy_of(difference.kind, one.book)}"]
    lines += [f"  under way: {named.identity.office} {named.number}" for named in one.unsettled]
    if one.settled:
        lines.append(f"  {one.settled} differed at that moment and have settled since")
    return lines


def _called(difference: Difference) -> str:
    document = difference.document
    return f"{document.identity.office} {document.identity.right} {document.number} of {document.filing_date}"


def _cannot_tell(text: str, value: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        answer({"result": "indeterminate", "explanation": text, **value}, "", as_json=True)
        sys.exit(UNCERTAIN)
    fail(f"CANNOT TELL: {text}", code=UNCERTAIN)
