"""What the pages say in tables that another file knows better: written from it, and compared with it by a test.

python tests/docs/generated_pages.py        writes docs/reasons.md, docs/findings.md and the table of calls in
                                            docs/integrators.md
"""

import json
import re
from pathlib import Path

from gateway.core.finding import Code
from gateway.core.reason import Blame, Reason, Retry

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPENAPI = DOCS.parent / "schemas" / "openapi.json"

_CALLS = re.compile(r"(<!-- calls: [^\n]*-->\n)(.*?)(<!-- end -->\n)", re.DOTALL)
_FAMILIES = {
    "1": "transport",
    "2": "identity",
    "3": "content",
    "4": "state",
    "5": "the counterpart",
    "9": "inside the gateway",
}
_RETRY = {Retry.NEVER: "no", Retry.LATER: "later", Retry.PERSON: "a person decides"}
_BLAME = {Blame.SENDER: "yours", Blame.US: "ours", Blame.PARTNER: "the counterpart's"}
_API = "/api/v1"


def reasons_page() -> str:
    """docs/reasons.md, of the Reason table."""
    lines = [
        "# Reasons",
        "",
        "Everything that can go wrong, one row each; codes are for ever. Written from `gateway/core/reason.py` by",
        "`python tests/docs/generated_pages.py`; a test compares both. HTTP is the status of a REST answer.",
    ]
    for family, name in _FAMILIES.items():
        lines += ["", f"## {family} {name}"]
        lines += [
            "| code | name | what | what to do | again? | whose | HTTP |",
            "| --- | --- | --- | --- | --- | --- | --- |",
        ]
        for reason in Reason:
            if reason.code.startswith(family):
                told = [reason.code, reason.name, reason.text, reason.remedy, _RETRY[reason.retry]]
                lines.append(f"| {' | '.join([*told, _BLAME[reason.blame], str(reason.http)])} |")
    return "\n".join(lines) + "\n"


def findings_page() -> str:
    """docs/findings.md, of the table of findings."""
    lines = [
        "# Findings",
        "",
        "What `pouch validate` and the gateway itself find in a document or package, one row each; codes are for ever.",
        "An error turns the thing away, a warning is stored and shown, a note is told. Written from",
        "`gateway/core/finding.py` by `python tests/docs/generated_pages.py`; a test compares both.",
        "",
        "| code | severity | what | what to do | rule |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in Code:
        lines.append(f"| {' | '.join([row.code, row.severity.value, row.text, row.remedy, row.rule])} |")
    return "\n".join(lines) + "\n"


def calls_table() -> str:
    """The table of calls, of the OpenAPI description."""
    described = json.loads(OPENAPI.read_text())
    lines = ["| call | does | takes | answers | scope | JWS |", "| --- | --- | --- | --- | --- | --- |"]
    for path, methods in described["paths"].items():
        for method, call in methods.items():
            does = call["summary"][0].lower() + call["summary"][1:]
            cells = [f"`{method.upper()} {path.removeprefix(_API)}`", does, _takes(call), _answers(call)]
            lines.append(f"| {' | '.join([*cells, _scope(call), _proof(call)])} |")
    return "\n".join(lines) + "\n"


def _takes(call: dict) -> str:
    content = call.get("requestBody", {}).get("content", {})
    body = [f"`{_named(content['application/json'])}`"] if content else []
    if len(content) > 1:
        body.append("documents")
    query = [
        f"`{each['name']}`"
        for each in call.get("parameters", [])
        if each["in"] == "query" and each["name"] != "receiver"
    ]
    return ", ".join(body + query)


def _answers(call: dict) -> str:
    [(status, answer)] = [(status, each) for status, each in call["responses"].items() if status.startswith("2")]
    [(media_type, found)] = answer["content"].items()
    named = _named(found)
    word = "written" if named == "Written" else f"`{named}`" if named else _PLAIN[media_type]
    return f"{status} {word}"


#: Answers that are no structure of ours, by the media type of the description.
_PLAIN = {"application/json": "OpenAPI 3.1", "*/*": "its bytes"}


def _named(found: dict) -> str:
    return found.get("schema", {}).get("$ref", "").rpartition("/")[2]


def _scope(call: dict) -> str:
    return ", ".join(scope for each in call["security"] for scopes in each.values() for scope in scopes) or "none"


def _proof(call: dict) -> str:
    proofs = [each for each in call.get("parameters", []) if each["name"] == "Pouch-Signature"]
    return "must" if any(each["required"] for each in proofs) else "may" if "requestBody" in call else ""


def with_calls(page: str) -> str:
    """The integrators' page with the table as it should be."""
    return _CALLS.sub(lambda found: found[1] + calls_table() + found[3], page)


if __name__ == "__main__":
    (DOCS / "reasons.md").write_text(reasons_page())
    (DOCS / "findings.md").write_text(findings_page())
    integrators = DOCS / "integrators.md"
    integrators.write_text(with_calls(integrators.read_text()))
