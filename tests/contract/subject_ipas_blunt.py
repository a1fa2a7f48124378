"""The IPAS adapter against an installation that says no by faults, puts nil entries into lists and has the log open."""

from dataclasses import replace
from functools import partial

from subject_ipas import BY_CLAIM, RECEIVE, IpasSubject, ipas


class BluntIpasSubject(IpasSubject):
    """The log is open, so that nobody of us opens or closes it."""

    label = "ipas-blunt"
    start = staticmethod(partial(ipas, log="open", says_no_by="fault", nil_items=True))
    trials = (replace(RECEIVE, calls=("UserdocReceive",)), replace(BY_CLAIM, calls=("PatentGetList",)))


SUBJECT = BluntIpasSubject()
