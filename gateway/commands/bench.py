"""pouch bench: repeatable measurements as JSON."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.bench.accept import Progress as Tell
from gateway.bench.accept import prepare, run_accept
from gateway.bench.figures import Figures
from gateway.bench.ledger import run_ledger
from gateway.bench.package import run_package
from gateway.bench.plan import MIB, BenchFailed, Plan, Size
from gateway.bench.reconcile import run_reconcile
from gateway.commands.answering import answer, fail, json_option, runs


@click.group()
def command() -> None:
    """Measure a real gateway, founded for the purpose with an embedded database and removed afterwards."""


@command.command()
@click.option(
    "--size",
    type=click.Choice([size.label for size in Size]),
    default=Size.SMALL.label,
    show_default=True,
    help="5k: document inline; 1m, 300m: document as an MTOM part.",
)
@click.option("--concurrency", type=click.IntRange(1, 512), default=32, show_default=True, help="Messages at once.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes of the gateway.")
@click.option("--seconds", type=click.FloatRange(1, 600), default=10.0, show_default=True, help="How long to measure.")
@click.option("--tls", is_flag=True, help="With TLS on the front door; else plain HTTP, as behind a TLS proxy.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder in which to do it, and which is kept. Default: a temporary one.",
)
@json_option
@runs
async def accept(
    size: str, concurrency: int, workers: int, seconds: float, tls: bool, folder: Path | None, as_json: bool
) -> None:
    """Deposit messages that were signed beforehand; every step of the gateway is on, and proven afterwards."""
    plan = Plan(size=Size.named(size), concurrency=concurrency, workers=workers, seconds=seconds, tls=tls)
    try:
        with _progress(quiet=as_json) as tell, prepare(plan, folder, tell) as prepared:
            figures = await run_accept(plan, prepared, tell)
    except BenchFailed as error:
        fail(str(error))
    if as_json:
        answer(figures.as_json(), "", as_json=True)
    else:
        _show(figures)


@command.command()
@click.option("--seconds", type=click.FloatRange(1, 600), default=10.0, show_default=True, help="How long to fill it.")
@json_option
@runs
async def ledger(seconds: float, as_json: bool) -> None:
    """Commit ledger entries, order and sign them; an entry counts when a signed checkpoint covers it."""
    try:
        figures = (await run_ledger(seconds)).as_json()
    except BenchFailed as error:
        fail(str(error))
    answer(figures, "\n".join(f"{name}: {value}" for name, value in figures.items()), as_json=as_json)


@command.command()
@click.option(
    "--exchanges",
    type=click.IntRange(3, 99_999_999),
    default=1_000_000,
    show_default=True,
    help="Documents on each side.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder in which to do it, and which is kept. Default: a temporary one.",
)
@json_option
@runs
async def reconcile(exchanges: int, folder: Path | None, as_json: bool) -> None:
    """Let two offices find one lost and one altered document by comparing signed tree nodes."""
    try:
        with _progress(quiet=as_json) as tell:
            figures = (await run_reconcile(exchanges, folder, tell)).as_json()
    except BenchFailed as error:
        fail(str(error))
    answer(figures, "\n".join(f"{name}: {value}" for name, value in figures.items()), as_json=as_json)


@command.command()
@click.option("--size", type=click.IntRange(2, 3000), default=300, show_default=True, help="MiB of each package.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder in which files are made, and removed afterwards. Default: the system's for temporary files.",
)
@json_option
def package(size: int, folder: Path | None, as_json: bool) -> None:
    """Read and check a small document and large packages, and verify detached signatures over as much."""
    try:
        with _progress(quiet=as_json) as tell:
            figures = run_package(size * MIB, folder, tell)
    except BenchFailed as error:
        fail(str(error))
    answer(figures, "\n".join(f"{name}: {value}" for name, value in figures.items()), as_json=as_json)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Tell]:
    """What is being done, on standard error; `quiet` says nothing."""
    if quiet:
        yield lambda what, done, of: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    # seldom drawn, since it is drawn by the process that sends
    with Progress(*columns, console=Console(stderr=True), refresh_per_second=2) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, of: int | None) -> None:
            if what not in tasks:
                for task in tasks.values():
                    progress.stop_task(task)
                tasks[what] = progress.add_task(what, total=of)
            progress.update(tasks[what], completed=done, total=of)

        yield tell


def _show(figures: Figures) -> None:
    table = Table(title=f"pouch bench accept --size {figures.plan.size.label}", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for what, much in figures.as_rows():
        table.add_row(what, much)
    Console().print(table)
