"""A dossier's file with a manifest and a seal that somebody else has made for its members."""

import io
from hashlib import sha256

from dossier_house import members_of

from gateway.wire.dossier import Manifest, Member, read_json, render_json, render_seal, write_dossier
from pki.xmldsig import sign_enveloped

__all__ = ["members_of", "resealed"]


def resealed(members, content, key, at):
    """A dossier whose manifest and seal somebody has made for these members."""
    former = read_json(members["manifest.json"], Manifest)
    rest = {name: bytes_ for name, bytes_ in members.items() if name not in ("manifest.json", "seal.xml")}
    listed = tuple(
        Member(name=name, media_type="text/plain", size=len(b), sha256=sha256(b).hexdigest(), what="member")
        for name, b in rest.items()
    )
    manifest = Manifest(
        format=former.format, office=former.office, exchange_id=former.exchange_id, made_at=at, members=listed
    )
    written = render_json(manifest)
    seal = sign_enveloped(render_seal(manifest, written, thumbprint=key.thumbprint), key=key)
    sink = io.BytesIO()
    write_dossier(sink, at, [("manifest.json", written), ("seal.xml", seal), *rest.items()])
    return sink.getvalue()
