"""pouch status: show what is known of an exchange."""

from typing import Any

import click

from gateway.client import OfficeClient
from gateway.commands.answering import answer
from gateway.commands.calling import calls
from gateway.core.exchange import FactName
from gateway.core.release import Condition, Outcome

_SETTLED = (Outcome.GIVEN.value, Outcome.NOT_DUE.value)


@click.command()
@click.argument("exchange_id")
@calls
async def command(client: OfficeClient, as_json: bool, exchange_id: str) -> None:
    """Show state, facts, documents and transmissions of EXCHANGE_ID."""
    body = (await client.status(exchange_id)).body
    answer(body, "\n".join(_lines(body)), as_json=as_json)


def _lines(body: dict[str, Any]) -> list[str]:
    application = body["application"]
    lines = [
        f"{application['officeCode']} {application['number']} of {application['filingDate']} ({application['right']})",
        f"  {body['role']}, {body['state']}, version {body['version']}",
    ]
    lines += _forgotten(body)
    lines += [f"  {d['condition']}: {d['outcome']} by {d['by']} ({d['basis']})" for d in body["releaseDecisions"]]
    lines += _waits(body)
    lines += [f"  {f['at']}  {f['name']}{'  ' + f['value'] if f.get('value') else ''}" for f in body["facts"]]
    for document in body["documents"]:
        lines.append(
            f"  v{document['version']} {document['role']}: {document['size']} bytes, SHA-256 {document['sha256']}"
        )
    for transmission in body["transmissions"]:
        line = f"  {transmission['task']} at {transmission['counterpart']}: {transmission['state']}"
        if reason := transmission.get("reason"):
            line += f", {reason['code']} {reason['text']} {reason['remedy']}"
        lines.append(line)
    return lines


def _forgotten(body: dict[str, Any]) -> list[str]:
    found = next((fact for fact in body["facts"] if fact["name"] == FactName.FORGOTTEN.value), None)
    if found is None:
        return []
    return [f"  forgotten since {found['at']}: nothing of it can be opened any more; the ledger's proofs stay"]


def _waits(body: dict[str, Any]) -> list[str]:
    """What holds the exchange, and the command that ends it."""
    lines = []
    if body["state"] == "held" and body["role"] == "depositing":
        last = {decision["condition"]: decision["outcome"] for decision in body["releaseDecisions"]}
        missing = [c.value for c in Condition if last.get(c.value) not in _SETTLED]
        if missing:
            lines.append(f"  waits for {', '.join(missing)}: pouch release")
    if body["onHold"]:
        lines.append("  stopped by a person: pouch hold --lift")
    return lines
