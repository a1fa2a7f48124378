"""gateway/kit/http.py, against a real socket."""

import asyncio
import hashlib
import ssl
import traceback
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.core.reason import Deferred, Reason, Refused
from gateway.kit.http import CounterpartHttp, Reach, authority


async def _pieces(*pieces):
    for piece in pieces:
        yield piece


async def _failure(call):
    with pytest.raises(Deferred) as deferred:
        await call
    return deferred.value.reason


async def test_a_call_is_sent_as_asked_and_answered_whole(local_server, local_http):
    async def answer(request):
        told = {"q": request.query["q"], "h": request.headers["X-A"], "b": (await request.read()).decode()}
        return web.json_response(told, status=201, headers={"X-Told": "yes"})

    local_server.answer = answer
    url = f"{local_server.url}/x"
    answer = await local_http.call("POST", url, headers={"X-A": "1"}, query={"q": "a+b%2F&c=ü"}, body=b"bytes")
    assert (answer.status, answer.headers["x-told"]) == (201, "yes")
    assert answer.body == '{"q": "a+b%2F&c=ü", "h": "1", "b": "bytes"}'.encode().replace("ü".encode(), b"\\u00fc")


async def test_a_streamed_body_has_its_length(local_server, local_http):
    async def answer(request):
        return web.Response(text=f"{request.headers['Content-Length']}:{(await request.read()).decode()}")

    local_server.answer = answer
    answer = await local_http.call("PUT", local_server.url, body=_pieces(b"ab", b"cd"), size=4)
    assert answer.body == b"4:abcd"


async def test_what_reading_a_body_raises_is_raised(local_server, local_http):
    async def forgotten():
        yield b"a"
        raise Refused(Reason.DOCUMENT_FORGOTTEN)

    with pytest.raises(Refused, match="DOCUMENT_FORGOTTEN"):
        await local_http.call("PUT", local_server.url, body=forgotten(), size=4)


async def test_a_body_of_another_size_than_said_is_our_own_failure(local_server, local_http):
    assert await _failure(local_http.call("PUT", local_server.url, body=_pieces(b"ab"), size=4)) is Reason.INTERNAL


async def test_a_presigned_url_goes_out_character_by_character(local_server, local_http):
    raw = []

    async def answer(request):
        raw.append(request.raw_path)
        return web.Response()

    local_server.answer = answer
    await local_http.call("PUT", f"{local_server.url}/a%2Fb?sig=x%2By~%7e", body=b"")
    assert raw == ["/a%2Fb?sig=x%2By~%7e"]


async def test_nobody_there_means_nothing_sent():
    reach = Reach(authorities=frozenset({"127.0.0.1:1"}), plain_http=True)
    http = CounterpartHttp(reach)
    assert await _failure(http.call("POST", "http://127.0.0.1:1/", body=b"")) is Reason.REMOTE_UNREACHABLE
    await http.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_a_cut_line_leaves_the_outcome_unknown_and_is_not_sent_twice(local_server, local_http, method):
    async def answer(request):
        request.transport.abort()
        return web.Response()

    await local_http.call("GET", local_server.url)  # a connection is open and will be used again
    local_server.answer = answer
    reason = await _failure(local_http.call(method, local_server.url, body=b"x" if method != "GET" else None))
    assert reason is Reason.REMOTE_OUTCOME_UNKNOWN
    assert len(local_server.seen) == 2


async def test_a_silent_counterpart_is_given_up(local_server, local_http):
    silent = asyncio.Event()

    async def answer(request):
        await silent.wait()
        return web.Response()

    local_server.answer = answer
    assert await _failure(local_http.call("POST", local_server.url, body=b"")) is Reason.REMOTE_OUTCOME_UNKNOWN
    silent.set()


@pytest.mark.parametrize("told", [True, False], ids=["length told", "chunked"])
async def test_an_answer_over_the_limit_is_not_read(local_server, local_http, told):
    async def answer(request):
        response = web.StreamResponse()
        if told:
            response.content_length = 100_000
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x" * 1000)
        return response

    local_server.answer = answer
    assert await _failure(local_http.call("GET", local_server.url)) is Reason.REMOTE_MALFORMED


async def test_nothing_is_decompressed(local_server, local_http):
    async def answer(request):
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    local_server.answer = answer
    assert await _failure(local_http.call("GET", local_server.url)) is Reason.REMOTE_MALFORMED


async def test_a_redirect_is_an_answer_and_a_cookie_is_forgotten(local_server, local_http):
    async def answer(request):
        assert "Cookie" not in request.headers
        return web.Response(status=302, headers={"Location": f"{local_server.url}/elsewhere", "Set-Cookie": "a=b"})

    local_server.answer = answer
    for _ in range(2):
        assert (await local_http.call("GET", local_server.url)).status == 302
    assert len(local_server.seen) == 2


