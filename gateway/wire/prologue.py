"""What stands before the root of an XML document inside a package, read without a parser and taken away.

Rules:
- A DOCTYPE is accepted if the offline catalogue (schemas/doctypes.toml) knows its external id, and is then ignored:
  nothing is fetched, and no declaration of it has an effect. An internal subset is refused, unless it is empty or the
  catalogue knows it as a whole by its digest.
- Old encodings are accepted by name and turned into UTF-8, so that the one parser sees one encoding.
- Line numbers stay what they were: what is taken away leaves its line ends.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from gateway.core.reason import Reason, Refused

__all__ = ["Bare", "bare", "is_known_doctype"]

#: XML encoding name -> Python codec. ASCII-compatible, all of them, so that the declaration can be read first.
_CODECS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii",
        "iso-8859-1": "latin-1", "iso-8859-2": "iso8859-2", "iso-8859-5": "iso8859-5", "iso-8859-9": "iso8859-9",
        "iso-8859-15": "iso8859-15", "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252",
        "koi8-r": "koi8-r", "shift_jis": "cp932", "shift-jis": "cp932", "windows-31j": "cp932", "euc-jp": "euc_jp",
        "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "big5": "big5", "euc-kr": "cp949",
    }
)  # fmt: skip
_S: Final = rb"[ \t\r\n]"
_DECLARATION: Final = re.compile(
    rb"<\?xml" + _S + rb"++version" + _S + rb"*+=" + _S + rb"""*+["']1\.[01]["']"""
    rb"(?:" + _S + rb"++encoding" + _S + rb"*+=" + _S + rb"""*+["'](?P<encoding>[A-Za-z0-9._\-]{1,40})["'])?"""
    rb"(?:" + _S + rb"++standalone" + _S + rb"*+=" + _S + rb"""*+["'](?:yes|no)["'])?""" + _S + rb"*+\?>"
)
#: White space, comments and instructions, possessive: no text makes it slow.
_BEFORE: Final = re.compile(rb"(?:[ \t\r\n]++|<!--(?:[^-]|-(?!->))*+-->|<\?(?!xml[ \t\r\n])(?:[^?]|\?(?!>))*+\?>)*+")
_LITERAL: Final = rb"""(?:"[^"<>&]{0,500}"|'[^'<>&]{0,500}')"""
_DOCTYPE: Final = re.compile(
    rb"<!DOCTYPE" + _S + rb"++(?P<root>[A-Za-z_][\w.\-:]{0,199})"
    rb"(?:" + _S + rb"++(?:PUBLIC" + _S + rb"++(?P<public>" + _LITERAL + rb")|SYSTEM)"
    rb"(?:" + _S + rb"++(?P<system>" + _LITERAL + rb"))?)?"
    + _S + rb"*+(?:\[(?P<subset>[^\]]{0,65536})\]" + _S + rb"*+)?>"
)  # fmt: skip
_PUBLIC: Final = re.compile(
    r"-//(?P<owner>[A-Z]{2,10})//(?:DTD )?(?P<name>[A-Za-z0-9 \-]{1,80}?) v?\d{1,3}(?:\.\d{1,3}){0,2}[a-z]?//[A-Z]{2}"
)
_SYSTEM: Final = re.compile(
    r"(?:.*[/\\])?(?P<name>[A-Za-z0-9\-]{1,80}?)(?:[\-_][vV]\d{1,3}(?:[\-_]\d{1,4}){0,4}[a-z]?)?\.dtd", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """A document without its declaration and DOCTYPE, in UTF-8; `doctype` whether it had one that is known."""

    content: bytes
    doctype: bool


@cache
def _catalogue() -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    rows = tomllib.loads(files("schemas").joinpath("doctypes.toml").read_text("utf-8"))
    names = frozenset((family["owner"], name.lower()) for family in rows["family"] for name in family["names"])
    return names, frozenset((row["root"], row["sha256"]) for row in rows["subset"])


def is_known_doctype(public: str | None, system: str | None) -> bool:
    """Whether the catalogue knows an external id: the public one and, where it is there, the system one."""
    names = _catalogue()[0]
    file = _SYSTEM.fullmatch(system) if system else None
    if public is None:
        return file is not None and any(file["name"].lower() == name for _, name in names)
    found = _PUBLIC.fullmatch(public)
    if found is None or (found["owner"], found["name"].replace(" ", "-").lower()) not in names:
        return False
    return system is None or file is not None


def bare(data: bytes) -> Bare:
    """Take declaration and DOCTYPE away; Refused(NOT_XML) or Refused(DOCTYPE_FORBIDDEN)."""
    content = _in_utf8(data)
    begin = _BEFORE.match(content)
    at = begin.end() if begin else 0
    found = _DOCTYPE.match(content, at)
    # One, here, or none anywhere: also in a comment the word has no business, and so a second one cannot hide.
    if content.find(b"<!DOCTYPE", found.end() if found else 0) >= 0:
        raise Refused(Reason.DOCTYPE_FORBIDDEN, "the DOCTYPE")
    if found is None:
        return Bare(content=content, doctype=False)
    _check(found)
    kept = b"\n" * content.count(b"\n", found.start(), found.end())
    return Bare(content=content[: found.start()] + kept + content[found.end() :], doctype=True)


def _check(found: re.Match[bytes]) -> None:
    public, system = (
        literal[1:-1].decode("utf-8", "replace") if literal else None for literal in found.group("public", "system")
    )
    subset = (found["subset"] or b"").replace(b"\r\n", b"\n")
    if subset.strip(b" \t\r\n"):
        known = (found["root"].decode("ascii"), hashlib.sha256(subset).hexdigest())
        if known in _catalogue()[1] and public is None and system is None:
            return
        raise Refused(Reason.DOCTYPE_FORBIDDEN, "the DOCTYPE's internal subset")
    if not is_known_doctype(public, system):
        raise Refused(Reason.DOCTYPE_FORBIDDEN, "the DOCTYPE's external id")


def _in_utf8(data: bytes) -> bytes:
    """The document in UTF-8, its byte order mark and declaration blanked."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decoded(data, "utf-16").encode()
        declared = _DECLARATION.match(text)
        if declared and (declared["encoding"] or b"utf-16").lower() != b"utf-16":
            raise Refused(Reason.NOT_XML, "encoding declaration")
        return _blanked(text, declared)
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    declared = _DECLARATION.match(data, start)
    if declared is None and data.startswith((b"<?xml ", b"<?xml\t", b"<?xml\r", b"<?xml\n"), start):
        raise Refused(Reason.NOT_XML, "encoding declaration")
    named = (declared["encoding"] or b"utf-8").decode("ascii").lower() if declared else "utf-8"
    codec = _CODECS.get(named)
    if codec is None or (start and codec != "utf-8"):
        raise Refused(Reason.NOT_XML, "encoding declaration")
    content = _blanked(data[start:], declared and _DECLARATION.match(data[start:]))
    return content if codec == "utf-8" else _decoded(content, codec).encode()


def _decoded(data: bytes, codec: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise Refused(Reason.NOT_XML, "encoding declaration") from None


def _blanked(content: bytes, declared: re.Match[bytes] | None) -> bytes:
    if declared is None:
        return content
    return b"\n" * content.count(b"\n", 0, declared.end()) + content[declared.end() :]
