"""The contract suite's subjects and their counterparts. An adapter is added by a file, see contract_subjects.py."""

import importlib
import itertools
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.append(str(HERE))

from contract_subjects import make_tls  # noqa: E402 - the folder is no package

SUBJECTS = [importlib.import_module(file.stem).SUBJECT for file in sorted(HERE.glob("subject_*.py"))]

_numbers = itertools.count(1)


def pytest_generate_tests(metafunc):
    """`subject` runs once an adapter, with `trial` once a trial of it, with `call` once a call of that."""
    names = tuple(name for name in ("subject", "trial", "call") if name in metafunc.fixturenames)
    if "subject" not in names:
        return
    cases = []
    for subject in SUBJECTS:
        for trial in subject.trials if "trial" in names else (None,):
            for call in trial.calls if "call" in names else (None,):
                values = {"subject": subject, "trial": trial, "call": call}
                parts = (subject.label, trial and trial.name, call)
                label = "-".join(part for part in parts if part)
                cases.append(pytest.param(*(values[name] for name in names), id=label))
    metafunc.parametrize(names, cases)


@pytest.fixture(scope="session")
def contract_tls(tmp_path_factory):
    """An authority of this session, and a certificate for whoever listens on 127.0.0.1."""
    return make_tls(tmp_path_factory.mktemp("contract-tls"))


@pytest.fixture(scope="session")
async def contract_counterparts():
    """Counterparts that run already, by the subject's label; ended with the session."""
    async with AsyncExitStack() as stack:
        yield stack, {}


@pytest.fixture
async def counterpart(subject, contract_counterparts, contract_tls, tmp_path_factory):
    """The subject's counterpart, running and polite."""
    stack, running = contract_counterparts
    if subject.label not in running:
        folder = tmp_path_factory.mktemp(f"contract-{subject.label}")
        running[subject.label] = await stack.enter_async_context(subject.start(folder, contract_tls))
    yield running[subject.label]
    await running[subject.label].calm()


@pytest.fixture
def numbers():
    """Document numbers that no other test uses."""
    return _numbers
