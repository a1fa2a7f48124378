"""How commands answer: human text or --json, and an exit code that says what happened; errors say what to do next."""

import asyncio
import json
import os
import sys
import warnings
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec

import click

from gateway.app.opening import CannotOpen
from gateway.core.reason import Deferred, Refused
from gateway.settings import Settings, SettingsError, load_settings
from monitoring.log import configure

__all__ = [
    "FAILED",
    "UNCERTAIN",
    "answer",
    "config_option",
    "fail",
    "json_option",
    "log_options",
    "open_settings",
    "runs",
]

FAILED: Final = 1
UNCERTAIN: Final = 3

_P = ParamSpec("_P")

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
config_option = click.option(
    "-c",
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The gateway's settings file (pouch.toml).",
)


def _open_log(context: click.Context, option: click.Parameter, level: str) -> None:
    """The environment carries the level on to worker processes."""
    os.environ["POUCH_LOG_LEVEL"] = level
    configure(level)


log_options = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    envvar="POUCH_LOG_LEVEL",
    callback=_open_log,
    expose_value=False,
    help="How much the log on standard error tells.",
)


def answer(value: dict[str, Any], text: str, *, as_json: bool) -> None:
    """Print a result, for a person or for a program."""
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else text)


def fail(text: str, *, code: int = FAILED) -> NoReturn:
    """Say what went wrong and what to do, and end."""
    click.echo(f"pouch: {text}", err=True)
    sys.exit(code)


def open_settings(path: Path) -> Settings:
    """Load settings, or end with what is wrong with them."""
    try:
        return load_settings(path)
    except SettingsError as error:
        fail(f"{error}\n  Correct the file, then try `pouch check -c {path}`.")


def runs(body: Callable[_P, Coroutine[Any, Any, None]]) -> Callable[_P, None]:
    """Run an asynchronous command body on uvloop; Refused and Deferred end with their remedy."""

    @wraps(body)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        try:
            with warnings.catch_warnings(), asyncio.Runner(loop_factory=_loop_factory()) as runner:
                try:
                    runner.run(body(*args, **kwargs))
                finally:
                    # uvloop warns of what is still open when its loop is closed, and waits for ever for what it could
                    # not close because that warning was an exception (python -W error)
                    warnings.simplefilter("default", ResourceWarning)
        except (Refused, Deferred) as error:
            place = f" ({error.place})" if error.place else ""
            fail(f"{error.reason.code} {error.reason.text}{place}\n  {error.reason.remedy}")
        except SettingsError as error:
            fail(f"{error}\n  Correct the settings, then try `pouch check`.")
        except CannotOpen as error:
            fail(f"{error}\n  `pouch check` tries everything, one thing after the other.")
        except KeyboardInterrupt:
            sys.exit(130)

    return run


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
