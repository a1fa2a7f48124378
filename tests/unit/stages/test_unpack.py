"""Every listed document comes once, as it was signed; whatever else comes is refused, and nothing of it stays."""

from contextlib import suppress
from dataclasses import replace

import pytest
from core_values import ALL_GIVEN, EXCHANGE_ID, PDF, deposit, head, listed
from line_in_memory import Part, as_part, make_bench, parts_of

from gateway.core.document import Role
from gateway.core.reason import Deferred, Reason, Refused
from gateway.core.request import Release, Replacement
from gateway.stages.authenticate import Authentic
from gateway.stages.unpack import unpack

XML = b"<bibliography/>"
BIBLIOGRAPHY = listed(XML, content_id="b.xml", role=Role.BIBLIOGRAPHY, media_type="application/xml", certification=None)


def authentic(*documents, parts=None, **changes):
    request = deposit(documents=documents or (listed(),), **changes)
    return Authentic(request=request, evidence=b"<message/>", parts=parts)


async def refusal(bench, message):
    with pytest.raises(Refused) as refused:
        await unpack(message, bench.line)
    return refused.value


async def test_inline_and_as_parts_in_any_order(bench):
    documents = (as_part(listed()), BIBLIOGRAPHY, as_part(listed(b"%PDF-2", content_id="c.pdf")))
    parts = parts_of(Part("c.pdf", b"%PDF-2"), Part("copy.pdf", PDF[:3], b"", PDF[3:]))
    unpacked = await unpack(authentic(*documents, parts=parts), bench.line)
    assert [d.listed for d in unpacked.documents] == [replace(d, content=None) for d in documents]
    kept = [bench.documents.kept[d.stored.document_id] for d in unpacked.documents]
    assert kept == [PDF, XML, b"%PDF-2"]
    assert unpacked.first_bytes == {"copy.pdf": PDF[:8], "b.xml": XML[:8], "c.pdf": b"%PDF-2"}
    assert len({d.stored.document_id for d in unpacked.documents}) == 3


async def test_the_first_bytes_are_seen_however_they_are_cut(bench):
    parts = parts_of(Part("copy.pdf", *(PDF[n : n + 1] for n in range(len(PDF)))))
    unpacked = await unpack(authentic(as_part(), parts=parts), bench.line)
    assert unpacked.first_bytes == {"copy.pdf": PDF[:8]}


async def test_a_replacement_brings_documents_too(bench):
    request = Replacement(head=head(), exchange_id=EXCHANGE_ID, explanation="x", documents=(listed(),))
    unpacked = await unpack(Authentic(request=request, evidence=b"", parts=None), bench.line)
    assert [d.listed.content_id for d in unpacked.documents] == ["copy.pdf"]


async def test_what_brings_no_documents_passes_and_may_have_no_parts(bench):
    request = Release(head=head(), exchange_id=EXCHANGE_ID, decisions=ALL_GIVEN)
    unpacked = await unpack(Authentic(request=request, evidence=b"", parts=None), bench.line)
    assert (unpacked.request, unpacked.documents) == (request, ())
    unpacked = await unpack(Authentic(request=request, evidence=b"", parts=parts_of()), bench.line)
    assert unpacked.documents == ()
    more = Authentic(request=request, evidence=b"", parts=parts_of(Part("copy.pdf", PDF)))
    assert (await refusal(bench, more)).reason is Reason.DOCUMENT_EXTRA


