"""pouch ledger verify: a whole log, or one proof, checked from outside."""

import binascii
from pathlib import Path

import click

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
from gateway.commands.ledger_database import verify_database
from gateway.core.merkle import HASH_SIZE, leaf_hash
from gateway.evidence.proofs import PROOF_FILE_LIMIT, verify_proof
from gateway.evidence.verifying import verify_log
from gateway.wire.tlog_tiles import ENTRY_LIMIT


@click.command()
@log_options
@click.option("--db", "database", is_flag=True, help="Our own log, computed again from the database of --config.")
@click.option(
    "-c", "--config", type=click.Path(dir_okay=False, path_type=Path), help="With --db: the settings file (pouch.toml)."
)
@click.option("--office", metavar="CC", help="With --db: whose log. Default: the first hosted office of the settings.")
@click.option(
    "--exact", is_flag=True, help="With --dir: the folder holds all that its checkpoints imply, and nothing else."
)
@click.option("--proof", type=click.Path(dir_okay=False, path_type=Path), help="A proof file instead of a log.")
@click.option(
    "--entry",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --proof: the entry it should be about, as its bytes stand in the log.",
)
@click.option("--leaf-hash", "leaf", metavar="HEX", help="With --proof: the entry's leaf hash, instead of --entry.")
@key_options
@json_option
@runs
async def command(
    folder: Path | None,
    url: str | None,
    ca: Path | None,
    token_file: Path | None,
    database: bool,
    config: Path | None,
    office: str | None,
    exact: bool,
    proof: Path | None,
    entry: Path | None,
    leaf: str | None,
    vkeys: tuple[Path, ...],
    origin: str | None,
    as_json: bool,
) -> None:
    """Verify a transparency log, ours or another's, or one proof; no database, no trust in who serves it.

    \b
    pouch ledger verify --dir DIR --vkey FILE      every entry, tile and checkpoint of a folder
    pouch ledger verify --dir DIR --vkey FILE --exact    and that nothing is missing of an export, or too much
    pouch ledger verify --url URL --vkey FILE      the same of a log at its address
    pouch ledger verify --db -c pouch.toml         our own, computed again from the entries in the database
    pouch ledger verify --proof FILE.tlog-proof --vkey FILE --entry FILE
    pouch ledger verify --proof FILE.json [--vkey FILE]

    A JSON proof is one of inclusion or consistency, as our proof addresses answer (leafIndex, oldSize) or as the
    field's test vectors are written (leafIdx, size1). Without --vkey only its arithmetic is verified, and said so.

    Exit 0 if all is as it was signed, 1 if it was tampered with, 3 if it cannot be told; the first bad or missing
    thing is named.
    """
    if ((entry or leaf) and proof is None) or (entry and leaf):
        raise click.UsageError("--entry or --leaf-hash goes with --proof, one of them.")
    if office is not None and not database:
        raise click.UsageError("--office goes with --db.")
    if database != (config is not None) or (database and (folder or url or proof or vkeys)):
        raise click.UsageError("--db goes with --config, and with nothing else.")
    if exact and folder is None:
        raise click.UsageError("--exact goes with --dir: what is served elsewhere cannot be listed.")
    async with findings_told(as_json=as_json):
        if config is not None:
            conclude(await verify_database(config, office), as_json=as_json)
            return
        verifiers = read_keys(vkeys)
        if proof is not None:
            if folder or url:
                raise click.UsageError("Name one thing: --dir DIR, --url URL or --proof FILE.")
            expected = leaf_hash(read_file(entry, ENTRY_LIMIT)) if entry else _leaf(leaf)
            content = read_file(proof, PROOF_FILE_LIMIT)
            conclude(verify_proof(content, verifiers=verifiers, leaf_hash=expected, origin=origin), as_json=as_json)
            return
        async with open_source(folder, url, ca, token_file) as source:
            if not verifiers:
                raise click.UsageError("Whose signature is believed? --vkey FILE.")
            conclude(await verify_log(source, verifiers, origin=origin, exact=exact), as_json=as_json)


def _leaf(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        digest = binascii.unhexlify(text)
    except (ValueError, binascii.Error):
        digest = b""
    if len(digest) != HASH_SIZE:
        raise click.UsageError("--leaf-hash is 64 hexadecimal digits.")
    return digest
