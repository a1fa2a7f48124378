"""pouch check: load, open and probe everything, then exit."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from gateway.app.checking import check_everything
from gateway.commands.answering import FAILED, answer, config_option, json_option, open_settings, runs


@click.command()
@config_option
@json_option
@runs
async def command(config: Path, as_json: bool) -> None:
    """Look at everything this gateway needs. Exit 1 if it could not serve; a counterpart that is away is told only."""
    findings = []
    async for finding in check_everything(open_settings(config)):
        findings.append(finding)
        if not as_json:
            mark = "ok  " if finding.good else "FAIL" if finding.fatal else "note"
            click.echo(f"{mark}  {finding.name}: {finding.text}")
    usable = all(finding.good or not finding.fatal for finding in findings)
    if as_json:
        answer({"usable": usable, "findings": [asdict(finding) for finding in findings]}, "", as_json=True)
    elif not usable:
        click.echo("Not usable as it is: mend what says FAIL, then check again.", err=True)
    if not usable:
        sys.exit(FAILED)
