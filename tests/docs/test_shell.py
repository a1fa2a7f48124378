"""Shell lines of README and of the operators' guide are typed, in a folder like a fresh clone, and do what is said."""

import json
import re

import pytest
from documented_gateway import empty_place
from fenced import ROOT, blocks, shell_lines

README = ROOT / "README.md"
OPERATORS = ROOT / "docs" / "operators.md"
MAKEFILE = (ROOT / "Makefile").read_text()


def typed(document) -> list[str]:
    return [line for block in blocks(document, "sh") for line in shell_lines(block.text)]


def test_the_shared_gateway_was_started_by_readmes_lines(documented):
    """The fixture has typed every line of README but those of make."""
    others = [line for line in typed(README) if not line.startswith("make ")]
    assert [line.split()[1] for line in others] == ["init", "check", "serve"]
    assert (documented.folder / "office" / "storage").is_dir()


def test_the_operators_lines_do_what_they_say(tmp_path):
    place, told = empty_place(tmp_path), []
    for line in typed(OPERATORS):
        if line.startswith("make "):  # builds and tests the project itself: `.ci/run` types it
            assert re.search(rf"^{line.split()[1]}:", MAKEFILE, re.MULTILINE)
        else:
            told.append(place.run(line))
    founded, checked = told
    assert {path.name for path in (tmp_path / "office").iterdir()} == {
        "pouch.toml", "offices.toml", "client.toml", "keys", "sandbox", "storage",
    }  # fmt: skip
    assert "pouch sandbox ib --config" in founded and "pouch sandbox ipas --config" in founded
    assert "ok    database: embedded" in checked


@pytest.fixture(scope="module")
def by_hand(documented):
    """What the lines of "Then deposit and release by hand" said, by command; EXCHANGE is what the first one told."""
    (documented.folder / "copy.pdf").write_bytes(b"%PDF-1.7 by hand")
    [block] = [block for block in blocks(OPERATORS, "text") if "pouch send" in block.text]
    said, exchange = {}, ""
    for line in shell_lines(block.text):
        said[line.split()[1]] = documented.run(line.replace("EXCHANGE", exchange))
        found = re.search(r"exchange +([0-9a-f-]{36})", said["send"])
        assert found
        exchange = found[1]
    return exchange, said


def test_a_document_is_deposited_and_released_by_hand(by_hand):
    _, said = by_hand
    assert list(said) == ["send", "release", "status", "poll"]
    assert re.search(r"state +held", said["send"]) and "Decided." in said["release"]
    assert "secrecy: not-due by M. Clerk (form 12)" in said["status"]


def test_the_same_deposit_is_sent_again_by_its_message_id(documented, by_hand):
    exchange, said = by_hand
    [block] = [block for block in blocks(OPERATORS, "text") if "pouch send" in block.text]
    [line] = [line for line in shell_lines(block.text) if line.startswith("pouch send")]
    [message_id] = re.findall(r"^  message +(\S+)$", said["send"], re.MULTILINE)
    again = json.loads(documented.run(f"{line} --message-id {message_id} --json"))
    assert (again["exchangeId"], again["messageId"]) == (exchange, message_id)


def test_day_by_day_an_exchange_is_stopped_and_let_go(documented, by_hand):
    exchange, _ = by_hand
    profile = "-p office/client.toml"
    documented.run(f"pouch hold {profile} {exchange} --explanation 'a doubt'")
    assert json.loads(documented.run(f"pouch status {profile} --json {exchange}"))["onHold"] is True
    documented.run(f"pouch hold {profile} {exchange} --lift --explanation 'no doubt'")
    assert json.loads(documented.run(f"pouch status {profile} --json {exchange}"))["onHold"] is False


@pytest.fixture(scope="module")
def changed(documented, by_hand):
    """What the lines that change a deposit said, by command, and the exchange's status after them."""
    exchange, _ = by_hand
    [block] = [block for block in blocks(OPERATORS, "text") if "pouch correct" in block.text]
    said = {line.split()[1]: documented.run(line.replace("EXCHANGE", exchange)) for line in shell_lines(block.text)}
    return said, json.loads(documented.run(f"pouch status -p office/client.toml --json {exchange}"))


def test_a_deposit_is_corrected_replaced_and_withdrawn_by_hand(changed):
    said, status = changed
    assert list(said) == ["correct", "replace", "withdraw"]
    assert "Corrected." in said["correct"] and "Replaced by copy.pdf." in said["replace"]
    assert (status["state"], status["version"], status["application"]["filingDate"]) == ("withdrawn", 3, "2026-03-01")


def test_a_file_is_named_for_what_was_asked_for(documented):
    profile = "-p office/client.toml"
    asked = "--office XB --number 2026/000777 --date 2026-09-01 --code 7QX1"
    told = json.loads(documented.run(f"pouch retrieve {profile} --json {asked}"))
    line = f"pouch resend {profile} {told['exchangeId']} --own-number XA/P/2026/1"
    assert "Trying again." in documented.run(line)


def test_what_has_ended_is_forgotten(documented, by_hand, changed):
    exchange, _ = by_hand
    asked = f"pouch status -p office/client.toml --json {exchange}"

    def has_ended() -> bool:
        known = json.loads(documented.run(asked))
        return all(each["state"] in ("done", "refused") for each in known["transmissions"])

    documented.wait_until(has_ended)
    [line] = [line for block in blocks(OPERATORS, "text") for line in shell_lines(block.text) if "pouch forget" in line]
    assert "Forgotten: 2 documents" in documented.run(line.replace("EXCHANGE", exchange))
    assert "forgotten since" in documented.run(f"pouch status -p office/client.toml {exchange}")
