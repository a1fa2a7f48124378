"""The operator's settings are strict: what is agreed must be said, and an error names the path and never the value."""

from datetime import date, time

import pytest

from adapters.ipas.codes import Meaning, classify
from adapters.ipas.operations import Operation
from gateway.core.office import Right


def test_what_is_agreed_is_read(make_settings):
    settings = make_settings(
        office_section={"division": "01", "section": "07"},
        holidays=["2026-01-06"],
        day_ends="16:30:00",
        fault=[{"pattern": "no hay tal", "means": "absent", "operations": ["UserdocRead"]}],
    )
    assert settings.endpoints.keys() == {Right.PATENT}
    assert (settings.zone.key, settings.calendar.day_ends) == ("America/Asuncion", time(16, 30))
    assert settings.calendar.holidays == {date(2026, 1, 6)}
    assert classify(Operation.USERDOC_READ, "No hay tal documento", settings.fault_rows) is Meaning.ABSENT
    assert classify(Operation.FILE_READ, "No hay tal expediente", settings.fault_rows) is Meaning.UNKNOWN


def test_dates_written_as_toml_dates_are_taken(make_settings):
    settings = make_settings(holidays=[date(2026, 1, 6)], day_ends=time(16, 30))
    assert settings.calendar.holidays == {date(2026, 1, 6)}


@pytest.mark.parametrize(
    "name",
    [
        "endpoints",
        "time_zone",
        "doc_origin",
        "doc_log",
        "first_number",
        "last_number",
        "userdoc_type",
        "user_number",
        "receipt_date",
        "content",
        "output_root",
    ],
)
def test_what_must_be_agreed_has_no_default(make_settings, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        make_settings(**{name: None})


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"colour": "hunter2"}, "colour"),
        ({"doc_origin": "hunter2/7"}, "doc_origin"),
        ({"user_number": "hunter2"}, "user_number"),
        ({"first_number": 0}, "first_number"),
        ({"first_number": 600}, "last_number"),
        ({"receipt_date": "hunter2"}, "receipt_date"),
        ({"content": "hunter2"}, "content"),
        ({"time_zone": "hunter2"}, "time_zone"),
        ({"time_zone": "/etc/passwd"}, "time_zone"),
        ({"endpoints": {}}, "endpoints"),
        ({"endpoints": {"patent": "ftp://hunter2"}}, "endpoints.patent"),
        ({"endpoints": {"patent": "https://hunter2@ipas.invalid/"}}, "endpoints.patent"),
        ({"endpoints": {"hunter2": "https://ipas.invalid/"}}, "endpoints"),
        ({"working_days": []}, "working_days"),
        ({"working_days": [7]}, "working_days"),
        ({"output_root": "relative/hunter2"}, "output_root"),
        ({"output_root": "/srv/../hunter2"}, "output_root"),
        ({"output_root": "/srv/hunter2/"}, "output_root"),
        ({"output_root": "/srv/{content}"}, "output_root"),
        ({"output_root": "/"}, "output_root"),
        ({"file_name": "hunter2"}, "file_name"),
        ({"file_name": "{exchange}-{version}-{ordinal}-{access_code}"}, "file_name"),
        ({"file_name": "../{exchange}-{version}-{ordinal}"}, "file_name"),
        ({"file_name": "{exchange!r}-{version}-{ordinal}"}, "file_name"),
        ({"fault": [{"pattern": "(hunter2", "means": "taken"}]}, "fault[0].pattern"),
        ({"fault": [{"pattern": "x", "means": "hunter2"}]}, "fault[0].means"),
        ({"fault": [{"pattern": "x", "means": "taken", "operations": ["SqlExecute"]}]}, "fault[0].operations[0]"),
        ({"file_key": {"pattern": r"(?P<number>\d+)"}}, "file_key.pattern"),
        ({"file_key": {"pattern": r"(?P<series>\d+)-(?P<number>\d+)", "seq": "XX"}}, "file_key.type"),
        ({"office_section": {"section": "07"}}, "office_section.division"),
        ({"largest_file": 0}, "largest_file"),
    ],
)
def test_a_wrong_setting_is_named_by_its_path_and_not_shown(make_settings, changes, path):
    with pytest.raises(ValueError, match=":") as wrong:
        make_settings(**changes)
    named, _, _ = str(wrong.value).partition(": ")
    assert path in named
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize("root", ["/srv/ipas/in", "D:/IPAS/in box/pouch", "/in"])
def test_a_folder_of_a_windows_server_can_be_named_too(make_settings, root):
    assert make_settings(output_root=root).output_root == root


def test_without_files_no_folder_is_needed(make_settings):
    assert make_settings(content="reference-only", output_root=None).output_root is None
