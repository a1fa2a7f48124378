"""Step 8: each office hands out the dossier of its side of the first document; a program of its own verifies them."""

import asyncio
import json
import re
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any

from gateway.demo.programs import python
from gateway.demo.searching import pattern_of
from gateway.demo.stage import Office, Stage
from gateway.demo.timeline import StoryFailed

__all__ = ["give_evidence"]


async def give_evidence(stage: Stage) -> None:
    """Both dossiers hold, say since when, hold no code, and a changed byte is found."""
    line, papers = stage.timeline, stage.papers
    line.step(8, "Both offices hand out dossiers; anybody verifies them, with no database and no network")
    folder = stage.ground.folder / "dossiers"
    folder.mkdir()
    codes = pattern_of([affair.code for affair in (papers.library, papers.hosted, papers.returned)])
    for office, other, exchange_id in (
        (stage.xa, stage.xb, papers.library.deposit),
        (stage.xb, stage.xa, papers.library.retrieval),
    ):
        file = folder / f"{office.code.lower()}-dossier.zip"
        await _make(stage, office, exchange_id, file)
        held = await _verify(stage, office, other, file)
        line.check(not _says_any(file, codes), "and no access code is in it")
        if office is stage.xa:  # deposited at the beginning: the other gateway has cosigned since
            _check_witnessed(stage, other, held)
    await _change(stage, folder / "xa-dossier.zip")


async def _make(stage: Stage, office: Office, exchange_id: str, file: Path) -> None:
    words = ["dossier", exchange_id, "-c", str(office.ground.founded.main), "-o", str(file), "--json"]
    with stage.timeline.call(f"a person at {office.code}", office.gateway, f"pouch dossier {exchange_id[:8]}…"):
        code, said = await _run(words)
    if code:
        raise StoryFailed(f"no dossier of {office.code} was made: {said}", stage.crew.advice())
    made = json.loads(said)
    found = (made["messages"], made["documents"], made["proved"])
    text = f"{file.name}: {made['messages']} messages with receipts, {made['documents']} documents by digest"
    stage.timeline.check(all(found), f"{text}, {made['proved']} of {made['entries']} entries with proofs", found)


async def _verify(stage: Stage, office: Office, other: Office, file: Path) -> list[dict[str, Any]]:
    """What holds of a dossier, with what its office and its witness have handed over beforehand."""
    line, keys = stage.timeline, office.ground.founding.folder / "keys"
    witness = other.ground.founding.folder / "keys" / "witness.vkey"
    trusted = ["--vkey", str(keys / "ledger.vkey"), "--vkey", str(witness)]
    trusted += ["--trust", str(office.profile.gateway_certificate)]
    with line.call("anybody", file.name, "pouch verify, with the office's certificate and log key"):
        code, said = await _run(["verify", str(file), *trusted, "--json"])
    told: dict[str, Any] = json.loads(said) if said.startswith("{") else {"result": "", "findings": said, "holds": []}
    line.check(code == 0 and told["result"] == "passed", f"the dossier of {office.code} holds", told["findings"])
    held: list[dict[str, Any]] = told["holds"]
    _check_held(stage, [each["about"] for each in held], "the file", "checkpoint", "entry", "receipt", "notification")
    return held


def _check_held(stage: Stage, held: list[str], *kinds: str) -> None:
    counts = {kind: sum(1 for about in held if about.startswith(kind)) for kind in kinds}
    text = (
        f"its seal, {counts['checkpoint']} signed checkpoint(s), {counts['entry']} entries in the log,"
        f" {counts['receipt']} receipts and {counts['notification']} notifications hold"
    )
    stage.timeline.check(all(counts.values()), text, counts)


def _check_witnessed(stage: Stage, witness: Office, held: list[dict[str, Any]]) -> None:
    name = f"witnessed by '{witness.code.lower()}.pouch.example/witness'"
    seen = [each for each in held if each["about"].startswith("entry") and name in "".join(each["since"])]
    stage.timeline.check(seen, f"{len(seen)} of its entries are {name}, {witness.gateway}, and say since when")


async def _change(stage: Stage, file: Path) -> None:
    changed = _changed(file)
    with stage.timeline.call("anybody", changed.name, "pouch verify, one bit of the file changed"):
        code, said = await _run(["verify", str(changed), "--json"])
    stage.timeline.check(code == 1, "the change is found, and the place is named", said)


def _says_any(file: Path, codes: re.Pattern[str]) -> bool:
    """Whether a code stands in it, in a member or in the payload of a signed message."""
    content = file.read_bytes()
    payloads = re.findall(rb"[A-Za-z0-9_-]{16,}\.([A-Za-z0-9_-]{16,})\.[A-Za-z0-9_-]{16,}", content)
    texts = [content, *(urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)) for payload in payloads)]
    return any(codes.search(text.decode("latin-1")) for text in texts)


def _changed(file: Path) -> Path:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    changed = file.with_name("changed.zip")
    changed.write_bytes(content)
    return changed


async def _run(words: list[str]) -> tuple[int | None, str]:
    """Run `pouch` as a process of its own; its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *python("gateway", *words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await process.communicate()
    return process.returncode, (said or complaint).decode(errors="replace").strip()
