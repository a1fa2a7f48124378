"""Every form of package goes in through the door, is looked into, and comes out byte for byte."""

import asyncio
import hashlib
import io
from datetime import UTC, date, datetime

import pytest
from real_door import PDF

from gateway.client import Outbound
from gateway.core.office import Application, OfficeCode, Right
from gateway.packages.making import (
    PddpContent,
    make_pddp,
    make_sep,
    make_signed_archive,
    make_signed_xml,
    make_wad,
    make_wasp,
)
from gateway.packages.making_epo import make_epo_document
from pki.certificates import issue_tls
from pki.keys import generate_key

CERTIFICATION = {"certifiedBy": "XA", "form": "sealed", "certifiedOn": "2026-11-01", "filingDateCertified": True}
ST36 = (
    b"<bibliographic-data><application-reference><document-id><country>XA</country><doc-number>%s</doc-number>"
    b"<date>20261001</date></document-id></application-reference></bibliographic-data>"
)
ZIP, CMS, XML = "application/zip", "application/pkcs7-mime", "application/xml"


class Maker:
    """Packages of one application, of a copy and its bibliographic data."""

    def __init__(self, folder, key, number):
        self.at = datetime.now(UTC)
        self.key, self.number = key, number
        self.application = Application(
            office=OfficeCode("XA"), right=Right.PATENT, number=number, normal=number, filing_date=date(2026, 10, 1)
        )
        (folder / "copy.pdf").write_bytes(PDF)
        (folder / "bib.xml").write_bytes(ST36 % number.encode())
        self.files = {name: folder / name for name in ("copy.pdf", "bib.xml")}

    def pddp(self, sink):
        make_pddp(self.application, PddpContent(core=self.files["copy.pdf"]), sink, at=self.at)

    def wad(self, sink):
        make_wad(self.application, self.files, sink, at=self.at)

    def wasp(self, sink):
        wad = io.BytesIO()
        self.wad(wad)
        make_wasp(io.BytesIO(wad.getvalue()), len(wad.getvalue()), sink, key=self.key, at=self.at)

    def sep(self, sink):
        wasp = io.BytesIO()
        self.wasp(wasp)
        recipient = issue_tls("XB", key=generate_key("RSA-3072"), names=["xb.example"], now=self.at)
        sink.write(make_sep(wasp.getvalue(), recipient.certificate, at=self.at))

    def epo(self, sink):
        make_epo_document(self.application, self.files, sink, key=self.key, at=self.at)

    def signed_archive(self, sink):
        make_signed_archive(self.files, sink, key=self.key, at=self.at)

    def signed_xml(self, sink):
        sink.write(make_signed_xml(self.files["bib.xml"].read_bytes(), key=self.key))

    def st36(self, sink):
        sink.write(self.files["bib.xml"].read_bytes())


@pytest.mark.parametrize(
    ("number", "form", "media_type"),
    [
        (1, "pddp", ZIP),
        (2, "wad", ZIP),
        (3, "wasp", CMS),
        (4, "sep", CMS),
        (5, "epo", ZIP),
        (6, "signed_archive", ZIP),
        (7, "signed_xml", XML),
        (8, "st36", XML),
    ],
)
async def test_a_package_goes_in_and_comes_out_as_it_was(door, tmp_path, number, form, media_type):
    application = {"officeCode": "XA", "right": "patent", "number": f"2026/00077{number}", "filingDate": "2026-10-01"}
    sink = io.BytesIO()
    maker = Maker(tmp_path, door.keys["XA"], application["number"])
    await asyncio.to_thread(getattr(maker, form), sink)  # signing a PDF runs a loop of its own
    package = tmp_path / "package"
    package.write_bytes(sink.getvalue())
    copy = Outbound(
        content_id="copy", path=package, role="certified-copy", media_type=media_type, certification=CERTIFICATION
    )
    registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": "applicant@example.org"}
    async with door.client() as client:
        exchange = (await client.deposit(application, [copy], registration=registration)).body["exchangeId"]
        status = (await client.status(exchange)).body
        out = tmp_path / "out"
        await client.fetch_document(exchange, "copy", out)
    assert out.read_bytes() == package.read_bytes()
    assert status["documents"][0]["sha256"] == hashlib.sha256(package.read_bytes()).hexdigest()
    told = {each["name"]: each.get("value", "") for each in status["facts"]}
    seals = {
        "wasp": "INDETERMINATE",
        "signed_archive": "INDETERMINATE",
        "signed_xml": "INDETERMINATE",
        "epo": "INDETERMINATE",
    }
    assert seals.get(form, "") in told.get("certification-verdict", "")
    assert ("package-closed" in told.get("findings", "")) is (form == "sep")


async def test_a_package_of_another_application_is_refused(door, tmp_path):
    from gateway.client import CallFailed

    package = tmp_path / "package"
    sink = io.BytesIO()
    Maker(tmp_path, door.keys["XA"], "2026/000999").pddp(sink)
    package.write_bytes(sink.getvalue())
    copy = Outbound(content_id="copy", path=package, role="certified-copy", media_type=ZIP, certification=CERTIFICATION)
    application = {"officeCode": "XA", "right": "patent", "number": "2026/000123", "filingDate": "2026-10-01"}
    registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": "applicant@example.org"}
    async with door.client() as client:
        with pytest.raises(CallFailed) as caught:
            await client.deposit(application, [copy], registration=registration)
    assert caught.value.status == 422
    effects = await door.effects()
    assert effects.get("document") is None
