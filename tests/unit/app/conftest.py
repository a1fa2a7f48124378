"""Keys and certificates for the composition root's tests, made once."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pki.certificates import issue_signer
from pki.keys import generate_key, write_certificate, write_private_key

sys.path.append(str(Path(__file__).parents[1] / "core"))  # core_values.py

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def signers():
    """Signing keys of two offices and a stranger."""
    issued = NOW - timedelta(days=1)
    return {name: issue_signer(name, key=generate_key(), now=issued) for name in ("XA", "XB", "stranger")}


@pytest.fixture(scope="session")
def key_folder(signers, tmp_path_factory) -> Path:
    """A folder with NAME.pem (certificate) and NAME.key of each signer."""
    folder = tmp_path_factory.mktemp("keys")
    for name, key in signers.items():
        write_certificate(folder / f"{name}.pem", key.certificate)
        write_private_key(folder / f"{name}.key", key.key)
    return folder
