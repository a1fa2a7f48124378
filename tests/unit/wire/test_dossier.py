"""The form of a dossier: one content has one form, and whatever is not in it is refused."""

import io
import json
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
import pytest

from gateway.wire import xml
from gateway.wire.archive import open_archive
from gateway.wire.dossier import (
    DOSSIER,
    MalformedDossier,
    Manifest,
    Member,
    read_json,
    render_json,
    render_seal,
    split_seal,
    write_dossier,
)
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.xmldsig import sign_enveloped, verify_enveloped

AT = datetime(2026, 11, 23, 12, 30, 15, tzinfo=UTC)
MEMBER = Member(name="cover.html", media_type="text/html", size=3, sha256="ab" * 32, what="cover")
MANIFEST = Manifest(
    format="pouch-dossier/1",
    office="XA",
    exchange_id="01a207cb-48a1-7e36-a30c-b42e042e7a1c",
    made_at=AT,
    members=(MEMBER,),
)
WRITTEN = render_json(MANIFEST)


@pytest.fixture(scope="module")
def key():
    return issue_signer("gateway XA", key=generate_key(), now=AT)


@pytest.fixture(scope="module")
def seal(key):
    return sign_enveloped(render_seal(MANIFEST, WRITTEN, thumbprint=key.thumbprint), key=key)


def test_a_manifest_is_read_as_it_was_written():
    assert read_json(WRITTEN, Manifest) == MANIFEST
    assert json.loads(WRITTEN)["members"][0]["mediaType"] == "text/html"


@pytest.mark.parametrize(
    "changed",
    [
        WRITTEN + b"\n",
        b" " + WRITTEN,
        WRITTEN.replace(b'"size":3', b'"size":3.0'),
        WRITTEN.replace(b'"size":3', b'"size": 3'),
        WRITTEN.replace(b'"size":3', b'"size":-1'),
        WRITTEN.replace(b'"size":3', b'"size":999999999999'),
        WRITTEN.replace(b'"size":3', b'"size":3,"size":3'),
        WRITTEN.replace(b'"size":3', b'"size":3,"more":1'),
        WRITTEN.replace(b"cover.html", b"cover\\u002ehtml"),
        WRITTEN.replace(b"ab" * 32, b"AB" * 32),
        WRITTEN.replace(b"pouch-dossier/1", b"pouch-dossier/2"),
        WRITTEN.replace(b"15Z", b"15+00:00"),
        WRITTEN.replace(b"15Z", b"15"),
        WRITTEN.replace(b'"XA"', b'"xa"'),
        b"",
        b"[]",
        b"{}",
        b"\xff",
    ],
)
def test_whatever_is_not_in_the_one_form_is_none(changed):
    assert changed != WRITTEN
    with pytest.raises(MalformedDossier):
        read_json(changed, Manifest)


def test_a_seal_is_its_own_canonical_form_and_names_what_it_seals(key):
    unsigned = render_seal(MANIFEST, WRITTEN, thumbprint=key.thumbprint)
    assert xml.canonical(xml.parse(unsigned)) == unsigned
    assert sha256(WRITTEN).hexdigest().encode() in unsigned and b"2026-11-23T12:30:15" in unsigned


def test_a_seal_is_taken_apart(seal, key):
    parts = split_seal(seal, MANIFEST, WRITTEN)
    assert parts.certificate == key.der and len(parts.value) == 64
    assert verify_enveloped(seal, certificate=key.certificate, now=AT)[0].passed


def test_a_seal_of_something_else_is_none(seal):
    for manifest, written in (
        (MANIFEST, WRITTEN + b" "),
        (msgspec.structs.replace(MANIFEST, office="XB"), WRITTEN),
        (msgspec.structs.replace(MANIFEST, made_at=AT.replace(second=16)), WRITTEN),
    ):
        with pytest.raises(MalformedDossier):
            split_seal(seal, manifest, written)


def test_what_a_signature_leaves_open_is_closed(seal):
    """A certificate beside the signature, base64 in another writing, text after the end: all would verify."""
    value = seal.partition(b"<ds:SignatureValue>")[2].partition(b"<")[0]
    for changed in (
        seal.replace(value, value[:4] + b"\n" + value[4:]),
        seal.replace(b"</ds:X509Data>", b"</ds:X509Data><ds:KeyName>me</ds:KeyName>"),
        seal.replace(b"</DossierSeal>", b"<More/></DossierSeal>"),
        seal + b"\n",
        seal[:-1],
        b"",
    ):
        with pytest.raises(MalformedDossier):
            split_seal(changed, MANIFEST, WRITTEN)


def test_the_file_is_the_same_each_time_and_holds_what_was_given():
    members = [("manifest.json", b"{}"), ("seal.xml", b"<a/>"), ("deep/er/empty", b"")]
    one, other = io.BytesIO(), io.BytesIO()
    write_dossier(one, AT, members)
    write_dossier(other, AT, iter(members))
    assert one.getvalue() == other.getvalue()
    archive = open_archive(one.getvalue(), DOSSIER)
    assert [(name, archive.read(name)) for name in archive.names] == members
