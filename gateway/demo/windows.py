"""Windows into the sandboxes: what a counterpart says of itself, by its own record; and a wish for misbehaviour."""

import ssl
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

__all__ = ["Window"]


class Window:
    """A sandbox counterpart's `/_sandbox` paths; an async context manager."""

    def __init__(self, origin: str, ca: Path) -> None:
        self.origin = origin
        self._context = ssl.create_default_context(cafile=str(ca))
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(ssl=self._context)
        self._session = aiohttp.ClientSession(base_url=self.origin, connector=connector)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def is_open(self) -> bool:
        """Whether it answers."""
        try:
            await self.see("record")
        except (aiohttp.ClientError, OSError):
            return False
        return True

    async def see(self, name: str, **query: str) -> Any:
        """What `/_sandbox/name` shows."""
        async with self._open().get(f"/_sandbox/{name}", params=query) as response:
            response.raise_for_status()
            return await response.json()

    async def effects(self, kind: str, **detail: Any) -> list[dict[str, Any]]:
        """The effects of a kind in its record, with these details."""
        found = (await self.see("record", kind=kind))["effects"]
        return [effect for effect in found if all(effect.get(name) == value for name, value in detail.items())]

    async def wish(self, wish: dict[str, Any]) -> None:
        """Ask it to misbehave."""
        async with self._open().post("/_sandbox/hostility", json=wish) as response:
            response.raise_for_status()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("a Window is used inside `async with`")
        return self._session
