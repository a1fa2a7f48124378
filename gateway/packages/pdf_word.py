"""Names and other small words inside a PDF, as text: whatever bytes they are written in.

Rules: names should be UTF-8 (ISO 32000-2, 7.3.5), but old producers wrote them in the code page of their land, and
their files are honest: such a name is shown as it stands, escaped, and never an error.
"""

__all__ = ["word_of"]


def word_of(thing: object, *, otherwise: str = "") -> str:
    """The text of a name, number or string object; `otherwise` for None."""
    if thing is None:
        return otherwise
    try:
        return str(thing)
    except UnicodeDecodeError:
        unparse = getattr(thing, "unparse", None)
        return bytes(unparse()).decode("latin-1") if unparse is not None else otherwise
