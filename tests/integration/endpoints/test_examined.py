"""Documents that are examined at the doors: what is dangerous is refused with its findings, what is unusual is told."""

import io
import zipfile

from real_door import PDF, rest_deposit, soap_deposit, soap_document

from gateway.client import Outbound

#: The same copy with a script that runs when it is opened.
SCRIPTED = PDF.replace(
    b"<< /Type /Catalog /Pages 2 0 R >>", b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(x)>>>>"
)
APPLICATION = {"officeCode": "XA", "right": "patent", "number": "2026/000123", "filingDate": "2026-10-01"}
CERTIFICATION = {"certifiedBy": "XA", "form": "sealed", "certifiedOn": "2026-11-01", "filingDateCertified": True}


def bomb() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.bin", bytes(50_000_000))
    return sink.getvalue()


async def test_a_script_is_refused_over_soap_with_its_findings(door):
    status, _, answer = await door.post(door.signed(soap_deposit(soap_document(SCRIPTED))))
    assert status in (400, 422, 500) and b"<Code>3049</Code>" in answer
    assert b"<Finding><Severity>error</Severity><Code>pdf-script-runs</Code>" in answer
    effects = await door.effects()
    assert effects.get("document") is None and effects.get("exchange") is None


async def test_a_script_is_refused_over_rest_with_its_findings(door):
    status, _, told = await door.call("POST", "/api/v1/deposits", rest_deposit(door, content=SCRIPTED))
    assert (status, told["code"], told["place"]) == (422, "3049", "copy")
    assert "pdf-script-runs" in [each["code"] for each in told["details"]]
    assert all({"severity", "rule", "remedy"} <= set(each) for each in told["details"])


async def test_a_bomb_beside_the_copy_is_refused(door):
    documents = soap_document() + soap_document(bomb(), content_id="more").replace(
        "application/pdf", "application/zip"
    ).replace("certified-copy", "supplement")
    _, _, answer = await door.post(door.signed(soap_deposit(documents)))
    assert b"<Code>3047</Code>" in answer and b"archive-limit" in answer


async def test_what_is_unusual_is_taken_and_told_in_the_status(door, tmp_path):
    path = tmp_path / "copy.pdf"
    path.write_bytes(PDF + b"\nsomething behind the end")
    copy = Outbound(
        content_id="copy", path=path, role="certified-copy", media_type="application/pdf", certification=CERTIFICATION
    )
    registration = {"hosting": "bureau", "codeIssuer": "bureau", "applicantEmail": "applicant@example.org"}
    async with door.client() as client:
        deposited = await client.deposit(APPLICATION, [copy], registration=registration)
        status = (await client.status(deposited.body["exchangeId"])).body
    assert ("findings", "copy: pdf-trailing") in [(each["name"], each.get("value")) for each in status["facts"]]
