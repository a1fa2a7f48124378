"""Documents as the tests read them: fenced blocks, shell lines, links, and what stands between back quotes."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: What a reader may follow from page to page.
DOCUMENTS = sorted(
    path
    for place in (
        ROOT.glob("*.md"),
        ROOT.glob("docs/**/*.md"),
        ROOT.glob("adapters/*.md"),
        ROOT.glob("monitoring/**/*.md"),
    )
    for path in place
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_QUOTED = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the heading it stands under."""

    language: str
    text: str
    heading: str


def blocks(document: Path, *languages: str) -> list[Block]:
    """Give the fenced blocks of a document in these languages, in their order."""
    text = document.read_text()
    found = []
    for fence in _FENCE.finditer(text):
        if fence[1] in languages:
            headings = re.findall(r"^#+ (.+)$", _without_fences(text[: fence.start()]), re.MULTILINE)
            found.append(Block(fence[1], fence[2], headings[-1] if headings else ""))
    return found


def program(document: Path, *headings: str) -> str:
    """Give the Python blocks under these headings as one program, as a reader would join them."""
    found = [block.text for block in blocks(document, "python") if block.heading in headings]
    assert found, f"{document.name} has no Python under {headings}"
    return "\n".join(found)


def prose(document: Path) -> str:
    """Give a document without its fenced blocks."""
    return _without_fences(document.read_text())


def quoted(document: Path) -> list[str]:
    """Give what stands between back quotes."""
    return _QUOTED.findall(prose(document))


def links(document: Path) -> list[str]:
    """Give the targets of a document's links."""
    return _LINK.findall(prose(document))


def anchors(document: Path) -> set[str]:
    """Give the fragments that name a heading, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def shell_lines(text: str) -> list[str]:
    """Give the commands of a shell block, without comments and empty lines; a line that ends in a backslash goes on."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line for raw in joined.splitlines() if (line := re.sub(r"(^|\s)#.*$", "", raw).strip())]


def _without_fences(text: str) -> str:
    return _FENCE.sub("", text)
