"""The reception desk refuses what has no place in a legal register, and does everything once."""

import pytest


def kinds(line):
    return [effect.kind for effect in line.record.effects()]


async def test_a_document_is_received_into_the_open_log_and_can_be_read(line, write):
    returned = await line.call("UserdocReceive", write.received("456"))
    read = await line.call("UserdocRead", write.document("arg0", "456.0"))
    for found in (returned, read):
        assert found.findtext("documentId/docNbr/doubleValue") == "456.0"
        assert found.findtext("affectedFileIdList/fileSeq") == "XX"
        assert found.findtext("filingData/userdocTypeList/userdocType") == "PRIO"
        assert found.findtext("notes") == "a note"
    (effect,) = line.record.effects()
    assert (effect.kind, effect.detail["document"], effect.detail["day"]) == (
        "userdoc-received",
        "3/E/2026/456",
        "2026-01-02",
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"arg0": "<arg0>4</arg0>"}, "The origin differs from the origin of the document id"),
        ({"arg1": "<arg1>NONE</arg1>"}, "The userdoc type does not exist"),
        ({"arg2": ""}, "There is no affected file"),
        ({"arg4": "<arg4><offidocOrigin>1</offidocOrigin></arg4>"}, "The office document does not exist"),
        ({"arg6": ""}, "The reception date is missing"),
        ({"arg6": "<arg6><dateValue>2026-01-02T00:00:00</dateValue></arg6>"}, "A date without time zone"),
        ({"arg6": "<arg6><dateValue>2026-01-03T00:00:00-03:00</dateValue></arg6>"}, "lies in the future"),
        ({"arg6": "<arg6><dateValue>2026-01-01T00:00:00-03:00</dateValue></arg6>"}, "of 2026-01-01 is not open"),
        ({"arg6": "<arg6><dateValue>2026-01-02T00:00:00Z</dateValue></arg6>"}, "of 2026-01-01 is not open"),
        ({"arg8": "<arg8><doubleValue>8</doubleValue></arg8>"}, "The user does not exist"),
        ({"arg8": "<arg8><doubleValue>7.5</doubleValue></arg8>"}, "The value 7.5 is not an integer"),
        ({"arg8": "<arg8><doubleValue>NaN</doubleValue></arg8>"}, "The value NaN is not an integer"),
        ({"arg12": ""}, "The document id is not complete"),
    ],
)
async def test_what_a_register_cannot_take_is_refused_without_effect(line, write, changes, text):
    assert text in await line.refusal("UserdocReceive", write.received("456", **changes))
    assert kinds(line) == []


async def test_a_file_that_does_not_exist_is_named(line, write):
    text = await line.refusal("UserdocReceive", write.received("456", arg2=write.file("arg2", "999")))
    assert text == "The file XX/P/2026/999 does not exist"


async def test_a_log_that_does_not_exist_is_refused(line, write):
    changed = write.received("456", arg12=write.document("arg12", "456", log="Q"))
    assert await line.refusal("UserdocReceive", changed) == "There is no such log at this origin"


async def test_a_number_is_given_once(line, write):
    await line.call("UserdocReceive", write.received("456"))
    assert await line.refusal("UserdocReceive", write.received("456")) == "The document 3/E/2026/456 already exists"
    assert await line.refusal("UserdocReceive", write.received("50")) == "The document 3/E/2026/50 already exists"
    assert kinds(line) == ["userdoc-received"]


async def test_a_later_document_can_name_an_earlier_one(line, write):
    await line.call("UserdocReceive", write.received("456"))
    later = write.received("457", arg10=write.document("arg10", "456"))
    returned = await line.call("UserdocReceive", later)
    assert returned.findtext("affectedDocumentId/docNbr/doubleValue") == "456.0"
    unknown = write.received("458", arg10=write.document("arg10", "1"))
    assert await line.refusal("UserdocReceive", unknown) == "The related document does not exist"


async def test_the_pre_check_tells_a_free_number_from_a_taken_one(line, write):
    assert (await line.call("UserdocCheckIntegrityForNewDocId", write.document("arg0", "49"))).text == "true"
    assert (await line.call("UserdocCheckIntegrityForNewDocId", write.document("arg0", "50"))).text == "false"


async def test_absence_is_no_value_or_a_fault_as_the_installation_has_it(start_line, write, line):
    asked = {
        "UserdocRead": write.document("arg0", "1"),
        "DailyLogRead": write.log("2026-01-02", name="M"),
        "FileRead": write.file("arg0", "999"),
    }
    for operation, arguments in asked.items():
        assert await line.call(operation, arguments) is None
    other = await start_line('says_no_by = "fault"\n[[log]]\norigin = "3"\nlog = "M"\n')
    texts = [await other.refusal(operation, arguments) for operation, arguments in asked.items()]
    assert texts == ["The document does not exist", "The daily log does not exist", "The file does not exist"]


async def test_a_log_goes_from_untouched_to_open_to_closed_and_back(line, write):
    day = write.log("2026-01-02", name="M")
    assert await line.refusal("DailyLogClose", day) == "The daily log is not open"
    assert await line.refusal("DailyLogUndoClose", day) == "The daily log is not closed"
    assert (await line.call("DailyLogOpen", day)).text == "true"
    assert await line.refusal("DailyLogOpen", day) == "The daily log is already open"
    await line.call("DailyLogClose", day)
    assert await line.refusal("DailyLogClose", day) == "The daily log is not open"
    assert "undo its closing" in await line.refusal("DailyLogOpen", day)
    await line.call("DailyLogUndoClose", day)
    assert (await line.call("DailyLogRead", day)).findtext("indOpen") == "true"
    assert kinds(line) == ["log-opened", "log-closed", "log-reopened"]


async def test_a_log_of_tomorrow_cannot_be_opened(line, write):
    assert "future" in await line.refusal("DailyLogOpen", write.log("2026-01-03"))
    assert "not complete" in await line.refusal("DailyLogOpen", "<arg0><docLog>E</docLog></arg0>")


async def test_a_log_tells_its_first_and_last_number(line, write):
    for number in ("460", "456"):
        await line.call("UserdocReceive", write.received(number))
    log = await line.call("DailyLogRead", write.log("2026-01-02"))
    assert log.findtext("firstDocNbr/doubleValue") == "50.0"
    assert log.findtext("lastDocNbr/doubleValue") == "460.0"


async def test_the_state_survives_a_restart(start_line, write, tmp_path):
    state = tmp_path / "ipas.json"
    first = await start_line(state=state)
    await first.call("UserdocReceive", write.received("456"))
    await first.call("DailyLogClose", write.log("2026-01-02"))
    written = "<arg0><content>AAEC</content><contentType>pdf</contentType></arg0><arg1>/srv/ipas/in/a.pdf</arg1>"
    await first.call("OutputFieldWriteDocument", written)
    again = await start_line(state=state)
    assert (await again.call("UserdocRead", write.document("arg0", "456"))).findtext("notes") == "a note"
    assert (await again.call("DailyLogRead", write.log("2026-01-02"))).findtext("indClosed") == "true"
    read = await again.call("OutputFieldReadDocument", "<arg0>/srv/ipas/in/a.pdf</arg0>")
    assert (read.findtext("content"), read.findtext("contentType")) == ("AAEC", "pdf")
