"""TLS: new connections get the new certificate, and what cannot be loaded changes nothing."""

import asyncio
import os
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from gateway.endpoints.server import listen, open_socket
from gateway.endpoints.tls import TlsFiles, describe_fault
from pki.certificates import issue_tls
from pki.keys import generate_key, write_certificate, write_private_key


def write(folder, name, kind="P-256"):
    """Put a certificate and key where the door's are; gives the certificate as DER."""
    issued = issue_tls(name, key=generate_key(kind), names=["127.0.0.1"], now=datetime.now(UTC))
    for path in (folder / "tls.crt", folder / "tls.key"):
        path.unlink(missing_ok=True)
    write_certificate(folder / "tls.crt", issued.certificate)
    write_private_key(folder / "tls.key", issued.key)
    return ssl.PEM_cert_to_DER_cert((folder / "tls.crt").read_text())


async def seen(port, **choices) -> tuple[bytes, str]:
    """Connect; gives the certificate that was shown and the version that was agreed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, value in choices.items():
        setattr(context, name, value)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    shown = writer.get_extra_info("ssl_object")
    found = shown.getpeercert(binary_form=True), shown.version()
    writer.close()
    await writer.wait_closed()
    return found


@asynccontextmanager
async def opened(tls):
    app = web.Application()
    listening = await listen(app, open_socket("127.0.0.1:0"), idle=60.0, tls=tls)
    assert listening.url.startswith("https://")
    yield int(listening.url.rpartition(":")[2])
    await listening.stop()


@pytest.mark.parametrize("kinds", [("P-256", "P-256"), ("RSA-2048", "P-256"), ("P-256", "RSA-2048")])
async def test_new_connections_get_the_new_certificate(tmp_path, kinds):
    first = write(tmp_path, "first", kinds[0])
    tls = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    async with opened(tls) as port:
        assert (await seen(port))[0] == first
        second = write(tmp_path, "second", kinds[1])
        assert tls.reload() is True
        assert (await seen(port))[0] == second


async def test_files_that_do_not_fit_change_nothing(tmp_path):
    first = write(tmp_path, "first")
    tls = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    async with opened(tls) as port:
        certificate = (tmp_path / "tls.crt").read_bytes()
        write(tmp_path, "second")
        (tmp_path / "tls.crt").write_bytes(certificate)  # the key is the new one's
        assert tls.reload() is False
        (tmp_path / "tls.crt").unlink()
        assert tls.reload() is False
        assert (await seen(port))[0] == first


def test_only_files_that_were_written_are_loaded_again(tmp_path):
    write(tmp_path, "first")
    tls = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    assert tls.reload_if_changed() is False
    os.utime(tmp_path / "tls.crt", ns=(1, 1))
    assert tls.reload_if_changed() is True
    assert tls.reload_if_changed() is False


async def test_the_watch_loads_what_was_written(tmp_path):
    write(tmp_path, "first")
    tls = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key")
    async with opened(tls) as port:
        watching = asyncio.create_task(tls.watch(look=0.0))
        second = write(tmp_path, "second")
        async with asyncio.timeout(10):
            while (await seen(port))[0] != second:
                pass
        watching.cancel()


async def test_what_is_older_than_tls_1_2_is_refused(tmp_path):
    write(tmp_path, "door")
    async with opened(TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key")) as port:
        assert (await seen(port, maximum_version=ssl.TLSVersion.TLSv1_2))[1] == "TLSv1.2"
        assert (await seen(port))[1] == "TLSv1.3"


def test_no_weak_suite_and_no_old_version_is_offered(tmp_path):
    write(tmp_path, "door")
    context = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key").context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    suites = {suite["name"] for suite in context.get_ciphers()}
    assert all(name.startswith(("TLS_", "ECDHE-")) for name in suites)
    assert not any(weak in name for name in suites for weak in ("SHA1", "CBC", "RC4", "3DES", "NULL"))


def test_a_door_does_not_open_without_its_certificate(tmp_path):
    with pytest.raises(OSError):
        TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key")


def fault(folder):
    """What an operator is told of the two files as they are."""
    files = folder / "tls.crt", folder / "tls.key"
    with pytest.raises(OSError) as failed:
        TlsFiles(*files)
    return describe_fault(*files, failed.value)


def test_a_fault_of_the_files_names_the_file(tmp_path):
    crt, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    assert fault(tmp_path) == f"{crt} cannot be read: No such file or directory"
    write(tmp_path, "first")
    kept = key.read_bytes()
    write(tmp_path, "second")
    key.write_bytes(kept)
    assert fault(tmp_path) == f"{key} is not the key of {crt}"
    crt.write_text("no certificate")
    assert fault(tmp_path) == f"{crt} or {key} is not PEM that can be read without a password"
    key.unlink()
    assert fault(tmp_path) == f"{key} cannot be read: No such file or directory"
