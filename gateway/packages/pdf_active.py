"""What a PDF does beside being read: scripts, programs, sent forms, attachments, moving pictures.

Rules:
- Only what runs by itself when the file is opened, or starts a program, is an error: an examiner would be harmed by
  looking. What waits for a click is a warning, since offices' own forms carry such things.
- What is walked is bounded in number and depth; hostile trees end early and harmlessly.
Sources: ISO 32000-2, 12.6 (actions), 12.7 (forms), 7.11.4 (embedded files), 13.2 (multimedia); ISO 19005-1, 6.6.
"""

from collections.abc import Iterator
from typing import Any, Final

import pikepdf

from gateway.core.finding import Code, Finding, found
from gateway.packages.pdf_word import word_of

__all__ = ["look_for_activity", "look_for_page_activity"]

_CHAIN: Final = 16
_TREE_NODES: Final = 500
_FIELDS: Final = 2000
_ANNOTATIONS: Final = 500

_BY_ACTION: Final = {
    "/Launch": Code.PDF_LAUNCH,
    "/SubmitForm": Code.PDF_SENDS,
    "/ImportData": Code.PDF_SENDS,
    "/Rendition": Code.PDF_MULTIMEDIA,
    "/Movie": Code.PDF_MULTIMEDIA,
    "/Sound": Code.PDF_MULTIMEDIA,
    "/RichMediaExecute": Code.PDF_MULTIMEDIA,
}
_BY_ANNOTATION: Final = {
    "/FileAttachment": Code.PDF_ATTACHMENTS,
    "/RichMedia": Code.PDF_MULTIMEDIA,
    "/Movie": Code.PDF_MULTIMEDIA,
    "/Sound": Code.PDF_MULTIMEDIA,
    "/Screen": Code.PDF_MULTIMEDIA,
}


def look_for_activity(pdf: pikepdf.Pdf) -> Iterator[Finding]:
    """Yield what the document as a whole does."""
    root = pdf.Root
    yield from _actions(root.get("/OpenAction"), "OpenAction", runs=True)
    yield from _triggered(root.get("/AA"), "document", runs=True)
    names = _dictionary(root.get("/Names"))
    if names is not None:
        if _has_leaves(names.get("/JavaScript")):
            yield found(Code.PDF_SCRIPT_RUNS, "document scripts")
        if _has_leaves(names.get("/EmbeddedFiles")):
            yield found(Code.PDF_ATTACHMENTS, "embedded files")
    if isinstance(root.get("/AF"), pikepdf.Array):
        yield found(Code.PDF_ATTACHMENTS, "associated files")
    form = _dictionary(root.get("/AcroForm"))
    if form is not None:
        yield from _form(form)


def look_for_page_activity(page: pikepdf.Object, place: str) -> Iterator[Finding]:
    """Yield what one page does."""
    yield from _triggered(page.get("/AA"), place, runs=True)
    for annotation in _items(page.get("/Annots"), _ANNOTATIONS):
        kind = word_of(annotation.get("/Subtype"))
        if kind in _BY_ANNOTATION:
            yield found(_BY_ANNOTATION[kind], place)
        yield from _actions(annotation.get("/A"), place, runs=False)
        yield from _triggered(annotation.get("/AA"), place, runs=False)


def _form(form: pikepdf.Object) -> Iterator[Finding]:
    if form.get("/XFA") is not None:
        yield found(Code.PDF_XFA)
    waiting, seen, fillable = _items(form.get("/Fields"), _FIELDS), 0, False
    while waiting and seen < _FIELDS:
        field, seen = waiting.pop(), seen + 1
        waiting += _items(field.get("/Kids"), _FIELDS - seen)
        fillable = fillable or word_of(field.get("/FT")) in ("/Tx", "/Ch", "/Btn")
        yield from _actions(field.get("/A"), "form field", runs=False)
        yield from _triggered(field.get("/AA"), "form field", runs=False)
    if fillable:
        yield found(Code.PDF_FORM)


def _triggered(events: object, place: str, *, runs: bool) -> Iterator[Finding]:
    """The actions of an additional-actions dictionary; which event starts them makes no difference here."""
    known = _dictionary(events)
    if known is not None:
        for name in list(known.keys())[:_CHAIN]:
            yield from _actions(known.get(name), place, runs=runs)


def _actions(action: object, place: str, *, runs: bool) -> Iterator[Finding]:
    waiting = [action]
    for _ in range(_CHAIN):
        if not waiting:
            return
        step = _dictionary(waiting.pop())
        if step is None:  # a destination, or nothing
            continue
        kind = word_of(step.get("/S"))
        if kind == "/JavaScript":
            yield found(Code.PDF_SCRIPT_RUNS if runs else Code.PDF_SCRIPT, place)
        elif kind in _BY_ACTION:
            yield found(_BY_ACTION[kind], place)
        following = step.get("/Next")
        waiting += _items(following, _CHAIN) if isinstance(following, pikepdf.Array) else [following]


def _has_leaves(tree: object) -> bool:
    """Whether a name tree names anything (ISO 32000-2, 7.9.6)."""
    waiting, seen = [tree], 0
    while waiting and seen < _TREE_NODES:
        node, seen = _dictionary(waiting.pop()), seen + 1
        if node is None:
            continue
        names = node.get("/Names")
        if isinstance(names, pikepdf.Array) and len(names):
            return True
        waiting += _items(node.get("/Kids"), _TREE_NODES)
    return False


def _dictionary(thing: object) -> Any:
    return thing if isinstance(thing, pikepdf.Dictionary | pikepdf.Stream) else None


def _items(array: object, most: int) -> list[Any]:
    """The dictionaries of an array, as many as are looked at."""
    if not isinstance(array, pikepdf.Array):
        return []
    return [each for _, each in zip(range(most), array, strict=False) if _dictionary(each) is not None]
