"""What the ledger commands share: which log, which keys, and how a verdict is told.

Exit codes: 0 as it was signed, 1 tampered, 2 usage, 3 cannot tell.
"""

import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import click

from gateway.commands.answering import FAILED, UNCERTAIN, answer, fail
from gateway.core.secret import Secret
from gateway.evidence.findings import CannotTell, EvidenceVerdict, Tampered, verdict_of
from gateway.evidence.sources import FolderSource, LogSource
from gateway.evidence.web_source import WebSource
from gateway.wire.tlog_checkpoint import render_hash
from pki.note_keys import MalformedNote, NoteVerifier, parse_vkey
from pki.verdict import Indication, shown

__all__ = ["conclude", "findings_told", "key_options", "log_options", "open_source", "read_file", "read_keys"]

_EXIT: Final = {Indication.PASSED: 0, Indication.FAILED: FAILED, Indication.INDETERMINATE: UNCERTAIN}
_WORDS: Final = {
    Indication.PASSED: "good",
    Indication.FAILED: "TAMPERED",
    Indication.INDETERMINATE: "CANNOT TELL",
}
_SMALL_FILE: Final = 64 * 1024

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def log_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that name a log: a folder, or an address and how to get in."""
    for option in (
        click.option("--token-file", type=_FILE, help="With --url: a file with the bearer token to show."),
        click.option(
            "--ca", type=_FILE, help="With --url: PEM file of the authorities to trust, instead of this machine's."
        ),
        click.option(
            "--url", metavar="URL", help="A tlog-tiles log at its address, such as https://gateway.example/ledger."
        ),
        click.option(
            "--dir",
            "folder",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="A tlog-tiles log in a folder: checkpoint, tile/..., and earlier checkpoints as checkpoint.SIZE.",
        ),
    ):
        command = option(command)
    return command


def key_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say whose signature is believed."""
    for option in (
        click.option("--origin", help="The log's name in its checkpoints, where the key has another."),
        click.option(
            "--vkey",
            "vkeys",
            type=_FILE,
            multiple=True,
            help="File with the log's verifier key (name+hash+base64), one a line; may be repeated.",
        ),
    ):
        command = option(command)
    return command


def read_file(path: Path, limit: int = _SMALL_FILE) -> bytes:
    """Read a file of at most `limit` bytes; CannotTell else."""
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise CannotTell(str(path), f"cannot be read ({error.strerror})") from None
    if len(content) > limit:
        raise CannotTell(str(path), f"has more than {limit} bytes")
    return content


def read_keys(paths: Sequence[Path]) -> list[NoteVerifier]:
    """Read verifier keys; CannotTell for a file that holds none or anything else."""
    verifiers = []
    for path in paths:
        try:
            lines = read_file(path).decode("utf-8").split("\n")
            found = [parse_vkey(line) for line in lines if line.strip()]
        except (UnicodeDecodeError, MalformedNote) as error:
            reason = "not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
            raise CannotTell(str(path), f"holds no verifier key that can be used: {reason}") from None
        if not found:
            raise CannotTell(str(path), "is empty")
        verifiers += found
    return verifiers


@asynccontextmanager
async def open_source(
    folder: Path | None, url: str | None, ca: Path | None, token_file: Path | None
) -> AsyncIterator[LogSource]:
    """Open the one log that was named; a usage error for none or two, and for an address that is not called."""
    if (folder is None) == (url is None):
        raise click.UsageError("Name one log: --dir DIR or --url URL.")
    if url is None:
        if folder is None or ca is not None or token_file is not None:
            raise click.UsageError("--ca and --token-file go with --url.")
        yield FolderSource(folder)
        return
    token = None
    if token_file is not None:
        token = Secret(read_file(token_file).decode("ascii", "replace").strip())
    try:
        source = WebSource(url, ca=ca, token=token)
    except (ValueError, OSError) as error:
        reason = str(error) if isinstance(error, ValueError) else "the file of --ca holds no certificate"
        raise click.UsageError(f"{reason}.") from None
    async with source:
        yield source


@asynccontextmanager
async def findings_told(*, as_json: bool) -> AsyncIterator[None]:
    """End the command with the verdict that a finding is."""
    try:
        yield
    except (Tampered, CannotTell) as finding:
        conclude(verdict_of(finding), as_json=as_json)


def conclude(verdict: EvidenceVerdict, *, as_json: bool) -> None:
    """Tell a verdict; end with its exit code unless it is good."""
    good = verdict.holds
    value: dict[str, Any] = {"result": verdict.indication.value.lower(), "explanation": verdict.explanation}
    if verdict.place is not None:
        value["place"] = verdict.place
    if verdict.size is not None and verdict.root is not None:
        value |= {"origin": verdict.origin, "size": verdict.size, "root": render_hash(verdict.root)}
    if verdict.remarks:
        value["remarks"] = list(verdict.remarks)
    place = "" if verdict.place is None else f"{verdict.place} "
    lines = [f"{_WORDS[verdict.indication]}: {place}{verdict.explanation}"]
    if good and verdict.size is not None and verdict.root is not None:
        lines.append(f"  log {shown(verdict.origin)}, size {verdict.size}, root {render_hash(verdict.root)}")
    lines += [f"  note: {remark}" for remark in verdict.remarks]
    if good or as_json:
        answer(value, "\n".join(lines), as_json=as_json)
    if not good:
        if not as_json:
            fail("\n".join(lines), code=_EXIT[verdict.indication])
        sys.exit(_EXIT[verdict.indication])
