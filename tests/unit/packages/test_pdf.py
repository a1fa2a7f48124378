"""Plain PDFs: what is wrong is an error, what is only unusual a warning, what is usual nothing at all."""

import re
from collections.abc import Callable

import pikepdf
import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from pdf_making import AT, altered, bytewise, object_stream, printed
from pikepdf import Array, Dictionary, Name, Pdf, Stream

from gateway.core.finding import Code, Form, Judgement, Report, Severity
from gateway.core.office import Right
from gateway.packages.inspecting import inspect

Inspecting = Callable[..., Report]
#: fpdf2's Helvetica is not embedded, as in many an office's print.
USUAL = {Code.PDF_FONT_STANDARD}
JAVASCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert(1)")


def found(report: Report) -> set[Code]:
    return {each.code for each in report.findings} - USUAL


def test_an_ordinary_pdf_has_no_findings(inspecting: Inspecting) -> None:
    report = inspecting(printed(3), "copy.pdf", "application/pdf")
    assert (report.form, found(report), report.judgement) == (Form.PDF, set(), Judgement.PASSED)
    assert [each.place for each in report.findings] == ["page 1"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda pdf: setattr(pdf.Root, "OpenAction", JAVASCRIPT), Code.PDF_SCRIPT_RUNS),
        (lambda pdf: setattr(pdf.Root, "AA", Dictionary(WC=JAVASCRIPT)), Code.PDF_SCRIPT_RUNS),
        (lambda pdf: setattr(pdf.pages[0].obj, "AA", Dictionary(O=JAVASCRIPT)), Code.PDF_SCRIPT_RUNS),
        (
            lambda pdf: setattr(
                pdf.Root, "Names", Dictionary(JavaScript=Dictionary(Kids=[Dictionary(Names=["a", JAVASCRIPT])]))
            ),
            Code.PDF_SCRIPT_RUNS,
        ),
        (
            lambda pdf: setattr(
                pdf.Root, "OpenAction", Dictionary(S=Name.GoTo, Next=Array([Dictionary(S=Name.Launch, F="cmd.exe")]))
            ),
            Code.PDF_LAUNCH,
        ),
        (
            lambda pdf: setattr(
                pdf.pages[0].obj, "Annots", Array([Dictionary(Subtype=Name.Link, A=Dictionary(S=Name.Launch))])
            ),
            Code.PDF_LAUNCH,
        ),
    ],
)  # fmt: skip
def test_what_runs_by_itself_or_starts_a_program_is_an_error(
    inspecting: Inspecting, change: Callable[[Pdf], object], code: Code
) -> None:
    report = inspecting(altered(change))
    assert (found(report), report.judgement) == ({code}, Judgement.FAILED)


def _field(pdf: Pdf, **members: object) -> None:
    field = pdf.make_indirect(Dictionary(FT=Name.Tx, T="name", **members))
    pdf.Root.AcroForm = Dictionary(Fields=Array([Dictionary(Kids=Array([field]))]))


@pytest.mark.parametrize(
    ("change", "code", "severity"),
    [
        (lambda pdf: _field(pdf), Code.PDF_FORM, Severity.NOTE),
        (lambda pdf: _field(pdf, AA=Dictionary(K=JAVASCRIPT)), Code.PDF_SCRIPT, Severity.WARNING),
        (lambda pdf: _field(pdf, A=Dictionary(S=Name.SubmitForm)), Code.PDF_SENDS, Severity.WARNING),
        (lambda pdf: setattr(pdf.Root, "AcroForm", Dictionary(XFA=Array([]))), Code.PDF_XFA, Severity.WARNING),
        (
            lambda pdf: setattr(pdf.pages[0].obj, "Annots", Array([Dictionary(Subtype=Name.RichMedia)])),
            Code.PDF_MULTIMEDIA,
            Severity.WARNING,
        ),
        (lambda pdf: pdf.attachments.__setitem__("a.txt", b"x"), Code.PDF_ATTACHMENTS, Severity.WARNING),
        (
            lambda pdf: setattr(pdf.pages[0].obj, "MediaBox", Array([0, 0, 3000, 4000])),
            Code.PDF_PAGE_SIZE,
            Severity.WARNING,
        ),
    ],
)  # fmt: skip
def test_what_is_only_unusual_is_no_error(
    inspecting: Inspecting, change: Callable[[Pdf], object], code: Code, severity: Severity
) -> None:
    report = inspecting(altered(change))
    assert code in found(report) and code.severity is severity
    assert report.judgement is Judgement.PASSED


