"""A desk in memory that does the steps of a hand-over, for tests without any line; `Killed` is a crash between two."""

import hashlib
from datetime import UTC, date, datetime

from adapters.ipas.codes import Faulted, Meaning
from adapters.ipas.content import Content
from adapters.ipas.handing import Handing, Sheet
from adapters.ipas.operations import Operation
from adapters.ipas.protocol import hand_over
from adapters.ipas.steps import Call, Commit, NextNumber, ReadBack, WriteFile

EXCHANGE = "0190a000-0000-7000-8000-00000000000a"
CONTENTS = (b"certified copy", b"<bibliography/>")
FILE = {"fileSeq": "XX", "fileType": "P", "fileSeries": 2026, "fileNbr": 123}


class Killed(Exception):
    """The process ended here."""


def make_handing(application, **changes):
    sheets = tuple(
        Sheet(
            name=f"{EXCHANGE}-v1-{place + 1}-{{number}}",
            suffix=suffix,
            size=len(content),
            sha256=hashlib.sha256(content).digest(),
        )
        for place, (content, suffix) in enumerate(zip(CONTENTS, ("pdf", "xml"), strict=True))
    )
    values = {
        "exchange_id": EXCHANGE,
        "version": 1,
        "application": application,
        "own_number": "XX/P/2026/123",
        "received_at": datetime(2026, 1, 2, 14, tzinfo=UTC),
        "now": datetime(2026, 1, 2, 15, tzinfo=UTC),
        "sheets": sheets,
        "earlier": None,
    }
    return Handing(**(values | changes))


class Desk:
    """The world of one hand-over: IPAS, the counter and what was committed."""

    def __init__(self, *, log=Meaning.ABSENT, taken=(), notes="of the desk"):
        self.log = log
        self.found_as = log
        self.userdocs = dict.fromkeys(taken, notes)
        self.own_notes = True  # whether IPAS keeps arg9 where it can be read
        self.files = {}
        self.priority_files = [FILE]
        self.number = 499
        self.committed = {}
        self.effects = []
        self.steps = []
        self.says = {}  # operation -> faults or answers to give first
        self.kill_at = None  # (count of steps, whether the step is done first)

    def play(self, handing, settings):
        """Run one attempt to its end; Killed at the step that `kill_at` names."""
        steps = hand_over(handing, settings, dict(self.committed))
        answer, fault = None, None
        done = 0
        while True:
            try:
                step = steps.send(answer) if fault is None else steps.throw(fault)
            except StopIteration as stop:
                return stop.value
            self.steps.append(step)
            if self.kill_at == (done, False):
                raise Killed
            answer, fault = None, None
            try:
                answer = self.do(step)
            except Faulted as refused:
                fault = refused
            if self.kill_at == (done, True):
                raise Killed
            done += 1

    def do(self, step):
        match step:
            case Commit(values=values):
                self.committed |= values
                self.committed = {name: value for name, value in self.committed.items() if value is not None}
                return None
            case NextNumber(first=first, last=last):
                assert (first, last) == (500, 509)
                self.number += 1
                return self.number
            case WriteFile(place=place, path=path):
                self.effects.append(("written", path))
                self.files[path] = CONTENTS[place]
                return True
            case ReadBack(path=path):
                queue = self.says.get(Operation.DOCUMENT_READ)
                if queue:
                    return queue.pop(0)
                if path not in self.files:
                    raise Faulted(Operation.DOCUMENT_READ, Meaning.ABSENT)
                content = self.files[path]
                return Content(size=len(content), sha256=hashlib.sha256(content).digest())
            case Call(operation=operation, arguments=arguments):
                queue = self.says.get(operation)
                if queue:
                    said = queue.pop(0)
                    if isinstance(said, Exception):
                        raise said
                    return said
                return getattr(self, operation.name.lower())(operation, arguments)

    # the operations, as far as the protocol calls them

    def file_read(self, operation, arguments):
        key = {name: plain(value) for name, value in arguments["arg0"].items()}
        return {"fileId": key} if key == FILE else None

    def patent_count(self, operation, arguments):
        return len(self.priority_files)

    def patent_list(self, operation, arguments):
        return [{"fileId": file} for file in self.priority_files]

    def log_read(self, operation, arguments):
        if self.log is Meaning.ABSENT:
            return None
        return {"indOpen": self.log is Meaning.LOG_OPEN, "indClosed": self.log is Meaning.LOG_CLOSED}

    def log_open(self, operation, arguments):
        if self.log is not Meaning.ABSENT:
            raise Faulted(operation, self.log)
        return self.change_log(Meaning.LOG_OPEN)

    def log_undo_close(self, operation, arguments):
        if self.log is not Meaning.LOG_CLOSED:
            raise Faulted(operation, Meaning.LOG_OPEN)
        return self.change_log(Meaning.LOG_OPEN)

    def log_close(self, operation, arguments):
        if self.log is not Meaning.LOG_OPEN:
            raise Faulted(operation, Meaning.LOG_NOT_OPEN)
        return self.change_log(Meaning.LOG_CLOSED)

    def change_log(self, state):
        self.log = state
        self.effects.append(("log", state))
        return True

    def userdoc_check(self, operation, arguments):
        return number_of(arguments["arg0"]) not in self.userdocs

    def userdoc_read(self, operation, arguments):
        number = number_of(arguments["arg0"])
        if number not in self.userdocs:
            return None
        return {"documentId": key(number), "notes": self.userdocs[number]}

    def userdoc_receive(self, operation, arguments):
        if self.log is not Meaning.LOG_OPEN:
            raise Faulted(operation, Meaning.LOG_NOT_OPEN)
        number = number_of(arguments["arg12"])
        if number in self.userdocs:
            raise Faulted(operation, Meaning.TAKEN)
        self.userdocs[number] = arguments["arg9"] if self.own_notes else None
        self.effects.append(("received", number, arguments))
        return {"documentId": key(number), "notes": self.userdocs[number]}

    # what tests ask

    def received(self):
        return [effect[1] for effect in self.effects if effect[0] == "received"]

    def arguments(self):
        (found,) = [effect[2] for effect in self.effects if effect[0] == "received"]
        return found

    def log_effects(self):
        return [effect[1] for effect in self.effects if effect[0] == "log"]

    def called(self):
        return [step.operation for step in self.steps if isinstance(step, Call)]


def plain(value):
    return value["doubleValue"] if isinstance(value, dict) else value


def number_of(wrapped):
    return plain(wrapped["docNbr"])


def key(number, series=2026):
    return {"docOrigin": "3", "docLog": "E", "docSeries": series, "docNbr": number}


def day(text):
    return date.fromisoformat(text)