@pytest.mark.parametrize(
    ("documents", "parts", "reason", "place"),
    [
        ((as_part(),), None, Reason.DOCUMENT_MISSING, "copy.pdf"),
        ((as_part(),), [], Reason.DOCUMENT_MISSING, "copy.pdf"),
        ((as_part(), BIBLIOGRAPHY), [], Reason.DOCUMENT_MISSING, "copy.pdf"),
        ((as_part(),), [Part("other.pdf", PDF)], Reason.DOCUMENT_EXTRA, None),
        ((as_part(),), [Part("copy.pdf", PDF), Part("other.pdf", PDF)], Reason.DOCUMENT_EXTRA, None),
        ((as_part(),), [Part("copy.pdf", PDF), Part("copy.pdf", PDF)], Reason.DOCUMENT_EXTRA, None),
        ((listed(),), [Part("copy.pdf", PDF)], Reason.DOCUMENT_EXTRA, None),
        ((listed(), listed()), None, Reason.DOCUMENT_EXTRA, "Documents"),
        ((listed(), as_part()), [Part("copy.pdf", PDF)], Reason.DOCUMENT_EXTRA, "Documents"),
        ((as_part(),), [Part("copy.pdf", PDF[:-1])], Reason.DOCUMENT_SIZE, "copy.pdf"),
        ((as_part(),), [Part("copy.pdf")], Reason.DOCUMENT_SIZE, "copy.pdf"),
        ((as_part(),), [Part("copy.pdf", PDF, b"!")], Reason.DOCUMENT_SIZE, "copy.pdf"),
        ((as_part(),), [Part("copy.pdf", PDF[:-1], b"!")], Reason.DOCUMENT_DIGEST, "copy.pdf"),
        ((listed(content=PDF[:-1]),), None, Reason.DOCUMENT_SIZE, "copy.pdf"),
        ((listed(content=PDF + b"!"),), None, Reason.DOCUMENT_SIZE, "copy.pdf"),
        ((listed(content=PDF[:-1] + b"!"),), None, Reason.DOCUMENT_DIGEST, "copy.pdf"),
        ((listed(sha256=bytes(32)),), None, Reason.DOCUMENT_DIGEST, "copy.pdf"),
        ((as_part(listed(size=(1 << 20) + 1)),), [Part("copy.pdf", PDF)], Reason.BODY_TOO_LARGE, "copy.pdf"),
    ],
)
async def test_what_is_not_as_listed_is_refused(bench, documents, parts, reason, place):
    message = authentic(*documents, parts=None if parts is None else parts_of(*parts))
    refused = await refusal(bench, message)
    assert (refused.reason, refused.place) == (reason, place)
    assert bench.store.entries == [] and bench.store.messages == {}


async def test_too_much_is_refused_while_it_comes(bench):
    taken = []

    class Endless(Part):
        async def chunks(self):
            while True:
                taken.append(b"x" * 10)
                yield taken[-1]

    refused = await refusal(bench, authentic(as_part(), parts=parts_of(Endless("copy.pdf"))))
    assert refused.reason is Reason.DOCUMENT_SIZE
    assert len(taken) <= len(PDF) // 10 + 1


@pytest.mark.parametrize(
    "failure",
    [Refused(Reason.CLIENT_GONE), Refused(Reason.MALFORMED_MIME), Deferred(Reason.DISK_FAILED), KeyboardInterrupt()],
)
async def test_whatever_ends_a_part_its_bytes_are_discarded(bench, failure):
    parts = parts_of(Part("copy.pdf", PDF[:5], failure))
    with pytest.raises(type(failure)):
        await unpack(authentic(as_part(), parts=parts), bench.line)
    assert [spool.state for spool in bench.documents.spools] == ["discarded"]


@pytest.mark.parametrize("chunks", [(PDF[:-1],), (PDF, b"!")])
async def test_another_size_is_discarded(bench, chunks):
    await refusal(bench, authentic(as_part(), parts=parts_of(Part("copy.pdf", *chunks))))
    assert [spool.state for spool in bench.documents.spools] == ["discarded"]
    assert bench.documents.kept == {}


async def test_a_disk_that_fails_is_no_fault_of_the_sender(bench):
    bench.documents.fails = Deferred(Reason.DISK_FAILED)
    with pytest.raises(Deferred) as deferred:
        await unpack(authentic(), bench.line)
    assert deferred.value.reason is Reason.DISK_FAILED
    assert [spool.state for spool in bench.documents.spools] == ["discarded"]


@pytest.mark.parametrize("parts", [[Part("other.pdf", PDF)], [Part("copy.pdf", PDF[:-1])], [Part("copy.pdf", PDF)]])
async def test_the_parts_are_closed_whatever_comes_of_them(parts):
    bench, closed = make_bench(), []

    async def coming():
        try:
            for part in parts:
                yield part
        finally:
            closed.append(True)

    with suppress(Refused):
        await unpack(authentic(as_part(), parts=coming()), bench.line)
    assert closed == [True]
