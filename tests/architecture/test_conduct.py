"""What code here does not do: parse XML or open archives outside one room, print, wait, or look at a clock."""

import ast
from typing import Any

#: The product's parser, and the one of the library that can be used alone (`python -m pki verify FILE`).
XML_ROOM = "gateway.wire.xml"
PKI_ROOM = "pki.document"
PARSING = {"fromstring", "fromstringlist", "XML", "HTML", "XMLID", "parse", "iterparse", "XMLParser", "XMLPullParser",
           "HTMLParser", "XSLT"}  # fmt: skip
OTHER_PARSERS = ("xml.etree", "xml.dom", "xml.sax", "xml.parsers", "lxml.html", "lxml.objectify", "defusedxml", "bs4")
#: Archives are opened by the reader of `gateway/wire/archive.py`, which trusts none of these.
OTHER_ARCHIVES = ("zipfile", "tarfile", "zipimport", "py7zr", "patoolib", "libarchive")
UNPACKING = {"shutil.unpack_archive", "shutil.make_archive", "shutil.get_unpack_formats"}
#: Who looks at the first bytes of a file to tell its type, and no further.
LOOKING = {"gateway.stages.validate", "gateway.packages.looking", "adapters.das.fetch"}
COMMANDS = ("gateway.commands", "gateway.demo", "gateway.bench", "pki.__main__")
PRODUCT = {"gateway", "adapters", "pki", "monitoring"}


def test_only_one_room_parses_xml(sources: list[Any]) -> None:
    parsing = []
    for source in sources:
        if source.package not in PRODUCT or source.name in {XML_ROOM, PKI_ROOM}:
            continue
        for name, line in source.calls():
            if name.startswith("lxml.etree.") and name.rpartition(".")[2] in PARSING:
                parsing.append(f"{source.path}:{line}: {name}")
        for found in source.imports():
            foreign = found.module == PKI_ROOM and source.package != "pki"
            if foreign or found.module.startswith(OTHER_PARSERS):
                parsing.append(f"{source.path}:{found.line}: {found.module}")
    assert parsing == []


def test_the_search_for_parsers_finds_them(sources: list[Any]) -> None:
    [room] = [source for source in sources if source.name == XML_ROOM]
    assert {name.rpartition(".")[2] for name, _ in room.calls() if name.startswith("lxml.etree.")} & PARSING


def test_only_one_room_opens_archives(sources: list[Any]) -> None:
    opening = []
    for source in sources:
        if source.package in PRODUCT:
            opening += [
                f"{source.path}:{found.line}: {found.module}"
                for found in source.imports()
                if found.module.partition(".")[0] in OTHER_ARCHIVES
            ]
            opening += [f"{source.path}:{line}: {name}" for name, line in source.calls() if name in UNPACKING]
            if "PK\\x03\\x04" in source.text and not source.name.startswith("gateway.wire.archive"):
                opening += [] if source.name in LOOKING else [f"{source.path}: reads the signature of an entry"]
    assert opening == []
    assert any(source.name == "gateway.wire.archive_directory" and "PK\\x03\\x04" in source.text for source in sources)


def test_only_commands_write_to_standard_output(sources: list[Any]) -> None:
    prints = [
        f"{source.path}:{line}"
        for source in sources
        if source.package in PRODUCT and not source.within(*COMMANDS)
        for name, line in source.calls()
        if name in {"print", "pprint.pprint", "breakpoint", "sys.stdout.write", "click.echo"}
    ]
    assert prints == []


def test_the_core_knows_no_time_no_chance_and_no_waiting(sources: list[Any]) -> None:
    banned = {
        "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today", "datetime.date.today",
        "uuid.uuid1", "uuid.uuid4", "open", "print", "input",
    }  # fmt: skip
    found = []
    for source in sources:
        if source.within("gateway.core"):
            found += [f"{source.path}:{line}: {name}" for name, line in source.calls() if name in banned]
            found += [
                f"{source.path}:{node.lineno}: async"
                for node in ast.walk(source.tree)
                if isinstance(node, ast.AsyncFunctionDef | ast.Await)
            ]
    assert found == []


def test_nobody_sleeps_in_the_event_loop(sources: list[Any]) -> None:
    sleeping = []
    for source in sources:
        if source.package in PRODUCT and not source.within("gateway.commands"):
            sleeping += [f"{source.path}:{line}" for name, line in source.calls() if name == "time.sleep"]
    assert sleeping == []


def test_no_secret_is_revealed_into_a_log_line_or_an_exception(sources: list[Any]) -> None:
    levels = {"debug", "info", "warning", "error", "exception", "log"}
    told = []
    for source in sources:
        for node in ast.walk(source.tree):
            speaks = isinstance(node, ast.Raise) or (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels
            )
            if speaks and any(isinstance(inner, ast.Attribute) and inner.attr == "reveal" for inner in ast.walk(node)):
                told.append(f"{source.path}:{node.lineno}")
    assert told == []
