"""WS-Security: honest messages pass and say who signed what; a message is fresh or refused for its own reason."""

import base64
from datetime import timedelta
from hashlib import sha256

import pytest
from lxml import etree

from pki import wss
from pki.certificates import issue_signer
from pki.keys import generate_key
from pki.trust import TrustList, pin
from pki.verdict import Indication, SubIndication


@pytest.mark.parametrize("version", ["1.1", "1.2"])
@pytest.mark.parametrize(("key", "office"), [("signer", "XA"), ("rsa_signer", "XB"), ("p384_signer", "XC")])
def test_an_honest_message_passes_and_names_its_office(soap, request, version, key, office, now):
    key = request.getfixturevalue(key)
    envelope = soap.signed(key, version=version)
    result = wss.verify(envelope, trust=soap.trust, now=now)
    assert result.verdict.indication is Indication.PASSED
    assert result.office == office
    assert result.certificate == key.certificate == result.verdict.certificate
    assert result.signed_body is envelope[1]
    assert result.created == now
    assert result.expires == now + timedelta(minutes=5)
    assert [element.tag.rpartition("}")[2] for element in result.covered] == ["Timestamp", "Body"]


def test_other_headers_may_be_covered_and_are_then_named(soap, now):
    envelope = soap.envelope(headers='<a:To xmlns:a="urn:wsa">https://xb.example/</a:To><a:Other xmlns:a="urn:wsa"/>')
    wss.sign(envelope, key=soap.signer, now=now, headers=[envelope[0][0]])
    received = soap.again(envelope)
    result = wss.verify(received, trust=soap.trust, now=now)
    assert result.verdict.passed
    assert received[0][0] in result.covered
    assert received[0][1] not in result.covered
    received[0][0].text = "https://elsewhere.example/"
    assert soap.refused(received) == "HASH_FAILURE"


def test_white_space_between_header_elements_is_no_matter(soap):
    envelope = soap.signed()
    for element in (envelope, soap.header(envelope), soap.part(envelope, "Security")):
        element.text = "\n  "
        for child in element:
            child.tail = "\n  "
    assert soap.verify(envelope).verdict.passed


def test_serializing_with_other_quotes_and_empty_tags_is_no_matter(soap, now):
    text = etree.tostring(soap.signed()).decode()
    respelled = text.replace('URI="#id-body"', "URI  =  '#id-body' ").replace("/>", " />")
    assert respelled != text
    assert wss.verify(etree.fromstring(respelled), trust=soap.trust, now=now).verdict.passed


@pytest.mark.parametrize("place", ["Body", "Timestamp"])
def test_a_changed_letter_is_found(soap, place):
    envelope = soap.signed()
    element = soap.body(envelope)[0][0] if place == "Body" else soap.part(envelope, "Timestamp")[1]
    element.text = element.text[:-1] + ("2" if element.text[-1] != "2" else "3")
    assert soap.refused(envelope) == "HASH_FAILURE"


def test_a_changed_attribute_and_an_added_element_are_found(soap):
    changed, added = soap.signed(), soap.signed()
    soap.body(changed)[0][2].set("lang", "en")
    etree.SubElement(soap.body(added), "Extra")
    assert soap.refused(changed) == soap.refused(added) == "HASH_FAILURE"


def test_a_changed_signed_info_is_found(soap):
    envelope = soap.signed()
    soap.part(envelope, "SignedInfo").set("Id", "x")
    assert soap.refused(envelope) == "SIG_CRYPTO_FAILURE"


# --- who signed ---------------------------------------------------------------------------------------------


def test_a_good_signature_of_an_unknown_certificate_is_indeterminate(soap, stranger):
    result = soap.verify(soap.signed(stranger))
    assert result.verdict.indication is Indication.INDETERMINATE
    assert result.verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert result.office is None


def test_the_pinned_certificate_on_another_ones_signature_is_refused(soap, stranger):
    envelope = soap.signed(stranger)
    soap.part(envelope, "BinarySecurityToken").text = soap.signer.der_base64
    assert soap.refused(envelope) == "SIG_CRYPTO_FAILURE"


def test_one_offices_certificate_does_not_fit_another_offices_signature(soap, rsa_signer):
    envelope = soap.signed()
    soap.part(envelope, "BinarySecurityToken").text = rsa_signer.der_base64
    assert soap.refused(envelope) == "SIG_CRYPTO_FAILURE"


def test_a_certificate_pinned_for_tls_does_not_sign_messages(soap, signer):
    assert soap.refused(soap.signed(), trust=TrustList([pin("XA", "tls", signer.certificate)])) == (
        "NO_CERTIFICATE_CHAIN_FOUND"
    )


@pytest.mark.parametrize(
    ("begins", "validity", "reason"),
    [(-800, 730, "EXPIRED"), (-730, 730, None), (10, 730, "NOT_YET_VALID")],
)
def test_the_certificate_must_be_valid_now(soap, now, begins, validity, reason):
    key = issue_signer("XA", key=generate_key(), now=now + timedelta(days=begins), validity=timedelta(days=validity))
    trust = TrustList([pin("XA", "signing", key.certificate)])
    result = soap.verify(soap.signed(key), trust=trust)
    assert result.verdict.sub_indication == (SubIndication(reason) if reason else None)
    assert result.verdict.certificate == key.certificate


