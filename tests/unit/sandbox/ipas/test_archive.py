"""Files can be searched, and the server folder takes files below its root and nowhere else."""

import pytest


def image(path, content="AAEC"):
    return f"<arg0><content>{content}</content><contentType>pdf</contentType></arg0><arg1>{path}</arg1>"


async def test_a_written_file_can_be_read_and_is_listed(line):
    await line.call("OutputFieldWriteDocument", image("/srv/ipas/in/a.pdf"))
    read = await line.call("OutputFieldReadDocument", "<arg0>/srv/ipas/in/a.pdf</arg0>")
    assert (read.findtext("content"), read.findtext("contentType")) == ("AAEC", "pdf")
    listed = await line.call("OutputFieldGetFolderContent", "<arg0>/srv/ipas/in</arg0>")
    assert listed.findtext("value") == "a.pdf"
    (effect,) = line.record.effects("file-written")
    assert effect.detail == {
        "path": "/srv/ipas/in/a.pdf",
        "size": 3,
        "sha256": "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc",
        "overwritten": False,
    }


async def test_writing_over_a_file_is_seen_in_the_record(line):
    for _ in range(2):
        await line.call("OutputFieldWriteDocument", image("/srv/ipas/in/a.pdf"))
    assert [effect.detail["overwritten"] for effect in line.record.effects()] == [False, True]


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/srv/ipas/in/../x.pdf",
        "/srv/ipas/in/./x.pdf",
        "/srv/ipas/inside.pdf",
        "/srv/ipas/in",
        "x.pdf",
        "/srv/ipas/in/a\\b.pdf",
        "/srv/ipas/in/a\nb.pdf",
    ],
)
async def test_a_path_outside_the_root_is_refused(line, path):
    assert await line.refusal("OutputFieldWriteDocument", image(path)) == "The path is not allowed"
    assert await line.refusal("OutputFieldReadDocument", f"<arg0>{path}</arg0>") == "The path is not allowed"
    assert line.record.effects() == ()


async def test_a_file_that_is_not_there_and_one_without_content_are_refused(line):
    assert "not found" in await line.refusal("OutputFieldReadDocument", "<arg0>/srv/ipas/in/b.pdf</arg0>")
    assert "no content" in await line.refusal("OutputFieldWriteDocument", "<arg0/><arg1>/srv/ipas/in/b.pdf</arg1>")


def priority(country="YY", number="2025001234", day=""):
    date = f"<priorityDate><dateValue>{day}T00:00:00-03:00</dateValue></priorityDate>" if day else ""
    return (
        f"<arg0><criteriaPriority><priorityApplicationNbr>{number}</priorityApplicationNbr>"
        f"<priorityCountryCode>{country}</priorityCountryCode>{date}</criteriaPriority></arg0>"
    )


async def test_a_file_is_found_by_the_priority_it_claims(line):
    found = await line.call("PatentGetList", priority())
    assert found.findtext("fileIdAsString") == "XX/P/2026/123"
    assert (await line.call("PatentCount", priority())).findtext("doubleValue") == "1.0"
    assert (await line.call("PatentCount", priority(day="2025-01-15"))).findtext("doubleValue") == "1.0"


@pytest.mark.parametrize("wanted", [priority(country="ZZ"), priority(number="2025001235"), priority(day="2025-01-16")])
async def test_another_priority_finds_nothing(line, wanted):
    assert await line.call("PatentGetList", wanted) is None
    assert (await line.call("PatentCount", wanted)).findtext("doubleValue") == "0.0"


async def test_files_are_found_by_filing_date_with_both_ends_included(line):
    def between(first, last):
        return (
            f"<arg0><criteriaFilingData><filingDateFrom><dateValue>{first}</dateValue></filingDateFrom>"
            f"<filingDateTo><dateValue>{last}</dateValue></filingDateTo></criteriaFilingData></arg0>"
        )

    day = between("2026-01-02T00:00:00-03:00", "2026-01-02T00:00:00-03:00")
    assert (await line.call("PatentCount", day)).findtext("doubleValue") == "1.0"
    both = between("2026-01-02T00:00:00-03:00", "2026-02-01T23:59:59-03:00")
    assert (await line.call("PatentCount", both)).findtext("doubleValue") == "2.0"


async def test_a_criterion_it_does_not_know_is_refused_and_not_ignored(line):
    arguments = "<arg0><criteriaPriority><pctApplicationId>1</pctApplicationId></criteriaPriority></arg0>"
    assert "cannot be searched by" in await line.refusal("PatentCount", arguments)


async def test_a_file_shows_its_priority_claims(line, write):
    file = await line.call("FileRead", write.file("arg0"))
    claim = file.find("priorityData/parisPriorityList")
    assert claim.findtext("applicationId") == "2025001234"
    assert claim.findtext("priorityDate/dateValue") == "2025-01-15T00:00:00-03:00"


async def test_the_environment_answers_as_a_probe(line):
    assert (await line.call("CommonServicesEnvironmentGetList")).findtext("name") == "SANDBOX"
