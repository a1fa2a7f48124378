"""What a gateway, the sandbox Bureau and the office's sandbox IPAS have agreed: both sides are written from here."""

import os
from datetime import date
from pathlib import Path
from typing import Any, Final

from gateway.core.office import BUREAU
from gateway.founding.asked import Founding, Neighbours

__all__ = ["agreements", "bureau_office", "das_counterpart", "ipas_counterpart", "ipas_installation"]

#: With IPAS: our own origin, log and numbers, as which user and document type, and the one folder to write to.
_ORIGIN: Final = "7"
_LOG: Final = "E"
_FIRST_NUMBER: Final = 900_001
_LAST_NUMBER: Final = 999_999
_USER: Final = 7
_USERDOC_TYPE: Final = "PRIO"
_OUTPUT_ROOT: Final = "/srv/ipas/in"
_TIME_ZONE: Final = "UTC"
_SERVICE: Final = "/IpasServices/IpasServices"
#: With the Bureau: where its API, tokens and keys are, and what tokens are asked for (sandbox/ib/inferred.py).
_API: Final = "/das-api/v1"
_TOKENS: Final = "/am/oauth2"
_SCOPE: Final = "das-api/office-exchange"


def das_counterpart(office: str, neighbours: Neighbours) -> dict[str, Any]:
    """The gateway's side of DAS: a [[counterpart]] of pouch.toml."""
    bureau = f"https://{neighbours.bureau}"
    content: dict[str, Any] = {
        "hosted": office,
        "code": BUREAU,
        "adapter": "das",
        "ca": "keys/ca.pem",
        "client_id": _client_id(office),
        "client_key": "keys/das.key",
        "client_certificate": "keys/das.pem",
        "token_url": f"{bureau}{_TOKENS}/access_token",
        "token_scope": _SCOPE,
        "settings": {"base_url": f"{bureau}{_API}", **neighbours.das},
    }
    if neighbours.called:
        content["calls_us"] = {
            "jwks_url": f"{bureau}{_TOKENS}/connect/jwk_uri",
            "issuer": f"{bureau}{_TOKENS}",
            "audience": f"ib-{office}",
            "subjects": [f"ib-{office}"],
            "scope": _SCOPE,
        }
    return content


def bureau_office(founding: Founding, folder: Path) -> dict[str, Any]:
    """The Bureau's side: an [[office]] of the ib.toml in `folder`."""
    neighbours = founding.neighbours or Neighbours()
    certificate = (founding.folder / "keys" / "das.pem").resolve()
    content: dict[str, Any] = {
        "code": founding.office,
        "client_id": _client_id(founding.office),
        "certificate": os.path.relpath(certificate, folder.resolve()),
        "access_codes": neighbours.issuer,
        "hosting": neighbours.called,
    }
    if neighbours.called:
        content["endpoint"] = f"{founding.url}{_API}"
    return content


def ipas_counterpart(office: str, neighbours: Neighbours) -> dict[str, Any]:
    """The gateway's side of IPAS: a [[counterpart]] of pouch.toml, in which the office is its own counterpart."""
    return {
        "hosted": office,
        "code": office,
        "adapter": "ipas",
        "ca": "keys/ca.pem",
        "settings": {
            "endpoints": {"patent": f"https://{neighbours.ipas}{_SERVICE}"},
            "time_zone": _TIME_ZONE,
            "doc_origin": _ORIGIN,
            "doc_log": _LOG,
            "first_number": _FIRST_NUMBER,
            "last_number": _LAST_NUMBER,
            "userdoc_type": _USERDOC_TYPE,
            "user_number": _USER,
            "receipt_date": "arrival",
            "content": "output-folder",
            "output_root": _OUTPUT_ROOT,
        },
    }


def ipas_installation(office: str) -> dict[str, Any]:
    """The installation's side: ipas.toml, with one file in which a document can be laid."""
    file = {"id": f"{office}/P/2026/1", "title": "Folding umbrella", "owner": "A. Inventor", "filed": date(2026, 10, 1)}
    return {
        "environment": f"SANDBOX {office}",
        "time_zone": _TIME_ZONE,
        "output_root": _OUTPUT_ROOT,
        "users": [_USER],
        "userdoc_types": [_USERDOC_TYPE],
        "log": [{"origin": _ORIGIN, "log": _LOG}],
        "file": [file],
    }


def agreements(office: str, neighbours: Neighbours) -> list[dict[str, Any]]:
    """The [[agreement]]s of offices.toml: with the Bureau, and with the office's own IPAS."""
    tasks = ["place", "correct", "replace", "withdraw", "obtain", "recheck"]
    return [
        {
            "name": "DAS",
            "hosted": office,
            "counterpart": BUREAU,
            "adapter": "das",
            "tasks": [*tasks, "answer"] if neighbours.called else tasks,
            "hosting": ["bureau", "office"] if neighbours.called else ["bureau"],
            "code_issuers": [neighbours.issuer],
            "standing_release": list(neighbours.standing_release),
            "recheck_seconds": neighbours.recheck_seconds,
        },
        {"name": "IPAS", "hosted": office, "counterpart": office, "adapter": "ipas", "tasks": ["hand-over"]},
    ]


def _client_id(office: str) -> str:
    return f"{office.lower()}-office"
