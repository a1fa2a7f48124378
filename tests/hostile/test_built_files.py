"""Files built by hypothesis, honest in every way their form allows: each is read, and gives back what was put in."""

import asyncio
import io
import unicodedata
import zipfile
from collections.abc import AsyncIterator

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from signed_things import AT, BEGUN

from gateway.core.finding import Judgement
from gateway.packages.inspecting import inspect
from gateway.wire.archive import open_archive
from gateway.wire.archive_name import fault_of, folded
from gateway.wire.archive_write import ArchiveWriter
from gateway.wire.mtom import OutgoingPart, read_message, write_related
from gateway.wire.xml import PACKAGED, canonical, parse, parse_packaged
from pki.certificates import issue_signer
from pki.cms import sign_attached, sign_detached, verify_signed
from pki.keys import generate_key
from pki.xmldsig import sign_enveloped, verify_enveloped

KEY = issue_signer("XA", key=generate_key("P-256"), now=BEGUN)
BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))
spaces = st.sampled_from(["", "{urn:a}", "{urn:b}", "{http://www.wipo.int/standards/XMLSchema/ST96/Patent}"])
names = st.builds(str.__add__, spaces, st.sampled_from(["a", "b-c", "BibliographicData", "größe", "_1.x"]))
contents = st.one_of(st.binary(max_size=3000), st.builds(lambda n: b"x" * n, st.integers(0, 20_000)))


@st.composite
def trees(draw: st.DrawFn) -> etree._Element:
    root = etree.Element(draw(names), dict(draw(st.dictionaries(names, texts, max_size=3))))
    parents = [root]
    for _ in range(draw(st.integers(0, 15))):
        child = etree.SubElement(draw(st.sampled_from(parents)), draw(names))
        child.text, child.tail = draw(texts), draw(texts)
        parents.append(child)
    return root


@st.composite
def packages(draw: st.DrawFn) -> dict[str, bytes]:
    """Files by names that an archive may hold, as people give them."""
    found: dict[str, bytes] = {}
    known = set[str]()
    for name, content in draw(st.lists(st.tuples(st.text(min_size=1, max_size=40), contents), max_size=6)):
        normal = unicodedata.normalize("NFC", name).rstrip("/")
        if normal and fault_of(normal) is None and folded(normal) not in known:
            known.add(folded(normal))
            found[normal] = content
    return found


@BOUNDED
@given(tree=trees(), encoding=st.sampled_from(["UTF-8", "UTF-16", "ASCII"]), declared=st.booleans())
def test_xml_is_read_as_it_was_written(tree: etree._Element, encoding: str, declared: bool) -> None:
    assume(encoding != "ASCII" or all(name.isascii() for each in tree.iter() for name in (each.tag, *each.attrib)))
    written = etree.tostring(tree, encoding=encoding, xml_declaration=declared or encoding == "UTF-16")
    assert canonical(parse_packaged(written)) == canonical(tree)
    if encoding == "UTF-8":
        assert canonical(parse(written, limits=PACKAGED)) == canonical(tree)


@BOUNDED
@given(tree=trees())
def test_what_we_sign_in_xml_is_handed_back(tree: etree._Element) -> None:
    octets = canonical(tree)
    verdict, signed = verify_enveloped(sign_enveloped(octets, key=KEY), certificate=KEY.certificate, now=AT)
    assert verdict.passed and signed is not None, verdict
    assert canonical(signed) == octets


@BOUNDED
@given(files=packages(), compress=st.booleans(), pieces=st.booleans())
def test_archives_give_back_what_was_put_in(files: dict[str, bytes], compress: bool, pieces: bool) -> None:
    sink = io.BytesIO()
    writer = ArchiveWriter(sink, AT)
    for name, content in files.items():
        writer.add(name, [content[:100], content[100:]] if pieces else content, compress=compress)
    writer.close()
    archive = open_archive(sink.getvalue())
    assert {name: archive.read(name) for name in archive.names} == files


@BOUNDED
@given(files=packages(), method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]), comment=st.booleans())
def test_archives_of_another_writer_are_read(files: dict[str, bytes], method: int, comment: bool) -> None:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.comment = b"made elsewhere" if comment else b""
    opened = open_archive(sink.getvalue())
    assert {name: opened.read(name) for name in opened.names} == files


@BOUNDED
@given(parts=st.lists(contents, max_size=4), piece=st.integers(1, 5000))
def test_messages_give_back_their_parts(parts: list[bytes], piece: int) -> None:
    assume(not any(b"\r\n--bound" in part for part in parts))

    def opened(content: bytes) -> AsyncIterator[bytes]:
        async def run() -> AsyncIterator[bytes]:
            yield content

        return run()

    outgoing = [
        OutgoingPart(name=f"p{n}@x", media_type="application/pdf", size=len(part), open=lambda part=part: opened(part))
        for n, part in enumerate(parts)
    ]
    message = write_related(b"<a/>", outgoing, soap_media_type="text/xml", boundary="bound")

    async def read() -> list[bytes]:
        body = b"".join([each async for each in message.body])
        assert len(body) == message.length

        async def chunks() -> AsyncIterator[bytes]:
            for at in range(0, len(body), piece):
                yield body[at : at + piece]

        incoming = await read_message(message.content_type, chunks())
        assert incoming.root == b"<a/>"
        return [b"".join([each async for each in part.chunks()]) async for part in incoming.parts()]

    assert asyncio.run(read()) == parts


@BOUNDED
@given(content=contents)
def test_cms_signatures_hold_over_their_content_only(content: bytes) -> None:
    sink = io.BytesIO()
    sign_attached(io.BytesIO(content), len(content), sink, key=KEY, at=AT)
    whole = sink.getvalue()
    signed = verify_signed(io.BytesIO(whole), len(whole), roots=[KEY.certificate], at=AT)
    assert signed.verdict.passed, signed.verdict
    assert b"".join(whole[span.offset : span.offset + span.length] for span in signed.spans) == content
    beside = sign_detached(io.BytesIO(content), key=KEY, at=AT)
    for other, expected in ((content, True), (content + b"x", False)):
        judged = verify_signed(
            io.BytesIO(beside), len(beside), roots=[KEY.certificate], at=AT, content=io.BytesIO(other)
        )
        assert judged.verdict.passed is expected


@BOUNDED
@given(files=packages())
def test_plain_archives_of_whatever_are_never_refused(files: dict[str, bytes]) -> None:
    """Of files of no form nothing is known; that is no error."""
    assume(files and not any(content.startswith((b"PK", b"%PDF", b"<", b"0")) for content in files.values()))
    sink = io.BytesIO()
    writer = ArchiveWriter(sink, AT)
    for name, content in files.items():
        writer.add(name, content)
    writer.close()
    assert inspect(sink.getvalue(), name="p", at=AT).judgement is not Judgement.FAILED
