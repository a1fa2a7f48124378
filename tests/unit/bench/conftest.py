"""What the tests of the bench share: an office's key, and papers of a few hundred bytes."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.bench.messages import Paper, Scribe, write_paper
from pki.certificates import issue_signer
from pki.keys import SigningKey, generate_key

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def office_key() -> SigningKey:
    return issue_signer("XA own system", key=generate_key(), now=AT)


@pytest.fixture(scope="session")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    path = tmp_path_factory.mktemp("paper") / "paper.pdf"
    write_paper(path, 3000)
    return Paper(path)


@pytest.fixture(scope="session")
def seat(office_key: SigningKey, paper: Paper) -> Callable[[bool], Scribe]:
    """Gives a scribe of attached or inline documents."""
    return lambda attached: Scribe(key=office_key, paper=paper, attached=attached, host="127.0.0.1:1", run="test")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc of five processes: 10 with children 11 and 12, 12 with child 13, and 20 beside them."""

    def write(process: int, parent: int, ticks: str, name: str = "python", resident: int = 1024) -> None:
        folder = tmp_path / str(process)
        folder.mkdir()
        (folder / "stat").write_text(f"{process} ({name}) S {parent} {process} 1 0 -1 4194560 1 2 3 4 {ticks} 20 0 1 0")
        (folder / "status").write_text(f"Name:\tx\nVmHWM:\t  {2 * resident} kB\nVmRSS:\t  {resident} kB\nThreads:\t1\n")

    write(10, 1, "100 20 0 0")
    write(11, 10, "7 0 0 0", name="a (very) odd) name")
    write(12, 10, "1 2 30 40")
    write(13, 12, "5 5 0 0")
    write(20, 1, "1000 1000 0 0")
    (tmp_path / "self").mkdir()
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0\n"
        "   1: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1 0\n"
        "   2: 0100007F:20FB 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0\n"
        "   3: 0100007F:20FC 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1 0\n"
    )
    return tmp_path
