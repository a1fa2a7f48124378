"""The local file is the one the request names, or the only one that claims the priority; else a person names it."""

import pytest
from ipas_rehearsal import FILE, Desk, make_handing

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.config import FileKeySettings
from adapters.ipas.finding import read_file_key
from adapters.ipas.operations import Operation
from gateway.core.reason import Reason, Refused


def affected(desk):
    return [file["fileNbr"]["doubleValue"] for file in desk.arguments()["arg2"]]


def test_the_file_that_the_request_names_is_taken(application, make_settings):
    desk = Desk()
    desk.play(make_handing(application), make_settings())
    assert affected(desk) == [123]
    assert Operation.PATENT_COUNT not in desk.called()


def test_without_a_name_the_file_that_claims_the_priority_is_taken(application, make_settings):
    desk = Desk()
    desk.play(make_handing(application, own_number=None), make_settings())
    assert affected(desk) == [123]
    (criteria,) = {
        str(step.arguments["arg0"]["criteriaPriority"])
        for step in desk.steps
        if getattr(step, "operation", None) in (Operation.PATENT_COUNT, Operation.PATENT_LIST)
    }
    assert criteria == str({"priorityApplicationNbr": "2025001234", "priorityCountryCode": "YY"})


@pytest.mark.parametrize("own_number", ["XX/P/2026/124", "no key", "", "X" * 65])
def test_a_named_file_that_does_not_exist_is_not_replaced_by_a_guess(application, make_settings, own_number):
    desk = Desk()
    with pytest.raises(Refused) as held:
        desk.play(make_handing(application, own_number=own_number), make_settings())
    assert held.value.reason is Reason.LOCAL_FILE_UNKNOWN
    assert desk.effects == []


def test_absence_told_by_a_fault_is_the_same(application, make_settings):
    desk = Desk()
    desk.says[Operation.FILE_READ] = [Faulted(Operation.FILE_READ, Meaning.ABSENT)]
    with pytest.raises(Refused) as held:
        desk.play(make_handing(application), make_settings())
    assert held.value.reason is Reason.LOCAL_FILE_UNKNOWN


def test_an_answer_about_another_file_is_no_answer(application, make_settings):
    desk = Desk()
    desk.says[Operation.FILE_READ] = [{"fileId": FILE | {"fileNbr": 124}}]
    with pytest.raises(Refused) as held:
        desk.play(make_handing(application), make_settings())
    assert held.value.reason is Reason.LOCAL_FILE_UNKNOWN


@pytest.mark.parametrize("files", [[], [FILE, FILE | {"fileNbr": 124}]])
def test_no_file_or_several_are_for_a_person(application, make_settings, files):
    desk = Desk()
    desk.priority_files = files
    with pytest.raises(Refused) as held:
        desk.play(make_handing(application, own_number=None), make_settings())
    assert held.value.reason is Reason.LOCAL_FILE_UNKNOWN
    assert Operation.PATENT_LIST not in desk.called()


def test_a_list_that_differs_from_its_count_is_for_a_person(application, make_settings):
    desk = Desk()
    desk.says[Operation.PATENT_COUNT] = [1]
    desk.priority_files = [FILE, FILE]
    with pytest.raises(Refused):
        desk.play(make_handing(application, own_number=None), make_settings())


def test_an_office_can_want_the_name_or_the_claim_only(application, make_settings):
    desk = Desk()
    with pytest.raises(Refused) as held:
        desk.play(make_handing(application, own_number=None), make_settings(find_file_by=["own-number"]))
    assert held.value.reason is Reason.LOCAL_FILE_UNKNOWN
    claimed = Desk()
    claimed.play(make_handing(application, own_number="XX/P/2026/9"), make_settings(find_file_by=["priority-claim"]))
    assert affected(claimed) == [123]


@pytest.mark.parametrize(
    ("table", "text", "key"),
    [
        ({}, " XX/P/2026/000123 ", "XX/P/2026/123"),
        ({"pattern": r"P (?P<series>\d{4})-(?P<number>\d+)", "seq": "XX", "type": "P"}, "P 2026-123", "XX/P/2026/123"),
        ({"pattern": r"(?P<type>[PU])(?P<series>\d{4})(?P<number>\d+)", "seq": "XX"}, "U20267", "XX/U/2026/7"),
        ({"pattern": r"(?P<series>\d*)-(?P<number>\d+)", "seq": "XX", "type": "P"}, "-7", "None"),
        ({}, "XX/P/2026/123/4", "None"),
    ],
)
def test_an_office_says_how_its_numbers_become_keys(table, text, key):
    assert str(read_file_key(FileKeySettings(**table), text)) == key
