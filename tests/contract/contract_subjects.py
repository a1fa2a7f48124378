"""What an adapter brings along to take part in the contract suite, and what its counterpart is started with.

An adapter takes part by a file `subject_<name>.py` in this folder with a `SUBJECT` that has

    label                   what the tests call it
    name                    as in its entry point
    make(settings)          the adapter's `adapter` function
    bad_settings            pairs (what to put into good settings, the dotted path the refusal must name)
    trials                  what is tried, as Trials
    start(folder, tls)      an async context manager that gives a running counterpart with
        settings                        the operator's settings of the adapter
        elsewhere                       the same settings, of an address where nobody listens
        secrets                         texts that may stand nowhere
        parts(trial, patience=5.0)      a MemoryKit whose http and tokens reach the counterpart (and elsewhere)
        errand(trial, number)           the errand of a trial about document `number` (1, 2, 3, ...)
        await settled(trial, number)    returns when the counterpart has nothing more to do by itself
        await effects(trial, number)    how often the trial took effect, by the counterpart's own record
        await disturb(switch, operation, calls=1, seconds=0.0) and await calm(): see sandbox/hostility.py
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from joserfc import jwt
from joserfc.jwk import ECKey

from gateway.core.secret import Secret
from gateway.kit.assembly import authorities
from gateway.kit.http import CounterpartHttp, Reach

ROOT = Path(__file__).parents[2]
#: Where nobody listens.
NOBODY = "127.0.0.1:1"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One errand to try, what must be done before, and what is disturbed.

    `calls` are the counterpart's operations that are disturbed, `effect` the one that counts. Of a trial that is not
    `whole` one attempt suffices for what follows it.
    """

    name: str
    calls: tuple[str, ...] = ()
    effect: str = ""
    before: "tuple[Trial, ...]" = ()
    whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Tls:
    """PEM files: an authority, and a server's key and certificate for 127.0.0.1."""

    ca: Path
    certificate: Path
    key: Path


def make_tls(folder: Path) -> Tls:
    """A test authority and a certificate of it."""
    ca_key, server_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca = _certificate("contract authority", ca_key, "contract authority", ca_key, is_authority=True)
    server = _certificate("127.0.0.1", server_key, "contract authority", ca_key, is_authority=False)
    files = Tls(ca=folder / "ca.pem", certificate=folder / "server.pem", key=folder / "server-key.pem")
    files.ca.write_bytes(ca.public_bytes(Encoding.PEM))
    files.certificate.write_bytes(server.public_bytes(Encoding.PEM))
    files.key.write_bytes(server_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


def _certificate(name, key, issuer, issuer_key, *, is_authority):
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


class Connections:
    """Real HTTP to the addresses in an adapter's settings and to NOBODY, as patient as asked; closed together."""

    def __init__(self, settings, tls: Tls) -> None:
        self._authorities = authorities(settings, (NOBODY,))
        self._tls = tls
        self._open: list[CounterpartHttp] = []

    def open(self, patience: float) -> CounterpartHttp:
        reach = Reach(authorities=self._authorities, ca=self._tls.ca, total=patience, idle=patience)
        self._open.append(CounterpartHttp(reach))
        return self._open[-1]

    async def close(self) -> None:
        for http in self._open:
            await http.close()


class ClientKey:
    """An office's key for client assertions (ports.Asserter), and its public half for the counterpart."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._made = 0

    def public_pem(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def client_assertion(self, *, client_id: str, audience: str) -> Secret:
        self._made += 1
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "exp": int(datetime.now(UTC).timestamp()) + 60,
            "jti": f"assertion-{self._made}",
        }
        return Secret(jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, ECKey.import_key(self._key)))


@asynccontextmanager
async def sandbox_process(*words: str) -> AsyncIterator[str]:
    """`python -m sandbox ...` as a process of its own; gives the address it prints."""
    process = subprocess.Popen([sys.executable, "-m", "sandbox", *words], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    try:
        line = await asyncio.to_thread(process.stdout.readline)
        yield json.loads(line)["listening"]
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)
        process.stdout.close()