async def test_an_answer_that_is_no_http_is_malformed(local_http):
    async def babble(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: eleven\r\n\r\nhello")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    http = CounterpartHttp(Reach(authorities=frozenset({authority(url)}), plain_http=True))
    assert await _failure(http.call("GET", url)) is Reason.REMOTE_MALFORMED
    await http.close()
    server.close()


async def test_a_download_streams(local_server, local_http):
    content = bytes(range(256)) * 1000  # far over the limit of other answers

    async def answer(request):
        return web.Response(body=content, content_type="application/pdf")

    local_server.answer = answer
    async with local_http.download(local_server.url, headers={"X-A": "1"}) as (answer, pieces):
        assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"", "application/pdf")
        digest = hashlib.sha256()
        async for piece in pieces:
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(content).digest()
    assert local_server.seen[0].headers["X-A"] == "1"


async def test_a_download_that_ends_early_is_told(local_server, local_http):
    async def answer(request):
        response = web.StreamResponse()
        response.content_length = 10
        await response.prepare(request)
        await response.write(b"half")
        request.transport.close()
        return response

    local_server.answer = answer

    async def take():
        async with local_http.download(local_server.url) as (_, pieces):
            async for _piece in pieces:
                pass

    assert await _failure(take()) is Reason.REMOTE_OUTCOME_UNKNOWN


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/",
        "https://127.0.0.1/",
        "file:///etc/passwd",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "//127.0.0.1/",
        "http://127.0.0.1/a\r\nX: y",
        "http://127.0.0.1\\@evil/",
        "http://exämple/",
        "",
    ],
)
async def test_other_hosts_are_never_called(local_server, local_http, url):
    assert await _failure(local_http.call("GET", url)) is Reason.REMOTE_MALFORMED
    with pytest.raises(Deferred, match="REMOTE_MALFORMED"):
        async with local_http.download(url):
            pass
    assert local_server.seen == []


async def test_plain_http_is_for_who_allowed_it(local_server):
    http = CounterpartHttp(Reach(authorities=frozenset({authority(local_server.url)})))
    assert await _failure(http.call("GET", local_server.url)) is Reason.REMOTE_UNREACHABLE
    assert local_server.seen == []


async def test_no_text_of_a_failure_holds_the_url(local_server):
    async def answer(request):
        request.transport.abort()
        return web.Response()

    local_server.answer = answer
    authorities = frozenset({authority(local_server.url), "127.0.0.1:1"})
    http = CounterpartHttp(Reach(authorities=authorities, plain_http=True))
    query = {"dasAccessCode": "Z" + "9Z9"}
    for url in (local_server.url, "http://127.0.0.1:1/", "http://127.0.0.1:2/"):
        with pytest.raises(Deferred) as deferred:
            await http.call("GET", url, query=query)
        assert deferred.value.__context__ is None
        assert "Z9Z9" not in "".join(traceback.format_exception(deferred.value))
    await http.close()


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://das.wipo.int/das-api/v1", "das.wipo.int:443"),
        ("https://DAS.wipo.int:8443/", "das.wipo.int:8443"),
        ("http://[::1]:80/x", "[::1]:80"),
    ],
)
def test_an_authority_is_host_and_port(url, named):
    assert authority(url) == named


def _certificate(name, issuer=None, *, is_authority=False):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


@pytest.fixture
async def tls_server(tmp_path):
    """A server whose certificate an authority issued: (url, PEM of the authority, PEM of the certificate, other)."""
    ca = _certificate("authority", is_authority=True)
    leaf, key = _certificate("counterpart", ca)
    other = _certificate("other", is_authority=True)
    files = {}
    for name, certificate in (("ca", ca[0]), ("leaf", leaf), ("other", other[0])):
        files[name] = tmp_path / f"{name}.pem"
        files[name].write_bytes(certificate.public_bytes(Encoding.PEM))
    chain = tmp_path / "chain.pem"
    chain.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + files["leaf"].read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)

    async def take(request):
        return web.Response(text="trusted")

    runner = web.ServerRunner(web.Server(take), shutdown_timeout=0.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}", files
    await runner.cleanup()


@pytest.mark.parametrize("trusted", ["ca", "leaf"], ids=["authority", "pinned certificate"])
async def test_the_counterparts_certificate_is_checked_against_the_file(tls_server, trusted):
    url, files = tls_server
    http = CounterpartHttp(Reach(authorities=frozenset({authority(url)}), ca=files[trusted]))
    assert (await http.call("GET", url)).body == b"trusted"
    await http.close()


@pytest.mark.parametrize("trusted", ["other", None], ids=["another authority", "the machine's own"])
async def test_an_untrusted_certificate_means_nothing_sent(tls_server, trusted):
    url, files = tls_server
    http = CounterpartHttp(Reach(authorities=frozenset({authority(url)}), ca=trusted and files[trusted]))
    assert await _failure(http.call("GET", url)) is Reason.REMOTE_UNREACHABLE
    await http.close()
