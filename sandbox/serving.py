"""How any counterpart of the sandbox is started: configured, listening on any free port, calling others over TLS.

Rules: the line goes to standard output, flushed, so that whoever started the process can wait for it;
`serve` ends by being cancelled and leaves no socket behind.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import ssl
import sys
import tomllib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol, TypeVar

import aiohttp
import msgspec
from aiohttp import web

__all__ = [
    "add_configured_arguments",
    "add_listening_arguments",
    "announce",
    "calling_out",
    "listen",
    "read_toml",
    "serve",
    "trust",
    "wait_until_cancelled",
]

T = TypeVar("T")

_TIMEOUT = aiohttp.ClientTimeout(total=300, connect=30, sock_read=60)


class Caller(Protocol):
    """A counterpart that calls others itself."""

    http: aiohttp.ClientSession | None

    async def close(self) -> None:
        """End what is under way."""


def read_toml(text: str, shape: type[T], name: str) -> T:
    """Read a configuration into its frozen shape; raises ValueError naming the file and the key."""
    try:
        return msgspec.convert(tomllib.loads(text), shape)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError) as wrong:
        raise ValueError(f"{name}: {wrong}") from None


def add_listening_arguments(parser: argparse.ArgumentParser) -> None:
    """The options every counterpart has: where it listens, its TLS files, whom it trusts, how rude it is."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes any free one (0)")
    parser.add_argument("--tls-certificate", type=Path, metavar="F", help="PEM chain of the server; with it, https")
    parser.add_argument("--tls-key", type=Path, metavar="F", help="PEM key of the server")
    parser.add_argument("--ca", type=Path, metavar="F", help="PEM of the authorities trusted on outgoing calls")
    parser.add_argument("--hostile", type=int, metavar="SEED", help="misbehave, reproducibly by this seed")


def add_configured_arguments(parser: argparse.ArgumentParser, example: str) -> None:
    """The options of a counterpart that cannot do without a configuration; `--help` ends with an example of one."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="TOML, as in the example below")
    add_listening_arguments(parser)
    parser.epilog = f"example of a configuration:\n\n{example}"


def trust(ca: Path | None) -> ssl.SSLContext:
    """The TLS context of outgoing calls: the given authorities, or the machine's own; TLS 1.2 at least."""
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def calling_out(caller: Caller, context: ssl.SSLContext | None) -> Callable[[web.Application], AsyncIterator[None]]:
    """For `cleanup_ctx`: `caller.http` while the application runs; without a `context` aiohttp's own is taken."""

    async def running(_: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(ssl=True if context is None else context)
        async with aiohttp.ClientSession(
            timeout=_TIMEOUT, connector=connector, cookie_jar=aiohttp.DummyCookieJar()
        ) as session:
            caller.http = session
            yield
            await caller.close()
            caller.http = None

    return running


async def listen(
    app: web.Application, *, host: str, port: int, certificate: Path | None, key: Path | None
) -> tuple[web.AppRunner, str]:
    """Start the application; returns its runner and its origin, for example `https://127.0.0.1:40123`.

    The caller ends it by `await runner.cleanup()`. Raises OSError for a taken port or unreadable TLS files.
    """
    context: ssl.SSLContext | None = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate, key)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=context)
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    taken = runner.addresses[0][1]
    return runner, f"{'http' if context is None else 'https'}://{host}:{taken}"


def announce(listening: str, seed: int | None) -> None:
    """Say on standard output, in one JSON line, where the counterpart listens and its seed of rudeness."""
    sys.stdout.write(json.dumps({"listening": listening, "seed": seed}) + "\n")
    sys.stdout.flush()


async def wait_until_cancelled() -> None:
    """Return never; the sub-command's `finally` does the cleaning up."""
    await asyncio.Event().wait()


async def serve(
    app: web.Application,
    arguments: argparse.Namespace,
    on_listening: Callable[[str], object] = str,
) -> None:
    """Listen as the arguments of `add_listening_arguments` say, announce it, and stay until cancelled.

    `on_listening` gets the origin before it is announced, for a counterpart that names its own address.
    """
    runner, origin = await listen(
        app,
        host=arguments.host,
        port=arguments.port,
        certificate=arguments.tls_certificate,
        key=arguments.tls_key,
    )
    try:
        on_listening(origin)
        announce(origin, arguments.hostile)
        await wait_until_cancelled()
    finally:
        await runner.cleanup()
