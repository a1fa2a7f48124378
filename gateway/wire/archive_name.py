"""What a name inside an archive may be, and when two names are one: judged for reading and for writing alike.

Rules (hostile-cases C1, C2, C8, C10, C18):
- Relative, with "/" between segments, none of them empty, "." or ".."; no drive letter, no backslash.
- Unicode NFC, no control character and none that turns the direction of writing; any script is welcome.
- Bounded in length; no segment is the name of a device of Windows, where partners unpack.
- Two names are one if they differ in case, or in full stops and spaces at the end of a segment, only.
"""

import re
import unicodedata
from typing import Final

__all__ = ["NAME_LIMIT", "fault_of", "folded"]

#: Bytes of a whole name in UTF-8, and of one segment of it (NAME_MAX of the usual file systems).
NAME_LIMIT: Final = 1024
_SEGMENT_LIMIT: Final = 255

#: C0, DEL and C1 controls; line and paragraph separators; embeddings, overrides, isolates; the byte order mark.
_FORBIDDEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\\\\]")
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_DEVICE: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])[ .]*(?:\..*)?", re.IGNORECASE
)


def fault_of(name: str) -> str | None:
    """Say in a few words why a name may not stand in an archive, or None; a last "/" marks a folder and is allowed."""
    bare = name[:-1] if name.endswith("/") else name
    if not bare:
        return "empty"
    encoded = bare.encode("utf-8", "surrogatepass")
    segments = bare.split("/")
    if len(encoded) > NAME_LIMIT or any(
        len(each.encode("utf-8", "surrogatepass")) > _SEGMENT_LIMIT for each in segments
    ):
        return "too long"
    if _FORBIDDEN.search(bare) or any("\ud800" <= letter <= "\udfff" for letter in bare):
        return "forbidden character"
    if _DRIVE.match(bare) or any(each in ("", ".", "..") for each in segments):
        return "not relative"
    if not unicodedata.is_normalized("NFC", bare):
        return "not in Unicode form NFC"
    if any(_DEVICE.fullmatch(each) for each in segments):
        return "name of a device"
    return None


def folded(name: str) -> str:
    """Give what two names share that a partner's file system could take for one; without the folder's last "/"."""
    segments = unicodedata.normalize("NFC", name.casefold()).rstrip("/").split("/")
    return "/".join(each.rstrip(" .") for each in segments)
