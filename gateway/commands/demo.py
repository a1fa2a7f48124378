"""pouch demo: the whole story on this machine: two offices, the Bureau, two IPAS."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import click
from rich.console import Console

from gateway.commands.answering import fail, json_option, runs
from gateway.demo.play import Programme, play
from gateway.demo.timeline import StoryFailed, Timeline

_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--once", is_flag=True, help="End after the story; exit 0 only if every step was verified.")
@click.option(
    "--data",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where each run makes a folder of its own. [default: demo-data; with --once a temporary one]",
)
@click.option("--document", type=_file, metavar="F.pdf", help="The certified copy to carry, instead of one made up.")
@click.option("--bibliography", type=_file, metavar="F.xml", help="Its bibliographic data.")
@json_option
@runs
async def command(
    once: bool, folder: Path | None, document: Path | None, bibliography: Path | None, as_json: bool
) -> None:
    """Play the story of one priority document between two offices, as separate processes, and verify every step.

    Then everything keeps running, to be tried; Ctrl-C ends it.
    """
    chosen = folder or (None if once else Path("demo-data"))
    programme = Programme(once=once, folder=chosen, document=document, bibliography=bibliography)
    timeline = Timeline(Console(stderr=as_json, highlight=False, width=None if sys.stdout.isatty() else 200))
    playing = asyncio.ensure_future(play(programme, timeline))
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(which, playing.cancel)
    try:
        await playing
    except StoryFailed as failure:
        fail(f"step {len(timeline.steps)}: {failure}\n  {failure.remedy}".rstrip())
    except asyncio.CancelledError:
        timeline.say("Ended; nothing is left running.")
        if not timeline.is_told:
            sys.exit(130)
    if as_json:
        click.echo(json.dumps(timeline.summary(), ensure_ascii=False))
