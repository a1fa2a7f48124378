"""Paths to a root: found whatever lies about, refused by their cause, and bounded however many certificates come."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pki.chains import CHAIN_MOST, build_chain, is_issued_by
from pki.verdict import Refusal

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)


def key():
    return ec.generate_private_key(ec.SECP256R1())


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certify(subject, issuer, of, by, *, ca=True, length=None, begin=NOW - DAY, end=NOW + DAY, sign=True, hash_=None):
    builder = x509.CertificateBuilder(name(issuer), name(subject), of.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=length if ca else None), critical=True)
    usage = x509.KeyUsage(not sign, False, False, False, False, sign, sign, False, False)
    return builder.add_extension(usage, critical=True).sign(by, hash_ or hashes.SHA256())


def cause(*arguments):
    with pytest.raises(Refusal) as refused:
        build_chain(*arguments)
    return refused.value.verdict.sub_indication.name


@pytest.fixture(scope="module")
def keys():
    return {each: key() for each in ("root", "between", "leaf", "other")}


@pytest.fixture(scope="module")
def path(keys):
    return (
        certify("leaf", "between", keys["leaf"], keys["between"], ca=False, sign=False),
        certify("between", "root", keys["between"], keys["root"]),
        certify("root", "root", keys["root"], keys["root"]),
    )


def test_the_path_is_found_among_others(path, keys):
    leaf, between, root = path
    decoys = [certify("between", "root", keys["other"], keys["root"]), certify("x", "root", key(), keys["root"])]
    assert build_chain(leaf, [*decoys, between], [root], NOW) == path
    assert build_chain(leaf, [root, between], [root], NOW) == path
    assert build_chain(root, [], [root], NOW) == (root,)


def test_a_certificate_that_expired_is_passed_by_where_another_leads_on(path, keys):
    leaf, between, root = path
    old = certify("between", "root", keys["between"], keys["root"], end=NOW - timedelta(hours=1))
    assert build_chain(leaf, [old, between], [root], NOW) == path
    assert cause(leaf, [old], [root], NOW) == "EXPIRED"


def test_what_is_wrong_with_the_path_is_named(path, keys):
    leaf, between, root = path
    assert cause(leaf, [], [root], NOW) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert cause(leaf, [between, root], [], NOW) == "NO_CERTIFICATE_CHAIN_FOUND"
    assert cause(leaf, [between], [certify("root", "root", keys["other"], keys["other"])], NOW) == (
        "NO_CERTIFICATE_CHAIN_FOUND"
    )
    assert cause(*(leaf, [between], [root]), NOW + 2 * DAY) == "EXPIRED"
    assert cause(*(leaf, [between], [root]), NOW - 2 * DAY) == "NOT_YET_VALID"
    for wrong in ({"ca": False}, {"sign": False}):
        weak = certify("between", "root", keys["between"], keys["root"], **wrong)
        assert cause(leaf, [weak], [root], NOW) == "CHAIN_CONSTRAINTS_FAILURE"
    short = certify("root", "root", keys["root"], keys["root"], length=0)
    assert cause(leaf, [between], [short], NOW) == "CHAIN_CONSTRAINTS_FAILURE"
    sha224 = certify("between", "root", keys["between"], keys["root"], hash_=hashes.SHA224())
    assert cause(leaf, [sha224], [root], NOW) == "CRYPTO_CONSTRAINTS_FAILURE"


def test_a_weak_issuer_is_no_issuer(keys):
    weak = ec.generate_private_key(ec.SECP224R1())
    root = certify("root", "root", weak, weak)
    assert not is_issued_by(certify("leaf", "root", keys["leaf"], weak, ca=False, sign=False), root)


def test_a_path_is_not_longer_than_its_limit():
    ladder = [key() for _ in range(CHAIN_MOST + 2)]
    steps = [certify(str(step), str(step + 1), ladder[step], ladder[step + 1]) for step in range(len(ladder) - 1)]
    root = certify(str(len(steps)), str(len(steps)), ladder[-1], ladder[-1])
    assert cause(steps[0], steps[1:], [root], NOW) == "NO_CERTIFICATE_CHAIN_FOUND"
    shorter = steps[3:]
    assert len(build_chain(shorter[0], shorter[1:], [root], NOW)) == CHAIN_MOST - 1


def test_a_heap_of_certificates_that_all_fit_each_other_ends(keys):
    """Same name, same key: every one of them has issued every other (the pathological chain of x509-limbo)."""
    heap = [certify("x", "x", keys["other"], keys["other"]) for _ in range(200)]
    leaf = certify("leaf", "x", keys["leaf"], keys["other"], ca=False, sign=False)
    root = certify("root", "root", keys["root"], keys["root"])
    assert cause(leaf, heap, [root], NOW) == "NO_CERTIFICATE_CHAIN_FOUND"
