"""Office codes."""

import pytest

from gateway.core.office import office_code
from gateway.core.reason import Reason, Refused


def test_two_capital_letters_are_a_code():
    assert office_code("XA") == "XA"


@pytest.mark.parametrize("text", ["", "X", "XAB", "xa", "X1", "XA\n", " XA", "ÄÖ", "ＸＡ"])
def test_anything_else_is_an_unknown_office(text):
    with pytest.raises(Refused) as refused:
        office_code(text)
    assert refused.value.reason is Reason.OFFICE_UNKNOWN
    assert not text or text not in str(refused.value)
