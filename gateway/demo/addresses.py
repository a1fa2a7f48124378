"""Where to go on after the story: addresses and commands to try while everything runs."""

import shutil
import sys
from pathlib import Path

from gateway.demo.stage import Office, Stage

__all__ = ["list_addresses", "tell_addresses"]


def list_addresses(stage: Stage) -> dict[str, str]:
    """What listens, by name."""
    found: dict[str, str] = {}
    for office in (stage.xa, stage.xb):
        code, url = office.code, office.profile.gateway
        found |= {
            f"{code} front door": url,
            f"{code} WSDL": f"{url}/soap/exchange?wsdl",
            f"{code} OpenAPI": f"{url}/api/v1/openapi.json",
            f"{code} health": f"{office.ground.ops}/readyz",
            f"{code} metrics": f"{office.ground.ops}/metrics",
            f"{code} client profile": str(office.ground.founded.client),
            f"{code} IPAS record": f"{office.ipas.origin}/_sandbox/record",
        }
    return found | {
        "Bureau record": f"{stage.bureau.origin}/_sandbox/record",
        "Bureau mailbox": f"{stage.bureau.origin}/_sandbox/mailbox",
        "Bureau documents": f"{stage.bureau.origin}/_sandbox/documents",
        "certificate authority": str(stage.ground.ca),
        "logs": str(stage.ground.folder / "logs"),
    }


def tell_addresses(stage: Stage) -> None:
    """Print addresses and commands."""
    line = stage.timeline
    line.say("\nEverything keeps running. Addresses:", style="bold")
    for name, place in list_addresses(stage).items():
        line.say(f"  {name:<22} {place}")
    line.say("\nTry, in another terminal:", style="bold")
    for words in _commands(stage.xa, stage.xb, stage):
        line.say(f"  {words}" if words.startswith("curl") else f"  {_pouch()} {words}")
    line.say("\nCtrl-C ends everything.", style="bold")


def _pouch() -> str:
    """The command as it can be typed here."""
    beside = Path(sys.executable).parent / "pouch"
    return "pouch" if shutil.which("pouch") or not beside.exists() else str(beside)


def _commands(xa: Office, xb: Office, stage: Stage) -> list[str]:
    ours, theirs = xa.ground.founded.client, xb.ground.founded.client
    papers = stage.papers
    return [
        f"status -p {ours} {papers.library.deposit}",
        f"poll -p {theirs} --fetch received",
        f"send -p {ours} --number 2026/4711 --date 2026-03-01 --code-issuer office {papers.library.paper}",
        f"release -p {ours} EXCHANGE --given applicant-request --given formalities --not-due secrecy"
        " --given fee --by me --basis trial",
        f"retrieve -p {theirs} --office XA --number 2026/4711 --date 2026-03-01 --own-number XB/P/2026/1",
        f"curl --cacert {stage.ground.ca} {stage.bureau.origin}/_sandbox/record",
    ]
