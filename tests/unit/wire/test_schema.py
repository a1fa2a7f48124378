"""The schemas we ship: catalogued by digest, refusing what they should with a place, explaining in sentences."""

import hashlib
import re
import threading
from pathlib import Path

import pytest

from gateway.core.document import CertificationForm, Publication, Role
from gateway.core.office import Right
from gateway.core.reason import Reason, Refused
from gateway.core.release import Condition, Outcome
from gateway.core.request import Cause, Hosting, Issuer
from gateway.wire import schema, xml

SCHEMAS = Path(__file__).parents[3] / "schemas"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:e="urn:pouch:exchange:1"'
DEPOSIT = """<s:Envelope xmlns:s="urn:any"><s:Body>
<DepositPriorityDocument xmlns="urn:pouch:exchange:1">
<Header><MessageId>m-1</MessageId><Sender>XA</Sender><Receiver>XA</Receiver></Header>
<Application><OfficeCode>XA</OfficeCode><Right>patent</Right><Number>1</Number><FilingDate>2024-02-29</FilingDate></Application>
<Documents><Document><ContentId>a</ContentId><Size>3</Size><Sha256>{sha}</Sha256><Role>certified-copy</Role>
<MediaType>application/pdf</MediaType><Content>{content}</Content></Document></Documents>
</DepositPriorityDocument></s:Body></s:Envelope>"""


def deposit(old: str = "", new: str = "", content: str = "QUJD"):
    text = DEPOSIT.format(sha="0" * 64, content=content)
    assert old in text
    return xml.parse(text.replace(old, new, 1).encode())[0][0]


def refusal(element, **options) -> tuple[Reason, str]:
    with pytest.raises(Refused) as caught:
        schema.validate(element, schema.EXCHANGE, **options)
    return caught.value.reason, caught.value.place or ""


def test_catalogue_names_every_schema_with_its_digest() -> None:
    rows = schema.read_catalog()
    assert {row["file"] for row in rows.values()} == {path.name for path in SCHEMAS.glob("*.xsd")}
    for namespace, row in rows.items():
        text = (SCHEMAS / row["file"]).read_bytes()
        assert hashlib.sha256(text).hexdigest() == row["sha256"], row["file"]
        assert xml.parse(text).get("targetNamespace") == namespace
        assert schema.schema_text(namespace) == text


def test_unknown_namespace_is_a_bug_of_the_caller() -> None:
    with pytest.raises(KeyError):
        schema.schema_text("urn:other")


def test_valid_element_passes_wherever_it_stands() -> None:
    schema.validate(deposit(), schema.EXCHANGE)


def test_binary_content_may_be_an_include_and_nothing_else() -> None:
    include = '<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:a"/>'
    schema.validate(deposit(content=include), schema.EXCHANGE)
    assert refusal(deposit(content='<i:Include xmlns:i="urn:other"/>'))[0] is Reason.SCHEMA_VIOLATION
    assert refusal(deposit(content=include + include))[0] is Reason.SCHEMA_VIOLATION


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("<Size>3", "<Size>three", "Documents/Document/Size"),
        ("<Size>3", "<Size>-1", "Documents/Document/Size"),
        ("<Size>3", "<Size>1099511627777", "Documents/Document/Size"),
        ("0" * 64, "0" * 63, "Documents/Document/Sha256"),
        ("0" * 64, "A" * 64, "Documents/Document/Sha256"),
        ("<Right>patent", "<Right>copyright", "Application/Right"),
        ("<Number>1<", "<Number>" + "1" * 65 + "<", "Application/Number"),
        ("<MessageId>m-1", "<MessageId>m 1", "Header/MessageId"),
        ("<MessageId>m-1", "<MessageId>\nm-1", "Header/MessageId"),
        ("<MessageId>m-1", "<MessageId>" + "m" * 129, "Header/MessageId"),
        ("<ContentId>a", "<ContentId>../a", "Documents/Document/ContentId"),
        ("<MediaType>application/pdf", "<MediaType>application/pdf; a=b", "Documents/Document/MediaType"),
        ("<Sender>XA</Sender>", "", "Header/Receiver"),
        ("<Sender>XA</Sender>", "<Sender>XA</Sender><Sender>XB</Sender>", "Header/Sender[2]"),
        ("<Documents>", '<x:New xmlns:x="urn:new"/><Documents>', "New"),
        ("<Documents>", "<Documents>text", "Documents"),
        ("<Header>", '<Header a="b">', "Header"),
        ("<Header>", f'<Header {XSI} xsi:nil="true">', "Header"),
        ("<Header>", f'<Header {XSI} xsi:type="e:ApplicationType">', "Header"),
        ("<Number>", f'<Number {XSI} xsi:type="e:OfficeCodeType">', "Application/Number"),
        ("<FilingDate>2024-02-29", "<FilingDate>2023-02-29", "Application/FilingDate"),
        ("<FilingDate>2024-02-29", "<FilingDate>2024-02-29Z", "Application/FilingDate"),
    ],
)
def test_violation_names_the_place(old: str, new: str, place: str) -> None:
    expected = "/Envelope/Body/DepositPriorityDocument/" + place
    assert refusal(deposit(old, new)) == (Reason.SCHEMA_VIOLATION, expected)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("<Size>3", "<Size>three", "/Size"),
        ("<Role>certified-copy</Role>", "", "/MediaType"),
        ("<Role>", "<Rule/><Role>", "/Rule"),
        ("<Content>", "<Content a='b'>", "/Content"),
        ("</Document>", "<More/></Document>", "/More"),
    ],
)
@pytest.mark.parametrize("wrong", [1, 2, 3])
@pytest.mark.parametrize("prefix", ["", "e:"])
def test_the_place_names_which_of_several(old: str, new: str, place: str, wrong: int, prefix: str) -> None:
    whole = DEPOSIT.format(sha="0" * 64, content="QUJD")
    start, end = whole.index("<Document>"), whole.index("</Document>") + len("</Document>")
    one = whole[start:end]
    assert old in one
    several = "".join(one.replace(old, new, 1) if number == wrong else one for number in (1, 2, 3))
    text = whole[:start] + several + whole[end:]
    if prefix:
        text = re.sub(r"<(/?)(?=[A-Z])", rf"<\1{prefix}", text).replace(" xmlns=", " xmlns:e=", 1)
    expected = f"/Envelope/Body/DepositPriorityDocument/Documents/Document[{wrong}]{place}"
    assert refusal(xml.parse(text.encode())[0][0]) == (Reason.SCHEMA_VIOLATION, expected)


