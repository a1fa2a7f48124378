"""Every Reason has an answer in DAS's own form."""

import pytest

from gateway.core.reason import Reason
from gateway.endpoints.das.voice import code_of, numbers_of, status_of


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_status_and_a_code(reason):
    assert 400 <= status_of(reason) < 600
    assert code_of(reason).isupper()
    assert (code_of(reason) == "INTERNAL_ERROR") == (status_of(reason) == 500)


def test_the_numbers_are_those_that_were_seen():
    told = {reason: numbers_of(reason) for reason in Reason if numbers_of(reason)}
    assert told == {
        Reason.NOT_REGISTERED: (-7,),
        Reason.DATE_MISMATCH: (-12,),
        Reason.ACCESS_CODE_MISMATCH: (-14,),
    }
    assert {(status_of(reason), code_of(reason)) for reason in told} == {(400, "INVALID_INPUT_DATA")}


def test_what_a_person_decides_is_not_tried_again_by_a_program():
    assert status_of(Reason.TOO_MANY_WRONG_CODES) == 403
