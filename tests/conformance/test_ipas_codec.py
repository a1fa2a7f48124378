"""Our codec writes the reference's own requests, byte for byte in canonical form, and reads by the real contract."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from adapters.ipas.codec import encode
from adapters.ipas.keys import DocumentKey, FileKey
from adapters.ipas.operations import Operation
from adapters.ipas.values import instant, integer

REAL = Path(__file__).resolve().parents[3] / "shared/data/ipas"
DOCUMENT = DocumentKey(origin="1", log="E", series=2026, number=456)

REQUESTS = {
    "PatentGetList": (
        Operation.PATENT_LIST,
        {"arg0": {"criteriaPriority": {"priorityApplicationNbr": "2025001234", "priorityCountryCode": "YY"}}},
    ),
    "PatentGetList_by_filing_date": (
        Operation.PATENT_LIST,
        {
            "arg0": {
                "criteriaFilingData": {
                    "filingDateFrom": instant(datetime(2026, 1, 1, tzinfo=UTC)),
                    "filingDateTo": instant(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)),
                }
            }
        },
    ),
    "UserdocRead": (Operation.USERDOC_READ, {"arg0": DOCUMENT.wrap()}),
    "UserdocReceive": (
        Operation.USERDOC_RECEIVE,
        {
            "arg0": "1",
            "arg1": "PRIO",
            "arg2": [FileKey(seq="XX", type="P", series=2026, number=123).wrap()],
            "arg3": False,
            "arg6": instant(datetime(2026, 1, 2, 10, tzinfo=UTC)),
            "arg8": integer(7),
            "arg9": "received through gateway",
            "arg12": DOCUMENT.wrap(),
        },
    ),
    "OutputFieldWriteDocument": (
        Operation.DOCUMENT_WRITE,
        {
            "arg0": {"content": "JVBERi0xLjcgc2FtcGxl", "contentType": "pdf"},
            "arg1": "/srv/ipas/in/sample.pdf",
        },
    ),
}

pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the folder ../shared is missing")


def canonical(content):
    """Canonical XML without the white space between elements, which the samples have for people."""
    root = etree.fromstring(content, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, method="c14n")


@pytest.mark.parametrize("name", REQUESTS)
def test_the_references_own_request_is_what_we_write(name):
    operation, arguments = REQUESTS[name]
    sample = (REAL / f"sample_requests/{name}.xml").read_bytes()
    assert canonical(encode(operation, arguments)) == canonical(sample)


def test_of_the_reference_only_what_is_not_on_the_allow_list_is_not_written():
    others = {file.stem for file in (REAL / "sample_requests").iterdir()} - REQUESTS.keys()
    assert others == {"OfficedocRead", "PatentRead", "ProcessInsertAction"}
    assert not others & {operation.value for operation in Operation}


@pytest.mark.parametrize("name", REQUESTS)
def test_what_we_write_is_valid_by_the_real_schema(name):
    schema = etree.XMLSchema(etree.parse(REAL / "IpasServices.xsd"))
    operation, arguments = REQUESTS[name]
    body = etree.fromstring(encode(operation, arguments))[0]
    assert len(body) == 1
    schema.assertValid(body[0])


def test_the_allow_list_names_real_operations_and_leaves_the_dangerous_ones_out():
    real = {line.partition("(")[0] for line in (REAL / "ipas_operations.txt").read_text().splitlines()}
    listed = {operation.value for operation in Operation}
    assert listed <= real
    assert not {name for name in listed if name.startswith("Sql") or "Delete" in name}
