"""The ground: two offices' gateways, their IPAS and the Bureau, in an empty folder, all agreed with each other.

XA   makes its access codes itself, is called by the Bureau, has its own library; its IPAS desk has opened the log
XB   leaves the codes to the Bureau, has no public endpoint and polls, releases by a standing rule; its IPAS is
     untouched today, and one number of our range is taken
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from gateway.demo.programs import free_ports
from gateway.founding import (
    Founded,
    FoundedSandbox,
    Founding,
    Neighbours,
    found_bureau,
    found_gateway,
    found_ipas,
    introduce,
)
from gateway.founding.agreed import ipas_counterpart, ipas_installation
from pki.certificates import issue_ca

__all__ = ["Ground", "OfficeGround", "prepare_ground"]

_HOST: Final = "127.0.0.1"
_CONDITIONS: Final = ("applicant-request", "formalities", "secrecy", "fee")
#: Seconds after which a fetched document is looked at again; a day and more in an office.
_RECHECK: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeGround:
    """One office: its gateway's files and addresses, and its IPAS."""

    code: str
    founding: Founding
    founded: Founded
    ipas: FoundedSandbox

    @property
    def ops(self) -> str:
        """Where its gateway tells its health."""
        return f"http://{self.founding.ops}"

    @property
    def ipas_url(self) -> str:
        """Where its IPAS listens."""
        return f"https://{self.founding.neighbours.ipas}" if self.founding.neighbours else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Everything that is there before anything runs."""

    folder: Path
    xa: OfficeGround
    xb: OfficeGround
    bureau: FoundedSandbox
    bureau_url: str
    ca: Path


def prepare_ground(folder: Path, *, claimed: Mapping[str, date]) -> Ground:
    """Write all files. `claimed` are numbers of XA's applications that XB's second file claims priority of."""
    ports = [f"{_HOST}:{port}" for port in free_ports(7)]
    ca = issue_ca("Pouch demonstration authority", now=datetime.now(UTC))
    bureau_at = ports[0]
    xa = Founding(
        folder=folder / "xa",
        office="XA",
        name="Office of XA",
        front=ports[1],
        ops=ports[2],
        ca=ca,
        neighbours=Neighbours(
            bureau=bureau_at,
            ipas=ports[3],
            issuer="office",
            recheck_seconds=_RECHECK,
            das={"poll_seconds": 1.0, "recheck_seconds": _RECHECK},
        ),
    )
    xb = Founding(
        folder=folder / "xb",
        office="XB",
        name="Office of XB",
        front=ports[4],
        ops=ports[5],
        ca=ca,
        neighbours=Neighbours(
            bureau=bureau_at,
            ipas=ports[6],
            issuer="bureau",
            called=False,
            standing_release=_CONDITIONS,
            recheck_seconds=_RECHECK,
            das={"poll_seconds": 0.3, "recheck_seconds": _RECHECK},
        ),
    )
    first = _office(xa, {"log": _log_opened_today("XA")})
    second = _office(xb, {"taken": [_first_number(xb)], "file": _files("XB", claimed)})
    introduce(first.founded, second.founded)  # each cosigns the other's ledger
    return Ground(
        folder=folder,
        xa=first,
        xb=second,
        bureau=found_bureau(folder / "bureau", [xa, xb], ca),
        bureau_url=f"https://{bureau_at}",
        ca=folder / "xa" / "keys" / "ca.pem",
    )


def _office(founding: Founding, ipas: Mapping[str, Any]) -> OfficeGround:
    founded = found_gateway(founding)
    sandbox = found_ipas(founding.folder / "sandbox", founding, founded.ca, ipas)
    return OfficeGround(code=founding.office, founding=founding, founded=founded, ipas=sandbox)


def _log_opened_today(office: str) -> list[dict[str, str]]:
    """The reception desk has opened its log already: nobody else may close it."""
    return [{**log, "today": "open"} for log in ipas_installation(office)["log"]]


def _first_number(founding: Founding) -> str:
    """A number that is ours by agreement, but was entered at the desk by mistake: it has to be passed over."""
    agreed = ipas_counterpart(founding.office, founding.neighbours or Neighbours())["settings"]
    year = datetime.now(UTC).year
    return f"{agreed['doc_origin']}/{agreed['doc_log']}/{year}/{agreed['first_number']}"


def _files(office: str, claimed: Mapping[str, date]) -> list[dict[str, Any]]:
    """The usual file, and one that claims priority."""
    [file] = ipas_installation(office)["file"]
    claims = [{"country": "XA", "number": number, "date": filed} for number, filed in claimed.items()]
    return [file, {**file, "id": f"{office}/P/2026/2", "title": "Umbrella stand", "priority": claims}]
