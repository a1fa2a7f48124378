"""The foreign office at work: it registers, gives from its library, and retrieves, by both ways of waiting."""

import hashlib
from pathlib import Path

import pytest

from sandbox.hostility import RUDE, Hostility
from sandbox.office.config import EXAMPLE, load


@pytest.mark.parametrize(("hosting", "has_endpoint"), [("office", True), ("bureau", True), ("bureau", False)])
async def test_a_document_goes_to_the_bureau_and_comes_back(pair, copy_of_xc, wanted_of_xc, hosting, has_endpoint):
    document = copy_of_xc(hosting=hosting)
    scene = await pair(document=(document,), has_endpoint=has_endpoint)
    await scene.settled()
    assert scene.done("registered") == scene.bureau.record.count("registered") == 1
    scene.office.spawn(scene.office.errands.retrieve(wanted_of_xc()))
    await scene.settled()
    (effect,) = scene.office.record.effects("retrieved")
    content = Path(document.file).read_bytes()
    assert effect.detail["sha256"] == hashlib.sha256(content).hexdigest()
    (name,) = scene.office.errands.retrieved.values()
    assert (Path(scene.office.settings.folder) / name).read_bytes() == content
    from_library = scene.bureau.record.count("downloaded-from-office")
    assert from_library == scene.done("download-served") == (1 if hosting == "office" else 0)
    assert scene.done("notified") == (1 if has_endpoint else 0)


async def test_what_it_wants_by_configuration_it_retrieves_or_says_why_not(pair, wanted_of_xc):
    scene = await pair(wanted=(wanted_of_xc(),), has_endpoint=False)
    await scene.settled()
    (effect,) = scene.office.record.effects("retrieval-failed")
    assert effect.detail["numbers"] == "-7"


async def test_a_registration_the_bureau_refuses_is_recorded(pair, copy_of_xc):
    scene = await pair(document=(copy_of_xc(number="XA 1"), copy_of_xc(kind="novel")))
    await scene.settled()
    assert scene.done("registration-failed") == 2
    errors = {(effect.detail.get("error"), effect.detail.get("status")) for effect in scene.office.record.effects()}
    assert errors == {(-21, None), (None, 400)}


async def test_errands_on_demand(pair, copy_of_xc, tmp_path):
    scene = await pair()
    body = {"kind": "patent", "number": "XC 2026/1", "date": "2026-02-03", "access_code": "7QX1"}
    document = body | {"file": str(tmp_path / "copy.pdf"), "hosting": "bureau"}
    assert (await scene.post("/_sandbox/register", document))[0] == 202
    await scene.settled()
    assert (await scene.post("/_sandbox/retrieve", body))[0] == 202
    await scene.settled()
    async with scene.session.get(f"{scene.origin}/_sandbox/retrieved") as answer:
        (file,) = (await answer.json()).values()
    assert Path(file).read_bytes() == (tmp_path / "copy.pdf").read_bytes()
    async with scene.session.get(f"{scene.origin}/_sandbox/record?kind=retrieved") as answer:
        view = await answer.json()
    assert view["counters"] == {"registered": 1, "retrieved": 1, "notified": 1} and len(view["effects"]) == 1
    assert (await scene.post("/_sandbox/retrieve", {"kind": "patent"}))[0] == 400


async def test_it_persists_with_a_rude_bureau(pair, copy_of_xc, wanted_of_xc):
    hostility = Hostility.rude(5, {switch: min(chance * 3, 1.0) for switch, chance in RUDE.items()})
    documents = tuple(copy_of_xc(number=f"XC 2026/{n}", hosting="bureau") for n in range(1, 6))
    scene = await pair(bureau_hostility=hostility, document=documents)
    await scene.settled()
    assert scene.done("registered") == scene.bureau.record.count("registered") == 5
    for document in documents:
        scene.office.spawn(scene.office.errands.retrieve(wanted_of_xc(number=document.number)))
    await scene.settled()
    assert scene.done("retrieved") == 5


def test_the_example_of_the_help_text_is_a_configuration(tmp_path):
    (tmp_path / "office.toml").write_text(EXAMPLE)
    with pytest.raises(ValueError, match=r"document\[0\].file"):
        load(tmp_path / "office.toml")
    (tmp_path / "application.pdf").write_bytes(b"%PDF")
    settings = load(tmp_path / "office.toml")
    assert settings.document[0].file == str(tmp_path / "application.pdf")
    assert settings.wanted[0].access_code == "A1B2"
    (tmp_path / "office.toml").write_text(EXAMPLE + "surprise = 1\n")
    with pytest.raises(ValueError, match="surprise"):
        load(tmp_path / "office.toml")
