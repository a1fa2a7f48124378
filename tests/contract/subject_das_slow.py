"""The DAS adapter against a Bureau that takes its time, tells errors by the status, and in the form of before 2024."""

from functools import partial

from subject_das import CORRECT, OBTAIN, PLACE, PLACE_IN_LIBRARY, REPLACE, WITHDRAW, DasSubject, bureau

SETTINGS = """
old_error_wrapper = true
check_retrievals = "by-status"
"""


class SlowDasSubject(DasSubject):
    """Everything is pending at first."""

    label = "das-slow"
    start = staticmethod(partial(bureau, polls=2, settings=SETTINGS))
    trials = (PLACE, PLACE_IN_LIBRARY, CORRECT, REPLACE, WITHDRAW, OBTAIN)


SUBJECT = SlowDasSubject()
