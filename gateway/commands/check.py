"""pouch check: load, open and probe everything, then exit."""

import sys
from dataclasses import asdict
from pathlib import Path

import click

from gateway.app.checking import check_everything
from gateway.app.finding import Finding, Looking
from gateway.commands.answering import FAILED, answer, config_option, json_option, runs
from gateway.settings import SettingsError, load_settings


@click.command()
@config_option
@json_option
@runs
async def command(config: Path, as_json: bool) -> None:
    """Look at everything this gateway needs. Exit 1 if it could not serve; a counterpart that is away is told only."""
    findings: list[Finding] = []

    def tell(seen: Looking | Finding) -> None:
        if isinstance(seen, Finding):
            findings.append(seen)
            mark = "ok  " if seen.good else "FAIL" if seen.fatal else "note"
        else:
            mark = "... "
        if not as_json:
            click.echo(f"{mark}  {seen.name}: {seen.text}")

    try:
        settings = load_settings(config)
    except SettingsError as error:
        tell(Finding(name="settings", good=False, text=str(error)))
    else:
        async for seen in check_everything(settings):
            tell(seen)
    usable = all(finding.good or not finding.fatal for finding in findings)
    if as_json:
        answer({"usable": usable, "findings": [asdict(finding) for finding in findings]}, "", as_json=True)
    elif not usable:
        click.echo("Not usable as it is: mend what says FAIL, then check again.", err=True)
    if not usable:
        sys.exit(FAILED)
