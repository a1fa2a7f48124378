"""pouch ledger changes: what changed in settings, keys, trust and agreements, and the entries that commit to it."""

import sys
from pathlib import Path

import click

from gateway.app.asking import asked_database, chosen_office
from gateway.app.ledger_changes import ToldChange, read_changes
from gateway.commands.answering import FAILED, answer, config_option, json_option, open_settings, runs
from gateway.core.instant import rfc3339


@click.command()
@config_option
@click.option("--office", metavar="CC", help="The hosted office whose ledger is read; the first one without.")
@json_option
@runs
async def command(config: Path, office: str | None, as_json: bool) -> None:
    """List what changed in settings, keys, trust and agreements: names, never values.

    Each line is held against its ledger entry; exit 1 if one is not what the entry committed to.
    """
    settings = open_settings(config)
    hosted = chosen_office(settings, office)
    async with asked_database(settings) as (pool, queries):
        changes = await read_changes(pool, queries, hosted)
    value = {"office": hosted, "changes": [_value(each) for each in changes]}
    answer(value, "\n".join(map(_text, changes)) or "Nothing has been told yet.", as_json=as_json)
    if any(each.wrong for each in changes):
        sys.exit(FAILED)


def _value(change: ToldChange) -> dict[str, object]:
    return {
        "at": rfc3339(change.at),
        "kind": change.kind,
        "number": change.number,
        "software": change.software,
        "added": list(change.added),
        "removed": list(change.removed),
        "altered": list(change.altered),
        "entryId": change.entry_id,
        "leafHash": change.leaf_hash,
        "seq": change.seq,
        "wrong": change.wrong,
    }


def _text(change: ToldChange) -> str:
    place = "waits for its place" if change.seq is None else f"place {change.seq}"
    first = ", told for the first time" if change.number == 1 else ""
    lines = [f"{rfc3339(change.at)}  {change.kind} {change.number}{first}  (entry {change.entry_id}, {place})"]
    if change.wrong:
        lines.append(f"  WRONG: {change.wrong}")
    if change.number == 1:
        lines.append(f"  {len(change.added)} things are in force; --json names them")
        return "\n".join(lines)
    for word, names in (("new", change.added), ("gone", change.removed), ("changed", change.altered)):
        lines += [f"  {word:<8}{name}" for name in names]
    return "\n".join(lines)
