"""pouch convert: bibliographic data and priority claims from ST.36 to ST.96 and back, and what is lost on the way."""

from pathlib import Path

import click

from gateway.commands.answering import answer, fail, json_option
from gateway.core.bibliography import ReadBibliography
from gateway.core.reason import Refused
from gateway.wire.st36 import find_bibliography, read_bibliography
from gateway.wire.st36_render import render_bibliography
from gateway.wire.st96 import find_st96_bibliography, read_st96_bibliography
from gateway.wire.st96_render import render_st96_bibliography
from gateway.wire.xml import PACKAGED, parse_packaged


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "target", type=click.Choice(["st96", "st36"]), required=True, help="The standard to convert to.")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The new document."
)
@json_option
def command(file: Path, target: str, output: Path, as_json: bool) -> None:
    """Convert the bibliographic data in FILE (ST.36, ST.96 or a national form of ST.36); it never overwrites.

    What the other standard has no word for, and what is not read, is listed by place; nothing is lost silently.
    """
    try:
        with file.open("rb") as source:
            read = _read(source.read(PACKAGED.size + 1))
        if read is None:
            fail(f"{file} has no bibliographic data of ST.36 or ST.96.")
        render = render_st96_bibliography if target == "st96" else render_bibliography
        document, dropped = render(read.bibliography)
        with output.open("xb") as sink:
            sink.write(document)
    except FileExistsError:
        fail(f"{output} is there already; name another file.", code=2)
    except Refused as refused:
        place = f" at {refused.place}" if refused.place else ""
        fail(f"{refused.reason.text}{place}\n  {refused.reason.remedy}")
    lost = [*read.left, *dropped]
    told = {"file": str(output), "standard": target, "lost": lost}
    text = [f"{output}: {target}", *(f"  not carried over: {place}" for place in lost)]
    answer(told, "\n".join(text if lost else [*text, "  nothing was lost"]), as_json=as_json)


def _read(data: bytes) -> ReadBibliography | None:
    root = parse_packaged(data)
    if (element := find_st96_bibliography(root)) is not None:
        return read_st96_bibliography(element)
    if (element := find_bibliography(root)) is not None:
        return read_bibliography(element)
    return None