@pytest.mark.parametrize("paper", ["A4", "letter", "legal", (148, 210), (210, 297)])
@pytest.mark.parametrize("orientation", ["portrait", "landscape"])
def test_usual_paper_is_usual(inspecting: Inspecting, paper: object, orientation: str) -> None:
    assert found(inspecting(printed(format=paper, orientation=orientation))) == set()


@pytest.mark.parametrize(
    ("tree", "page", "codes"),
    [
        (b"/Count 1", b"/MediaBox[0 0 595 842]", set()),
        (b"/Count 1/MediaBox[0 0 595 842]", b"", set()),
        (b"/Count 1", b"", set()),  # every reader takes Letter then
        (b"/Count 1", b"/MediaBox[0 0 0 0]", {Code.PDF_PAGE_SIZE}),
        (b"/Count 1000000000", b"/MediaBox[0 0 595 842]", {Code.PDF_COUNT}),
        (b"/Count -1", b"/MediaBox[0 0 595 842]", {Code.PDF_COUNT}),
    ],
)
def test_counts_and_sizes_that_are_not_true_are_told(
    inspecting: Inspecting, tree: bytes, page: bytes, codes: set[Code]
) -> None:
    kids, leaf = b"<</Type/Pages/Kids[3 0 R]%s>>" % tree, b"<</Type/Page/Parent 2 0 R%s>>" % page
    report = inspecting(bytewise(b"<</Type/Catalog/Pages 2 0 R>>", kids, leaf))
    assert (found(report), report.judgement) == (codes, Judgement.PASSED)


def test_embedded_fonts_are_seen(inspecting: Inspecting) -> None:
    def embed(pdf: Pdf) -> None:
        for font in pdf.pages[0].obj.Resources.Font.values():
            font.FontDescriptor = Dictionary(FontFile2=Stream(pdf, b"glyphs"))

    def rename(pdf: Pdf) -> None:
        for font in pdf.pages[0].obj.Resources.Font.values():
            font.BaseFont = Name("/HouseSans")

    assert inspecting(altered(embed)).findings == ()
    [standard], [loose] = inspecting(printed()).findings, inspecting(altered(rename)).findings
    assert (standard.code, standard.detail) == (Code.PDF_FONT_STANDARD, "Helvetica")
    assert (loose.code, loose.detail, loose.place) == (Code.PDF_FONT_MISSING, "HouseSans", "page 1")


def _scan(space: object, bits: int = 8) -> Callable[[Pdf], None]:
    def replace(pdf: Pdf) -> None:
        image = Stream(pdf, b"\0" * 30)
        image.stream_dict = Dictionary(Subtype=Name.Image, Width=1, Height=1, BitsPerComponent=bits, ColorSpace=space)
        pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(Im0=image))

    return replace


@pytest.mark.parametrize(
    ("space", "codes"),
    [
        (Name.DeviceGray, {Code.PDF_IMAGE_ONLY}),
        (Name.DeviceRGB, {Code.PDF_IMAGE_ONLY, Code.PDF_COLOUR}),
        (Array([Name.Indexed, Name.DeviceRGB, 1, "abcdef"]), {Code.PDF_IMAGE_ONLY, Code.PDF_COLOUR}),
        (Array([Name.Indexed, Name.DeviceGray, 1, "ab"]), {Code.PDF_IMAGE_ONLY}),
    ],
)
def test_scans_are_told_with_their_colour(inspecting: Inspecting, space: object, codes: set[Code]) -> None:
    report = inspecting(altered(_scan(space)))
    assert (found(report), report.judgement) == (codes, Judgement.PASSED)


def test_the_colour_space_of_a_profile_is_seen(inspecting: Inspecting) -> None:
    def profiled(pdf: Pdf) -> None:
        profile = Stream(pdf, b"icc")
        profile.stream_dict = Dictionary(N=3)
        _scan(Array([Name.ICCBased, profile]))(pdf)

    assert Code.PDF_COLOUR in found(inspecting(altered(profiled)))


