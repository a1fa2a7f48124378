"""The Bureau at our door, and a document of XA's own library that it may ask for."""

import json
from dataclasses import replace

from rehearsed_door import bearer, call, decisions_body, deposited

from gateway.core.exchange import State

ASKED = {
    "operationCategory": "retrieval",
    "documentKindCategory": "patent",
    "documentNumber": "2026/000123",
    "documentDate": "2026-10-01",
    "dasAccessCode": "0000",
}


async def placed(door) -> tuple[str, str]:
    """Deposit and release a document that XA keeps itself, as if the Bureau had registered it; gives id and code."""
    exchange = await deposited(door, registration={"hosting": "office", "codeIssuer": "office"})
    status, _, _ = await call(door, "POST", f"/api/v1/exchanges/{exchange}/release", decisions_body())
    assert status == 200
    store = door.line.journal
    store.exchanges[exchange] = replace(store.exchanges[exchange], state=State.PLACED)
    return exchange, store.codes[exchange].decode().partition("\n")[2]


async def das(door, path, body, *, token="IB->XA"):
    """Send one of the Bureau's calls; gives (status, JSON)."""
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **(bearer(token) if token else {})}
    async with door.http.post(f"/das-api/v1/requests/{path}", data=payload, headers=headers) as response:
        content = await response.read()
        return response.status, json.loads(content) if content else None
