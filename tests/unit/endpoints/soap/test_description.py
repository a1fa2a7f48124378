"""The WSDL under our own address, and nothing else by that way."""

import pytest
from rehearsed_door import PUBLIC


@pytest.mark.parametrize("query", ["?wsdl", "?WSDL", "?wsdl="])
async def test_the_wsdl_names_our_public_address_whatever_the_caller_says(door, query):
    async with door.http.get(f"/soap/exchange{query}", headers={"Host": "evil.example"}) as response:
        body = await response.text()
    assert response.status == 200
    assert response.headers["Content-Type"].startswith("text/xml")
    assert body.count(f'location="{PUBLIC}/soap/exchange"') == 2
    assert "evil" not in body


@pytest.mark.parametrize(
    "query",
    ["?wsdl=file:///etc/passwd", "?xsd=../../etc/passwd", "?xsd=exchange-1.xsd", "?wsdl&wsdl", "?wsdl&x=1", "?other"],
)
async def test_no_other_file_can_be_named(door, query):
    async with door.http.get(f"/soap/exchange{query}") as response:
        body = await response.text()
    assert (response.status, "<Code>1008</Code>" in body) == (404, True)
    assert "passwd" not in body


async def test_without_a_question_there_is_nothing_to_get(door):
    async with door.http.get("/soap/exchange") as response:
        body = await response.text()
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD, OPTIONS, POST")
    assert "<Code>1007</Code>" in body
