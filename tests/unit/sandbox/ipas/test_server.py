"""The SOAP stack in front of IPAS: what it turns away, and how it misbehaves when it is told to."""

import json
import sys

import aiohttp
import pytest
from lxml import etree

from sandbox.hostility import Hostility
from sandbox.ipas.manners import Manners, Outburst, obey

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
GOOD = {"SOAPAction": '""', "Content-Type": "text/xml"}


async def turned_away(line, body, headers=None):
    status, answer = await line.post(body, headers)
    fault = etree.fromstring(answer).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert status == 500 and fault.find("detail") is None
    return fault.findtext("faultcode"), fault.findtext("faultstring")


@pytest.mark.parametrize("operation", ["SqlExecute", "SqlFetchAll", "SqlCheckSyntax", "UserdocDelete", "FileDelete"])
async def test_raw_sql_and_deletions_are_an_alarm(line, write, operation):
    code, _ = await turned_away(line, write.envelope(operation, "<arg0>select 1</arg0>"))
    assert code == "S:Client"
    (effect,) = line.record.effects()
    assert (effect.kind, effect.detail) == ("forbidden", {"operation": operation})


async def test_any_other_unknown_operation_is_told_apart(line, write):
    _, text = await turned_away(line, write.envelope("PatentRead"))
    assert text.startswith("Cannot find dispatch method")
    assert line.record.count("unknown-operation") == 1 and line.record.count("forbidden") == 0


@pytest.mark.parametrize("action", [None, '"UserdocRead"', "UserdocRead", ""])
async def test_the_soap_action_is_the_empty_text_in_quotation_marks(line, write, action):
    headers = {"Content-Type": "text/xml"} | ({} if action is None else {"SOAPAction": action})
    code, text = await turned_away(line, write.envelope("CommonServicesEnvironmentGetList"), headers)
    assert (code, "SOAPAction" in text) == ("S:Client", True)


async def test_only_xml_is_taken(line, write):
    headers = GOOD | {"Content-Type": "application/soap+xml"}
    status, _ = await line.post(write.envelope("CommonServicesEnvironmentGetList"), headers)
    assert status == 415


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda body: body[:-1], "S:Client"),
        (lambda body: b"<!DOCTYPE x>" + body, "S:Client"),
        (lambda body: body.replace(SOAP.encode(), b"http://www.w3.org/2003/05/soap-envelope"), "S:VersionMismatch"),
        (lambda body: body.replace(b"ipas.wipo.int", b"ipas.example"), "S:Client"),
        (lambda body: body.replace(b"</s:Body>", b"<x/></s:Body>"), "S:Client"),
        (
            lambda body: body.replace(
                b"<s:Body>", b'<s:Header><a:To xmlns:a="urn:a" s:mustUnderstand="1"/></s:Header><s:Body>'
            ),
            "S:MustUnderstand",
        ),
    ],
)
async def test_what_is_no_message_of_this_service_is_a_client_fault(line, write, change, code):
    body = change(write.envelope("CommonServicesEnvironmentGetList"))
    assert (await turned_away(line, body))[0] == code


@pytest.mark.parametrize(
    "arguments",
    [
        "<arg1>x</arg1>",
        "<arg0><docNbr><doubleValue>1</doubleValue></docNbr><docLog>E</docLog></arg0>",  # order
        "<arg0><docLog>E</docLog><docLog>E</docLog></arg0>",
        "<arg0><docLog><b/></docLog></arg0>",
        "<arg0><docNbr>1</docNbr></arg0>",
        "<arg0><docNbr><doubleValue>one</doubleValue></docNbr></arg0>",
        '<arg0 xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"/>',
        '<arg0 xmlns="http://ipas.wipo.int/IpasServices"/>',  # arguments are unqualified
    ],
)
async def test_arguments_that_are_not_of_the_type_are_a_client_fault(line, write, arguments):
    assert (await turned_away(line, write.envelope("UserdocRead", arguments)))[0] == "S:Client"


