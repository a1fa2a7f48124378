"""What receipts and notifications say of the log: its name as it is now, and that it is not signed while it is not."""

import re

from core_values import XA, deposit
from line_in_memory import make_bench
from lxml import etree

from gateway.core.standing import Cause, LogStanding
from gateway.wire.receipt import read_receipt
from gateway.wire.replies import written

BEGUN_ANEW = LogStanding(origin="gateway.example/log/2")
SUSPENDED = LogStanding(origin="gateway.example/log", suspended=True, cause=Cause.SHORTER, size=7)


async def receipt_of(logs):
    bench = make_bench(logs=lambda: logs)
    recorded = await bench.accept(deposit())
    unsigned = re.sub(rb"<!--.*?-->", b"", recorded.receipt)
    return read_receipt(etree.fromstring(unsigned)), written(unsigned)


async def test_a_receipt_names_the_log_as_it_is_now():
    for logs, origin in (({}, "gateway.example/log"), ({XA: BEGUN_ANEW}, "gateway.example/log/2")):
        receipt, answer = await receipt_of(logs)
        assert (receipt.log_origin, receipt.unwitnessed, answer.ledger_standing) == (origin, False, None)


async def test_a_receipt_says_that_the_log_is_suspended():
    receipt, answer = await receipt_of({XA: SUSPENDED})
    assert receipt.unwitnessed and answer.ledger_standing == "unwitnessed"
