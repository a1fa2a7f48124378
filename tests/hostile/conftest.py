"""What hostile tests share: the folder's own modules, and signers."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from signed_things import BEGUN

from pki.certificates import issue_ca, issue_signer
from pki.keys import SigningKey, generate_key


@pytest.fixture(scope="session")
def ca() -> SigningKey:
    return issue_ca("Office authority", now=BEGUN)


@pytest.fixture(scope="session")
def signer(ca: SigningKey) -> SigningKey:
    return issue_signer("XA Office", key=generate_key("P-256"), now=BEGUN, ca=ca)


@pytest.fixture(scope="session")
def rsa_signer(ca: SigningKey) -> SigningKey:
    return issue_signer("XA Office", key=generate_key("RSA-3072"), now=BEGUN, ca=ca)


@pytest.fixture(scope="session")
def stranger() -> SigningKey:
    """A good key that nobody agreed; its certificate says the honest signer's name."""
    return issue_signer("XA Office", key=generate_key("P-256"), now=BEGUN)
