"""pouch ledger consistency: that a log has only grown since a checkpoint one kept."""

from pathlib import Path

import click
import msgspec

from gateway.commands.answering import json_option, runs
from gateway.commands.ledger_asking import (
    conclude,
    findings_told,
    key_options,
    log_options,
    open_source,
    read_file,
    read_keys,
)
from gateway.evidence.checkpoints import believe_checkpoint
from gateway.evidence.findings import CannotTell, EvidenceVerdict
from gateway.evidence.proving import prove_consistency
from gateway.wire.tlog_checkpoint import CHECKPOINT_LIMIT, render_hash
from gateway.wire.tlog_proof import ConsistencyBody
from pki.verdict import Indication

_CHECKPOINT = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("old", type=_CHECKPOINT)
@click.argument("new", type=_CHECKPOINT, required=False)
@log_options
@key_options
@click.option("--proof", "as_proof", is_flag=True, help="Print the proof, as our proof address answers it.")
@json_option
@runs
async def command(
    old: Path,
    new: Path | None,
    folder: Path | None,
    url: str | None,
    ca: Path | None,
    token_file: Path | None,
    vkeys: tuple[Path, ...],
    origin: str | None,
    as_proof: bool,
    as_json: bool,
) -> None:
    """Verify that the log of checkpoint OLD is the beginning of that of checkpoint NEW; both are files.

    Without NEW, the newest checkpoint of the log is taken. The proof is made from the log's tiles (--dir or --url).

    Exit 0 if entries were only added, 1 if the log was changed or forked, 3 if it cannot be told.
    """
    async with findings_told(as_json=as_json), open_source(folder, url, ca, token_file) as source:
        if not (verifiers := read_keys(vkeys)):
            raise click.UsageError("Whose signature is believed? --vkey FILE.")
        old_note = read_file(old, CHECKPOINT_LIMIT)
        new_note = (
            await source.read("checkpoint", CHECKPOINT_LIMIT) if new is None else read_file(new, CHECKPOINT_LIMIT)
        )
        if new_note is None:
            raise CannotTell("checkpoint", "is not there")
        before = believe_checkpoint(old_note, verifiers, str(old), origin=origin)
        after = believe_checkpoint(new_note, verifiers, "checkpoint" if new is None else str(new), origin=origin)
        path = await prove_consistency(source, before, after)
        if as_proof:
            body = ConsistencyBody(
                old_size=before.size,
                new_size=after.size,
                old_root_hash=render_hash(before.root),
                new_root_hash=render_hash(after.root),
                proof=[render_hash(digest) for digest in path],
                old_checkpoint=old_note.decode("utf-8"),
                new_checkpoint=new_note.decode("utf-8"),
            )
            click.echo(msgspec.json.encode(body))
            return
        verdict = EvidenceVerdict(
            indication=Indication.PASSED,
            explanation=f"the log of {after.size} entries begins with that of {before.size}",
            origin=after.origin,
            size=after.size,
            root=after.root,
        )
        conclude(verdict, as_json=as_json)
