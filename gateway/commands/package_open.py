"""pouch package open: what is inside a package, as files in a new folder."""

from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import click
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7

from gateway.commands.answering import UNCERTAIN, answer, fail, json_option
from gateway.core.reason import Refused
from gateway.wire.archive import open_archive
from pki.cms_frame import find_frame
from pki.keys import UnusableKey, load_signing_key
from pki.verdict import Refusal

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Bytes of an encrypted package, which is held whole while it is opened.
_SEP_MOST: Final = 256 << 20


@click.command()
@click.argument("file", type=_FILE)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The folder, which must be new.")
@click.option("--key", type=_FILE, help="PEM file of the recipient's key, for a SEP.")
@click.option("--certificate", type=_FILE, help="PEM file of the recipient's certificate.")
@json_option
def command(file: Path, output: Path, key: Path | None, certificate: Path | None, as_json: bool) -> None:
    """Put the files inside FILE into a new folder; SEP and WASP are opened on the way.

    Nothing is verified by this: `pouch validate` says whether signatures hold.
    """
    try:
        with file.open("rb") as source:
            content: BinaryIO = source
            if key is not None and certificate is not None:
                content = _decrypted(source.read(_SEP_MOST), key, certificate)
            written = _unfold(_unwrapped(content), output)
    except FileExistsError:
        fail(f"{output} is there already; name a new folder.", code=2)
    except (Refused, Refusal, ValueError) as refused:
        why = refused.reason.text if isinstance(refused, Refused) else "It is not a package that can be opened so."
        fail(f"{why}\n  See what is wrong with it: pouch validate {file}", code=UNCERTAIN)
    except UnusableKey as error:
        fail(str(error), code=2)
    answer(
        {"folder": str(output), "files": written}, "\n".join(f"{output}/{name}" for name in written), as_json=as_json
    )


def _decrypted(closed: bytes, key: Path, certificate: Path) -> BinaryIO:
    reader = load_signing_key(key, certificate)
    if not isinstance(reader.key, RSAPrivateKey):
        fail("A SEP is for RSA keys; this is another kind.", code=2)
    try:
        return BytesIO(pkcs7.pkcs7_decrypt_der(closed, reader.certificate, reader.key, []))
    except (ValueError, TypeError):  # one answer for every cause
        fail("It cannot be opened with this key; it is for somebody else, or damaged.", code=UNCERTAIN)


def _unwrapped(source: BinaryIO) -> BinaryIO:
    """The content of a CMS SignedData, or the source itself."""
    source.seek(0, 2)
    size = source.tell()
    source.seek(0)
    if source.read(1) != b"\x30":
        return source
    frame = find_frame(source, size)
    content = BytesIO()
    for span in frame.spans or ():
        source.seek(span.offset)
        content.write(source.read(span.length))
    return content


def _unfold(source: BinaryIO, folder: Path) -> list[str]:
    """Write every file of the archive below a new folder; the reader has judged the names."""
    archive = open_archive(source)
    archive.verify()
    folder.mkdir()
    for name in archive.names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as sink:
            for piece in archive.stream(name):
                sink.write(piece)
    return list(archive.names)