@pytest.mark.parametrize(
    ("right", "space", "bits", "told"),
    [
        (Right.DESIGN, Name.DeviceGray, 8, True),
        (Right.DESIGN, Name.DeviceRGB, 8, False),
        (Right.DESIGN, Name.DeviceGray, 1, False),
        (Right.PATENT, Name.DeviceGray, 8, False),
    ],
)
def test_grey_views_of_a_design_are_flagged(
    inspecting: Inspecting, right: Right, space: object, bits: int, told: bool
) -> None:
    report = inspecting(altered(_scan(space, bits)), right=right)
    assert (Code.PDF_GREY in found(report), report.judgement) == (told, Judgement.PASSED)


@pytest.mark.parametrize(("colour", "told"), [((200, 0, 0), True), ((120, 120, 120), False)])
def test_colour_that_is_drawn_is_seen(inspecting: Inspecting, colour: tuple[int, int, int], told: bool) -> None:
    document = FPDF()
    document.add_page()
    document.set_fill_color(*colour)
    document.rect(10, 10, 50, 50, style="F")
    assert (Code.PDF_COLOUR in found(inspecting(bytes(document.output())))) is told


def test_a_password_is_an_error_and_a_restriction_a_warning(inspecting: Inspecting) -> None:
    locked = altered(lambda pdf: None, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    restricted = altered(lambda pdf: None, encryption=pikepdf.Encryption(user="", owner="secret"))
    assert found(inspecting(locked)) == {Code.PDF_PASSWORD}
    report = inspecting(restricted)
    assert (found(report), report.judgement) == ({Code.PDF_ENCRYPTED}, Judgement.PASSED)


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (lambda pdf: b"junk\n" + pdf, {Code.PDF_HEADER}),
        (lambda pdf: pdf + b"\nGET / HTTP/1.1\r\n", {Code.PDF_TRAILING}),
        (lambda pdf: pdf + b"\0" * 4, set()),
        (lambda pdf: pdf.replace(b"startxref\n", b"startxref\n9"), {Code.PDF_REPAIRED}),
        (lambda pdf: pdf.replace(b"\n", b"\r\n"), {Code.PDF_REPAIRED}),
        (lambda pdf: b"%PDF-1.7\nnothing of the kind", {Code.PDF_CUT_SHORT, Code.PDF_UNREADABLE}),
        (lambda pdf: pdf[: len(pdf) // 2], {Code.PDF_CUT_SHORT}),
    ],
)
def test_damage_is_told_apart(inspecting: Inspecting, spoil: Callable[[bytes], bytes], codes: set[Code]) -> None:
    assert codes <= found(inspecting(spoil(printed(2)))) <= codes | {Code.PDF_REPAIRED, Code.PDF_UNREADABLE}


def test_a_file_that_was_cut_short_fails(inspecting: Inspecting) -> None:
    assert inspecting(printed(2)[:-100]).judgement is Judgement.FAILED


def test_a_pdf_that_is_an_archive_as_well_is_refused(
    inspecting: Inspecting, zipped: Callable[[dict[str, bytes]], bytes]
) -> None:
    report = inspecting(printed() + zipped({"other.pdf": b"x"}))
    assert Code.TWO_FORMS in found(report) and report.judgement is Judgement.FAILED


NO_PAGES = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>")
CIRCLE = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Pages/Kids[2 0 R]>>")
DEEP = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    *(b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (number + 3) for number in range(2000)),
    b"<</Type/Page/MediaBox[0 0 595 842]>>",
)


@pytest.mark.parametrize(
    ("objects", "code"),
    [(NO_PAGES, Code.PDF_NO_PAGES), (CIRCLE, Code.PDF_PAGES_BROKEN), (DEEP, Code.PDF_PAGES_BROKEN)],
)
def test_page_trees_that_are_none_are_errors(inspecting: Inspecting, objects: tuple[bytes, ...], code: Code) -> None:
    assert found(inspecting(bytewise(*objects))) == {code}