async def test_a_mandatory_flag_cannot_be_left_out(line, write):
    _, text = await turned_away(line, write.envelope("UserdocReceive", write.received("456", arg3="")))
    assert text == "Missing element arg3"


async def test_the_line_can_be_cut_after_the_effect(line, write):
    async with line.session.post(
        f"{line.origin}/_sandbox/hostility",
        json={"switch": "cut-after", "operation": "UserdocReceive", "calls": 1},
    ) as response:
        assert (await response.json())["rules"][0]["switch"] == "cut-after"
    with pytest.raises(aiohttp.ClientConnectionError):
        await line.reply("UserdocReceive", write.received("456"))
    async with line.session.get(f"{line.origin}/_sandbox/record?kind=userdoc-received") as response:
        assert [effect["document"] for effect in (await response.json())["effects"]] == ["3/E/2026/456"]
    assert "already exists" in await line.refusal("UserdocReceive", write.received("456"))


async def test_a_fault_with_any_text_comes_before_or_after_the_work(line, write):
    line.installation.manners.add(Outburst(operation="Userdoc*", text="ORA-00060: deadlock"))
    assert await line.refusal("UserdocReceive", write.received("456")) == "ORA-00060: deadlock"
    assert line.record.effects() == ()
    late = Outburst(operation="UserdocReceive", text="java.lang.NullPointerException", declared=False, after=True)
    line.installation.manners.add(late)
    assert await turned_away(line, write.envelope("UserdocReceive", write.received("456"))) == (
        "S:Server",
        "java.lang.NullPointerException",
    )
    assert line.record.count("userdoc-received") == 1


async def test_odd_but_legal_answers_have_nil_entries_and_exponents(start_line, write):
    hostility, manners = Hostility(), Manners()
    obey({"switch": "nil-items"}, hostility, manners)
    obey({"switch": "odd-ids", "probability": 1.0}, hostility, manners)
    line = await start_line(hostility=hostility, manners=manners)
    userdoc = await line.call("UserdocReceive", write.received("456"))
    assert userdoc.findtext("documentId/docNbr/doubleValue") == "4.560000000000000E+02"
    files = userdoc.findall("affectedFileIdList")
    assert [file.get("{http://www.w3.org/2001/XMLSchema-instance}nil") for file in files] == ["true", None]
    obey({"clear": True}, hostility, manners)
    userdoc = await line.call("UserdocRead", write.document("arg0", "456"))
    assert userdoc.findtext("documentId/docNbr/doubleValue") == "456.0"
    assert len(userdoc.findall("affectedFileIdList")) == 1


async def test_a_file_can_come_back_without_its_end(line):
    await line.call("OutputFieldWriteDocument", "<arg0><content>AAEC</content></arg0><arg1>/srv/ipas/in/a.pdf</arg1>")
    obey({"switch": "wrong-size", "calls": 1}, line.installation.hostility, line.installation.manners)
    contents = [
        (await line.call("OutputFieldReadDocument", "<arg0>/srv/ipas/in/a.pdf</arg0>")).findtext("content")
        for _ in range(2)
    ]
    assert contents == ["AAE=", "AAEC"]


@pytest.mark.parametrize("wish", ["[]", "{", '{"switch": "kind"}', '{"switch": "slow", "often": 3}', '{"a": 1}'])
async def test_a_wish_that_is_no_behaviour_is_refused(line, wish):
    async with line.session.post(f"{line.origin}/_sandbox/hostility", data=wish) as response:
        assert response.status == 400
    async with line.session.get(f"{line.origin}/_sandbox/hostility") as response:
        assert (await response.json())["rules"] == []


async def test_the_command_says_where_it_listens_and_by_which_seed():
    import asyncio

    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "ipas", "--hostile", "11", stdout=asyncio.subprocess.PIPE
    )
    try:
        said = json.loads(await process.stdout.readline())
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{said['listening']}/_sandbox/hostility") as response,
        ):
            behaviour = await response.json()
    finally:
        process.terminate()
        await process.wait()
    assert (said["seed"], behaviour["seed"], behaviour["nil_items"]) == (11, 11, True)
    assert process.returncode == 0
