"""What can be called is a list: neither raw SQL nor a deletion is on it, and the profile offers nothing else."""

import re
from importlib.resources import files

import pytest

from adapters.ipas.codec import encode
from adapters.ipas.operations import WRITES, Operation


def test_the_list_and_the_profile_are_the_same():
    profile = files("wsdl.ipas").joinpath("IpasServices.wsdl").read_text("utf-8")
    binding = profile[profile.index("<binding") :]
    assert set(re.findall(r'<operation name="(\w+)">', binding)) == {operation.value for operation in Operation}


def test_no_raw_sql_and_no_deletion_is_on_the_list():
    assert not [operation for operation in Operation if re.search("Sql|Delete|Remove", operation.value)]


@pytest.mark.parametrize("name", ["SqlExecute", "SqlFetchAll", "UserdocDelete", "FileDelete", "PatentRead", ""])
def test_what_is_not_on_the_list_cannot_be_written(name):
    with pytest.raises(ValueError, match="Operation"):
        encode(name, {})


def test_reading_is_not_among_the_writes():
    assert not [operation for operation in WRITES if re.search("Read|Get|Check|Count", operation.value)]
    assert Operation.USERDOC_RECEIVE in WRITES
