"""The pages of a PDF: how many and how large, whether their fonts are in the file, and whether they show colour.

Rules:
- The first pages are looked at one by one and the others counted, so that a long document costs no more than a short.
- Content streams are inflated here, bounded, and searched for colour operators; images are never decoded.
Sources: ISO 32000-2, 7.7.3 (page tree), 8.6 (colour spaces), 9.8 and 9.9 (fonts); PCT Rule 11.5 (A4);
the EPN common practice for electronic priority documents (embedded fonts, A4).
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import pikepdf

from gateway.core.finding import Code, Finding, found
from gateway.packages.pdf_active import look_for_page_activity
from gateway.packages.pdf_word import word_of

__all__ = ["LOOKED_AT", "Pages", "content_to_search", "look_at_pages"]

#: Pages that are looked at one by one.
LOOKED_AT: Final = 200
_MANY: Final = 20_000
#: Sides in points: A4, Letter, Legal and whatever is smaller; with 5 mm for printers and trimming.
_LARGEST: Final = (612 + 15, 1008 + 15)
_FONTS: Final = 100
#: Fonts that every reader brings along (ISO 32000-1, 9.6.2.2).
_STANDARD: Final = frozenset(
    {f"Courier{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")}
    | {f"Helvetica{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")}
    | {f"Times-{style}" for style in ("Roman", "Bold", "Italic", "BoldItalic")}
    | {"Symbol", "ZapfDingbats"}
)
_OBJECTS: Final = 100
_DEPTH: Final = 3
_CONTENT_RAW: Final = 256 * 1024
_CONTENT: Final = 1024 * 1024
#: Inflated content that is searched in one document, in proportion to its size: most say in their first pages what
#: they paint.
_SEARCHED: Final = 4 * 1024 * 1024
_SEARCHED_RATIO: Final = 8
#: A text without colour operators sets grey by default (ISO 32000-2, 8.6.5.1).
_NUMBER: Final = rb"(-?\d{0,8}\.?\d{1,8})[ \t\r\n]{1,4}"  # bounded, so that no content makes the search slow
_RGB: Final = re.compile(_NUMBER * 3 + rb"(?:rg|RG)\b")
_CMYK: Final = re.compile(_NUMBER * 4 + rb"[kK]\b")
_GREY_SPACES: Final = frozenset({"/DeviceGray", "/CalGray", "/G"})
_COLOUR_SPACES: Final = frozenset({"/DeviceRGB", "/RGB", "/CalRGB", "/Lab", "/DeviceCMYK", "/CMYK", "/DeviceN"})


@dataclass(slots=True)
class Pages:
    """What the pages show together."""

    has_colour: bool = False
    has_grey_images: bool = False
    has_images: bool = False
    has_text: bool = False
    to_search: int = _SEARCHED
    loose_fonts: dict[str, str] = field(default_factory=dict)
    large: dict[str, str] = field(default_factory=dict)


def content_to_search(size: int) -> int:
    """How many bytes of inflated content are searched in a file of `size` bytes."""
    return min(_SEARCHED, _SEARCHED_RATIO * (size + 8192))


def look_at_pages(pdf: pikepdf.Pdf, shown: Pages) -> Iterator[Finding]:
    """Yield what is found page by page and of all pages together; PdfError where the page tree cannot be read."""
    said = pdf.Root.Pages.get("/Count")  # before the library mends it
    count = len(pdf.pages)
    if not count:
        yield found(Code.PDF_NO_PAGES)
        return
    if count > _MANY:
        yield found(Code.PDF_MANY_PAGES, None, f"{count} pages")
    if not isinstance(said, int) or said != count:
        yield found(Code.PDF_COUNT, None, f"{count} pages are there")
    for number, page in enumerate(islice(pdf.pages, LOOKED_AT), 1):
        place = f"page {number}"
        yield from look_for_page_activity(page.obj, place)
        _look_at_size(page, place, shown)
        _look_at_resources(_inherited(page.obj, "/Resources"), place, shown, _DEPTH)
        _look_at_content(page.obj.get("/Contents"), shown)
    yield from _conclude(shown)


def _conclude(shown: Pages) -> Iterator[Finding]:
    if shown.large:
        yield found(Code.PDF_PAGE_SIZE, _places(shown.large.keys()), next(iter(shown.large.values())))
    if shown.loose_fonts:
        foreign = {name: place for name, place in shown.loose_fonts.items() if name not in _STANDARD}
        named = foreign or shown.loose_fonts
        code = Code.PDF_FONT_MISSING if foreign else Code.PDF_FONT_STANDARD
        yield found(code, next(iter(named.values())), ", ".join(named))
    if shown.has_colour:
        yield found(Code.PDF_COLOUR)
    if shown.has_images and not shown.has_text:
        yield found(Code.PDF_IMAGE_ONLY)


def _places(pages: Any) -> str:
    listed = list(pages)
    return listed[0] if len(listed) == 1 else f"{listed[0]} and {len(listed) - 1} more"


def _look_at_size(page: Any, place: str, shown: Pages) -> None:
    try:
        left, bottom, right, top = (Decimal(str(each)) for each in page.cropbox)
        unit = Decimal(str(page.obj.get("/UserUnit", 1)))
        sides = sorted((abs(right - left) * unit, abs(top - bottom) * unit))
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        shown.large[place] = "no usable page box"
        return
    if not 0 < sides[0] <= _LARGEST[0] or sides[1] > _LARGEST[1]:
        shown.large[place] = f"{sides[0] * 254 / 720:.0f} x {sides[1] * 254 / 720:.0f} mm"


def _inherited(node: Any, name: str) -> Any:
    """An attribute that a page may inherit from its ancestors (ISO 32000-2, 7.7.3.4)."""
    for _ in range(50):
        if not isinstance(node, pikepdf.Dictionary):
            return None
        if node.get(name) is not None:
            return node.get(name)
        node = node.get("/Parent")
    return None


def _look_at_resources(resources: Any, place: str, shown: Pages, depth: int) -> None:
    if not isinstance(resources, pikepdf.Dictionary) or not depth:
        return
    for font in _values(resources.get("/Font"), _FONTS):
        shown.has_text = True
        if (name := _loose_font(font)) is not None:
            shown.loose_fonts.setdefault(name, place)
    for drawn in _values(resources.get("/XObject"), _OBJECTS):
        kind = word_of(drawn.get("/Subtype"))
        if kind == "/Image":
            _look_at_image(drawn, shown)
        elif kind == "/Form":
            _look_at_content(drawn, shown)
            _look_at_resources(drawn.get("/Resources"), place, shown, depth - 1)


def _values(names: Any, most: int) -> list[Any]:
    if not isinstance(names, pikepdf.Dictionary):
        return []
    return [each for each in islice(names.values(), most) if isinstance(each, pikepdf.Dictionary | pikepdf.Stream)]


def _loose_font(font: Any) -> str | None:
    """The name of a font whose program is not in the file; None if it is, or if its glyphs are drawn (Type 3)."""
    if word_of(font.get("/Subtype")) == "/Type3":
        return None
    below = font.get("/DescendantFonts")
    inner = below[0] if isinstance(below, pikepdf.Array) and len(below) else font
    described = inner.get("/FontDescriptor") if isinstance(inner, pikepdf.Dictionary) else None
    if isinstance(described, pikepdf.Dictionary) and any(
        described.get(name) is not None for name in ("/FontFile", "/FontFile2", "/FontFile3")
    ):
        return None
    return word_of(font.get("/BaseFont"), otherwise="unnamed").removeprefix("/")


def _look_at_image(image: Any, shown: Pages) -> None:
    shown.has_images = True
    if image.get("/ImageMask") is True:
        return
    space = _space_of(image.get("/ColorSpace"), _DEPTH)
    if space == "colour":
        shown.has_colour = True
    elif space == "grey" and image.get("/BitsPerComponent") != 1:
        shown.has_grey_images = True


def _space_of(space: Any, depth: int) -> str:
    """Whether a colour space is "colour", "grey" or "unknown" (ISO 32000-2, 8.6)."""
    name = word_of(space[0]) if isinstance(space, pikepdf.Array) and len(space) else word_of(space)
    if name in _GREY_SPACES:
        return "grey"
    if name in _COLOUR_SPACES:
        return "colour"
    if not isinstance(space, pikepdf.Array) or len(space) < 2 or not depth:
        return "unknown"
    if name == "/ICCBased" and isinstance(space[1], pikepdf.Stream):
        return "grey" if space[1].get("/N") == 1 else "colour"
    if name in ("/Indexed", "/I"):
        return _space_of(space[1], depth - 1)
    return "unknown"


def _look_at_content(content: Any, shown: Pages) -> None:
    for stream in islice(content, 8) if isinstance(content, pikepdf.Array) else [content]:
        if shown.has_colour or shown.to_search <= 0 or not isinstance(stream, pikepdf.Stream):
            return
        painted = _inflated(stream)
        shown.to_search -= len(painted) + 64
        shown.has_colour = _sets_colour(painted)


def _inflated(stream: Any) -> bytes:
    """The beginning of a content stream: raw or deflated once; nothing of what is encoded otherwise, or is large."""
    raw = stream.read_raw_bytes() if int(stream.get("/Length", 0)) <= _CONTENT_RAW else b""
    filters = stream.get("/Filter")
    names = [word_of(each) for each in filters] if isinstance(filters, pikepdf.Array) else [word_of(filters)]
    if names == [""]:
        return bytes(raw[:_CONTENT])
    if names != ["/FlateDecode"]:
        return b""
    try:
        return zlib.decompressobj().decompress(raw, _CONTENT)
    except zlib.error:
        return b""


def _sets_colour(content: bytes) -> bool:
    for match in _RGB.finditer(content):
        if len({float(each) for each in match.groups()}) > 1:
            return True
    return any(any(float(each) for each in match.groups()[:3]) for match in _CMYK.finditer(content))