# --- when ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (timedelta(minutes=-5), None),
        (timedelta(minutes=-5, seconds=-1), SubIndication.MESSAGE_FROM_FUTURE),
        (timedelta(minutes=10) - timedelta(seconds=1), None),
        (timedelta(minutes=10), SubIndication.MESSAGE_EXPIRED),
        (timedelta(days=365), SubIndication.MESSAGE_EXPIRED),
    ],
)
def test_a_message_is_fresh_between_created_and_expires_give_or_take_the_skew(soap, now, after, reason):
    result = soap.verify(soap.signed(), now=now + after)
    assert result.verdict.sub_indication is reason
    # The signature is proven either way, so the refusal can be put down to an office.
    assert result.office == "XA"
    assert (result.signed_body is None) is (reason is not None)


def test_skew_and_lifetime_are_policy(soap, now, minutes):
    strict = wss.WssPolicy(skew=timedelta(0), max_lifetime=minutes(5))
    assert soap.verify(soap.signed(), policy=strict).verdict.passed
    assert soap.refused(soap.signed(), now=now + minutes(5), policy=strict) == "MESSAGE_EXPIRED"
    assert soap.refused(soap.signed(lifetime=minutes(6)), policy=strict) == "SIG_CONSTRAINTS_FAILURE"
    assert soap.refused(soap.signed(lifetime=minutes(61))) == "SIG_CONSTRAINTS_FAILURE"


def reseal_timestamp(soap, envelope):
    """Digest the Timestamp anew and seal: a message whose own signer wrote this Timestamp."""
    octets = etree.tostring(soap.part(envelope, "Timestamp"), method="c14n", exclusive=True, with_comments=False)
    soap.part(envelope, "DigestValue").text = base64.b64encode(sha256(octets).digest()).decode()
    return soap.seal(envelope)


@pytest.mark.parametrize(
    ("created", "expires", "good"),
    [
        ("2026-11-22T09:00:00Z", "2026-11-22T09:05:00Z", True),
        ("2026-11-22T09:00:00.1234567Z", "2026-11-22T09:05:00.000000001Z", True),
        ("2026-11-22T10:00:00+01:00", "2026-11-22T04:05:00-05:00", True),
        (" 2026-11-22T09:00:00Z\n", "2026-11-22T09:05:00Z", True),
        ("2026-11-22T09:00:00", "2026-11-22T09:05:00Z", False),
        ("2026-11-22T09:00:00Z", "2026-11-22", False),
        ("2026-02-30T09:00:00Z", "2026-11-22T09:05:00Z", False),
        ("2026-11-22T09:00:60Z", "2026-11-22T09:05:00Z", False),
        ("2026-11-22T24:00:00Z", "2026-11-22T09:05:00Z", False),
        ("9999-12-31T23:59:59-14:00", "2026-11-22T09:05:00Z", False),
        ("2026-11-22T09:00:00Z", "2026-11-22T09:00:00Z", False),
        ("2026-11-22T09:05:00Z", "2026-11-22T09:00:00Z", False),
        ("", "2026-11-22T09:05:00Z", False),
        ("٢٠٢٦-11-22T09:00:00Z", "2026-11-22T09:05:00Z", False),
    ],
)
def test_times_are_read_with_their_zone_or_refused(soap, created, expires, good):
    envelope = soap.signed()
    timestamp = soap.part(envelope, "Timestamp")
    timestamp[0].text, timestamp[1].text = created, expires
    reseal_timestamp(soap, envelope)
    assert soap.verify(envelope).verdict.sub_indication is (None if good else SubIndication.FORMAT_FAILURE)


@pytest.mark.parametrize("spoil", ["no Expires", "no Created", "swapped", "twice", "child in Created"])
def test_a_timestamp_has_exactly_created_and_expires(soap, spoil):
    envelope = soap.signed()
    timestamp = soap.part(envelope, "Timestamp")
    if spoil == "no Expires":
        timestamp.remove(timestamp[1])
    elif spoil == "no Created":
        timestamp.remove(timestamp[0])
    elif spoil == "swapped":
        timestamp.append(timestamp[0])
    elif spoil == "twice":
        etree.SubElement(timestamp, timestamp[1].tag).text = "2036-11-22T09:05:00Z"
    else:
        etree.SubElement(timestamp[0], "x").tail = "junk"
    reseal_timestamp(soap, envelope)
    assert soap.refused(envelope) == ("FORMAT_FAILURE" if spoil == "child in Created" else "NO_TIMESTAMP")


def test_a_message_without_timestamp_is_refused(soap):
    envelope = soap.signed()
    timestamp = soap.part(envelope, "Timestamp")
    timestamp.getparent().remove(timestamp)
    assert soap.refused(envelope) == "NO_TIMESTAMP"
