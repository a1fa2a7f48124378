"""XA's own system as a program of its own: the script of docs/examples, which knows zeep and nothing of Pouch."""

import asyncio
import json
import sys
import sysconfig
from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.client import Profile
from gateway.demo.timeline import StoryFailed

__all__ = ["ZeepDeposit", "deposit_by_zeep"]

_NAME: Final = "deposit.py"
#: In the source tree, and where an installation lays it.
_PLACES: Final = (
    Path(__file__).parents[2] / "docs" / "examples",
    Path(sysconfig.get_path("data")) / "share" / "pouch" / "examples",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZeepDeposit:
    """What the script is to deposit; the same again is the same message."""

    document: Path
    bibliography: Path | None
    number: str
    filed: str
    certified_on: str
    hosting: str
    code_issuer: str
    message_id: str


async def deposit_by_zeep(profile: Profile, deposit: ZeepDeposit) -> tuple[str, bytes]:
    """Run the script; gives exchange id and receipt. StoryFailed with its last words."""
    script = next((place / _NAME for place in _PLACES if (place / _NAME).is_file()), None)
    if script is None:
        raise StoryFailed(f"docs/examples/{_NAME} is not here", "Run the demonstration from Pouch's source tree.")
    options = {
        "--wsdl": f"{profile.gateway}/soap/exchange?wsdl",
        "--ca": profile.ca,
        "--key": profile.key,
        "--certificate": profile.certificate,
        "--gateway-certificate": profile.gateway_certificate,
        "--office": profile.office,
        "--number": deposit.number,
        "--date": deposit.filed,
        "--certified-on": deposit.certified_on,
        "--hosting": deposit.hosting,
        "--code-issuer": deposit.code_issuer,
        "--message-id": deposit.message_id,
    }
    if deposit.bibliography:
        options["--bibliography"] = deposit.bibliography
    words = [str(word) for option in options.items() for word in option]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        *words,
        str(deposit.document),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    if process.returncode:
        words = complained.decode(errors="replace").strip().splitlines()[-3:]
        raise StoryFailed("the zeep script failed: " + " | ".join(words), f"Try it by hand: {script} --help")
    answer = json.loads(said)
    return answer["exchangeId"], b64decode(answer["receipt"])
