"""pouch poll: show waiting notifications, and fetch and confirm them if asked."""

from pathlib import Path
from typing import Any

import click

from gateway.client import OfficeClient
from gateway.commands.answering import answer, fail
from gateway.commands.calling import calls

_WITH_DOCUMENTS = ("received",)
_WITH_REASON = ("held", "refused")


@click.command()
@click.option(
    "--fetch", "folder", type=click.Path(file_okay=False, path_type=Path), help="Fetch documents into a folder."
)
@click.option("--confirm", is_flag=True, help="Confirm what was shown (and fetched): it does not come again.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True)
@calls
async def command(client: OfficeClient, as_json: bool, folder: Path | None, confirm: bool, limit: int) -> None:
    """Ask the gateway what is new; each notification comes again until it is confirmed."""
    waiting = (await client.poll(limit)).body["notifications"]
    shown = []
    for notification in waiting:
        files = []
        if folder is not None and notification["event"] in _WITH_DOCUMENTS:
            files = await _fetch(client, notification["exchangeId"], folder)
        if confirm:
            await client.confirm(notification["notificationId"])
        shown.append({**notification, "files": files})
    lines = [line for item in shown for line in _lines(item)]
    answer({"notifications": shown}, "\n".join(lines) or "Nothing new.", as_json=as_json)


def _lines(item: dict[str, Any]) -> list[str]:
    lines = [f"{item['createdAt']}  {item['event']:<12} {item['exchangeId']}"]
    if item["event"] in _WITH_REASON:
        lines.append(f"    why, and what to do: pouch status {item['exchangeId']}")
    return lines + [f"    {file}" for file in item["files"]]


async def _fetch(client: OfficeClient, exchange_id: str, folder: Path) -> list[str]:
    """Fetch a package into `folder`/exchange/version, comparing every digest."""
    package = (await client.package(exchange_id)).body
    target = folder / exchange_id / f"v{package['version']}"
    target.mkdir(parents=True, exist_ok=True)
    files = []
    for document in package["documents"]:
        path = target / document["contentId"].replace("/", "_")
        if not path.exists():
            # what is cut off must not pass for fetched next time: it would be confirmed as it is
            arriving = path.with_name(f".{path.name}.part")
            arriving.unlink(missing_ok=True)
            digest = await client.fetch_document(exchange_id, document["contentId"], arriving)
            if digest != document["sha256"]:
                arriving.unlink()
                fail(f"{document['contentId']} arrived with another SHA-256 than listed. Fetch it again.")
            arriving.replace(path)
        files.append(str(path))
    return files