def test_a_bomb_in_the_structure_is_known_before_it_is_opened(inspecting: Inspecting) -> None:
    report = inspecting(object_stream(40_000_000))
    assert found(report) == {Code.TOO_COSTLY} and report.judgement is Judgement.FAILED
    assert inspecting(object_stream(1_000_000)).judgement is Judgement.PASSED


def test_values_of_any_type_end_in_findings(inspecting: Inspecting) -> None:
    """Every key of catalog and page set to what it must not be."""
    for wrong in (Name.Wrong, 7, "text", Array([1, Array([])]), Dictionary(Kids=5, Names=5), True):
        for key in ("/OpenAction", "/AA", "/Names", "/AcroForm", "/AF"):
            assert inspecting(altered(lambda pdf, k=key, w=wrong: pdf.Root.__setitem__(k, w))).form is Form.PDF
        for key in ("/AA", "/Annots", "/Resources", "/Contents", "/UserUnit", "/Parent"):
            doctored = altered(lambda pdf, k=key, w=wrong: pdf.pages[0].obj.__setitem__(k, w))
            assert inspecting(doctored).form is Form.PDF


def test_names_in_a_code_page_are_honest(inspecting: Inspecting) -> None:
    """As Chinese and Japanese producers of old wrote the names of fonts: bytes that are no UTF-8."""
    report = inspecting(
        bytewise(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
            b"/Resources<</Font<</F#d6 4 0 R>>/XObject<</I#d6 5 0 R>>>>>>",
            b"<</Type/Font/Subtype/TrueType/BaseFont/#cb#ce#cc#e5>>",
            b"<</Subtype/Im#d6ge/ColorSpace/#d6/Length 0>>stream\n\nendstream",
        )
    )
    assert [(each.code, each.detail) for each in report.findings] == [(Code.PDF_FONT_MISSING, "#cb#ce#cc#e5")]
    assert report.judgement is Judgement.PASSED


#: Files that libraries once answered with an exception of another kind; found by changing honest ones at random.
SEEDS = {
    "a page count that is wrong after repair": b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[3 0 R 4 0 R]/Count -1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R>>endobj\n%%EOF",
    "a signature of no known kind": bytewise(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[<</FT/Sig/V<</SubFilter/#d6/ByteRange[0 1 2 3]>>>>]>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    ),
}


@pytest.mark.parametrize("name", SEEDS)
def test_what_once_was_an_exception_is_a_finding(inspecting: Inspecting, name: str) -> None:
    assert inspecting(SEEDS[name]).form is Form.PDF


def test_encryption_that_shows_only_after_repair_asks_for_its_password(inspecting: Inspecting) -> None:
    locked = altered(lambda pdf: None, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    assert Code.PDF_PASSWORD in found(inspecting(locked.replace(b"startxref\n", b"startxref\n9")))


TOKENS = [
    b"/Kids", b"/Parent", b"/Count", b"[", b"]", b"<<", b">>", b"null", b"-1", b"9" * 20, b"2 0 R", b"stream\n",
    b"/Contents", b"/Font", b"/MediaBox", b"/Filter", b"/Root", b"/Prev", b"/S/JavaScript", b"endobj",
]  # fmt: skip
HONEST = [printed(2), altered(lambda pdf: setattr(pdf.Root, "OpenAction", JAVASCRIPT)), object_stream(100)]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(HONEST),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.one_of(st.sampled_from(TOKENS), st.binary(max_size=3))),
             min_size=1, max_size=5),
)  # fmt: skip
def test_a_changed_pdf_ends_in_a_report(source: bytes, changes: list[tuple[float, bytes]]) -> None:
    for where, token in changes:
        at = int(where * len(source))
        source = source[:at] + token + source[at + len(token) :]
    assert inspect(source, name="thing", at=AT).name == "thing"


def test_a_predictor_with_rows_of_a_million_columns_is_too_costly(inspecting: Inspecting) -> None:
    """The library makes room for a row before it reads a byte: found by breaking files at random."""
    packed = altered(lambda _: None, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert inspecting(packed).judgement is Judgement.PASSED
    columns = re.search(rb"/Columns (\d+)", packed)
    assert columns is not None
    wide = packed[: columns.start(1)] + b"4294967294" + packed[columns.end(1) :]
    assert [each.code for each in inspecting(wide).findings] == [Code.TOO_COSTLY]
