"""The Bureau's configuration: the documented example works, and wrong ones are named."""

import tomllib

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from sandbox.ib.config import EXAMPLE, Delay, Office, load, read_client_key

OFFICE = '[[office]]\ncode = "XA"\nclient_id = "xa"\ncertificate = "xa.pem"\n'


def test_the_example_of_the_help_text_is_a_configuration(tmp_path):
    (tmp_path / "ib.toml").write_text(EXAMPLE)
    settings = load(tmp_path / "ib.toml")
    assert settings.folder == str(tmp_path / "bureau")
    assert settings.timings.upload_processing == Delay(polls=1)
    office = settings.by_code("XA")
    assert office is settings.by_client("xa-office")
    assert office.certificate == str(tmp_path / "xa-das.pem")
    assert office.accepts("XA 2026000001") and not office.accepts("XA 2026000001\n")
    # Every setting there is stands in the example.
    example = tomllib.loads(EXAMPLE.replace("# base_url", "base_url"))
    assert set(example) == set(settings.__struct_fields__)
    assert set(example["timings"]) == set(settings.timings.__struct_fields__)
    assert {key for row in example["office"] for key in row} == set(Office.__struct_fields__)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "folder"),
        ('folder = "x"\nfoldr = "y"', "foldr"),
        ('folder = "x"\n[timings]\nupload_processing = {poll = 1}', "poll"),
        ('folder = "x"\ncheck_retrievals = "never"', "check_retrievals"),
        ('folder = "x"\n' + OFFICE + "surprise = 1", "surprise"),
        ('folder = "x"\n' + OFFICE.replace("XA", "xa"), "code"),
        ('folder = "x"\n' + OFFICE + 'kinds = ["patents"]', "kinds"),
        ('folder = "x"\n' + OFFICE + 'number_pattern = "("', "number_pattern"),
        ('folder = "x"\n' + OFFICE + 'endpoint = "http://127.0.0.1/"', "endpoint"),
        ('folder = "x"\n' + OFFICE + OFFICE, "code"),
        ('folder = "x"\n' + OFFICE + OFFICE.replace("XA", "XB"), "client_id"),
        ("folder =", "ib.toml"),
    ],
)
def test_a_wrong_configuration_is_named_by_its_key(tmp_path, text, named):
    (tmp_path / "ib.toml").write_text(text)
    with pytest.raises(ValueError, match=named):
        load(tmp_path / "ib.toml")


def test_an_office_without_pattern_needs_its_code_in_front():
    office = Office(code="XB", client_id="xb", certificate="")
    assert office.accepts("XB 1/2") and office.accepts("PCT/XB2026/000001")
    assert not office.accepts("XA 1/2") and not office.accepts("XB") and not office.accepts("PCT/XA2026/000001")


def test_a_client_key_is_on_p256():
    def pem(key):
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return key.public_key().public_bytes(serialization.Encoding.PEM, form)

    assert read_client_key(pem(ec.generate_private_key(ec.SECP256R1()))).certificate is None
    for key in (ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)):
        with pytest.raises(ValueError, match="P-256"):
            read_client_key(pem(key))
