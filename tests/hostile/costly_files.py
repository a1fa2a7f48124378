"""Files of 10 MB or less, made to cost what they can: many of everything that a reader counts or searches."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator

SIZE = 10_000_000


def _filled(before: bytes, piece: Callable[[int], bytes], after: bytes, most: int = 10**9) -> bytes:
    parts, size, number = [before], len(before) + len(after), 0
    while number < most and size < SIZE - 200:
        parts.append(piece(number))
        size += len(parts[-1])
        number += 1
    return b"".join([*parts, after])


_INDEX = b'<PriorityDocumentIndex xmlns="urn:pouch:pddp-index:provisional">'
_ST96 = b'<pat:BibliographicData xmlns:pat="http://www.wipo.int/standards/XMLSchema/ST96/Patent" xmlns:com="urn:c">'


def costly_xml() -> Iterator[tuple[str, bytes]]:
    """Elements, attributes, namespaces, depth, entities, references and claims, as many as fit."""
    yield "elements", _filled(b"<r>", lambda n: b"<a/>", b"</r>", 399_990)
    yield (
        "elements of ST.36",
        _filled(b"<bibliographic-data>", lambda n: b"<b>x</b>", b"</bibliographic-data>", 199_000),
    )
    yield "elements of ST.96", _filled(_ST96, lambda n: b"<com:b>x</com:b>", b"</pat:BibliographicData>", 199_000)
    yield "attributes of one", b"<r" + _filled(b"", lambda n: b" a%d='x'" % n, b"/>", 399_000)
    yield "namespaces of one", b"<r" + _filled(b"", lambda n: b" xmlns:a%d='u%d'" % (n, n), b"/>", 399_000)
    yield (
        "namespaces nested",
        b"".join(b"<a xmlns:a%d='u%d'>" % (n, n) for n in range(250)) + b"<b/>" * 190_000 + b"</a>" * 250,
    )
    yield "depth", (b"<a>" * 250 + b"</a>" * 250) * 1 + b""
    yield "deep ones", _filled(b"<r>", lambda n: b"<a>" * 200 + b"</a>" * 200, b"</r>", 990)
    doctype = b'<!DOCTYPE r SYSTEM "bibliographic-data-v1-5.dtd"><bibliographic-data><a>'
    yield "named characters", _filled(doctype, lambda n: b"&eacute;", b"</a></bibliographic-data>")
    yield "text", b"<r>" + b"x" * 9_900_000 + b"</r>"
    yield "references", _filled(b"<r>", lambda n: b"<img file='x%d'/>" % n, b"</r>")
    yield "instructions", _filled(b"<r>", lambda n: b"<?x y?>a", b"</r>", 390_000)
    yield "comments", _filled(b"<r>", lambda n: b"<!-- - -->a", b"</r>", 390_000)
    yield "dashes", b"<!--" + b"- " * 4_900_000 + b"--><r/>"
    before = b"<bibliographic-data><priority-claims>"
    yield (
        "claims of ST.36",
        _filled(
            before,
            lambda n: b"<priority-claim sequence='%d'><date>2026</date></priority-claim>" % n,
            b"</priority-claims></bibliographic-data>",
            90_000,
        ),
    )
    yield (
        "claims of ST.96",
        _filled(
            _ST96,
            lambda n: b"<pat:PriorityClaim><com:FilingDate>x</com:FilingDate></pat:PriorityClaim>",
            b"</pat:BibliographicData>",
            90_000,
        ),
    )
    before = b"<bibliographic-data><parties><applicants>"
    yield (
        "parties",
        _filled(
            before,
            lambda n: b"<applicant><addressbook><last-name>a</last-name></addressbook></applicant>",
            b"</applicants></parties></bibliographic-data>",
            60_000,
        ),
    )
    yield (
        "sequences",
        _filled(b"<ST26SequenceListing>", lambda n: b"<SequenceData/>", b"</ST26SequenceListing>", 390_000),
    )
    before, after = _INDEX + b"<FileBag>", b"</FileBag></PriorityDocumentIndex>"
    yield "index", _filled(before, lambda n: b"<File><FileName>f%d</FileName></File>" % n, after, 90_000)
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">'
    yield "signatures", _filled(b"<r>", lambda n: signature + b"</ds:Signature>", b"</r>", 90_000)
    references = _filled(signature + b"<ds:SignedInfo>", lambda n: b"<ds:Reference/>", b"</ds:SignedInfo>", 380_000)
    yield "references of a signature", references + b"</ds:Signature>"


def costly_archives() -> Iterator[tuple[str, bytes]]:
    """Entries, names, nesting, and lists in an index."""
    yield "entries", archive_of({f"{n:05}": b"" for n in range(9_999)})
    yield "entries of XML", archive_of({f"{n:05}.xml": b"<a/>" for n in range(9_999)})
    yield "long names", archive_of({f"{n:05}" + "x" * 400: b"" for n in range(7_000)})
    yield "folders", archive_of({"/".join(["a"] * 100) + f"/{n}": b"" for n in range(9_000)})
    listed = b"".join(b"<File><FileName>core/%d.pdf</FileName></File>" % n for n in range(9_990))
    index = _INDEX + b"<FileBag>" + listed
    files = {"index.xml": index + b"</FileBag></PriorityDocumentIndex>"}
    yield "index", archive_of(files | {f"core/{n}.pdf": b"" for n in range(9_990)})
    references = b"".join(b"<img file='x%d'/>" % n for n in range(190_000))
    yield "references", archive_of({"a.xml": b"<r>" + references + b"</r>"} | {f"{n}": b"" for n in range(9_000)})
    yield "headers", archive_of({f"XA{n:05}-pkgh.xml": b"<pkgheader/>" for n in range(5_000)})
    inner = archive_of({f"{n}.xml": b"<a/>" for n in range(300)})
    yield "archives inside", archive_of({f"{n}.zip": inner for n in range(150)})


def costly_contents() -> Iterator[tuple[str, bytes]]:
    """Contents that inflate as far as they may, or are costly themselves."""
    yield "inflated", _bomb(362_000_000, 1)
    yield "inflated in parts", _bomb(900_000, 410)
    costly = dict(costly_xml())
    for name in ("elements of ST.36", "references", "claims of ST.36"):
        yield f"XML inside: {name}", archive_of({"a.xml": costly[name]})


def archive_of(contents: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 2, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return sink.getvalue()


def _bomb(unfolded: int, entries: int) -> bytes:
    """Entries that inflate as far as the reader's ratio lets them: zeros, and noise that does not shrink."""
    step = random.Random(1).randbytes(960) + bytes(37_000)
    content = step * (unfolded // len(step))
    return archive_of({f"{n}.bin": content + bytes([n % 256]) for n in range(entries)})


COSTLY: dict[str, Callable[[], Iterator[tuple[str, bytes]]]] = {
    "xml": costly_xml,
    "zip": costly_archives,
    "packed": costly_contents,
}