def test_place_is_found_among_prefixes_and_comments() -> None:
    text = DEPOSIT.format(sha="0" * 64, content="QUJD").replace(
        "<Documents>", "<!-- c --><e:Documents xmlns:e='urn:pouch:exchange:1'>"
    )
    broken = xml.parse(text.replace("</Documents>", "</e:Documents>").replace("<Size>3", "<Size>x").encode())[0][0]
    assert refusal(broken)[1].endswith("/Documents/Document/Size")


def test_bad_value_takes_the_finer_reason_and_a_missing_element_does_not() -> None:
    finer = {"FilingDate": Reason.DATE_MALFORMED}
    assert refusal(deposit("2024-02-29", "29.2.2024"), finer=finer)[0] is Reason.DATE_MALFORMED
    assert refusal(deposit("<FilingDate>2024-02-29</FilingDate>", ""), finer=finer)[0] is Reason.SCHEMA_VIOLATION
    misplaced = deposit("<Documents>", "<FilingDate>2024-02-29</FilingDate><Documents>")
    assert refusal(misplaced, finer=finer)[0] is Reason.SCHEMA_VIOLATION


def test_unknown_element_is_another_namespace_or_operation() -> None:
    for text in (b"<DepositPriorityDocument/>", b'<Other xmlns="urn:pouch:exchange:1"/>'):
        with pytest.raises(Refused) as caught:
            schema.validate(xml.parse(text), schema.EXCHANGE)
        assert caught.value.reason is Reason.WRONG_NAMESPACE


def test_location_hint_is_not_followed(tmp_path: Path) -> None:
    hint = f'<Header {XSI} xsi:schemaLocation="urn:pouch:exchange:1 {(tmp_path / "none.xsd").as_uri()}">'
    schema.validate(deposit("<Header>", hint), schema.EXCHANGE)
    assert list(schema.explain(deposit("<Header>", hint), schema.EXCHANGE)) == []


def test_explanations_are_sentences_at_the_same_places_and_bounded() -> None:
    assert list(schema.explain(deposit(), schema.EXCHANGE)) == []
    element = deposit("<Size>3", "<Size>three")
    (finding,) = schema.explain(element, schema.EXCHANGE)
    assert finding.place == refusal(element)[1]
    assert finding.text.endswith(".")
    assert "invalid" in finding.text
    element = deposit("<Sender>XA</Sender>", "<Sender>x</Sender><Sender>" + "y" * 2000 + "</Sender>")
    assert len(list(schema.explain(element, schema.EXCHANGE, most=1))) == 1
    assert all(len(finding.text) <= 501 for finding in schema.explain(element, schema.EXCHANGE))
    (unknown,) = schema.explain(xml.parse(b"<Unknown/>"), schema.EXCHANGE)
    assert unknown.place == "/Unknown"


def test_enumerations_are_those_of_the_core() -> None:
    tree = xml.parse(schema.schema_text(schema.EXCHANGE))
    ns = {"xs": "http://www.w3.org/2001/XMLSchema"}
    listed = {
        simple.get("name"): {value.get("value") for value in simple.iterfind(".//xs:enumeration", ns)}
        for simple in tree.iterfind("xs:simpleType", ns)
    }
    deposited = {role.value for role in Role} - {Role.REGISTRATION_CERTIFICATE.value}
    assert {name: values for name, values in listed.items() if values} == {
        "RightType": {right.value for right in Right},
        "RoleType": deposited,
        "CertificationFormType": {form.value for form in CertificationForm},
        "PublicationStateType": {state.value for state in Publication},
        "HostingType": {hosting.value for hosting in Hosting},
        "CodeIssuerType": {issuer.value for issuer in Issuer},
        "ConditionType": {condition.value for condition in Condition},
        "OutcomeType": {outcome.value for outcome in Outcome},
        "CauseType": {cause.value for cause in Cause},
    }


def test_errors_of_two_threads_do_not_mix() -> None:
    broken = {"Size": deposit("<Size>3", "<Size>x"), "Right": deposit("<Right>patent", "<Right>x")}
    mixed: list[str] = []

    def check(name: str) -> None:
        for _ in range(100):
            place = refusal(broken[name])[1]
            if not place.endswith(name):
                mixed.append(place)

    threads = [threading.Thread(target=check, args=(name,)) for name in broken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert mixed == []
