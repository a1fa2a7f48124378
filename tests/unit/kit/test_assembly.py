"""gateway/kit/assembly.py."""

from uuid import UUID

from gateway.core.document import Role
from gateway.kit.assembly import CounterpartKit, authorities


def test_the_hosts_of_written_urls_may_be_called():
    settings = {
        "base_url": "https://das.example/das-api/v1",
        "deep": {"list": ["https://Storage.example:8443/x", 5, None]},
        "text": "not a url",
        "file": "file:///etc/passwd",
    }
    assert authorities(settings) == {"das.example:443", "storage.example:8443"}


def test_further_hosts_are_named_with_or_without_port():
    assert authorities({}, ("Bucket.example", "bucket.example:9000")) == {"bucket.example:443", "bucket.example:9000"}


class _Documents:
    def __init__(self):
        self.spooled = []

    def spool(self, **asked):
        self.spooled.append(asked)


class _Randomness:
    def take(self, count):
        return bytes(count)


async def test_a_spool_gets_an_identifier_of_its_own(kit_clock, local_http):
    documents = _Documents()
    rest = dict.fromkeys(("tokens", "signer", "counters", "meter"))
    whole = CounterpartKit(http=local_http, clock=kit_clock, randomness=_Randomness(), documents=documents, **rest)
    kit = whole.for_transmission(progress=None, log=None)
    kit.spool(name="a.pdf", role=Role.CERTIFIED_COPY, media_type="application/pdf", limit=5)
    (asked,) = documents.spooled
    assert UUID(asked.pop("document_id")).version == 7
    assert asked == {"name": "a.pdf", "role": Role.CERTIFIED_COPY, "media_type": "application/pdf", "limit": 5}
