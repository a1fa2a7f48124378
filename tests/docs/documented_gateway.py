"""The gateway that the documents describe: README's own lines found it and start it, once in a session.

A conftest.py that wants it registers this module as a plugin, so that all folders share the one process. What differs
from the page: the ports are free ones; before the start a partner's RSA certificate is added, as an operator would do;
and the DAS adapter is told to ask every moment instead of every five seconds.
"""

import contextlib
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from fenced import ROOT, blocks, shell_lines

EXAMPLES = ROOT / "docs" / "examples"
#: Where the pages say that the front door and the ops port are.
FRONT, OPS = "127.0.0.1:8443", "127.0.0.1:9464"
_PATIENCE = 120.0


@dataclass(frozen=True, kw_only=True)
class Documented:
    """A folder in which README's lines were typed, where its gateway listens, and the programs that run, by name."""

    folder: Path
    ports: dict[str, int]
    running: dict[str, subprocess.Popen] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The front door."""
        return f"https://127.0.0.1:{self.ports['listen']}"

    @property
    def keys(self) -> Path:
        """Keys and certificates; `partner.key` and `partner.pem` are RSA."""
        return self.folder / "office" / "keys"

    @property
    def environment(self) -> dict[str, str]:
        """`pouch` is on the path; for Python, so are the examples and this very tree."""
        ours = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": f"{EXAMPLES}{os.pathsep}{ROOT}",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("POUCH_", "PYTHON"))}
        return {**kept, **ours}

    def log(self, name: str) -> Path:
        """What a running program has said."""
        return self.folder / f"{name}.log"

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Look every moment; the test fails with the gateway's last words if it ends, or takes minutes."""
        until = time.monotonic() + _PATIENCE
        while not reached():
            alive = self.running["gateway"].poll() is None
            assert alive and time.monotonic() < until, f"its last words: {self.log('gateway').read_text()[-2000:]}"
            time.sleep(0.1)

    def here(self, text: str) -> str:
        """A page's text with the addresses of this gateway in it."""
        return text.replace(FRONT, f"127.0.0.1:{self.ports['listen']}").replace(OPS, f"127.0.0.1:{self.ports['ops']}")

    def typed(self, line: str) -> list[str]:
        """The words of a page's shell line, with free ports for what `pouch init` founds."""
        words = shlex.split(self.here(line))
        if words[1:2] == ["init"]:
            words += [word for name, port in self.ports.items() for word in (f"--{name}", f"127.0.0.1:{port}")]
        return words

    def run(self, line: str) -> str:
        """Type a line of a page and give its output; the test fails with what it said if it fails."""
        ended = subprocess.run(
            self.typed(line), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=_PATIENCE
        )
        assert ended.returncode == 0, f"{line}\n{ended.stdout}{ended.stderr}"
        return ended.stdout

    def run_python(self, text: str) -> str:
        """Run Python text of a page as a program in the folder; gives its output."""
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-"],
            input=self.here(text),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


def empty_place(folder: Path) -> Documented:
    """A folder as a fresh clone: `.venv/bin` is there, and nothing else. Its ports are free now."""
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    with contextlib.ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(4)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        names = ("listen", "ops", "bureau", "ipas")
        return Documented(folder=folder, ports={n: s.getsockname()[1] for n, s in zip(names, taken, strict=True)})


@pytest.fixture(scope="session")
def documented(tmp_path_factory: pytest.TempPathFactory):
    """A running gateway of office XA, founded, checked and started by README's lines, with a sandbox Bureau."""
    place = empty_place(tmp_path_factory.mktemp("documented"))
    [block] = [block for block in blocks(ROOT / "README.md", "sh") if "serve" in block.text]
    init, check, serve = shell_lines(block.text)
    told = place.run(init)
    add_partner(place.keys)
    make_impatient(place.folder / "office" / "pouch.toml")
    with contextlib.ExitStack() as stack:
        [bureau] = re.findall(r"^ +(pouch sandbox ib .*)$", told, re.MULTILINE)
        stack.enter_context(_running(place, "bureau", bureau))
        place.run(check)
        stack.enter_context(_running(place, "gateway", serve))
        _wait_until_ready(place)
        yield place


@contextlib.contextmanager
def _running(place: Documented, name: str, line: str):
    with place.log(name).open("wb") as file:
        process = subprocess.Popen(
            place.typed(line),
            cwd=place.folder,
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    place.running[name] = process
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(place: Documented) -> None:
    ready = f"http://127.0.0.1:{place.ports['ops']}/readyz"
    place.wait_until(lambda: _answers(ready) and _is_open(place.ports["listen"]))


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def make_impatient(main: Path) -> None:
    """Let the DAS adapter look every 0.2 s for what the Bureau has become of."""
    text, wanted = main.read_text(), '[counterpart.settings]\nbase_url = "'
    assert wanted in text
    main.write_text(text.replace(wanted, wanted.replace("base_url", "poll_seconds = 0.2\nbase_url"), 1))


def add_partner(keys: Path) -> None:
    """Give office XA a second signing certificate, RSA of 3072 bits, for toolkits that have no elliptic curves."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "XA partner")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject_name=name, issuer_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (keys / "partner.key").write_bytes(pem)
    (keys / "partner.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    offices = keys.parent / "offices.toml"
    text = offices.read_text()
    wanted = '"keys/system.pem",\n]'
    assert wanted in text
    offices.write_text(text.replace(wanted, '"keys/system.pem",\n    "keys/partner.pem",\n]', 1))
