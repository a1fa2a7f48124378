"""libxmlsec as judge of spoiled signatures: never "we accept, they reject", and no honest one refused.

It is asked by its command-line program, which shares no code with us, about every mutant that we accept, and about
every honest document; those that we refuse need no judge. A few hundred mutants by default, 10,000 and more by
POUCH_MUTANTS=10000 (of each kind of signature a third).
"""

import os
import random
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from lxml import etree
from signed_things import AT, DS, SOAP11, SOAP12, WSU, detached, document, envelope, enveloped
from spoiling_signatures import rewritten, spoiled

from gateway.core.reason import Refused
from gateway.wire.xml import PACKAGED, parse
from pki import wss
from pki.keys import SigningKey, write_certificate
from pki.trust import TrustList, pin
from pki.xmldsig import verify_enveloped
from pki.xmldsig_detached import verify_files

pytestmark = pytest.mark.debian("xmlsec1")

MUTANTS = int(os.environ.get("POUCH_MUTANTS", "600"))
#: Documents given to one run of the program, which stops at the first that it refuses.
BATCH = 200
FILES = {"one.bin": b"one" * 100, "two.bin": b"\x00\xff", "three.xml": b"<a><!-- c -->b</a>"}
IDS = [part for space in (SOAP11, SOAP12) for part in ("--id-attr:Id", f"{space}:Body")]
IDS += ["--id-attr:Id", f"{WSU[1:-1]}:Timestamp"]

Verify = Callable[[bytes], bytes | None]


class Judge:
    """libxmlsec with one certificate's key, in a folder where the signed files lie."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        self.folder = folder
        write_certificate(folder / "certificate.pem", key.certificate)
        for name, content in FILES.items():
            (folder / name).write_bytes(content)

    def refuses(self, documents: Iterable[bytes]) -> list[bytes]:
        """Those of the documents that it refuses."""
        waiting, refused = list(documents), list[bytes]()
        while waiting:
            batch = waiting[:BATCH]
            done = self._run(batch)
            if done.returncode == 0:
                waiting = waiting[len(batch) :]
                continue
            good = sum(line == b"OK" for line in (done.stdout + done.stderr).splitlines())
            refused.append(waiting[good])
            waiting = waiting[good + 1 :]
        return refused

    def _run(self, batch: list[bytes]) -> subprocess.CompletedProcess[bytes]:
        names = []
        for number, each in enumerate(batch):
            names.append(f"document{number}.xml")
            (self.folder / names[-1]).write_bytes(each)
        arguments = ["--verify", "--pubkey-cert-pem", "certificate.pem", "--enabled-key-data", "key-name", *IDS]
        return subprocess.run(["xmlsec1", *arguments, *names], cwd=self.folder, capture_output=True, check=False)


@pytest.fixture(params=["signer", "rsa_signer"])
def key(request: pytest.FixtureRequest) -> SigningKey:
    named: SigningKey = request.getfixturevalue(request.param)
    return named


@pytest.fixture
def judge(tmp_path: Path, key: SigningKey) -> Judge:
    return Judge(tmp_path, key)


def parsed(octets: bytes) -> etree._Element | None:
    try:
        return parse(octets, limits=PACKAGED)
    except Refused:
        return None


def verifier(kind: str, key: SigningKey) -> Verify:
    """How we verify one kind: gives in canonical form what we go on with, None if we refuse."""
    trust = TrustList([pin("XA", "signing", key.certificate)])

    def of_envelope(octets: bytes) -> bytes | None:
        root = parsed(octets)
        result = wss.verify(root, trust=trust, now=AT) if root is not None else None
        return canonical(result.signed_body) if result is not None and result.verdict.passed else None

    def of_enveloped(octets: bytes) -> bytes | None:
        root = parsed(octets)
        if root is None:
            return None
        verdict, signed = verify_enveloped(root, trust=trust, now=AT)
        assert verdict.passed is (signed is not None)
        return canonical(signed)

    def of_detached(octets: bytes) -> bytes | None:
        root = parsed(octets)
        if root is None:
            return None
        opened = {name: [content] for name, content in FILES.items()}
        result = verify_files(root, opened.get, roots=[key.certificate], at=AT)
        return b" ".join(name.encode() for name in sorted(result.names)) if result.verdict.passed else None

    return {"envelope": of_envelope, "enveloped": of_enveloped, "detached": of_detached}[kind]


def canonical(element: etree._Element | None) -> bytes | None:
    return None if element is None else etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def honest(kind: str, chance: random.Random, key: SigningKey) -> bytes:
    if kind == "detached":
        names = chance.sample(sorted(FILES), chance.randrange(1, 4))
        return detached({name: FILES[name] for name in names}, key)
    return (envelope if kind == "envelope" else enveloped)(chance, key)


KINDS = ["envelope", "enveloped", "detached"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_honest_signature_is_refused(kind: str, key: SigningKey, judge: Judge) -> None:
    """Neither by us nor by the judge, also where it was written again in another way."""
    chance, verify = random.Random(f"honest {kind}"), verifier(kind, key)
    documents = []
    for _ in range(max(20, MUTANTS // 40)):
        documents.append(honest(kind, chance, key))
        documents.append(rewritten(documents[-1], chance))
    assert [each for each in documents if verify(each) is None] == []
    assert judge.refuses(documents) == []


@pytest.mark.parametrize("kind", KINDS)
def test_no_mutant_is_accepted_that_libxmlsec_refuses(
    kind: str, key: SigningKey, stranger: SigningKey, judge: Judge
) -> None:
    chance, verify = random.Random(f"mutants {kind}"), verifier(kind, key)
    accepted: list[bytes] = []
    for number in range(-(-MUTANTS // 6)):
        if number % 10 == 0:
            original = honest(kind, chance, key)
            signed = verify(original)
        mutant = spoiled(original, chance, (key, stranger))
        taken = verify(mutant)
        if taken is not None:
            assert kind == "detached" or taken == signed, mutant  # what we go on with is what was signed
            accepted.append(mutant)
    assert accepted, "harmless changes are among the spoils, so that some mutants must pass"
    assert judge.refuses(accepted) == []


def test_the_judge_can_refuse(judge: Judge, key: SigningKey) -> None:
    good = enveloped(random.Random(1), key)
    bad = etree.fromstring(good)
    bad.insert(0, etree.Element("more"))
    assert judge.refuses([good, etree.tostring(bad), good, b"<no/>", b"<", good]) == [
        etree.tostring(bad),
        b"<no/>",
        b"<",
    ]


def test_documents_by_chance_are_canonical() -> None:
    for seed in range(50):
        root = etree.fromstring(document(random.Random(seed)))
        assert etree.tostring(root, method="c14n", exclusive=True) == document(random.Random(seed))
        assert next(root.iter(f"{DS}Signature"), None) is None
