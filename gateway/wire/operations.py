"""The operations of the contract: their names at both doors, and which request each one is."""

from enum import Enum
from typing import Final

from gateway.core.request import (
    Confirmation,
    Correction,
    Deposit,
    Read,
    ReadKind,
    Release,
    Replacement,
    Request,
    Retrieval,
    Withdrawal,
)
from gateway.wire.schema import EXCHANGE

__all__ = ["Operation", "operation_of"]


class Operation(Enum):
    """A SOAP operation; its value is the name of its element in urn:pouch:exchange:1."""

    DEPOSIT = "DepositPriorityDocument"
    RELEASE = "ReleaseDocument"
    CORRECT = "CorrectRegistration"
    REPLACE = "ReplaceDocument"
    WITHDRAW = "WithdrawPriorityDocument"
    REQUEST = "RequestPriorityDocument"
    STATUS = "GetExchangeStatus"
    POLL = "PollExchanges"
    FETCH = "FetchPackage"
    CONFIRM = "ConfirmExchange"

    @property
    def action(self) -> str:
        """The SOAPAction of the WSDL."""
        return f"{EXCHANGE}:{self.value}"


_OF_REQUEST: Final[dict[type, Operation]] = {
    Deposit: Operation.DEPOSIT,
    Release: Operation.RELEASE,
    Correction: Operation.CORRECT,
    Replacement: Operation.REPLACE,
    Withdrawal: Operation.WITHDRAW,
    Retrieval: Operation.REQUEST,
    Confirmation: Operation.CONFIRM,
}
_OF_READ: Final = {
    ReadKind.STATUS: Operation.STATUS,
    ReadKind.POLL: Operation.POLL,
    ReadKind.FETCH: Operation.FETCH,
}


def operation_of(request: Request | Read) -> Operation:
    """Give the operation that asks for `request`; KeyError for what SOAP has no operation for (hold, resend)."""
    if isinstance(request, Read):
        return _OF_READ[request.kind]
    return _OF_REQUEST[type(request)]
