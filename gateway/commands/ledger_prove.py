"""pouch ledger prove: make a proof of one entry from a log's tiles."""

from pathlib import Path

import click
import msgspec

from gateway.commands.answering import fail, json_option, runs
from gateway.commands.ledger_asking import findings_told, key_options, log_options, open_source, read_keys
from gateway.evidence.checkpoints import believe_checkpoint
from gateway.evidence.proving import prove_entry
from gateway.wire.tlog_checkpoint import render_hash
from gateway.wire.tlog_proof import InclusionBody, render_proof


@click.command()
@click.argument("index", type=click.IntRange(0))
@log_options
@key_options
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the proof; a new file. Default: standard output.",
)
@json_option
@runs
async def command(
    index: int,
    folder: Path | None,
    url: str | None,
    ca: Path | None,
    token_file: Path | None,
    vkeys: tuple[Path, ...],
    origin: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Prove that the entry at INDEX (from 0) is in a log, under its newest checkpoint.

    Writes a .tlog-proof file, which `pouch ledger verify --proof` and any C2SP tlog-proof verifier check without the
    log; with --json, the body of our proof address. The proof is verified before it is written.

    Exit 0 if written, 1 if the log's tiles do not belong to its checkpoint, 3 if something is missing.
    """
    async with findings_told(as_json=as_json), open_source(folder, url, ca, token_file) as source:
        if not (verifiers := read_keys(vkeys)):
            raise click.UsageError("Whose signature is believed? --vkey FILE.")
        proof, leaf = await prove_entry(source, verifiers, index, origin=origin)
        written = render_proof(proof)
        if as_json:
            head = believe_checkpoint(proof.checkpoint, verifiers, "checkpoint", origin=origin)
            body = InclusionBody(
                leaf_index=index,
                tree_size=head.size,
                leaf_hash=render_hash(leaf),
                root_hash=render_hash(head.root),
                proof=[render_hash(digest) for digest in proof.proof],
                checkpoint=proof.checkpoint.decode("utf-8"),
            )
            written = msgspec.json.encode(body) + b"\n"
        if output is None:
            click.echo(written, nl=False)
            return
        try:
            with output.open("xb") as file:
                file.write(written)
        except OSError as error:
            fail(f"{output} cannot be written ({error.strerror}).")
