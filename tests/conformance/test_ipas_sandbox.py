"""Our sandbox speaks as the real contract says: its vocabulary, what it takes, and what it answers."""

from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest
from lxml import etree

from sandbox.ipas import config
from sandbox.ipas.server import PATH, Installation, make_app
from sandbox.ipas.shapes import OPERATIONS, TYPES
from sandbox.serving import listen

REAL = Path(__file__).resolve().parents[3] / "shared/data/ipas"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
KINDS = {
    "xs:string": "text",
    "xs:boolean": "boolean",
    "xs:double": "double",
    "xs:long": "long",
    "xs:base64Binary": "base64",
    "tns:ipasInteger": "integer",
    "tns:ipasDateTime": "instant",
}

#: The reference's own requests to operations the sandbox answers, in an order in which all can succeed.
ANSWERED = (
    "PatentGetList",
    "PatentGetList_by_filing_date",
    "UserdocReceive",
    "UserdocRead",
    "OutputFieldWriteDocument",
)
#: The others of the same folder: to a careful client of ours they are not operations at all.
NOT_CALLED = ("OfficedocRead", "PatentRead", "ProcessInsertAction")

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the folder ../shared is missing")


@pytest.fixture(scope="module")
def types():
    """{type: [(name, kind, many, nillable, required)]} of the real schema."""
    root = etree.parse(REAL / "IpasServices.xsd").getroot()
    return {
        kind.get("name"): [
            (
                field.get("name"),
                KINDS.get(field.get("type"), field.get("type").removeprefix("tns:")),
                field.get("maxOccurs") == "unbounded",
                field.get("nillable") == "true",
                field.get("minOccurs") != "0",
            )
            for field in kind.iter(f"{XSD}element")
        ]
        for kind in root.findall(f"{XSD}complexType")
    }


def plain(fields):
    return [(field.name, field.kind, field.many, field.nillable, field.required) for field in fields]


def test_the_operations_take_and_return_what_the_real_ones_do(types):
    for name, operation in OPERATIONS.items():
        assert plain(operation.arguments) == types[name], name
        assert plain([operation.returns]) == types[f"{name}Response"], name


def test_the_types_have_real_fields_in_the_real_order(types):
    unread = {"cCriteriaPatent"}  # most of its criteria are refused, so their kinds do not matter
    for name, fields in TYPES.items():
        real = types[name]
        known = {field.name for field in fields}
        expected = [field for field in real if field[0] in known]
        if name in unread:
            assert [field.name for field in fields] == [field[0] for field in real]
        else:
            assert plain(fields) == expected, name


@pytest.fixture
async def post():
    """Post bytes to an installation of 2 January 2026 whose log is open; gives status and body."""
    settings = config.EXAMPLE.replace("opened = []", "opened = [2026-01-02]")
    installation = Installation.start(config.read(settings), now=lambda: datetime(2026, 1, 2, 12, tzinfo=UTC))
    runner, origin = await listen(make_app(installation), host="127.0.0.1", port=0, certificate=None, key=None)
    headers = {"SOAPAction": '""', "Content-Type": "text/xml; charset=utf-8"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call(body):
            async with session.post(origin + PATH, data=body) as response:
                return response.status, await response.read()

        yield call
    await runner.cleanup()


@pytest.fixture(scope="module")
def schema():
    return etree.XMLSchema(etree.parse(REAL / "IpasServices.xsd"))


def sample(name):
    return (REAL / f"sample_requests/{name}.xml").read_bytes()


def content(body):
    return etree.fromstring(body).find(f"{{{SOAP}}}Body")[0]


async def test_the_references_own_requests_are_taken_and_answered_by_the_real_schema(post, schema):
    for name in ANSWERED:
        status, body = await post(sample(name))
        assert status == 200, (name, body)
        schema.assertValid(content(body))


async def test_faults_and_absent_values_follow_the_real_schema_too(post, schema):
    status, body = await post(sample("UserdocRead"))  # nothing was received yet
    assert status == 200 and len(content(body)) == 0
    schema.assertValid(content(body))
    status, body = await post(sample("OutputFieldWriteDocument").replace(b"/srv/ipas/in/", b"/etc/"))
    assert status == 500
    schema.assertValid(content(body).find("detail")[0])


@pytest.mark.parametrize("name", NOT_CALLED)
async def test_operations_we_never_call_are_answered_by_a_fault(post, name):
    status, body = await post(sample(name))
    assert status == 500 and content(body).tag == f"{{{SOAP}}}Fault"


def test_every_request_of_the_reference_is_accounted_for():
    assert sorted(file.stem for file in (REAL / "sample_requests").iterdir()) == sorted(ANSWERED + NOT_CALLED)
