"""Verdicts are values: each reason leads to one main result, and foreign text is tamed."""

import pytest

from pki.verdict import Indication, SubIndication, Verdict, passed, refused, shown


def test_only_a_good_verdict_is_passed():
    assert passed("fine").passed
    assert not any(refused(reason, "x").passed for reason in SubIndication)


@pytest.mark.parametrize(
    ("reason", "indication"),
    [
        ("HASH_FAILURE", "FAILED"),
        ("SIG_CRYPTO_FAILURE", "FAILED"),
        ("FORMAT_FAILURE", "FAILED"),
        ("REVOKED", "FAILED"),
        ("MESSAGE_EXPIRED", "FAILED"),
        ("EXPIRED", "INDETERMINATE"),
        ("NO_CERTIFICATE_CHAIN_FOUND", "INDETERMINATE"),
        ("CRYPTO_CONSTRAINTS_FAILURE", "INDETERMINATE"),
    ],
)
def test_the_main_result_follows_from_the_reason(reason, indication):
    verdict = refused(SubIndication[reason], "why")
    assert (verdict.indication, verdict.sub_indication) == (Indication[indication], SubIndication[reason])


def test_a_verdict_cannot_be_changed():
    with pytest.raises(AttributeError):
        passed("fine").indication = Indication.FAILED
    assert not hasattr(Verdict, "__dict__") or "__slots__" in vars(Verdict)


def test_foreign_text_is_shown_short_and_printable():
    assert shown("http://x\r\n\x1b[31m\u202e") == "'http://x???[31m?'"
    assert shown("a" * 1000) == "'" + "a" * 100 + "...'"
    assert shown(None) == "(nothing)"
