"""The search for access codes finds one wherever it stands by itself, as text or as bytes, and nothing else."""

import pytest

from gateway.demo.searching import pattern_of


@pytest.mark.parametrize(
    "text",
    [
        "expected AB3D",
        '{"code":"AB3D"}',
        "(1,AB3D,2)",
        "AB3D",
        "\\x20" + b"AB3D".hex() + "20",
        "\\x" + b"AB3D".hex(),
        "\\x" + b"code=AB3D;".hex(),
    ],
)
def test_found(text):
    assert pattern_of(["ZZ99", "AB3D"]).search(text)


@pytest.mark.parametrize(
    "text", ["xAB3D", "AB3Dx", "0AB3D9", "ab3d", "AB3", "\\x" + b"MAB3D".hex(), "\\x" + b"AB3D7".hex()]
)
def test_not_found(text):
    assert not pattern_of(["AB3D"]).search(text)
