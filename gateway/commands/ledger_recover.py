"""pouch ledger recover: a log that is less than what was signed, after a restore: look, put back, or begin anew."""

import sys
from pathlib import Path
from typing import Any

import click

from gateway.app.export_reading import ExportUnusable
from gateway.app.recovery import CannotRecover, Found, Recovery, open_recovery
from gateway.commands.answering import FAILED, answer, config_option, fail, json_option, open_settings, runs

#: What a person writes as a reason, and for ever.
_LONGEST = 1000


@click.command()
@config_option
@click.option("--office", metavar="CC", help="Whose log: a hosted office. Default: the first of the settings.")
@click.option(
    "--from",
    "export",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Put the missing entries back from this export (pouch ledger export, or the daily one).",
)
@click.option("--accept-loss", is_flag=True, help="Begin the log anew under another name, for ever; asks first.")
@click.option("--reason", help="With --accept-loss: why, in a sentence; it is kept, and the log commits to it.")
@json_option
@runs
async def command(
    config: Path, office: str | None, export: Path | None, accept_loss: bool, reason: str | None, as_json: bool
) -> None:
    """Say what database, memory, export and witnesses know of a log; with --from or --accept-loss, mend it.

    Exit 0: the log may be signed; 1: something is missing. May be run while the gateway serves.
    """
    if export is not None and accept_loss:
        raise click.UsageError("--from and --accept-loss are two ways: try --from first.")
    if accept_loss and not (reason and reason.strip() and len(reason) <= _LONGEST):
        raise click.UsageError(f"--accept-loss needs a --reason of at most {_LONGEST} characters.")
    settings = open_settings(config)
    told: dict[str, Any] = {}
    try:
        async with open_recovery(settings, office) as recovery:
            if export is not None:
                told["put_back"] = await recovery.put_back(export)
            elif accept_loss:
                told |= await _begin_anew(recovery, reason or "", as_json=as_json)
            found = await recovery.look()
    except (CannotRecover, ExportUnusable) as error:
        fail(str(error))
    _tell(found, told, as_json=as_json)
    if found.wrong is not None:
        sys.exit(FAILED)


async def _begin_anew(recovery: Recovery, reason: str, *, as_json: bool) -> dict[str, Any]:
    found = await recovery.look()
    if not as_json:
        click.echo(_text(found), err=True)
    typed = click.prompt(
        f"Entries from {found.size} on will never be part of this log again. To go on, type its name", err=True
    )
    if typed != recovery.origin:
        fail(f"nothing was changed: the log's name is {recovery.origin}")
    origin = await recovery.accept_loss(reason)
    return {"begun": origin, "vkeys": list(recovery.verifier_keys)}


def _tell(found: Found, told: dict[str, Any], *, as_json: bool) -> None:
    lines = [f"{told['put_back']} entries were put back."] if "put_back" in told else []
    if "begun" in told:
        lines += [
            f"The log goes on as {told['begun']}. Hand its verifier key to partners, auditors and witnesses:",
            *(f"  {vkey}" for vkey in told["vkeys"]),
            "Restart the gateway, so that every part of it uses the new name.",
        ]
    value = {
        **told,
        "origin": found.origin,
        "size": found.size,
        "signed": found.signed,
        "heads": [{"source": head.source, "size": head.size, "state": head.state} for head in found.heads],
        "claims": [{"witness": claim.witness, "size": claim.size} for claim in found.claims],
        "wrong": found.wrong,
    }
    answer(value, "\n".join([*lines, _text(found)]), as_json=as_json)


def _text(found: Found) -> str:
    signed = "nothing is signed" if found.signed is None else f"signed up to {found.signed}"
    lines = [f"{found.origin}: {found.size} entries in the database, {signed}"]
    lines += [f"  {head.source}: {head.size} entries were signed, {head.state}" for head in found.heads]
    lines += [f"  witness {claim.witness}: says {claim.size} ({claim.cause.value})" for claim in found.claims]
    if found.wrong is None:
        return "\n".join([*lines, "It may be signed."])
    return "\n".join(
        [
            *lines,
            f"It {found.wrong}; nothing is signed until that is mended.",
            "  1. Restore a newer copy of the database if there is one.",
            "  2. Put the entries back from an export: --from DIR",
            "  3. Or accept the loss, for ever: --accept-loss --reason TEXT",
        ]
    )
