"""The short signing class of the integrators' guide: the gateway's verifier takes what it signs, and it takes only
what the gateway signs. (That zeep deposits with it is shown by the demonstration, tests/acceptance/test_demo.py.)
"""

import importlib.util
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.trust import Purpose, TrustList, pin
from pki.wss import sign, verify

SOAP11, SOAP12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"


@pytest.fixture(scope="module")
def example():
    path = Path(__file__).parents[3] / "docs" / "examples" / "zeep_signing.py"
    spec = importlib.util.spec_from_file_location("zeep_signing", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def keys():
    now = datetime.now(UTC)
    return {name: issue_signer(name, key=generate_key(), now=now) for name in ("system", "gateway", "other")}


@pytest.fixture(scope="module")
def signature(example, keys):
    system, gateway = keys["system"], keys["gateway"]
    pem = system.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificates = [key.certificate.public_bytes(Encoding.PEM) for key in (system, gateway)]
    return example.GatewaySignature(pem, *certificates)


def envelope(soap=SOAP11, *, header=True):
    head = "<s:Header/>" if header else ""
    return etree.fromstring(
        f'<s:Envelope xmlns:s="{soap}">{head}<s:Body><x:Ask xmlns:x="urn:x">7</x:Ask></s:Body></s:Envelope>'
    )


@pytest.mark.parametrize("soap", [SOAP11, SOAP12])
@pytest.mark.parametrize("header", [True, False])
def test_the_gateway_takes_what_it_signs(signature, keys, soap, header):
    signed, headers = signature.apply(envelope(soap, header=header), {"SOAPAction": ""})
    trust = TrustList([pin("XA", Purpose.SIGNING, keys["system"].certificate)])
    result = verify(etree.fromstring(etree.tostring(signed)), trust=trust, now=datetime.now(UTC))
    assert result.verdict.passed, result.verdict.explanation
    assert result.office == "XA" and headers == {"SOAPAction": ""}


def answered(key, now=None):
    answer = envelope(SOAP12)
    sign(answer, key=key, now=now or datetime.now(UTC))
    return etree.fromstring(etree.tostring(answer))


def test_it_takes_the_gateways_answers(signature, keys):
    signature.verify(answered(keys["gateway"]))


def changed(answer, change):
    altered = deepcopy(answer)
    change(altered)
    return altered


def set_text(name, text):
    return lambda answer: setattr(next(answer.iter(f"{{*}}{name}")), "text", text)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (set_text("Ask", "8"), "changed on its way"),
        (set_text("Created", "2026-01-01T00:00:00Z"), "changed on its way"),
        (set_text("SignatureValue", "A" * 86 + "=="), "not signed by this gateway"),
        (lambda answer: answer[0].clear(), "is not signed"),
        (lambda answer: answer[0][0].append(deepcopy(answer[0][0][-1])), "is not signed"),
    ],
    ids=["body", "time", "value", "unsigned", "twice"],
)
def test_it_takes_no_other(signature, keys, change, why):
    with pytest.raises(ValueError, match=why):
        signature.verify(changed(answered(keys["gateway"]), change))


def test_it_takes_nobody_elses(signature, keys):
    with pytest.raises(ValueError, match="not signed by this gateway"):
        signature.verify(answered(keys["other"]))


def test_it_takes_no_old_answer(signature, keys):
    with pytest.raises(ValueError, match="old one"):
        signature.verify(answered(keys["gateway"], datetime.now(UTC) - timedelta(hours=1)))
